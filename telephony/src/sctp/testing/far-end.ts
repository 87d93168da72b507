/** A far end by hand: it says what it is told to, at a moved clock, and keeps what our association answers. */
import { Association } from '../association.js';
import { chunkTypes, readInit, writeData, writeInit, type Data } from '../chunks.js';
import { readPacket, readParameters, writeChunk, writePacket, writeParameter, type Chunk } from '../packet.js';
import { writeOpen } from '../data-channel.js';

const ports = { ours: 5_000, theirs: 5_000 };
export const farTag = 0x0a0b0c0d;
export const farTsn = 0xffff_fffe; // soon wraps
/** It takes RE-CONFIG. */
const extensions = writeParameter(0x8008, Uint8Array.of(130, 192));

export class FarEnd {
  nowMs = 1_000;
  readonly association: Association;
  readonly opened: { id: number; label: string }[] = [];
  readonly heard: string[] = [];
  readonly gone: number[] = [];
  readonly closed: string[] = [];
  sent: { tag: number; chunks: Chunk[] }[] = [];
  /** Of our association, once it was told. */
  tag = 0;
  tsn = 0;
  private nextTsn = farTsn;
  private chance = 0;

  constructor() {
    this.association = new Association({
      now: () => this.nowMs,
      random: (bytes) => Uint8Array.from({ length: bytes }, () => (this.chance = (this.chance * 5 + 3) & 0xff)),
      send: (packet) => void this.sent.push(readPacket(Uint8Array.from(packet), ports) ?? { tag: -1, chunks: [] }),
      opened: (channel) => void this.opened.push(channel),
      message: (_, text) => void this.heard.push(text),
      gone: (channelId) => void this.gone.push(channelId),
      closed: (because) => void this.closed.push(because),
    });
  }

  /** Past the handshake, with the channel `ctl` on stream 0, everything acknowledged, and nothing in `sent`. */
  static talking(): FarEnd {
    const far = new FarEnd();
    far.cookie(far.init());
    far.data({ ppid: 50, bytes: writeOpen('ctl') });
    far.acknowledge(far.tsn);
    far.sent = [];
    return far;
  }

  say(tag: number, ...chunks: Uint8Array[]): void {
    this.association.receive(writePacket(ports, tag, chunks));
  }

  /** @returns the cookie of the INIT ACK */
  init(change: Partial<ReturnType<typeof readInit>> = {}): Buffer {
    const plain = { tag: farTag, window: 65_536, outStreams: 65_535, inStreams: 65_535, tsn: farTsn, rest: extensions };
    this.say(0, writeInit('init', { ...plain, ...change }));
    const answer = this.sent.at(-1)?.chunks[0];
    const init = answer?.type === chunkTypes.initAck ? readInit(answer.value) : null;
    this.tag = init?.tag ?? 0;
    this.tsn = init?.tsn ?? 0;
    const parameters = init === null ? [] : (readParameters(init.rest) ?? []);
    return parameters.find(({ type }) => type === 7)?.value ?? Buffer.alloc(0);
  }

  cookie(cookie: Uint8Array, tag = this.tag): void {
    this.say(tag, writeChunk(chunkTypes.cookieEcho, 0, cookie));
  }

  /** A message, or with `change` something else, under the next TSN. */
  data(change: Partial<Data> = {}): void {
    const plain = { tsn: this.nextTsn, stream: 0, ssn: 0, ppid: 51, unordered: false, begins: true, ends: true };
    this.say(this.tag, writeData({ ...plain, bytes: Buffer.from('x'), ...change }));
    if (change.tsn === undefined) this.nextTsn = (this.nextTsn + 1) >>> 0;
  }

  /** @param gaps counted from `tsn` */
  acknowledge(tsn: number, ...gaps: [number, number][]): void {
    const value = Buffer.alloc(12 + gaps.length * 4);
    value.writeUInt32BE(tsn >>> 0, 0);
    value.writeUInt32BE(65_536, 4);
    value.writeUInt16BE(gaps.length, 8);
    for (const [i, [first, last]] of gaps.entries()) {
      value.writeUInt16BE(first, 12 + i * 4);
      value.writeUInt16BE(last, 14 + i * 4);
    }
    this.say(this.tag, writeChunk(chunkTypes.sack, 0, value));
  }

  reConfig(type: number, value: Uint8Array): void {
    this.say(this.tag, writeChunk(chunkTypes.reConfig, 0, writeParameter(type, value)));
  }

  /** Chunks of one type among what was sent. */
  got(type: keyof typeof chunkTypes): Chunk[] {
    return this.sent.flatMap(({ chunks }) => chunks).filter((chunk) => chunk.type === chunkTypes[type]);
  }

  pass(ms: number): void {
    const untilMs = this.nowMs + ms;
    let rings = 0;
    for (let due = this.association.nextTimer(); due !== null && due <= untilMs; due = this.association.nextTimer()) {
      this.nowMs = Math.max(this.nowMs, due);
      this.association.timer();
      if (++rings > 1_000) throw new Error('a timer that is due again at once');
    }
    this.nowMs = untilMs;
  }
}
