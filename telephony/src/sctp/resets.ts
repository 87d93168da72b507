import { chunkTypes } from './chunks.js';
import { words, writeChunk, writeParameter, type Parameter } from './packet.js';
import { following, preceding } from './serial.js';

/** RFC 6525 §4. */
const types = { outgoing: 13, incoming: 14, all: 15, response: 16, moreOut: 17, moreIn: 18 } as const;
/** §4.4. */
const results = { performed: 1, denied: 2, badSequence: 5, inProgress: 6 } as const;

/** Of a request of theirs, so many streams are looked at; of ours, so many fit into one packet. */
const namedMax = 1_024;
const askedMax = 256;
/** A request goes out so often, twice as long apart each time. Who never answers has its stream left as it is. */
const timesMax = 8;
const waitMsMax = 3_000;

/** What a RE-CONFIG of the far end asks for. */
export interface Reset {
  /** Chunks that answer it. */
  answers: Buffer[];
  /** Streams that the far end has ended: 'all', or those. */
  ended: readonly number[] | 'all';
}

/** Ending streams, which is how a data channel is closed (RFC 8831 §6.7): the side that closes resets its own, then so does the other. */
export class Resets {
  /** When our request goes out (again), in ms; null without one. */
  dueMs: number | null = null;
  private readonly wanted = new Set<number>();
  private asked: { number: number; streams: number[]; times: number } | null = null;
  private ourNumber: number;
  private theirNumber: number;
  private lastResult: number | null = null;

  /** Requests are numbered from the first TSN of whoever asks (§4.1). */
  constructor(ourTsn: number, theirTsn: number) {
    this.ourNumber = ourTsn;
    this.theirNumber = preceding(theirTsn);
  }

  /** Reset our side of the stream, at the next occasion. */
  want(stream: number, nowMs: number): void {
    this.wanted.add(stream);
    this.dueMs ??= nowMs;
  }

  /** Our request, when its time has come: for the first time, or again after `rtoMs` and more. */
  request(lastTsn: number, nowMs: number, rtoMs: number): Buffer | null {
    if (this.dueMs === null || nowMs < this.dueMs) return null;
    if (this.asked === null) {
      this.asked = { number: this.ourNumber, streams: [...this.wanted].slice(0, askedMax), times: 0 };
      this.ourNumber = following(this.ourNumber);
      for (const stream of this.asked.streams) this.wanted.delete(stream);
    }
    if (this.asked.times === timesMax) {
      this.asked = null;
      this.dueMs = this.wanted.size === 0 ? null : nowMs;
      return null;
    }
    this.dueMs = nowMs + Math.min(waitMsMax, rtoMs * 2 ** this.asked.times);
    this.asked.times++;
    const { number, streams } = this.asked;
    const list = Buffer.alloc(streams.length * 2);
    for (const [i, stream] of streams.entries()) list.writeUInt16BE(stream, i * 2);
    return reConfig(types.outgoing, Buffer.concat([words(number, this.theirNumber, lastTsn), list]));
  }

  /**
   * @param reached whether all up to a TSN has come
   * @param nowMs when what was put off is asked again
   */
  heard(parameters: readonly Parameter[], reached: (tsn: number) => boolean, nowMs: number): Reset {
    const answers: Buffer[] = [];
    let ended: number[] | 'all' = [];
    // One or two of them stand in a chunk (§3.1).
    for (const { type, value } of parameters.slice(0, 2)) {
      if (value.length < 4) continue;
      if (type === types.response) {
        if (value.length >= 8) this.answered(value.readUInt32BE(0), value.readUInt32BE(4), nowMs);
        continue;
      }
      if (!isRequest(type)) continue;
      const number = value.readUInt32BE(0);
      const result = this.judge(type, value, number, reached);
      answers.push(reConfig(types.response, words(number, result)));
      if (type === types.outgoing && result === results.performed) ended = namedIn(value);
    }
    return { answers, ended };
  }

  /** A request that comes twice is answered as it was; only what was in progress may have come to its end since. */
  private judge(type: number, value: Buffer, number: number, reached: (tsn: number) => boolean): number {
    const again = number === this.theirNumber && this.lastResult !== null;
    if (!again && number !== following(this.theirNumber)) return results.badSequence;
    if (again && this.lastResult !== null && this.lastResult !== results.inProgress) return this.lastResult;
    this.theirNumber = number;
    this.lastResult = this.decide(type, value, reached);
    return this.lastResult;
  }

  private decide(type: number, value: Buffer, reached: (tsn: number) => boolean): number {
    // The number of streams stands, and we reset ours when theirs are: nobody needs to ask for it.
    if (type !== types.outgoing || value.length < 12) return results.denied;
    return reached(value.readUInt32BE(8)) ? results.performed : results.inProgress;
  }

  private answered(number: number, result: number, nowMs: number): void {
    if (this.asked?.number !== number) return;
    if (result === results.inProgress) {
      // Under a new number: a far end that counts this one as done would say the same for ever.
      for (const stream of this.asked.streams) this.wanted.add(stream);
    }
    this.asked = null;
    this.dueMs = this.wanted.size === 0 ? null : nowMs + (result === results.inProgress ? 100 : 0);
  }
}

const isRequest = (type: number): boolean =>
  type === types.outgoing ||
  type === types.incoming ||
  type === types.all ||
  type === types.moreOut ||
  type === types.moreIn;

const reConfig = (type: number, value: Uint8Array): Buffer =>
  writeChunk(chunkTypes.reConfig, 0, writeParameter(type, value));

function namedIn(value: Buffer): number[] | 'all' {
  if (value.length < 14) return 'all';
  const named: number[] = [];
  for (let at = 12; at + 2 <= value.length && named.length < namedMax; at += 2) named.push(value.readUInt16BE(at));
  return named;
}
