import { createCipheriv, hash, type Cipher } from 'node:crypto';
import type { SessionKeys } from './keys.js';

/** No telephone's packet is larger; whatever is, is none of ours. */
export const packetBytesMax = 2_048;

const blockBytes = 16;

/**
 * AES in counter mode (RFC 3711 §4.1.1). One cipher lives as long as the keys: to make one for each packet costs more than five
 * times what it then does. It turns counter blocks into key stream in ECB, which is what counter mode is.
 */
export class Keystream {
  private readonly ecb: Cipher;
  private readonly blocks = Buffer.alloc(packetBytesMax);
  private readonly view: DataView;
  private readonly salt: readonly [number, number, number, number];

  constructor(keys: Pick<SessionKeys, 'cipher' | 'salt'>) {
    this.ecb = createCipheriv('aes-128-ecb', keys.cipher, null).setAutoPadding(false);
    this.view = new DataView(this.blocks.buffer, this.blocks.byteOffset, this.blocks.length);
    const { salt } = keys;
    this.salt = [
      salt.readUInt32BE(0),
      salt.readUInt32BE(4),
      salt.readUInt32BE(8),
      ((salt[12]! << 24) | (salt[13]! << 16)) >>> 0,
    ];
    for (let at = 0; at < packetBytesMax; at += blockBytes) this.view.setUint32(at, this.salt[0]);
  }

  /**
   * Encrypts or decrypts `from[start, end)` into `into` at the same place (which may be the same bytes).
   *
   * @param index number of the packet in its stream, 48 bits: rollover counter and sequence number
   */
  apply(from: Uint8Array, into: Uint8Array, start: number, end: number, ssrc: number, index: number): void {
    if (end <= start) return;
    const { view } = this;
    const size = Math.ceil((end - start) / blockBytes) * blockBytes;
    const low = index % 0x10000;
    const second = (this.salt[1] ^ ssrc) >>> 0;
    const third = (this.salt[2] ^ ((index - low) / 0x10000)) >>> 0;
    const fourth = (this.salt[3] ^ (low << 16)) >>> 0;
    for (let at = 0, counter = 0; at < size; at += blockBytes, counter++) {
      view.setUint32(at + 4, second);
      view.setUint32(at + 8, third);
      view.setUint32(at + 12, fourth | counter);
    }
    const stream = this.ecb.update(this.blocks.subarray(0, size));
    for (let i = start, k = 0; i < end; i++, k++) into[i] = from[i]! ^ stream[k]!;
  }
}

const hashBlockBytes = 64;
const sha1Bytes = 20;

/**
 * HMAC-SHA1 (RFC 2104) by two one-shot hashes over buffers that are kept: three fifths of what an Hmac object for each packet
 * costs.
 */
export class Authenticator {
  private readonly inner = Buffer.alloc(hashBlockBytes + packetBytesMax + 4);
  private readonly outer = Buffer.alloc(hashBlockBytes + sha1Bytes);

  constructor(key: Uint8Array) {
    for (let i = 0; i < hashBlockBytes; i++) {
      const byte = key[i] ?? 0;
      this.inner[i] = byte ^ 0x36;
      this.outer[i] = byte ^ 0x5c;
    }
  }

  /** @param suffix 32 bits that are authenticated after `packet[0, end)`, or null */
  private digest(packet: Uint8Array, end: number, suffix: number | null): Buffer {
    const { inner, outer } = this;
    inner.set(end === packet.length ? packet : packet.subarray(0, end), hashBlockBytes);
    let length = hashBlockBytes + end;
    if (suffix !== null) length = inner.writeUInt32BE(suffix, length);
    outer.set(hash('sha1', inner.subarray(0, length), 'buffer'), hashBlockBytes);
    return hash('sha1', outer, 'buffer');
  }

  /** Writes the tag of `packet[0, end)` at `end`. */
  sign(packet: Uint8Array, end: number, suffix: number | null, tagBytes: number): void {
    const tag = this.digest(packet, end, suffix);
    for (let i = 0; i < tagBytes; i++) packet[end + i] = tag[i]!;
  }

  /** Is the tag after `packet[0, end)` (at `tagAt`) the right one? Takes the same time wherever it differs. */
  holds(packet: Uint8Array, end: number, suffix: number | null, tagAt: number, tagBytes: number): boolean {
    const tag = this.digest(packet, end, suffix);
    let differs = 0;
    for (let i = 0; i < tagBytes; i++) differs |= tag[i]! ^ packet[tagAt + i]!;
    return differs === 0;
  }
}
