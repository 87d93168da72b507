import type { Libc } from './libc.js';

/** Datagrams that one call to the kernel sends at most, and their bytes: room for the largest there is. */
const slots = 32;
const dataBytes = 65_536;
/**
 * As 64-bit Linux has them: an array of `struct mmsghdr`, which point to one `struct iovec` and one address each. musl's differ only in
 * padding.
 *
 *     mmsghdr   name u64 | name's length u32, pad | iovec u64 | iovecs u64 | control u64 | its length u64 | flags u32, pad | sent u32, pad
 *     iovec     data u64 | length u64
 */
const headerBytes = 64;
const vectorBytes = 16;
const addressBytes = 32;
const vectorsAt = slots * headerBytes;
const addressesAt = vectorsAt + slots * vectorBytes;
const dataAt = addressesAt + slots * addressBytes;

/**
 * What a socket has to say in one turn of the loop, sent at once: most of what a small datagram costs is to wake who waits for it, and
 * whoever is woken by the first hears the others without.
 */
export class Outbox {
  private readonly libc: Pick<Libc, 'sendmmsg' | 'failure' | 'addressOf'>;
  private readonly memory = Buffer.alloc(dataAt + dataBytes);
  private readonly base: number;
  private readonly failed: ((() => void) | undefined)[] = [];
  private used = 0;

  constructor(libc: Outbox['libc']) {
    this.libc = libc;
    this.base = libc.addressOf(this.memory);
    for (let slot = 0; slot < slots; slot++) {
      this.writePointer(slot * headerBytes, addressesAt + slot * addressBytes);
      this.writePointer(slot * headerBytes + 16, vectorsAt + slot * vectorBytes);
      this.memory.writeUInt32LE(1, slot * headerBytes + 24);
    }
  }

  /**
   * @param text a byte string
   * @param failed whose it is
   * @returns false when there is no room: for now, or, in an empty one, ever
   */
  put(text: string, address: Buffer, failed: (() => void) | undefined): boolean {
    const { memory } = this;
    const slot = this.failed.length;
    if (slot === slots || this.used + text.length > dataBytes) return false;
    const at = dataAt + this.used;
    memory.write(text, at, 'latin1');
    memory.set(address, addressesAt + slot * addressBytes);
    memory.writeUInt32LE(address.length, slot * headerBytes + 8);
    this.writePointer(vectorsAt + slot * vectorBytes, at);
    memory.writeUInt32LE(text.length, vectorsAt + slot * vectorBytes + 8);
    this.used += text.length;
    this.failed.push(failed);
    return true;
  }

  /** @param refused told of each that the kernel did not take: whose it was, and why */
  flush(fd: number, flags: number, refused: (code: string, failed: (() => void) | undefined) => void): void {
    const { failed, memory } = this;
    for (let sent = 0; sent < failed.length;) {
      const rest = sent === 0 ? memory : memory.subarray(sent * headerBytes);
      const taken = this.libc.sendmmsg(fd, rest, failed.length - sent, flags);
      if (taken < 0) refused(this.libc.failure(), failed[sent]);
      // One that fails holds up those behind it: it is told of when it is the first.
      sent += Math.max(taken, 1);
    }
    failed.length = 0;
    this.used = 0;
  }

  private writePointer(at: number, to: number): void {
    const address = this.base + to;
    this.memory.writeUInt32LE(address % 0x1_0000_0000, at);
    this.memory.writeUInt32LE(Math.floor(address / 0x1_0000_0000), at + 4);
  }
}
