/**
 * One WebSocket with what every one of ours has: JSON text frames checked against a schema, a rate limit, a pulse, and an
 * eye on how much the other side has not read yet. It keeps no timer; `sweep` is called once a second with the time.
 */
import type { RawData, WebSocket } from 'ws';
import type { z } from 'zod';
import type { ErrorCode } from '@denwaban/core/wire';
import { Bucket } from '../http/bucket.js';

export const peerRules = {
  pingMs: 5_000,
  pongMs: 15_000,
  messages: { burst: 100, perSecond: 50 },
  /** Bad messages: a few may happen, more than that is no page of ours. */
  bad: { burst: 4, perSecond: 0.1 },
  /** So many messages over the rate without a rest, and the connection is closed. */
  overRateMax: 500,
  /** From here on what can be left out is left out. */
  slowBytes: 1024 * 1024,
  /** Nobody reads any more: the connection is dropped. */
  stuckBytes: 8 * 1024 * 1024,
  closeMs: 2_000,
} as const;

/** Close codes of ours. 1001: the server goes, come back. */
export const closeCodes = {
  going: 1001,
  broken: 1011,
  badMessages: 4400,
  signedOut: 4401,
  notDemo: 4404,
  silent: 4408,
  tooOld: 4426,
  tooMany: 4429,
} as const;

export interface PeerOptions<Incoming, Outgoing> {
  socket: WebSocket;
  schema: z.ZodType<Incoming>;
  monotonic: () => number;
  /** A message that fits the schema. What it throws goes to `onFailure`, as what `onClose` throws does. */
  onMessage: (message: Incoming) => void;
  onClose: () => void;
  onFailure: (error: unknown, message: Incoming | null) => void;
  errorMessage: (code: ErrorCode, detail: string, re: string | null) => Outgoing;
}

export class Peer<Incoming, Outgoing> {
  readonly #options: PeerOptions<Incoming, Outgoing>;
  readonly #bucket: Bucket;
  readonly #badOnes: Bucket;
  #heardAt: number;
  #pingedAt: number;
  #overRate = 0;
  #closingAt: number | null = null;
  #closed = false;

  constructor(options: PeerOptions<Incoming, Outgoing>) {
    this.#options = options;
    const now = options.monotonic();
    this.#heardAt = now;
    this.#pingedAt = now;
    this.#bucket = new Bucket(peerRules.messages, now);
    this.#badOnes = new Bucket(peerRules.bad, now);
    const { socket } = options;
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    socket.on('pong', () => {
      this.#heardAt = options.monotonic();
    });
    // ws answers broken frames and ones over its size limit with a close of its own; there is nothing to add
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      if (this.#closed) return;
      this.#closed = true;
      try {
        options.onClose();
      } catch (error) {
        options.onFailure(error, null);
      }
    });
  }

  get isOpen(): boolean {
    return !this.#closed && this.#closingAt === null && this.#options.socket.readyState === this.#options.socket.OPEN;
  }

  /** True while the other side has much to read still. */
  get isSlow(): boolean {
    return this.#options.socket.bufferedAmount > peerRules.slowBytes;
  }

  send(message: Outgoing): void {
    this.sendText(JSON.stringify(message));
  }

  /** For frames that many receive: made once. */
  sendText(text: string): void {
    if (!this.isOpen) return;
    if (this.#options.socket.bufferedAmount > peerRules.stuckBytes) {
      this.#options.socket.terminate();
      return;
    }
    this.#options.socket.send(text);
  }

  refuse(code: ErrorCode, detail: string, re: string | null = null): void {
    this.send(this.#options.errorMessage(code, detail, re));
  }

  /** Says goodbye, and stops listening at once. A peer that does not answer the goodbye is dropped by `sweep`. */
  close(code: number, reason: string): void {
    if (this.#closed || this.#closingAt !== null) return;
    this.#closingAt = this.#options.monotonic();
    this.#options.socket.close(code, reason);
  }

  /**
   * @param lateMs how much later than planned this sweep comes: while we were busy or asleep nobody could be heard, so nobody
   *   is blamed for that time
   */
  sweep(now: number, lateMs: number): void {
    const { socket } = this.#options;
    if (this.#closed) return;
    this.#heardAt += lateMs;
    if (this.#closingAt !== null) {
      if (now - this.#closingAt >= peerRules.closeMs) socket.terminate();
    } else if (now - this.#heardAt >= peerRules.pongMs) {
      socket.terminate(); // a goodbye would wait for an answer that does not come
    } else if (now - this.#pingedAt >= peerRules.pingMs) {
      this.#pingedAt = now;
      socket.ping();
    }
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (!this.isOpen) return;
    const now = this.#options.monotonic();
    this.#heardAt = now;
    if (this.#bucket.isFull(now)) this.#overRate = 0;
    if (!this.#bucket.take(now)) {
      this.#overRate += 1;
      if (this.#overRate === 1) this.refuse('too-many-tries', 'too many messages a second; some were dropped');
      if (this.#overRate >= peerRules.overRateMax) this.close(closeCodes.tooMany, 'too many messages');
      return;
    }
    const message = isBinary ? 'a text frame was expected' : this.#read(data);
    if (typeof message === 'string') {
      this.refuse('bad-request', message);
      if (!this.#badOnes.take(now)) this.close(closeCodes.badMessages, 'too many bad messages');
      return;
    }
    try {
      this.#options.onMessage(message.value);
    } catch (error) {
      this.#options.onFailure(error, message.value);
    }
  }

  /** The message, or in words why it is none; never with anything that came in it. */
  #read(data: RawData): { value: Incoming } | string {
    let json: unknown;
    try {
      json = JSON.parse(textOf(data));
    } catch {
      return 'the message is not JSON';
    }
    const parsed = this.#options.schema.safeParse(json);
    if (parsed.success) return { value: parsed.data };
    const issue = parsed.error.issues[0];
    return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`;
  }
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return (Buffer.isBuffer(data) ? data : Buffer.from(data)).toString('utf8');
}
