import { linearTable, type Codec } from '../../rtp/index.js';
import { bytesPerFrame } from './wav.js';

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
    const bytes = Buffer.allocUnsafe((to - from) * bytesPerFrame);
    for (let frame = from, offset = 0; frame < to; frame++, offset += bytesPerFrame) {
      const cell = (frame & mask) << 1;
      bytes.writeInt16LE(this.ring[cell]!, offset);
      bytes.writeInt16LE(this.ring[cell | 1]!, offset + 2);
    }
    this.taken = Math.max(this.taken, to);
    this.dirtyFrom = this.taken;
    this.dirtyTo = this.taken;
    this.forget(this.taken - (frames >> 1));
    return { at: from, bytes };
  }

  /** Lets go of everything before `frame`, making room (and silence) ahead. */
  private forget(frame: number): void {
    for (; this.start < frame; this.start++) {
      const cell = (this.start & mask) << 1;
      this.ring[cell] = 0;
      this.ring[cell | 1] = 0;
    }
  }
}
