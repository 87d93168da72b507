import { createCipheriv } from 'node:crypto';

/** The crypto suites of RFC 4568 §6.2 that we speak: 80-bit tags, and 32-bit ones on RTP (RTCP has 80 either way). */
export type SrtpSuite = 'AES_CM_128_HMAC_SHA1_80' | 'AES_CM_128_HMAC_SHA1_32';

export const srtpSuites: readonly SrtpSuite[] = ['AES_CM_128_HMAC_SHA1_80', 'AES_CM_128_HMAC_SHA1_32'];

/** A master key of 16 bytes and a salt of 14, one after the other, in base64: 40 characters, as `inline:` carries them. */
export interface SrtpKey {
  suite: SrtpSuite;
  key: string;
}

export const masterBytes = 30;

/** @returns the 30 bytes, or null for anything that is not exactly that in canonical base64 */
export function readMasterKey(text: string): Buffer | null {
  if (text.length !== 40 || !/^[A-Za-z0-9+/]{40}$/.test(text)) return null;
  return Buffer.from(text, 'base64');
}

export const rtpTagBytes: Readonly<Record<SrtpSuite, number>> = {
  AES_CM_128_HMAC_SHA1_80: 10,
  AES_CM_128_HMAC_SHA1_32: 4,
};
export const rtcpTagBytes = 10;

export interface SessionKeys {
  /** AES-128. */
  cipher: Buffer;
  /** HMAC-SHA1. */
  auth: Buffer;
  /** 14 bytes. */
  salt: Buffer;
}

const labels = { rtp: 0, rtcp: 3 } as const;

/** The keys that packets are protected with, from the master key (RFC 3711 §4.3, with a key derivation rate of 0). */
export function deriveSessionKeys(master: Uint8Array, of: 'rtp' | 'rtcp', authBytes = 20): SessionKeys {
  const label = labels[of];
  return {
    cipher: derive(master, label, 16),
    auth: derive(master, label + 1, authBytes),
    salt: derive(master, label + 2, 14),
  };
}

function derive(master: Uint8Array, label: number, bytes: number): Buffer {
  const iv = Buffer.alloc(16);
  iv.set(master.subarray(16, masterBytes));
  iv[7]! ^= label;
  return createCipheriv('aes-128-ctr', master.subarray(0, 16), iv).update(Buffer.alloc(bytes));
}
