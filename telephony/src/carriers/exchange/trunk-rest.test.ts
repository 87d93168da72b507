import { epochMs } from '@denwaban/core';
import { expect, test } from 'vitest';
import { createTrunkRests } from './trunk-rest.js';

function rests() {
  let at = 1_000;
  const made = createTrunkRests(() => epochMs(at));
  return { ...made, wait: (ms: number) => void (at += ms) };
}

test('[TRK11] a trunk that was silent comes last for a minute', () => {
  const { ended, has, wait } = rests();
  ended('tk_a', 'unreachable', null, null);
  wait(59_999);
  expect([has('tk_a'), has('tk_b')]).toEqual([true, false]);
  wait(1);
  expect(has('tk_a')).toBe(false);
});

test.each([
  [503, 30, 30],
  [503, 86_400, 600],
  [503, null, 0],
  [486, 30, 0],
  [500, 30, 0],
])('[TRK11] %s with Retry-After %s: it comes last for %s s', (status, retryAfterS, restS) => {
  const { ended, has, wait } = rests();
  ended('tk_a', 'refused', status, retryAfterS);
  expect(has('tk_a')).toBe(restS > 0);
  wait(restS * 1_000);
  expect(has('tk_a')).toBe(false);
});

test('it is known since when, until when and why; a second silence makes it longer, not younger', () => {
  const { ended, of, wait } = rests();
  expect(of('tk_a')).toBeNull();
  ended('tk_a', 'refused', 503, 30);
  expect(of('tk_a')).toEqual({ since: 1_000, until: 31_000, status: 503 });
  wait(5_000);
  ended('tk_a', 'unreachable', null, null);
  expect(of('tk_a')).toEqual({ since: 1_000, until: 66_000, status: null });
  wait(60_000);
  expect(of('tk_a')).toBeNull();
  ended('tk_a', 'unreachable', 408, null);
  expect(of('tk_a')).toEqual({ since: 66_000, until: 126_000, status: 408 });
});

test('a word of it, or a phone that rings by it, ends the rest; a call that was taken back does not', () => {
  const { ended, works, has } = rests();
  ended('tk_a', 'unreachable', null, null);
  ended('tk_a', 'cancelled', null, null);
  expect(has('tk_a')).toBe(true);
  ended('tk_a', 'refused', 486, null);
  expect(has('tk_a')).toBe(false);
  ended('tk_a', 'unreachable', null, null);
  works('tk_a');
  expect(has('tk_a')).toBe(false);
});
