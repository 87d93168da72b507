import { StringDecoder } from 'node:string_decoder';

/**
 * Cuts a stream into lines of a bounded length. A line that is too long is told once and skipped to its end, so that neither a
 * broken nor a hostile peer can make us keep more than `charsMax`.
 */
export class LineReader {
  private readonly charsMax: number;
  private readonly decoder = new StringDecoder('utf8');
  private rest = '';
  private skipping = false;

  constructor(charsMax: number) {
    this.charsMax = charsMax;
  }

  /** @returns the lines that `chunk` completes; null stands for one that was too long */
  read(chunk: Buffer): (string | null)[] {
    const parts = (this.rest + this.decoder.write(chunk)).split('\n');
    const rest = parts.pop()!;
    const lines: (string | null)[] = [];
    for (const part of parts) {
      if (this.skipping) this.skipping = false;
      else if (part.length > this.charsMax) lines.push(null);
      else if (part.trim() !== '') lines.push(part);
    }
    if (this.skipping || rest.length > this.charsMax) {
      if (!this.skipping) lines.push(null);
      this.skipping = true;
      this.rest = '';
    } else {
      this.rest = rest;
    }
    return lines;
  }
}
