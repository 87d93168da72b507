import { linearTable, type Codec } from '../../rtp/index.js';

/** Four seconds: how far back a late packet may still be put in its place, and how far ahead of the disk we may run. */
const frames = 32_768;
const mask = frames - 1;

/**
 * The newest seconds of a two-channel recording, in memory: packets are painted anywhere in it, and what changed since the last
 * `take` goes to disk. What was never painted is silence.
 */
export class Canvas {
  private readonly ring = new Int16Array(frames * 2);
  /** First frame that the ring still holds. */
  private start = 0;
  private dirtyFrom = 0;
  private dirtyTo = 0;
  /** Frames that `take` has handed out. */
  private taken = 0;

  paint(channel: 0 | 1, at: number, payload: Uint8Array, codec: Codec): void {
    const from = Math.max(at, this.start);
    const to = Math.min(at + payload.length, this.start + frames);
    if (from >= to) return;
    const table = linearTable(codec);
    for (let frame = from; frame < to; frame++) {
      this.ring[((frame & mask) << 1) | channel] = table[payload[frame - at]!]!;
    }
    this.dirtyFrom = Math.min(this.dirtyFrom, from);
    this.dirtyTo = Math.max(this.dirtyTo, to);
  }

  /**
   * Hands out what has changed, as bytes and the frame they begin at, and silence up to `until` when nothing was painted there.
   *
   * @returns null when there is nothing new
   */
  take(until: number): { at: number; bytes: Buffer } | null {
    const to = Math.min(Math.max(this.dirtyTo, until), this.start + frames);
    const from = Math.min(this.dirtyFrom, this.taken);
    if (to <= from) return null;
    // Copied as it lies: every platform that Node runs on is little-endian, as WAV is.
    const samples = new Int16Array((to - from) * 2);
    for (let frame = from; frame < to;) {
      const cell = (frame & mask) << 1;
      const end = Math.min(cell + ((to - frame) << 1), this.ring.length);
      samples.set(this.ring.subarray(cell, end), (frame - from) << 1);
      frame += (end - cell) >> 1;
    }
    const bytes = Buffer.from(samples.buffer);
    this.taken = Math.max(this.taken, to);
    this.dirtyFrom = this.taken;
    this.dirtyTo = this.taken;
    this.forget(this.taken - (frames >> 1));
    return { at: from, bytes };
  }

  /** Lets go of everything before `frame`, making room (and silence) ahead. */
  private forget(frame: number): void {
    while (this.start < frame) {
      const cell = (this.start & mask) << 1;
      const end = Math.min(cell + ((frame - this.start) << 1), this.ring.length);
      this.ring.fill(0, cell, end);
      this.start += (end - cell) >> 1;
    }
  }
}
