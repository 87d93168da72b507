/**
 * RTP from anybody: header, source lock, replay window, digits, relay and the recorder's clock, with hostile numbers. What is
 * relayed is RTP, what is recorded lies where it was heard, and nothing piles up.
 */
import { Leg, type LegContext } from '../../telephony/src/media/leg.js';
import { join } from '../../telephony/src/media/bridge.js';
import { Canvas } from '../../telephony/src/media/recorder/canvas.js';
import { StreamPlacement, type HeardPacket } from '../../telephony/src/media/recorder/placement.js';
import type { Recording, Side } from '../../telephony/src/media/recorder/recording.js';
import { digitSteps, readRtpHeader, SourceLock, ticksPerMs, type Transport } from '../../telephony/src/rtp/index.js';
import { mutateList, smallerList } from './mutate.js';
import type { Random } from './random.js';
import { ensure, size, type Report, type Target } from './target.js';

export interface Packet {
  /** Milliseconds since the one before. */
  after: number;
  leg: 0 | 1;
  /** Who sends: the SDP's address, the same with another port, a stranger. */
  from: number;
  first: number;
  second: number;
  sequence: number;
  timestamp: number;
  ssrc: number;
  /** Bytes behind the header; `fill` begins them. */
  length: number;
  fill: number[];
}

const flushMs = 400;
/** Ahead of its arrival a packet may lie by the stray limit (150 ms); it covers at most 200 ms. */
const aheadTicks = (150 + 200) * ticksPerMs + 160;

const packet = (over: Partial<Packet>): Packet => ({
  ...{
    after: 20,
    leg: 0,
    from: 0,
    first: 0x80,
    second: 0,
    sequence: 1,
    timestamp: 160,
    ssrc: 7,
    length: 160,
    fill: [],
  },
  ...over,
});
const stream = (count: number, over: Partial<Packet> = {}): Packet[] =>
  Array.from({ length: count }, (_, at) =>
    packet({ sequence: (65_500 + at) & 0xffff, timestamp: (4_294_960_000 + at * 160) >>> 0, ...over }),
  );

const edges = [
  0,
  1,
  127,
  128,
  129,
  160,
  1_200,
  3_000,
  3_001,
  32_767,
  32_768,
  65_535,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
];

function mutate(input: Packet[], other: Packet[], random: Random): Packet[] {
  const bend = (one: Packet): Packet => {
    const leap = random.pick([-1, 1]) * random.pick(edges);
    switch (random.below(12)) {
      case 0:
        return { ...one, after: random.pick([0, 0, 1, 19, 20, 60, 149, 151, 300, 1_000, 4_000, 60_000]) };
      case 1:
        return { ...one, leg: one.leg === 0 ? 1 : 0 };
      case 2:
        return { ...one, from: random.below(4) };
      case 3:
        return { ...one, first: random.once(2) ? 0x80 | random.below(64) : random.below(256) };
      case 4:
        return { ...one, second: random.pick([0, 8, 13, 101, 0x80, 0x88, 0xe5, random.below(256)]) };
      case 5:
        return { ...one, sequence: (one.sequence + leap) & 0xffff };
      case 6:
      case 7:
        return { ...one, timestamp: (one.timestamp + leap) >>> 0 };
      case 8:
        return { ...one, ssrc: random.below(3) };
      case 9:
        return { ...one, length: random.pick([0, 1, 3, 4, 80, 160, 240, 1_600, 1_601, 9_000, random.below(2_000)]) };
      case 10:
        return {
          ...one,
          second: random.pick([101, 0xe5]),
          length: 4,
          fill: [random.below(20), random.pick([0, 10, 0x80, 0xff]), random.below(256), random.below(256)],
        };
      default:
        return { ...one, fill: [...random.bytes(random.below(24))] };
    }
  };
  let bent = mutateList(input, other, random, bend, 400);
  if (random.once(3)) {
    // A whole stretch leaps, as when a sender begins anew or its clock runs wrong.
    const from = random.below(bent.length + 1);
    const leap = random.pick([-1, 1]) * random.pick(edges);
    const [drift, seconds] = [random.pick([0, 0, 1, 30, -30]), random.once(2)];
    bent = bent.map((one, at) =>
      at < from
        ? one
        : {
            ...one,
            timestamp: (one.timestamp + leap + drift * (at - from)) >>> 0,
            sequence: (one.sequence + (seconds ? leap : 0)) & 0xffff,
          },
    );
  }
  return random.once(3) ? mutateList(bent, other, random, bend, 400) : bent;
}

function bytesOfPacket(one: Packet): Uint8Array {
  const bytes = new Uint8Array(12 + one.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, one.first);
  view.setUint8(1, one.second);
  view.setUint16(2, one.sequence);
  view.setUint32(4, one.timestamp);
  view.setUint32(8, one.ssrc);
  bytes.set(one.fill.slice(0, one.length), 12);
  return bytes;
}

/** The recorder without its disk. */
class Tape {
  readonly #canvas = new Canvas();
  readonly #streams: Record<Side, StreamPlacement>;
  #nowMs = 0;
  frames = 0;

  constructor(report: Report) {
    const place =
      (channel: 0 | 1) =>
      (at: number, payload: Uint8Array, codec: HeardPacket['codec']): void => {
        ensure(Number.isSafeInteger(at), 'placed-at-no-number', String(at));
        const end = at + payload.length;
        ensure(
          end <= this.#nowMs * ticksPerMs + aheadTicks,
          'placed-ahead-of-time',
          () => `${end} at ${this.#nowMs} ms`,
        );
        this.#canvas.paint(channel, at, payload, codec);
        report.saw(`placed ${at < 0} ${size(Math.abs(at - this.#nowMs * ticksPerMs))}`);
      };
    this.#streams = { left: new StreamPlacement(place(0)), right: new StreamPlacement(place(1)) };
  }

  hear(side: Side, heard: HeardPacket): void {
    this.#nowMs = heard.arrivalMs;
    this.#streams[side].hear(heard);
    const waiting: unknown = Reflect.get(this.#streams[side], 'waiting');
    ensure(!Array.isArray(waiting) || waiting.length <= 250, 'waits-for-ever', 'more than 250 packets');
  }

  flush(nowMs: number, until: number): void {
    this.#nowMs = nowMs;
    for (const one of Object.values(this.#streams)) one.settle(nowMs);
    let turns = 0;
    for (let part = this.#canvas.take(until); part !== null; part = this.#canvas.take(until)) {
      ensure(Number.isSafeInteger(part.at) && part.at >= 0, 'written-at-no-place', String(part.at));
      this.frames = Math.max(this.frames, part.at + part.bytes.length / 4);
      ensure(++turns < 10_000, 'flush-never-ends', String(until));
    }
    const most = Math.max(nowMs * ticksPerMs + aheadTicks, until);
    ensure(this.frames <= most, 'longer-than-it-ran', () => `${this.frames} frames at ${nowMs} ms`);
  }
}

function makeLeg(id: string, at: { ms: number }, report: Report, digits: string[]): Leg {
  const context: LegContext = {
    ticker: { add: () => () => {} },
    now: () => at.ms,
    wallMs: (nowMs) => nowMs,
    reportMs: 5_000,
    onFax: () => {},
    onDigit: (_, digit) => {
      digits.push(digit);
      report.saw(`digit ${digit}`);
    },
  };
  const leg = new Leg(id, context);
  const transport: Transport = {
    kind: 'rtp',
    codec: id === 'a' ? 'PCMU' : 'PCMA',
    dtmfPayloadType: 101,
    ptimeMs: 20,
    payloadBytesMax: id === 'a' ? Infinity : 240,
    open: true,
    send(bytes) {
      const header = readRtpHeader(bytes);
      ensure(header !== null, 'relays-what-is-no-rtp', () => Buffer.from(bytes.subarray(0, 16)).toString('hex'));
      ensure(header?.ssrc === leg.ssrc, 'relays-anothers-ssrc', () => String(header?.ssrc));
      const sends = header?.payloadType === 101 || header?.payloadType === (id === 'a' ? 0 : 8);
      const fits = header === null || header.payloadLength <= transport.payloadBytesMax;
      ensure(fits || header.payloadType === 101, 'relays-too-long', () => String(header?.payloadLength));
      ensure(sends, 'relays-what-was-not-agreed', () => String(header?.payloadType));
    },
    sendRtcp: () => {},
    close: () => {},
  };
  leg.transport = transport;
  return leg;
}

export const rtp: Target<Packet[]> = {
  name: 'rtp',
  extension: 'json',
  seeds: () => [
    stream(60),
    stream(40, { leg: 1, second: 8 }),
    [...stream(30), ...stream(30, { ssrc: 9 }), ...stream(10, { from: 3 })],
    [
      ...stream(5),
      ...digitSteps('5').flatMap((step) =>
        step === null
          ? []
          : [packet({ second: 101, sequence: 70, timestamp: 9_000, length: 4, fill: [...step.payload] })],
      ),
    ],
    [...stream(20), packet({ after: 9_000, timestamp: 80_000 }), ...stream(20)],
    stream(6, { from: 2 }),
  ],
  mutate,
  encode: (packets) => Buffer.from(`${JSON.stringify(packets)}\n`, 'utf8'),
  decode: (bytes) => JSON.parse(Buffer.from(bytes).toString('utf8')) as Packet[],
  smaller: smallerList,
  run(packets, report) {
    const at = { ms: 0 };
    const digits: string[] = [];
    const legs = [makeLeg('a', at, report, digits), makeLeg('b', at, report, digits)] as const;
    const tape = new Tape(report);
    const recording = { hear: (side: Side, heard: HeardPacket) => tape.hear(side, heard) };
    legs[0].recording = { id: 'r', recording: recording as unknown as Recording };
    join(legs[0], legs[1], { at: 0, sinceMs: 0 }, () => {});
    const locks = legs.map(() => new SourceLock({ address: '192.0.2.1', port: 4_000 }));
    let flushed = 0;
    for (const one of packets) {
      at.ms += Math.min(Math.max(one.after, 0), 60_000);
      for (; flushed + flushMs <= at.ms; flushed += flushMs) {
        const until = flushed + flushMs;
        tape.flush(until, (until - flushMs) * ticksPerMs);
      }
      const bytes = bytesOfPacket(one);
      const header = report.timed(() => readRtpHeader(bytes));
      report.saw(`header ${header === null ? 'none' : String(header.payloadType)}`);
      if (header === null) continue;
      ensure(header.payloadOffset + header.payloadLength <= bytes.length, 'payload-past-the-end', () =>
        JSON.stringify(header),
      );
      ensure(header.payloadLength >= 0, 'payload-less-than-nothing', () => JSON.stringify(header));
      const source = [
        { a: '192.0.2.1', p: 4_000 },
        { a: '192.0.2.1', p: 4_002 },
        { a: '192.0.2.66', p: 1 },
        { a: '192.0.2.67', p: 1 },
      ][one.from & 3];
      const verdict = locks[one.leg]?.accept(source?.a ?? '', source?.p ?? 0, header.ssrc, header.sequence);
      report.saw(`${String(verdict)} ${one.from & 3}`);
      if (verdict === 'drop') continue;
      report.timed(() => legs[one.leg].received(bytes, at.ms));
      ensure(Number.isNaN(legs[one.leg].heardMs) || legs[one.leg].heardMs <= at.ms, 'heard-later-than-now', '');
    }
    ensure(digits.length <= packets.length, 'more-digits-than-packets', String(digits.length));
    at.ms += 1_000;
    tape.flush(at.ms, Math.round(at.ms * ticksPerMs));
    report.saw(`frames ${size(tape.frames)}`);
  },
};
