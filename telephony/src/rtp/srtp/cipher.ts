import { createCipheriv, type Cipher } from 'node:crypto';
import type { SessionKeys } from './keys.js';
import { HmacSha1 } from './sha1.js';

/** No telephone's packet is larger; whatever is, is none of ours. */
export const packetBytesMax = 2_048;

const blockBytes = 16;

/**
 * AES in counter mode (RFC 3711 §4.1.1). One cipher lives as long as the keys, and turns counter blocks into key stream in ECB,
 * which is what counter mode is. What a call to it costs is the call and not the AES: so it makes the key stream of the next
 * packets along with this one's, as they are numbered one after the other.
 */
export class Keystream {
  private readonly ecb: Cipher;
  private readonly salt: readonly [number, number, number, number];
  /** For how many packets key stream is made at a time. */
  private readonly ahead: number;
  /** Counter blocks, `slotBytes` for each packet; as long as the largest packet so far needs. */
  private blocks = Buffer.alloc(0);
  private slotBytes = 0;
  /** The key stream that there is: of the packets `first`, `first + 1`, … of `ssrc`. */
  private stream: Buffer = this.blocks;
  private ssrc = -1;
  private first = 0;

  /** @param ahead 1 for what is sent seldom */
  constructor(keys: Pick<SessionKeys, 'cipher' | 'salt'>, ahead = 8) {
    this.ecb = createCipheriv('aes-128-ecb', keys.cipher, null).setAutoPadding(false);
    this.ahead = ahead;
    const { salt } = keys;
    this.salt = [
      salt.readUInt32BE(0),
      salt.readUInt32BE(4),
      salt.readUInt32BE(8),
      ((salt[12]! << 24) | (salt[13]! << 16)) >>> 0,
    ];
  }

  /**
   * Encrypts or decrypts `from[start, end)` into `into` at the same place (which may be the same bytes).
   *
   * @param index number of the packet in its stream, 48 bits: rollover counter and sequence number
   */
  apply(from: Uint8Array, into: Uint8Array, start: number, end: number, ssrc: number, index: number): void {
    if (end <= start) return;
    const ahead = index - this.first;
    const there = ssrc === this.ssrc && ahead >= 0 && ahead < this.ahead && end - start <= this.slotBytes;
    if (!there) this.make(end - start, ssrc, index);
    const { stream } = this;
    for (let i = start, k = there ? ahead * this.slotBytes : 0; i < end; i++, k++) into[i] = from[i]! ^ stream[k]!;
  }

  private make(bytes: number, ssrc: number, first: number): void {
    if (bytes > this.slotBytes) {
      this.slotBytes = Math.ceil(bytes / blockBytes) * blockBytes;
      this.blocks = Buffer.alloc(this.slotBytes * this.ahead);
    }
    const { blocks, slotBytes, salt } = this;
    const view = new DataView(blocks.buffer, blocks.byteOffset, blocks.length);
    for (let n = 0, at = 0; n < this.ahead; n++) {
      const index = first + n;
      const low = index % 0x10000;
      const third = salt[2] ^ ((index - low) / 0x10000);
      const fourth = salt[3] ^ (low << 16);
      for (let counter = 0; counter < slotBytes / blockBytes; counter++, at += blockBytes) {
        view.setUint32(at, salt[0]);
        view.setUint32(at + 4, salt[1] ^ ssrc);
        view.setUint32(at + 8, third);
        view.setUint32(at + 12, fourth | counter);
      }
    }
    this.stream = this.ecb.update(blocks);
    this.ssrc = ssrc;
    this.first = first;
  }
}

/** The tags of packets: the front of an HMAC-SHA1 (RFC 3711 §4.2.1). */
export class Authenticator {
  private readonly hmac: HmacSha1;

  constructor(key: Uint8Array) {
    this.hmac = new HmacSha1(key);
  }

  /**
   * Writes the tag of `packet[0, end)` at `end`.
   *
   * @param suffix 32 bits that are authenticated after it, or null
   */
  sign(packet: Uint8Array, end: number, suffix: number | null, tagBytes: number): void {
    this.hmac.update(packet, end, suffix);
    const { digest } = this.hmac;
    for (let i = 0; i < tagBytes; i++) packet[end + i] = digest[i]!;
  }

  /** Is the tag after `packet[0, end)` (at `tagAt`) the right one? Takes the same time wherever it differs. */
  holds(packet: Uint8Array, end: number, suffix: number | null, tagAt: number, tagBytes: number): boolean {
    this.hmac.update(packet, end, suffix);
    const { digest } = this.hmac;
    let differs = 0;
    for (let i = 0; i < tagBytes; i++) differs |= digest[i]! ^ packet[tagAt + i]!;
    return differs === 0;
  }
}
