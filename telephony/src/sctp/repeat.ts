import type { Rto } from './rto.js';

/** T1 and T2 (RFC 9260 §4, §9.2): one chunk that goes out again and again until it is answered. */
export class Repeat {
  /** When it goes out next, in ms; null while nothing waits for an answer. */
  dueMs: number | null = null;
  private readonly rto: Rto;
  private readonly sendTo: (tag: number, chunks: readonly Buffer[]) => void;
  private tag = 0;
  private chunk: Buffer = Buffer.alloc(0);
  private times = 0;
  private most = 0;

  constructor(rto: Rto, sendTo: (tag: number, chunks: readonly Buffer[]) => void) {
    this.rto = rto;
    this.sendTo = sendTo;
  }

  /** @param most how often it goes out in all */
  start(tag: number, chunk: Buffer, most: number, nowMs: number): void {
    this.tag = tag;
    this.chunk = chunk;
    this.times = 1;
    this.most = most;
    this.dueMs = nowMs + this.rto.ms;
    this.sendTo(tag, [chunk]);
  }

  /** @returns false when it has gone out often enough */
  again(nowMs: number): boolean {
    if (this.dueMs === null) return true;
    if (this.times >= this.most) return false;
    this.times++;
    this.rto.backOff();
    this.dueMs = nowMs + this.rto.ms;
    this.sendTo(this.tag, [this.chunk]);
    return true;
  }

  stop(): void {
    this.dueMs = null;
  }
}
