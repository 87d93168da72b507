import type { ConversationDetail } from '@denwaban/core/wire';
import { expect, test } from 'vitest';
import { translator } from '../words/words.js';
import { readFilter } from './conversation-filter.js';
import { lineFigures, type Line } from './line-figures.js';
import { lanesOf, scaleOf, type Segment } from './timeline-scale.js';
import { sentencesOf } from './trace-sentences.js';

const anna = { id: 'ag_1', name: 'Anna' };
const ken = { id: 'ag_2', name: 'Ken' };
const segments: Segment[] = [
  { kind: 'wait', agent: null, startedAt: 1_000, endedAt: 6_000 },
  { kind: 'ring', agent: ken, startedAt: 2_000, endedAt: 4_000 },
  { kind: 'ring', agent: anna, startedAt: 4_000, endedAt: 6_000 },
  { kind: 'talk', agent: anna, startedAt: 6_000, endedAt: null },
];

test('the customer has the first lane, agents follow as they appeared', () => {
  expect(lanesOf(segments).map((lane) => lane.agent?.name ?? 'customer')).toEqual(['customer', 'Ken', 'Anna']);
  expect(lanesOf(segments)[2]?.segments).toHaveLength(2);
});

test('lengths are to scale, and what still goes on reaches to now', () => {
  const scale = scaleOf(1_000, segments, 11_000);
  expect(scale.place(1_000)).toBe(0);
  expect(scale.place(6_000)).toBe(50);
  expect(scale.place(11_000)).toBe(100);
  expect(scale.place(99_000)).toBe(100);
  expect(scale.ticks.length).toBeLessThanOrEqual(9);
});

test('an empty or instant conversation does not divide by nothing', () => {
  expect(scaleOf(5, [], 5).place(5)).toBe(0);
});

const detail = {
  trace: [
    { at: 10, step: 0, target: 'owner', what: 'entered', agent: null, because: null, passedOver: [] },
    { at: 10, step: 0, target: 'owner', what: 'offered', agent: ken, because: 'owner', passedOver: [] },
    { at: 5_010, step: 0, target: 'owner', what: 'ended', agent: null, because: 'ring-time-over', passedOver: [] },
    {
      at: 5_011,
      step: 1,
      target: 'team',
      what: 'offered',
      agent: anna,
      because: 'longest-idle',
      passedOver: [{ agent: ken, because: 'no-answer' }],
    },
  ],
  offers: [
    { agent: ken, target: 'owner', offeredAt: 10, ringingAt: 90, closedAt: 5_010, outcome: 'timed-out' },
    { agent: anna, target: 'team', offeredAt: 5_011, ringingAt: 5_100, closedAt: 8_011, outcome: 'accepted' },
  ],
} as unknown as ConversationDetail;

test('the trace tells in order who was asked, what became of it, and who was passed over and why', () => {
  expect(sentencesOf(detail, translator('en'), 'en').map((sentence) => sentence.text)).toEqual([
    'The owner was tried.',
    'The call was offered to Ken: the customer’s owner.',
    'Ken did not answer (5.0 s).',
    'The step ended: its ring time was over.',
    'The call was offered to Anna: free the longest.',
    'Anna answered (3.0 s).',
  ]);
  const japanese = sentencesOf(detail, translator('ja'), 'ja');
  expect(japanese[4]?.passedOver).toEqual(['Ken（応答なし）']);
});

test('a reason that this desk does not know yet is shown as it came, never as nothing', () => {
  const strange = {
    ...detail,
    offers: [],
    trace: [{ ...detail.trace[2], because: 'moon-phase' }],
  } as ConversationDetail;
  expect(sentencesOf(strange, translator('en'), 'en')[0]?.text).toBe('The step ended: moon-phase.');
});

test('an address that somebody made up narrows nothing', () => {
  expect(readFilter({ period: 'century', status: 7, end: 'completed', q: '', number: 312 })).toEqual({
    end: 'completed',
    number: '312',
  });
});

const clean: Line = {
  agent: null,
  since: 1_000,
  spanMs: 60_000,
  grade: 'good',
  worstGrade: 'good',
  mean: {
    mos: 4.31,
    from: { packets: 3_000, lostPercent: 0.42, jitterMs: 3.2, mos: 4.31 },
    to: { packets: 3_000, lostPercent: 0, jitterMs: 1, mos: 4.4 },
    rttMs: 23.6,
  },
  worst: { mos: 4.1, from: null, to: null, rttMs: null },
};

test('a line is said in a word, and its figures for each direction stand below', () => {
  expect(lineFigures(clean, translator('en'))).toEqual({
    whose: 'Customer’s line',
    grade: 'Line: good',
    worst: null,
    rows: [
      { what: 'Their voice, as it reached us', figures: 'MOS 4.3 · 0.4 % lost · jitter 3 ms' },
      { what: 'Our voice, as it reached them', figures: 'MOS 4.4 · 0.0 % lost · jitter 1 ms' },
      { what: 'There and back', figures: '24 ms' },
    ],
  });
});

test('what nobody told is left out, and a worse moment is named', () => {
  const mean = { ...clean.mean, to: null, rttMs: null };
  const figures = lineFigures({ ...clean, agent: anna, worstGrade: 'poor', mean }, translator('ja'));
  expect(figures).toMatchObject({
    whose: 'Anna さん側の回線',
    grade: '回線：良好',
    worst: '最も悪いとき — 回線：不良',
  });
  expect(figures.rows).toHaveLength(1);
});

const placed = {
  ...{ direction: 'outbound', by: anna, customerNumber: '+81312345678', fromRaw: null, startedAt: 1_000 },
  ...{ trace: [], offers: [], segments: [], endedAt: null, endCause: null, endedBy: null },
} as unknown as ConversationDetail;
const told = (part: Partial<ConversationDetail>) =>
  sentencesOf({ ...placed, ...part }, translator('en'), 'en').map((sentence) => sentence.text);

test('a call of ours is told from who called whom to who answered, or why nobody did', () => {
  expect(told({})).toEqual(['Anna called 03-1234-5678.']);
  const talk = { kind: 'talk' as const, agent: anna, startedAt: 9_000, endedAt: null };
  expect(told({ segments: [talk] })).toEqual(['Anna called 03-1234-5678.', 'The customer answered (8.0 s).']);
  expect(told({ endedAt: 6_000, endCause: 'busy', endedBy: 'customer' })[1]).toBe(
    'Not connected: They are on another call (5.0 s).',
  );
});

test('the direction of the list is read from the address, and what is no direction is left out', () => {
  expect(readFilter({ direction: 'outbound' })).toEqual({ direction: 'outbound' });
  expect(readFilter({ direction: 'sideways' })).toEqual({});
});
