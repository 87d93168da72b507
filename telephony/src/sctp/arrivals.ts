import type { Data, Sack } from './chunks.js';
import { apart, following, preceding } from './serial.js';

/** The room that we tell of, in bytes. */
export const windowBytes = 64 * 1024;
/** Chunks that may wait for an earlier one, and how far ahead of it. What is beyond comes again. */
const heldMax = 256;
const aheadMax = 1_024;
const againMax = 16;
const gapsMax = 32;

/** Which DATA chunks came (RFC 9260 §6.2): hands them on in the order of their TSNs, each once, and tells the sender what is there. */
export class Arrivals {
  private cumulative: number;
  private readonly held = new Map<number, Data>();
  private heldBytes = 0;
  private again: number[] = [];

  /** @param tsn of the first chunk that comes */
  constructor(tsn: number) {
    this.cumulative = preceding(tsn);
  }

  /** Has everything up to `tsn` come? */
  reached(tsn: number): boolean {
    return apart(tsn, this.cumulative) <= 0;
  }

  /** @returns the chunks whose turn it is now: none where this one came before, lies too far ahead, or waits for an earlier one */
  take(data: Data): Data[] {
    const ahead = apart(data.tsn, this.cumulative);
    if (ahead <= 0 || this.held.has(data.tsn)) {
      if (this.again.length < againMax) this.again.push(data.tsn);
      return [];
    }
    if (ahead === 1) {
      this.cumulative = data.tsn;
      return [data, ...this.waiting()];
    }
    const room = this.held.size < heldMax && this.heldBytes + data.bytes.length <= windowBytes;
    if (ahead <= aheadMax && room) {
      // A copy: the packet it lies in belongs to whoever gave it.
      this.held.set(data.tsn, { ...data, bytes: Buffer.from(data.bytes) });
      this.heldBytes += data.bytes.length;
    }
    return [];
  }

  /** What to tell the sender. The chunks that came twice are told once. */
  sack(): Sack {
    const { again } = this;
    this.again = [];
    return { cumulative: this.cumulative, window: windowBytes - this.heldBytes, gaps: this.gaps(), again };
  }

  private waiting(): Data[] {
    const turn: Data[] = [];
    for (let next = following(this.cumulative); ; next = following(next)) {
      const data = this.held.get(next);
      if (data === undefined) return turn;
      this.held.delete(next);
      this.heldBytes -= data.bytes.length;
      this.cumulative = next;
      turn.push(data);
    }
  }

  private gaps(): [number, number][] {
    const gaps: [number, number][] = [];
    const offsets = [...this.held.keys()].map((tsn) => apart(tsn, this.cumulative)).sort((a, b) => a - b);
    for (const offset of offsets) {
      const last = gaps.at(-1);
      if (last !== undefined && last[1] === offset - 1) last[1] = offset;
      else if (gaps.length < gapsMax) gaps.push([offset, offset]);
      else break;
    }
    return gaps;
  }
}
