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
  #length = 0;
  /** Where the search for the end of the head goes on. */
  #searched = 0;
  /** Whole length of the message whose head was read; 0 while it is not. */
  #wanted = 0;
  #broken = false;

  /** Bytes of a message that is not complete yet. */
  get pending(): number {
    return this.#length;
  }

  push(chunk: Uint8Array): Frame[] {
    if (this.#broken) return [];
    this.#append(chunk);
    const frames: Frame[] = [];
    for (let frame = this.#next(); frame !== null; frame = this.#next()) {
      frames.push(frame);
      if (frame.type === 'broken') {
        this.#broken = true;
        this.#length = 0;
        break;
      }
    }
    return frames;
  }

  #next(): Frame | null {
    const buffer = this.#buffer;
    if (this.#wanted === 0) {
      if (this.#length >= 2 && buffer[0] === cr && buffer[1] === lf) {
        // A line end between messages; two of them ask whether we are there. A lone one may be the first half.
        if (this.#length < 4) return null;
        const ping = buffer[2] === cr && buffer[3] === lf;
        this.#drop(ping ? 4 : 2);
        return ping ? { type: 'ping' } : this.#next();
      }
      const end = buffer.subarray(0, this.#length).indexOf(blankLine, this.#searched);
      if (end < 0 || end > limits.headBytes) {
        this.#searched = Math.max(0, this.#length - 3);
        return this.#length > limits.headBytes ? { type: 'broken', code: 'head-too-large' } : null;
      }
      const length = contentLength(buffer.toString('latin1', 0, end));
      if (typeof length === 'string') return { type: 'broken', code: length };
      this.#wanted = end + 4 + length;
      if (this.#wanted > limits.bytes) return { type: 'broken', code: 'message-too-large' };
    }
    if (this.#length < this.#wanted) return null;
    const bytes = Uint8Array.prototype.slice.call(buffer, 0, this.#wanted);
    this.#drop(this.#wanted);
    return { type: 'message', bytes };
  }

  #append(chunk: Uint8Array): void {
    const needed = this.#length + chunk.length;
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2, 4_096));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    this.#buffer.set(chunk, this.#length);
    this.#length = needed;
  }

  #drop(count: number): void {
    this.#buffer.copyWithin(0, count, this.#length);
    this.#length -= count;
    this.#searched = 0;
    this.#wanted = 0;
    // One large message must not keep its memory for as long as the connection lives.
    if (this.#length === 0 && this.#buffer.length > 16_384) this.#buffer = Buffer.alloc(0);
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
