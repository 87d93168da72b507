import { HmacSha1, sha1Bytes } from '../../rtp/srtp/sha1.js';
import { crc32 } from './crc32.js';

/**
 * STUN messages (RFC 8489) as far as ICE needs them, with short-term credentials.
 *
 *     0              16                31
 *     │00│ type 14   │ length          │   length: of the attributes, a multiple of 4
 *     │ magic cookie 0x2112A442        │
 *     │ transaction id, 12 bytes       │
 *     │ type 16      │ length 16       │   each attribute, padded to 4
 *     │ value …                        │
 */
export type StunKind = 'request' | 'indication' | 'success' | 'error';

export interface StunMessage {
  kind: StunKind;
  /** 1: Binding. */
  method: number;
  bytes: Uint8Array;
  transaction: Uint8Array;
  /** Of the first USERNAME, as it is there. */
  username: string | null;
  useCandidate: boolean;
  /** Which part in ICE the sender believes to have. */
  role: 'controlling' | 'controlled' | null;
  /** Where MESSAGE-INTEGRITY begins; null when there is none. What stands behind it is not covered, and not read. */
  integrityAt: number | null;
  /** Comprehension-required attributes that nobody here comprehends. */
  unknown: number[];
}

export const stunHeaderBytes = 20;
export const bindingMethod = 1;
const cookie = 0x2112a442;
const fingerprintMask = 0x5354554e;
/** An ICE user name is two fragments of 256 characters at most and a colon (RFC 8445 §5.3). */
const usernameBytesMax = 513;
const kinds: readonly StunKind[] = ['request', 'indication', 'success', 'error'];

export const stunAttributes = {
  mappedAddress: 0x0001,
  username: 0x0006,
  integrity: 0x0008,
  errorCode: 0x0009,
  unknownAttributes: 0x000a,
  realm: 0x0014,
  nonce: 0x0015,
  xorMappedAddress: 0x0020,
  priority: 0x0024,
  useCandidate: 0x0025,
  fingerprint: 0x8028,
  controlled: 0x8029,
  controlling: 0x802a,
} as const;
const known = new Set<number>(Object.values(stunAttributes));

/** Comes from a STUN agent, if from anybody who speaks one of the three of RFC 7983. */
export const isStun = (first: number): boolean => first < 4;

/**
 * Reads a datagram. Whether its integrity holds is asked apart (`integrityHolds`), with the password of whom it names.
 *
 * @returns null for what is no STUN message, or says a FINGERPRINT that is not its own
 */
export function readStun(bytes: Uint8Array): StunMessage | null {
  if (bytes.length < stunHeaderBytes || (bytes[0]! & 0xc0) !== 0) return null;
  if (uint16(bytes, 2) !== bytes.length - stunHeaderBytes || bytes.length % 4 !== 0) return null;
  if (uint32(bytes, 4) !== cookie) return null;
  const type = uint16(bytes, 0);
  const message: StunMessage = {
    kind: kinds[((type >> 7) & 2) | ((type >> 4) & 1)]!,
    method: (type & 0x0f) | ((type >> 1) & 0x70) | ((type >> 2) & 0xf80),
    bytes,
    transaction: bytes.subarray(8, stunHeaderBytes),
    username: null,
    useCandidate: false,
    role: null,
    integrityAt: null,
    unknown: [],
  };
  for (let at = stunHeaderBytes; at < bytes.length;) {
    if (at + 4 > bytes.length) return null;
    const attribute = uint16(bytes, at);
    const length = uint16(bytes, at + 2);
    const end = at + 4 + length;
    if (end > bytes.length) return null;
    if (attribute === stunAttributes.fingerprint) {
      if (length !== 4 || end !== bytes.length || uint32(bytes, at + 4) !== fingerprintOf(bytes, at)) return null;
    } else if (message.integrityAt === null && !take(message, attribute, at, length)) return null;
    at = end + ((4 - (length % 4)) % 4);
  }
  return message;
}

/** @returns false for a message that is none */
function take(message: StunMessage, attribute: number, at: number, length: number): boolean {
  switch (attribute) {
    case stunAttributes.username:
      if (length > usernameBytesMax) return false;
      message.username ??= String.fromCharCode(...message.bytes.subarray(at + 4, at + 4 + length));
      return true;
    case stunAttributes.integrity:
      if (length !== sha1Bytes) return false;
      message.integrityAt = at;
      return true;
    case stunAttributes.useCandidate:
      message.useCandidate = true;
      return length === 0;
    case stunAttributes.controlling:
    case stunAttributes.controlled:
      // The tie-breaker may be any 64 bits, zero too: over a TCP relay Chromium's is.
      message.role = attribute === stunAttributes.controlling ? 'controlling' : 'controlled';
      return length === 8;
    default:
      if (attribute < 0x8000 && !known.has(attribute)) message.unknown.push(attribute);
      return true;
  }
}

/** Was it written by who knows the password? Takes the same time wherever it differs. */
export function integrityHolds(message: StunMessage, password: HmacSha1): boolean {
  const { bytes, integrityAt } = message;
  if (integrityAt === null) return false;
  // Copied so, since a Buffer's `slice` is no copy.
  const signed = Uint8Array.from(bytes.subarray(0, integrityAt));
  // As if nothing stood behind it: FINGERPRINT was added later.
  writeUint16(signed, 2, integrityAt + 4 + sha1Bytes - stunHeaderBytes);
  password.update(signed, signed.length, null);
  let differs = 0;
  for (let i = 0; i < sha1Bytes; i++) differs |= password.digest[i]! ^ bytes[integrityAt + 4 + i]!;
  return differs === 0;
}

/** A message of ours. */
export class StunWriter {
  private bytes = new Uint8Array(256);
  private end = stunHeaderBytes;

  constructor(kind: StunKind, transaction: Uint8Array) {
    const type = kinds.indexOf(kind);
    writeUint16(this.bytes, 0, bindingMethod | ((type & 2) << 7) | ((type & 1) << 4));
    writeUint32(this.bytes, 4, cookie);
    this.bytes.set(transaction, 8);
  }

  add(attribute: number, value: Uint8Array): this {
    const padded = Math.ceil(value.length / 4) * 4;
    if (this.end + 4 + padded > this.bytes.length) {
      const larger = new Uint8Array(this.bytes.length + padded + 256);
      larger.set(this.bytes);
      this.bytes = larger;
    }
    writeUint16(this.bytes, this.end, attribute);
    writeUint16(this.bytes, this.end + 2, value.length);
    this.bytes.set(value, this.end + 4);
    this.end += 4 + padded;
    return this;
  }

  /** @param address IPv4 of 4 bytes or IPv6 of 16 (§14.2) */
  addXorAddress(address: Uint8Array, port: number): this {
    const value = new Uint8Array(4 + address.length);
    value[1] = address.length === 4 ? 1 : 2;
    writeUint16(value, 2, port ^ (cookie >>> 16));
    // The cookie, and after it the transaction id: as they stand in the header.
    for (let i = 0; i < address.length; i++) value[4 + i] = address[i]! ^ this.bytes[4 + i]!;
    return this.add(stunAttributes.xorMappedAddress, value);
  }

  addError(code: number, reason: string): this {
    const value = Uint8Array.of(0, 0, Math.floor(code / 100), code % 100, ...Buffer.from(reason, 'latin1'));
    return this.add(stunAttributes.errorCode, value);
  }

  sign(password: HmacSha1): this {
    writeUint16(this.bytes, 2, this.end + 4 + sha1Bytes - stunHeaderBytes);
    password.update(this.bytes, this.end, null);
    return this.add(stunAttributes.integrity, password.digest);
  }

  /** With the FINGERPRINT, which is always the last. */
  finish(): Uint8Array {
    writeUint16(this.bytes, 2, this.end + 8 - stunHeaderBytes);
    const value = new Uint8Array(4);
    writeUint32(value, 0, fingerprintOf(this.bytes, this.end));
    this.add(stunAttributes.fingerprint, value);
    return this.bytes.subarray(0, this.end);
  }
}

const fingerprintOf = (bytes: Uint8Array, end: number): number => (crc32(bytes, end) ^ fingerprintMask) >>> 0;
const uint16 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!;
const uint32 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;

function writeUint16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  writeUint16(bytes, at, value >>> 16);
  writeUint16(bytes, at + 2, value);
}
