import { type Conversation, type EpochMs, epochMs } from '@denwaban/core';
import { expect, test } from 'vitest';
import { createDueTimes } from './due-times.js';

const record = (): Conversation => ({}) as Conversation;
const at = epochMs;

/** @param due what is told for each record; asked for is what was asked for */
function timesOf(due: Map<Conversation, number | null>) {
  const asked: Conversation[] = [];
  const times = createDueTimes((one) => {
    asked.push(one);
    return (due.get(one) ?? null) as EpochMs | null;
  });
  return { times, asked };
}

test('what is ahead, and that there is nothing, is worked out once for each record', () => {
  const [ahead, nothing] = [record(), record()];
  const { times, asked } = timesOf(new Map([[ahead, 5_000]]));
  for (let now = 1_000; now < 5_000; now += 500) {
    expect(times.of(ahead, at(now))).toBe(5_000);
    expect(times.of(nothing, at(now))).toBeNull();
  }
  expect(asked).toEqual([ahead, nothing]);
});

test('when it has come it is worked out anew: another may lie behind it', () => {
  const one = record();
  const due = new Map([[one, 5_000]]);
  const { times } = timesOf(due);
  expect(times.of(one, at(1_000))).toBe(5_000);
  due.set(one, 7_000);
  expect(times.of(one, at(5_000))).toBe(7_000);
});

test('a time that has come and moves nothing is due a second later, again and again, and never at once', () => {
  const one = record();
  const { times } = timesOf(new Map([[one, 5_000]]));
  expect(times.of(one, at(5_000))).toBe(5_000);
  times.firedInVain(one, at(5_000));
  expect(times.of(one, at(5_000))).toBe(6_000);
  expect(times.of(one, at(5_500))).toBe(6_000);
  times.firedInVain(one, at(6_000));
  expect(times.of(one, at(6_000))).toBe(7_000);
});

test('a timer given before the time, or to another record, puts nothing off', () => {
  const [one, other] = [record(), record()];
  const { times } = timesOf(
    new Map([
      [one, 5_000],
      [other, 5_000],
    ]),
  );
  times.firedInVain(one, at(4_999));
  times.firedInVain(other, at(5_000));
  expect(times.of(one, at(4_999))).toBe(5_000);
  expect(times.of(one, at(5_000))).toBe(5_000);
});
