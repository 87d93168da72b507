import { Arrivals } from './arrivals.js';
import { causes, readData, readSack, writeFault, writeSack, type Data } from './chunks.js';
import type { Agreement } from './cookie.js';
import { controlAck, ppids, readControl, readText, writeOpen } from './data-channel.js';
import { Departures } from './departures.js';
import { readParameters, words, type Chunk } from './packet.js';
import { messageBytesMax, Reassembly, type Message } from './reassembly.js';
import { Resets } from './resets.js';
import type { Rto } from './rto.js';

/** Far more than a line has. What is opened beyond is closed at once. */
const channelsMax = 16;
/** Time-outs in a row until the far end is taken for gone (RFC 9260 §8.1). */
const timeoutsMax = 10;
/** The longest SACK and the longest request of ours fit into it. */
const sackBytesMax = 576;

export interface SessionPorts {
  now(): number;
  opened(channel: { id: number; label: string }): void;
  message(channelId: number, text: string): void;
  gone(channelId: number): void;
}

/** The cause to abort with. */
export type Fault = { cause: number; about?: Uint8Array } | null;

/** An association that stands: data both ways, and the channels in it. It gives chunks; who makes packets of them asks for more. */
export class Session {
  private readonly ports: SessionPorts;
  private readonly agreed: Agreement;
  private readonly rto: Rto;
  private readonly arrivals: Arrivals;
  private readonly departures: Departures;
  private readonly resets: Resets;
  private readonly reassembly = new Reassembly();
  private readonly channels = new Map<number, string>();
  private readonly answers: Buffer[] = [];
  private sackDue = false;

  constructor(agreed: Agreement, rto: Rto, ports: SessionPorts) {
    this.ports = ports;
    this.agreed = agreed;
    this.rto = rto;
    this.arrivals = new Arrivals(agreed.theirTsn);
    this.departures = new Departures(agreed.ourTsn, agreed.theirWindow, rto);
    this.resets = new Resets(agreed.ourTsn, agreed.theirTsn);
  }

  /** All that was said has come. */
  get settled(): boolean {
    return this.departures.empty;
  }

  get dueMs(): number | null {
    const times = [this.departures.dueMs, this.resets.dueMs].filter((ms) => ms !== null);
    return times.length === 0 ? null : Math.min(...times);
  }

  /** @returns 'silent' when the far end has not answered for too long */
  timer(): 'silent' | null {
    const { departures } = this;
    if (departures.dueMs !== null && this.ports.now() >= departures.dueMs) departures.timedOut();
    return departures.timeouts > timeoutsMax ? 'silent' : null;
  }

  open(channelId: number, label: string): boolean {
    const free = channelId < this.agreed.streams && !this.channels.has(channelId) && this.channels.size < channelsMax;
    if (!free || !this.departures.queue(channelId, ppids.control, writeOpen(label))) return false;
    this.channels.set(channelId, label);
    return true;
  }

  closeChannel(channelId: number): void {
    if (this.channels.delete(channelId)) this.reset(channelId);
  }

  say(channelId: number, text: string): boolean {
    if (!this.channels.has(channelId)) return false;
    // Nobody's characters are shorter in UTF-8 than in memory: what is too long is not even converted.
    if (text.length > messageBytesMax) return false;
    if (text === '') return this.departures.queue(channelId, ppids.emptyText, new Uint8Array(1));
    const bytes = Buffer.from(text);
    return bytes.length <= messageBytesMax && this.departures.queue(channelId, ppids.text, bytes);
  }

  data(chunk: Chunk): Fault {
    const data = readData(chunk);
    if (data === null) return { cause: causes.protocolViolation };
    if (data.bytes.length === 0) return { cause: causes.noUserData, about: words(data.tsn) };
    this.sackDue = true;
    for (const next of this.arrivals.take(data)) {
      const fault = this.inTurn(next);
      if (fault !== null) return fault;
    }
    return null;
  }

  sack(chunk: Chunk): Fault {
    const sack = readSack(chunk.value);
    const makesSense = sack !== null && this.departures.acknowledged(sack, this.ports.now());
    return makesSense ? null : { cause: causes.protocolViolation };
  }

  /** SHUTDOWN acknowledges too, but says nothing of gaps or room (RFC 9260 §3.3.8). */
  acknowledged(cumulative: number): Fault {
    const window = this.agreed.theirWindow;
    const makesSense = this.departures.acknowledged({ cumulative, window, gaps: [], again: [] }, this.ports.now());
    return makesSense ? null : { cause: causes.protocolViolation };
  }

  reConfig(chunk: Chunk): Fault {
    const parameters = readParameters(chunk.value);
    if (parameters === null) return { cause: causes.protocolViolation };
    const reached = (tsn: number): boolean => this.arrivals.reached(tsn);
    const { answers, ended } = this.resets.heard(parameters, reached, this.ports.now());
    this.answers.push(...answers);
    for (const stream of ended === 'all' ? [...this.channels.keys()] : ended) this.ended(stream);
    return null;
  }

  /** Chunks to be sent now, as many as fit into `room` bytes of one packet. */
  take(room: number): Buffer[] {
    if (room < sackBytesMax) return []; // the next packet's turn
    const now = this.ports.now();
    const chunks: Buffer[] = [];
    let left = room;
    const put = (chunk: Buffer): void => {
      left -= chunk.length;
      chunks.push(chunk);
    };
    if (this.sackDue) {
      this.sackDue = false;
      put(writeSack(this.arrivals.sack()));
    }
    while (this.answers[0] !== undefined && this.answers[0].length <= left) put(this.answers.shift()!);
    chunks.push(...this.departures.take(left, now));
    // After the data that it closes behind; a packet of its own costs nothing, so seldom is it.
    if (chunks.length > 0) return chunks;
    const request = this.resets.request(this.departures.lastTsn, now, this.rto.ms);
    return request === null ? [] : [request];
  }

  private inTurn(data: Data): Fault {
    if (data.stream >= this.agreed.streams) {
      const about = Buffer.alloc(4);
      about.writeUInt16BE(data.stream, 0);
      this.answers.push(writeFault('error', causes.invalidStream, about));
      return null;
    }
    const message = this.reassembly.add(data);
    if (message === 'bad') return { cause: causes.protocolViolation };
    if (message !== null) this.heard(message);
    return null;
  }

  private heard({ stream, ppid, bytes }: Message): void {
    if (ppid === ppids.control) return this.control(stream, bytes);
    if (!this.channels.has(stream)) return;
    const text = ppid === ppids.emptyText ? '' : ppid === ppids.text ? readText(bytes) : null;
    // Binary messages, and text that is none: nobody of ours sends them.
    if (text !== null) this.ports.message(stream, text);
  }

  private control(stream: number, bytes: Buffer): void {
    const message = readControl(bytes);
    if (message?.type === 'ack' || this.channels.has(stream)) return;
    if (message === null || this.channels.size >= channelsMax) return this.reset(stream);
    this.channels.set(stream, message.label);
    this.departures.queue(stream, ppids.control, controlAck);
    this.ports.opened({ id: stream, label: message.label });
  }

  private ended(stream: number): void {
    if (!this.channels.delete(stream)) return;
    this.reset(stream);
    this.ports.gone(stream);
  }

  private reset(stream: number): void {
    if (!this.agreed.resets) return;
    this.resets.want(stream, this.ports.now());
    this.departures.restart(stream);
  }
}
