import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

export interface Certificate {
  /** X.509, DER. */
  certificate: Buffer;
  /** SEC 1, DER. */
  privateKey: Buffer;
  /** As in the SDP: upper case, with colons. */
  fingerprint: string;
}

const dayMs = 86_400_000;

/** A key and a certificate that says nothing but it: who checks it has its fingerprint from the signalling (RFC 8827 §6.5). */
export function makeCertificate(nowMs: number): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const certificate = selfSigned(privateKey, publicKey.export({ type: 'spki', format: 'der' }), nowMs);
  return {
    certificate,
    privateKey: privateKey.export({ type: 'sec1', format: 'der' }),
    fingerprint: fingerprintOf(certificate),
  };
}

/** SHA-256 of a certificate as the SDP has it (RFC 8122 §5). */
export const fingerprintOf = (certificate: Uint8Array): string =>
  createHash('sha256').update(certificate).digest('hex').toUpperCase().match(/../g)!.join(':');

const ecdsaWithSha256 = der(0x30, Buffer.from('06082a8648ce3d040302', 'hex'));
const commonName = Buffer.from('0603550403', 'hex');

/** RFC 5280 §4.1, version 3 without extensions. */
function selfSigned(key: KeyObject, publicKey: Buffer, nowMs: number): Buffer {
  const name = der(0x30, der(0x31, der(0x30, commonName, der(0x0c, Buffer.from('denwaban')))));
  const serial = randomBytes(8);
  serial[0] = 0x40 | (serial[0]! & 0x3f);
  const signed = der(
    0x30,
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, serial),
    ecdsaWithSha256,
    name,
    der(0x30, time(nowMs - dayMs), time(nowMs + 365 * dayMs)),
    name,
    publicKey,
  );
  return der(0x30, signed, ecdsaWithSha256, der(0x03, Buffer.of(0), sign('sha256', signed, key)));
}

/** GeneralizedTime in place of UTCTime, which has no century: nobody looks at it. */
const time = (ms: number): Buffer => der(0x18, Buffer.from(new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '')));

/** One DER element (X.690 §8.1): tag, length, contents. */
function der(tag: number, ...contents: Uint8Array[]): Buffer {
  const body = Buffer.concat(contents);
  const { length } = body;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), body]);
  if (length < 0x100) return Buffer.concat([Buffer.of(tag, 0x81, length), body]);
  return Buffer.concat([Buffer.of(tag, 0x82, length >> 8, length & 255), body]);
}
