import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StreamPlacement, type HeardPacket } from './placement.js';

/** Where the packet that began at `spokenMs` landed, in ms of the recording. */
interface Landed {
  spokenMs: number;
  atMs: number;
}

interface Spoken {
  spokenMs: number;
  arrivalMs: number;
  timestamp: number;
  ssrc?: number;
}

/** Lays packets down in the order they arrive; each carries its own number in its payload. */
function lay(packets: Spoken[], endMs = Number.POSITIVE_INFINITY): Landed[] {
  const landed: Landed[] = [];
  const placement = new StreamPlacement((at, payload) => {
    const spoken = packets[(payload[0]! << 16) | (payload[1]! << 8) | payload[2]!]!;
    landed.push({ spokenMs: spoken.spokenMs, atMs: at / 8 });
  });
  packets
    .map((packet, n) => ({ packet, n }))
    .toSorted((a, b) => a.packet.arrivalMs - b.packet.arrivalMs)
    .forEach(({ packet, n }) => {
      const heard: HeardPacket = {
        ssrc: packet.ssrc ?? 1,
        timestamp: packet.timestamp >>> 0,
        arrivalMs: packet.arrivalMs,
        codec: 'PCMU',
        payload: Uint8Array.of(n >> 16, (n >> 8) & 255, n & 255),
      };
      placement.hear(heard);
    });
  placement.settle(endMs);
  return landed.toSorted((a, b) => a.spokenMs - b.spokenMs);
}

const speech = (count: number, jitter: (i: number) => number, fromMs = 0, timestamp = 0xffff_f000): Spoken[] =>
  Array.from({ length: count }, (_, i) => ({
    spokenMs: fromMs + 20 * i,
    arrivalMs: fromMs + 20 * i + jitter(i),
    timestamp: timestamp + 160 * i,
  }));

const farthest = (landed: Landed[]): number =>
  landed.reduce((far, { spokenMs, atMs }) => Math.max(far, Math.abs(atMs - spokenMs)), 0);

test('with any jitter, loss and reordering each packet lies within a frame of when it was spoken, and loss is silence of its own length', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ jitter: fc.nat(80), lost: fc.nat(9) }), { minLength: 30, maxLength: 200 }),
      fc.nat(2 ** 32 - 1),
      fc.nat(15),
      (network, timestamp, quick) => {
        // The network has its quick moments: one packet in the first fifteen is not delayed.
        const sent = speech(network.length, (i) => (i === quick ? 0 : network[i]!.jitter), 0, timestamp);
        const arrived = sent.filter((_, i) => i === quick || network[i]!.lost > 0);
        const landed = lay(arrived);
        expect(landed.map(({ spokenMs }) => spokenMs)).toEqual(arrived.map(({ spokenMs }) => spokenMs));
        // All by the same distance: the gaps between them are what was lost, to the sample.
        const shifts = new Set(landed.map(({ spokenMs, atMs }) => atMs - spokenMs));
        expect(shifts.size).toBe(1);
        expect(farthest(landed)).toBeLessThanOrEqual(20);
      },
    ),
  );
});

test('two channels with different jitter are within a frame of each other', () => {
  const left = lay(speech(100, (i) => (i * 37) % 60));
  const right = lay(speech(100, (i) => 2 + ((i * 53) % 45), 0, 5));
  expect(Math.abs(left[50]!.atMs - right[50]!.atMs)).toBeLessThanOrEqual(20);
});

test('another agent takes over: their first words are where they were spoken', () => {
  const second = speech(60, (i) => (i * 7) % 30, 2_013, 77).map((packet) => ({ ...packet, ssrc: 2 }));
  expect(farthest(lay([...speech(100, () => 3), ...second]))).toBeLessThanOrEqual(20);
});

test('a sender that paused without counting is put where it speaks again', () => {
  const before = speech(100, (i) => i % 5);
  const after = speech(100, (i) => i % 5, 9_000, 0xffff_f000 + 160 * 100);
  expect(farthest(lay([...before, ...after]))).toBeLessThanOrEqual(20);
});

test('a sender whose timestamps leap stays where it is heard', () => {
  for (const leap of [1_000_000, -1_000_000, 2 ** 31 - 5]) {
    const after = speech(100, (i) => i % 5, 2_000, 0xffff_f000 + 160 * 100 + leap);
    expect(farthest(lay([...speech(100, (i) => i % 5), ...after]))).toBeLessThanOrEqual(20);
  }
});

test('one wild timestamp is laid nowhere ahead of the present, whatever follows it', () => {
  for (const leap of [560, 4_000, 2 ** 28 - 1, 2 ** 28 + 20]) {
    const packets = speech(100, (i) => i % 5);
    packets[50]!.timestamp += leap * 8;
    const landed = lay(packets);
    expect(landed.every(({ spokenMs, atMs }) => atMs <= spokenMs + 20)).toBe(true);
    expect(farthest(landed.filter(({ spokenMs }) => spokenMs !== 1_000))).toBeLessThanOrEqual(20);
  }
});

test('what a stall of the network held back lies where it was spoken', () => {
  for (const stallMs of [300, 1_000, 3_000]) {
    const packets = speech(400, (i) => i % 3).map((packet) =>
      packet.spokenMs >= 2_000 && packet.spokenMs < 2_000 + stallMs
        ? { ...packet, arrivalMs: 2_000 + stallMs + packet.spokenMs / 10_000 }
        : packet,
    );
    expect(farthest(lay(packets))).toBeLessThanOrEqual(20);
  }
});

test('an hour with a clock that runs 200 ppm fast or slow stays within a frame', () => {
  for (const skew of [1.0002, 0.9998]) {
    const packets = Array.from({ length: 180_000 }, (_, i) => ({
      spokenMs: 20 * skew * i,
      arrivalMs: 20 * skew * i + ((i * 31) % 25),
      timestamp: 160 * i,
    }));
    expect(farthest(lay(packets))).toBeLessThanOrEqual(20);
  }
});

test('a recording that ends within the first moments has what was said in them', () => {
  expect(lay(speech(3, () => 1))).toHaveLength(3);
});
