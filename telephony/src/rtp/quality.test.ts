/** ITU-T G.107: the printed values. */
import { expect, test } from 'vitest';
import { delayImpairment, delayOf, lossImpairment, mosOf, rating } from './quality.js';

test.each([
  [93.2, 4.41],
  [90, 4.34],
  [80, 4.02],
  [70, 3.6],
  [60, 3.1],
  [50, 2.58],
  [0, 1],
  [-20, 1],
  [100, 4.5],
])('annex B: R of %f is a mean opinion score of %f', (r, mos) => {
  expect(mosOf(r)).toBeCloseTo(mos, 1);
  expect(Math.abs(mosOf(r) - mos)).toBeLessThan(0.011);
});

test('a score never falls below 1, though the formula dips there', () => {
  for (let r = 0; r <= 100; r += 0.5) expect(mosOf(r)).toBeGreaterThanOrEqual(1);
});

test('§7.4: delay costs nothing up to 100 ms, and then ever more', () => {
  expect(delayImpairment(0)).toBe(0);
  expect(delayImpairment(100)).toBe(0);
  // X = 1 at 200 ms: 25·(2^(1/6) − 3·(1 + 3^−6)^(1/6) + 2); X = 2 at 400 ms.
  expect(delayImpairment(200)).toBeCloseTo(3.04, 1);
  expect(delayImpairment(400)).toBeCloseTo(24.03, 0);
  let before = 0;
  for (let ms = 100; ms < 1_000; ms += 25) {
    expect(delayImpairment(ms)).toBeGreaterThanOrEqual(before);
    before = delayImpairment(ms);
  }
});

test('§7.3: 1 % of random loss with concealment takes 3.6 of the rating, 5 % 15.8; in bursts it takes more', () => {
  expect(lossImpairment(0)).toBe(0);
  expect(lossImpairment(0.01)).toBeCloseTo(95 / 26.1, 6);
  expect(lossImpairment(0.05)).toBeCloseTo((95 * 5) / 30.1, 6);
  expect(lossImpairment(0.05, 2)).toBeCloseTo((95 * 5) / 27.6, 6);
  expect(lossImpairment(0.05, 0.2)).toBe(lossImpairment(0.05));
});

test('a clean line on a LAN scores 4.4, one with 3 % loss and 300 ms about 3.6, one with 20 % below 3', () => {
  expect(mosOf(rating({ lost: 0, burstRatio: 1, delayMs: delayOf(2, 1, 20) }))).toBeCloseTo(4.41, 2);
  const fair = mosOf(rating({ lost: 0.03, burstRatio: 1, delayMs: 250 }));
  expect(fair).toBeGreaterThan(3.5);
  expect(fair).toBeLessThan(4.03);
  expect(mosOf(rating({ lost: 0.2, burstRatio: 2, delayMs: 100 }))).toBeLessThan(3);
});
