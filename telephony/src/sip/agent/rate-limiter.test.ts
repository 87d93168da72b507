import { expect, test } from 'vitest';
import { RateLimiter } from './rate-limiter.js';

test('a burst at once, then as many as the rate gives, never more than the burst', () => {
  const limiter = new RateLimiter({ perSecond: 2, burst: 3 });
  const taken = (now: number) => Array.from({ length: 10 }, () => limiter.take('a', now)).filter(Boolean).length;
  expect(taken(0)).toBe(3);
  expect(taken(499)).toBe(0);
  expect(taken(1_000)).toBe(2);
  expect(taken(3_600_000)).toBe(3);
});

test('each key has its own bucket', () => {
  const limiter = new RateLimiter({ perSecond: 1, burst: 1 });
  expect([limiter.take('a', 0), limiter.take('b', 0), limiter.take('a', 0)]).toEqual([true, true, false]);
});

test('ever new keys fill no memory: beyond the bound they get nothing, until an old bucket is full again', () => {
  const limiter = new RateLimiter({ perSecond: 1, burst: 1, maxKeys: 100 });
  for (let key = 0; key < 1_000; key++) limiter.take(`spoofed ${key}`, 0);
  expect(limiter.size).toBe(100);
  expect(limiter.take('new', 999)).toBe(false);
  expect(limiter.take('new', 1_000)).toBe(true);
  expect(limiter.size).toBe(100);
});

test('a clock that goes back gives nothing away', () => {
  const limiter = new RateLimiter({ perSecond: 1, burst: 1 });
  limiter.take('a', 10_000);
  expect(limiter.take('a', 0)).toBe(false);
});
