import { dataHeadBytes, writeData, type Data, type Sack } from './chunks.js';
import { Flow } from './flow.js';
import { packetBytesMax, headBytes } from './packet.js';
import { Rto } from './rto.js';
import { apart, following, preceding } from './serial.js';

/** What may wait to be sent or acknowledged, in bytes; each chunk counts so much more. */
const queuedBytesMax = 64 * 1024;
const chunkCostBytes = 64;
/** With its head, a chunk of this much fills a packet. */
const pieceBytesMax = packetBytesMax - headBytes - 4 - dataHeadBytes;
/** Reported missing so often, a chunk goes out again before its time (RFC 9260 §7.2.4). */
const missesMax = 3;
/** Of a SACK, so many gaps are looked at. What lies behind more than that goes out again. */
const gapsMax = 64;

interface Departure {
  data: Data;
  /** As it goes on the wire. */
  chunk: Buffer;
  state: 'queued' | 'flying' | 'held' | 'lost';
  sentMs: number;
  times: number;
  misses: number;
}

/** DATA chunks on their way: queued, sent, sent again, until the far end says that it has them (RFC 9260 §6). */
export class Departures {
  /** When what is on its way is given up and goes out again, in ms; null while nothing is. */
  dueMs: number | null = null;
  /** Time-outs in a row. */
  timeouts = 0;
  private readonly list: Departure[] = [];
  private readonly ssns = new Map<number, number>();
  private readonly rto: Rto;
  private readonly flow: Flow;
  private nextTsn: number;
  /** All up to this one are acknowledged. */
  private cumulative: number;
  private queuedBytes = 0;
  private flyingBytes = 0;

  constructor(tsn: number, window: number, rto: Rto) {
    this.nextTsn = tsn;
    this.cumulative = preceding(tsn);
    this.rto = rto;
    this.flow = new Flow(window);
  }

  /** Nothing is queued and nothing on its way. */
  get empty(): boolean {
    return this.list.length === 0;
  }

  get lastTsn(): number {
    return preceding(this.nextTsn);
  }

  /** @returns false when that would be more than may wait; nothing is queued then */
  queue(stream: number, ppid: number, message: Uint8Array): boolean {
    const pieces = Math.max(1, Math.ceil(message.length / pieceBytesMax));
    if (this.queuedBytes + message.length + pieces * chunkCostBytes > queuedBytesMax) return false;
    const ssn = this.ssns.get(stream) ?? 0;
    this.ssns.set(stream, (ssn + 1) & 0xffff);
    for (let i = 0; i < pieces; i++) {
      const bytes = Buffer.from(message.subarray(i * pieceBytesMax, (i + 1) * pieceBytesMax));
      const place = { unordered: false, begins: i === 0, ends: i === pieces - 1 };
      const data = { tsn: this.nextTsn, stream, ssn, ppid, ...place, bytes };
      this.list.push({ data, chunk: writeData(data), state: 'queued', sentMs: 0, times: 0, misses: 0 });
      this.queuedBytes += bytes.length + chunkCostBytes;
      this.nextTsn = following(this.nextTsn);
    }
    return true;
  }

  /** The stream was reset: its numbers begin again (RFC 6525 §5.1.2). */
  restart(stream: number): void {
    this.ssns.delete(stream);
  }

  /** @returns false for a SACK of something that was never sent */
  acknowledged(sack: Sack, nowMs: number): boolean {
    if (apart(sack.cumulative, this.highestSent()) > 0) return false;
    // An old one that was overtaken says nothing new.
    if (apart(sack.cumulative, this.cumulative) < 0) return true;
    this.timeouts = 0;
    const full = this.flyingBytes >= this.flow.congestionBytes;
    const before = this.flyingBytes;
    let done = 0;
    while (this.list[0] !== undefined && apart(this.list[0].data.tsn, sack.cumulative) <= 0) {
      const departure = this.list.shift()!;
      done += departure.data.bytes.length;
      this.queuedBytes -= departure.data.bytes.length + chunkCostBytes;
      if (departure.state === 'flying') this.landed(departure, nowMs);
    }
    this.cumulative = sack.cumulative;
    this.readGaps(sack, nowMs);
    this.flow.acknowledged(done, sack, full);
    if (this.highestSent() === this.cumulative) this.dueMs = null;
    else if (done > 0 || this.flyingBytes > before) this.dueMs = nowMs + this.rto.ms;
    return true;
  }

  /**
   * The chunks that may go out now: first those that were lost.
   *
   * @param room bytes that are left in the packet
   */
  take(room: number, nowMs: number): Buffer[] {
    const chunks: Buffer[] = [];
    let left = room;
    for (const departure of this.list) {
      const { state, chunk } = departure;
      if (state !== 'queued' && state !== 'lost') continue;
      if (chunk.length > left || !this.flow.lets(this.flyingBytes, departure.data.bytes.length)) break;
      left -= chunk.length;
      chunks.push(chunk);
      departure.state = 'flying';
      departure.sentMs = nowMs;
      departure.times++;
      departure.misses = 0;
      this.flyingBytes += departure.data.bytes.length;
      this.dueMs ??= nowMs + this.rto.ms;
    }
    return chunks;
  }

  /** T3: what is on its way is taken for lost (§6.3.3). */
  timedOut(): void {
    this.dueMs = null;
    this.timeouts++;
    this.rto.backOff();
    this.flow.timedOut();
    for (const departure of this.list) {
      if (departure.state === 'flying') departure.state = 'lost';
    }
    this.flyingBytes = 0;
  }

  private highestSent(): number {
    const sent = this.list.findLast(({ state }) => state !== 'queued');
    return sent?.data.tsn ?? this.cumulative;
  }

  private landed(departure: Departure, nowMs: number): void {
    this.flyingBytes -= departure.data.bytes.length;
    // Sent twice, nobody knows which of the two was answered (Karn).
    if (departure.times === 1) this.rto.measured(nowMs - departure.sentMs);
  }

  /** What lies beyond a gap is there, until a later SACK says otherwise; what a gap leaves out is missing once more. */
  private readGaps({ cumulative, gaps }: Sack, nowMs: number): void {
    const known = gaps.slice(0, gapsMax);
    let newest: number | null = null;
    for (const departure of this.list) {
      const { state, data } = departure;
      if (state === 'queued') break;
      const offset = apart(data.tsn, cumulative);
      const there = known.some(([first, last]) => offset >= first && offset <= last);
      if (there && state !== 'held') {
        if (state === 'flying') this.landed(departure, nowMs);
        departure.state = 'held';
        newest = data.tsn;
      } else if (!there && state === 'held') {
        departure.state = 'flying';
        this.flyingBytes += data.bytes.length;
      }
    }
    if (newest === null) return;
    for (const departure of this.list) {
      if (apart(departure.data.tsn, newest) >= 0) break;
      if (departure.state !== 'flying' || ++departure.misses < missesMax || departure.times > 1) continue;
      departure.state = 'lost';
      this.flyingBytes -= departure.data.bytes.length;
      this.flow.missed(departure.data.tsn, this.lastTsn);
    }
  }
}
