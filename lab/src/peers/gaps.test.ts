import { expect, test } from 'vitest';
import { longestGap, longestGapMs } from './gaps.js';

/** Noise: like nothing but itself. */
const said = Float32Array.from(
  { length: 8 * 8_000 },
  (_, i) => 0.3 * Math.sin(i * i * 0.000_37 + Math.sin(i * 0.7) * 3),
);

test('what was heard whole has no gap, however late it came', () => {
  expect(longestGapMs(said.slice(4_000, 44_000), said)).toBe(0);
});

test('a hole filled with silence is as long as it is', () => {
  const heard = said.slice(1_600, 50_000);
  heard.fill(0, 20_000, 20_000 + 1_600);
  expect(longestGapMs(heard, said)).toBeGreaterThanOrEqual(180);
  expect(longestGapMs(heard, said)).toBeLessThanOrEqual(200);
  expect(Math.abs(longestGap(heard, said).atMs - 20_000 / 8)).toBeLessThanOrEqual(20);
});

test('a second of silence is no pause when somebody spoke', () => {
  const heard = said.slice(1_600, 50_000);
  heard.fill(0, 16_000, 32_000);
  expect(longestGapMs(heard, said)).toBeGreaterThanOrEqual(980);
});

test('a hole that was not filled is a jump', () => {
  const heard = Float32Array.from([...said.slice(1_600, 20_000), ...said.slice(20_800, 50_000)]);
  expect(longestGapMs(heard, said)).toBe(100);
});
