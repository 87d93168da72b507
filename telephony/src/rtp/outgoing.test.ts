import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sequencesApart, ticksApart } from './arithmetic.js';
import type { RtpHeader } from './header.js';
import { OutgoingStream } from './outgoing.js';

const [partner, music] = [{}, {}];
const header = (sequence: number, timestamp: number, more: Partial<RtpHeader> = {}): RtpHeader => ({
  payloadType: 0,
  marker: false,
  sequence: sequence & 0xffff,
  timestamp: timestamp >>> 0,
  ssrc: 77,
  payloadOffset: 12,
  payloadLength: 160,
  ...more,
});
const stream = (): OutgoingStream => new OutgoingStream(1, 0xfffe, 0xffff_ff00);

/** Relays packets that come every 20 ms from `fromMs` on. */
function relayRun(
  out: OutgoingStream,
  source: object,
  fromMs: number,
  packets: number,
  sequence = 500,
  timestamp = 9_000,
) {
  return Array.from({ length: packets }, (_, i) =>
    out.relay(source, header(sequence + i, timestamp + 160 * i), 160, fromMs + 20 * i),
  ).map((stamp) => stamp!);
}

test('over an idle gap the timestamp advances by the wall clock, the sequence by one, and the marker is set', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 61, max: 600_000 }), { minLength: 1, maxLength: 20 }), (gaps) => {
      const out = stream();
      let [nowMs, last] = [0, relayRun(out, partner, 0, 3).at(-1)!];
      nowMs = 40;
      for (const gapMs of gaps) {
        out.pause();
        nowMs += gapMs;
        const [first, ...rest] = relayRun(out, partner, nowMs, 3);
        expect(sequencesApart(first!.sequence, last.sequence)).toBe(1);
        expect(ticksApart(first!.timestamp, last.timestamp)).toBe(gapMs * 8);
        expect([first!.marker, ...rest.map(({ marker }) => marker)]).toEqual([true, false, false]);
        nowMs += 40;
        last = rest.at(-1)!;
      }
    }),
  );
});

test('from music to a partner to another partner it stays one stream', () => {
  const out = stream();
  const stamps = [
    ...Array.from({ length: 5 }, (_, i) => out.next(music, 160, 20 * i)),
    ...relayRun(out, partner, 100, 5),
    ...relayRun(out, {}, 207, 5, 60_000, 4_000_000_000),
    ...Array.from({ length: 5 }, (_, i) => out.next(music, 160, 320 + 20 * i)),
  ];
  stamps.slice(1).forEach((stamp, i) => {
    expect(sequencesApart(stamp.sequence, stamps[i]!.sequence)).toBe(1);
    expect(ticksApart(stamp.timestamp, stamps[i]!.timestamp)).toBeGreaterThanOrEqual(160);
  });
  expect(stamps.map(({ marker }) => (marker ? 'M' : '.')).join('')).toBe('M....M....M....M....');
  expect(ticksApart(stamps.at(-1)!.timestamp, stamps[0]!.timestamp)).toBe(400 * 8);
});

test("a partner's losses stay losses and its reordering stays repairable", () => {
  const out = stream();
  const [first] = relayRun(out, partner, 0, 1);
  const late = out.relay(partner, header(503, 9_480), 160, 60)!;
  const overtaken = out.relay(partner, header(502, 9_320), 160, 61)!;
  expect([late, overtaken].map(({ sequence }) => sequencesApart(sequence, first!.sequence))).toEqual([3, 2]);
  expect([late, overtaken].map(({ timestamp }) => ticksApart(timestamp, first!.timestamp))).toEqual([480, 320]);
});

test('a packet from before the run is not sent under a number that is taken', () => {
  const out = stream();
  relayRun(out, partner, 0, 2);
  expect(out.relay(partner, header(499, 8_840), 160, 41)).toBeNull();
});

test('what is left out looks like no loss', () => {
  const out = stream();
  const [first] = relayRun(out, partner, 0, 1);
  out.skip(partner, header(501, 9_160));
  expect(sequencesApart(out.relay(partner, header(502, 9_320), 160, 40)!.sequence, first!.sequence)).toBe(1);
});

test('jitter and a stall whose packets come in a burst change nothing', () => {
  const out = stream();
  const [first] = relayRun(out, partner, 0, 1);
  for (let i = 1; i < 200; i++) {
    const sentMs = 20 * i;
    // 400 ms of packets come together at 1 400 ms; the others are up to 60 ms late.
    const nowMs = sentMs >= 1_000 && sentMs < 1_400 ? 1_400 + i / 100 : sentMs + ((i * 37) % 60);
    const stamp = out.relay(partner, header(500 + i, 9_000 + 160 * i), 160, nowMs)!;
    expect(ticksApart(stamp.timestamp, first!.timestamp)).toBe(160 * i);
  }
});

test('a sender that pauses without counting is put back on the wall clock', () => {
  for (const pauseMs of [300, 2_000, 60_000]) {
    const out = stream();
    const before = relayRun(out, partner, 0, 50).at(-1)!;
    const after = relayRun(out, partner, 980 + pauseMs, 20, 550, 9_000 + 160 * 50).at(-1)!;
    // 19 packets after the pause ended: where the wall clock says, to within the packets it took to believe it.
    expect(ticksApart(after.timestamp, before.timestamp) / 8 - (pauseMs + 380)).toBeCloseTo(0, -1);
  }
});

test('a sender whose clock leaps ahead by hours does not take the receiver with it', () => {
  const out = stream();
  const before = relayRun(out, partner, 0, 50).at(-1)!;
  const [first] = relayRun(out, partner, 1_000, 1, 550, 9_000 + 160 * 50 + 3_600 * 8_000);
  expect(ticksApart(first!.timestamp, before.timestamp)).toBe(160);
  expect(first!.marker).toBe(true);
});

test('an hour of a clock that runs 200 ppm fast or slow stays one run', () => {
  for (const skew of [0.9998, 1.0002]) {
    const out = stream();
    const marks = Array.from({ length: 180_000 }, (_, i) =>
      out.relay(partner, header(500 + i, 9_000 + 160 * i), 160, 20 * skew * i)!.marker ? 1 : 0,
    ).reduce<number>((sum, mark) => sum + mark, 0);
    expect(marks).toBe(1);
  }
});

test('the packets of one event share its timestamp', () => {
  const out = stream();
  const begun = out.next({}, 800, 0);
  const more = [20, 40].map((nowMs) => out.again(nowMs));
  expect(more.map(({ timestamp }) => timestamp)).toEqual([begun.timestamp, begun.timestamp]);
  expect(more.map(({ sequence }) => sequencesApart(sequence, begun.sequence))).toEqual([1, 2]);
  expect(ticksApart(out.next(music, 160, 200).timestamp, begun.timestamp)).toBe(1_600);
});

test('a relayed event that lasts for seconds begins nothing new', () => {
  const out = stream();
  relayRun(out, partner, 0, 1);
  const stamps = Array.from({ length: 100 }, (_, i) =>
    out.relay(partner, header(501 + i, 9_160), 0, 20 + 20 * i, 'event')!,
  );
  expect(new Set(stamps.map(({ timestamp }) => timestamp)).size).toBe(1);
});
