import { expect, test } from 'vitest';
import type { TappedFrame } from './in-page.js';
import { layOut } from './lay-out.js';

/** `count` frames of 20 ms from `ticks` on, sent at `at` and every 20 ms after; each holds its own loudness. */
const stream = (count: number, ticks: number, at: number): TappedFrame[] =>
  Array.from({ length: count }, (_, i) => ({
    at: at + i * 20,
    ticks: (ticks + i * 160) >>> 0,
    payload: new Uint8Array(160).fill(0x80 + i),
  }));
const loud = (samples: Float32Array, frame: number) => Math.abs(samples[frame * 160] ?? 0);

test('frames lie where their timestamps say, a lost one is silence, and a wrap of the timestamp is none of a gap', () => {
  const frames = stream(10, 2 ** 32 - 480, 1_000);
  const { samples, startedAt } = layOut(frames.filter((_, i) => i !== 4));
  expect(samples).toHaveLength(1600);
  expect(startedAt).toBe(1_000);
  expect(loud(samples, 3)).toBeGreaterThan(0.5);
  expect(loud(samples, 4)).toBe(0);
  expect(loud(samples, 5)).toBeGreaterThan(0.5);
});

test('one late frame moves no clock', () => {
  const frames = stream(11, 0, 1_000).map((frame, i) => (i === 0 ? { ...frame, at: frame.at + 90 } : frame));
  expect(layOut(frames).startedAt).toBe(1_000);
});

test('a second stream with timestamps of its own is placed by the clock, and no sound becomes days long', () => {
  const frames = [...stream(50, 3_000_000_000, 1_000), ...stream(50, 17, 3_000)];
  const { samples, startedAt } = layOut(frames);
  expect(startedAt).toBe(1_000);
  expect(samples).toHaveLength(3 * 8000);
  expect(loud(samples, 49)).toBeGreaterThan(0);
  expect(loud(samples, 75)).toBe(0);
  expect(loud(samples, 100)).toBeGreaterThan(0.5);
});
