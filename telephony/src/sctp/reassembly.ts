import type { Data } from './chunks.js';

/** The longest message, in bytes: ours have some dozen. Whoever sends more is told that it may not. */
export const messageBytesMax = 16 * 1024;

/** Browsers cut at about 1,150 bytes; a message in crumbs would cost us more than it weighs. */
const piecesMax = 256;

export interface Message {
  stream: number;
  ppid: number;
  bytes: Buffer;
}

/**
 * Puts messages together from chunks that come in the order of their TSNs.
 *
 * The pieces of a message have TSNs in a row (RFC 9260 §6.9), and the messages of a stream too, so that in this order one message
 * at most is unfinished and no stream's numbers need to be kept. The price: a lost chunk holds up other streams as well, and
 * unordered messages. Our lines have one stream.
 */
export class Reassembly {
  private pieces: Data[] = [];
  private bytes = 0;

  /** @returns the message that is whole with this chunk, null while it is not, 'bad' for pieces that do not fit or are too many */
  add(data: Data): Message | 'bad' | null {
    const first = this.pieces[0];
    if (data.begins !== (first === undefined)) return 'bad';
    if (first !== undefined && (first.stream !== data.stream || first.unordered !== data.unordered)) return 'bad';
    this.bytes += data.bytes.length;
    if (this.bytes > messageBytesMax || this.pieces.length === piecesMax) return 'bad';
    // A copy of what has to wait: the packet it lies in belongs to whoever gave it.
    this.pieces.push(data.ends ? data : { ...data, bytes: Buffer.from(data.bytes) });
    if (!data.ends) return null;
    const { stream, ppid } = this.pieces[0]!;
    const message = { stream, ppid, bytes: Buffer.concat(this.pieces.map((piece) => piece.bytes)) };
    this.pieces = [];
    this.bytes = 0;
    return message;
  }
}
