/**
 * Cuts a byte stream into messages (RFC 3261 §18.3). Pure: chunks in, frames out; each byte is looked at once, however small
 * the chunks are.
 */
import { limits } from './parse.js';

export type Frame =
  | { type: 'message'; bytes: Uint8Array }
  /** CRLF CRLF: to be answered with one CRLF (RFC 5626 §4.4.1). */
  | { type: 'ping' }
  /** The stream cannot be followed any further and is to be closed. */
  | { type: 'broken'; code: 'head-too-large' | 'message-too-large' | 'no-content-length' | 'bad-content-length' };

const blankLine = Buffer.from('\r\n\r\n');
const cr = 13;
const lf = 10;

export class StreamFramer {
  #buffer = Buffer.alloc(0);
  /** What is kept lies between these two. */
  #start = 0;
  #end = 0;
  /** Where the search for the end of the head goes on. */
  #searched = 0;
  /** Whole length of the message whose head was read; 0 while it is not. */
  #wanted = 0;
  #broken = false;

  /** Bytes of a message that is not complete yet. Line ends between messages are not: one alone answers a ping of ours. */
  get pending(): number {
    const length = this.#end - this.#start;
    if (length >= 4 || this.#wanted > 0) return length;
    for (const byte of this.#buffer.subarray(this.#start, this.#end)) if (byte !== cr && byte !== lf) return length;
    return 0;
  }

  push(chunk: Uint8Array): Frame[] {
    if (this.#broken) return [];
    this.#append(chunk);
    const frames: Frame[] = [];
    for (let frame = this.#next(); frame !== null; frame = this.#next()) {
      frames.push(frame);
      if (frame.type === 'broken') {
        this.#broken = true;
        this.#start = this.#end;
        break;
      }
    }
    this.#tidy();
    return frames;
  }

  #next(): Frame | null {
    const held = this.#buffer.subarray(this.#start, this.#end);
    if (this.#wanted === 0) {
      if (held[0] === cr && held[1] === lf) {
        // A line end between messages; two of them ask whether we are there. A lone one may be the first half.
        if (held.length < 4) return null;
        const ping = held[2] === cr && held[3] === lf;
        this.#drop(ping ? 4 : 2);
        return ping ? { type: 'ping' } : this.#next();
      }
      const end = held.indexOf(blankLine, this.#searched);
      if (end < 0 || end > limits.headBytes) {
        this.#searched = Math.max(0, held.length - 3);
        return held.length > limits.headBytes ? { type: 'broken', code: 'head-too-large' } : null;
      }
      const length = contentLength(held.toString('latin1', 0, end));
      if (typeof length === 'string') return { type: 'broken', code: length };
      this.#wanted = end + 4 + length;
      if (this.#wanted > limits.bytes) return { type: 'broken', code: 'message-too-large' };
    }
    if (held.length < this.#wanted) return null;
    const bytes = Uint8Array.prototype.slice.call(held, 0, this.#wanted);
    this.#drop(this.#wanted);
    return { type: 'message', bytes };
  }

  #append(chunk: Uint8Array): void {
    const needed = this.#end + chunk.length;
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2, 4_096));
      this.#buffer.copy(larger, 0, 0, this.#end);
      this.#buffer = larger;
    }
    this.#buffer.set(chunk, this.#end);
    this.#end = needed;
  }

  #drop(count: number): void {
    this.#start += count;
    this.#searched = 0;
    this.#wanted = 0;
  }

  /** Moves what is left to the front, once a chunk: done for each frame, a chunk of many pings would cost its square. */
  #tidy(): void {
    if (this.#start === 0) return;
    this.#buffer.copyWithin(0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
    // One large message must not keep its memory for as long as the connection lives.
    if (this.#end === 0 && this.#buffer.length > 16_384) this.#buffer = Buffer.alloc(0);
  }
}

/** Without a length there is no telling where the next message begins (§20.14: mandatory over streams). */
function contentLength(head: string): number | 'no-content-length' | 'bad-content-length' {
  const matches = [...head.matchAll(/\r\n(?:content-length|l)[ \t]*:[ \t]*([^\r\n]*)/gi)];
  if (matches.length === 0) return 'no-content-length';
  const value = matches[0]?.[1]?.trim() ?? '';
  if (matches.length > 1 || !/^\d{1,7}$/.test(value)) return 'bad-content-length';
  return Number(value);
}
