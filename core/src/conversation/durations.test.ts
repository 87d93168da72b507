import { expect, test } from 'vitest';
import { epochMs, type AgentId } from '../ids.js';
import type { Segment } from './conversation.js';
import { durations } from './durations.js';

const anna = 'ag_anna' as AgentId;
const ken = 'ag_ken' as AgentId;
const segment = (kind: Segment['kind'], agent: AgentId | null, from: number, until: number | null): Segment => ({
  kind,
  agent,
  startedAt: epochMs(from),
  endedAt: until === null ? null : epochMs(until),
});
const story = (segments: Segment[], ended: number | null = null) => ({
  direction: 'inbound' as 'inbound' | 'outbound',
  startedAt: epochMs(1_000),
  segments,
  ended: ended === null ? null : ({ at: epochMs(ended), end: 'completed', by: 'customer', cause: 'hung-up' } as const),
});
const now = epochMs(100_000);

test('a whole conversation: waited until the first talk, hold apart from talk, two rings at once count twice', () => {
  const record = story(
    [
      segment('wait', null, 1_000, 6_000),
      segment('ring', anna, 2_000, 5_000),
      segment('ring', ken, 2_000, 4_000),
      segment('talk', anna, 6_000, 16_000),
      segment('hold', anna, 16_000, 18_000),
      segment('talk', anna, 18_000, 20_000),
      segment('wrap-up', anna, 20_000, 50_000),
    ],
    20_000,
  );
  expect(durations(record, now)).toEqual({
    waitMs: 5_000,
    ringMs: 5_000,
    talkMs: 12_000,
    holdMs: 2_000,
    wrapUpMs: 30_000,
  });
});

test('given back to the queue after a talk, the wait that counts is the one before the first answer', () => {
  const record = story(
    [segment('talk', anna, 3_000, 4_000), segment('wait', null, 4_000, 9_000), segment('talk', ken, 9_000, 10_000)],
    10_000,
  );
  expect(durations(record, now)).toMatchObject({ waitMs: 2_000, talkMs: 2_000 });
});

test('nobody answered: waited until the customer left', () => {
  expect(durations(story([segment('wait', null, 1_000, 8_000)], 8_000), now).waitMs).toBe(7_000);
});

test('what still lasts counts until now', () => {
  const record = story([segment('wait', null, 1_000, 6_000), segment('talk', anna, 6_000, null)]);
  expect(durations(record, now)).toMatchObject({ waitMs: 5_000, talkMs: 94_000 });
  expect(durations(story([segment('wait', null, 1_000, null)]), now).waitMs).toBe(99_000);
});

test('a clock that stepped back makes nothing negative', () => {
  expect(durations(story([segment('talk', anna, 2_000, null)]), epochMs(500))).toMatchObject({
    waitMs: 1_000,
    talkMs: 0,
  });
});

test('[OUT3] nobody waits in a call that we placed: its first stretch is ring time', () => {
  const segments = [segment('ring', null, 1_000, 9_000), segment('talk', anna, 9_010, 20_000)];
  const record = { ...story(segments, 20_000), direction: 'outbound' as const };
  expect(durations(record, now)).toMatchObject({ waitMs: 0, ringMs: 8_000, talkMs: 10_990 });
});
