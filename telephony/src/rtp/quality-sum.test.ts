import { expect, test } from 'vitest';
import type { LineQuality } from './line-meter.js';
import { QualitySum } from './quality-sum.js';

const line = (mos: number, lostPercent: number, rttMs: number | null = 40): LineQuality => ({
  mos,
  from: { packets: 500, lostPercent, jitterMs: 2, mos },
  to: null,
  rttMs,
});

test('the mean is weighted by time; the worst is the worst stretch as it was', () => {
  const sum = new QualitySum();
  expect([sum.mean, sum.worst, sum.ms]).toEqual([null, null, 0]);
  sum.add(line(4.4, 0), 10_000);
  sum.add(line(3, 10, 100), 10_000);
  sum.add(line(4.4, 0), 20_000);
  expect(sum.worst).toEqual(line(3, 10, 100));
  expect(sum.ms).toBe(40_000);
  expect(sum.mean).toEqual({
    mos: 4.05,
    from: { packets: 1_500, lostPercent: 2.5, jitterMs: 2, mos: 4.05 },
    to: null,
    rttMs: 55,
  });
});

test('the last moment before the end is too short to be the worst, unless there is nothing else', () => {
  const sum = new QualitySum();
  sum.add(line(4.4, 0), 10_000);
  sum.add(line(1.2, 50), 300);
  expect(sum.worst?.mos).toBe(4.4);
  const short = new QualitySum();
  short.add(line(2, 20), 300);
  expect(short.worst?.mos).toBe(2);
});

test('what one stretch does not know, another may', () => {
  const sum = new QualitySum();
  sum.add(line(4.4, 0, null), 10_000);
  sum.add({ ...line(4.4, 0, 80), to: { packets: 10, lostPercent: 1, jitterMs: 1, mos: 4.3 } }, 10_000);
  expect(sum.mean).toMatchObject({ rttMs: 80, to: { lostPercent: 1 } });
});
