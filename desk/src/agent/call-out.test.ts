import type { DeskState } from '@denwaban/core/wire';
import { expect, test } from 'vitest';
import { causeWord, endedUnanswered, isMissed, readDialled, whyNotCall } from './call-out.js';

const caller = (conversation: string): NonNullable<DeskState['call']>['caller'] => ({
  ...{ conversation, customer: null, number: '+81312345678', numberRaw: null, to: null, toName: '', owner: null },
  waitingSince: 1,
});
const desk = (part: Partial<DeskState> = {}): DeskState => ({
  presence: { says: 'available', reason: null, state: 'available', since: 1 },
  ...{ line: 'proven', offer: null, call: null, wrapUp: null },
  ...part,
});
const call = (state: NonNullable<DeskState['call']>['state'], conversation = 'cv_1'): DeskState['call'] => ({
  ...{ caller: caller(conversation), direction: 'outbound', state, startedAt: 1, heldSince: null },
  ...{ recording: false, fax: false, line: 'good' },
});
const ready = { link: 'open', desk: desk(), place: 'here', asked: null, problem: null } as const;

test('who is free and has a proven line may call', () => {
  expect(whyNotCall(ready)).toBeNull();
  expect(whyNotCall({ ...ready, problem: 'missing' })).toBeNull(); // the line stands: an older complaint does not count
});

test('what keeps one from calling is told, the first thing to mend first', () => {
  expect(whyNotCall({ ...ready, link: 'lost' })).toBe('server-lost');
  expect(whyNotCall({ ...ready, desk: null })).toBe('server-lost');
  expect(whyNotCall({ ...ready, place: 'elsewhere' })).toBe('elsewhere');
  expect(whyNotCall({ ...ready, desk: desk({ call: call('held') }) })).toBe('engaged');
  expect(whyNotCall({ ...ready, asked: 'placing' })).toBe('placing');
  const wrapUp = { caller: caller('cv_1'), startedAt: 1, endsAt: 2 };
  expect(whyNotCall({ ...ready, desk: desk({ wrapUp }) })).toBe('wrap-up');
  const unproven = desk({ line: 'opening' });
  expect(whyNotCall({ ...ready, desk: unproven })).toBe('proving');
  expect(whyNotCall({ ...ready, desk: unproven, problem: 'refused' })).toBe('microphone');
});

test('[OUT12] who is away may call: the line is opened for it, and a microphone that failed before is asked for anew', () => {
  const away = desk({ line: 'none', presence: { says: 'away', reason: 'lunch', state: 'away', since: 1 } });
  expect(whyNotCall({ ...ready, desk: away })).toBeNull();
  expect(whyNotCall({ ...ready, desk: away, problem: 'refused' })).toBeNull();
  expect(whyNotCall({ ...ready, desk: away, place: 'elsewhere' })).toBe('elsewhere');
  expect(whyNotCall({ ...ready, desk: away, asked: 'placing' })).toBe('placing');
});

test.each([
  ['０３−１２３４−５６７８', '0312345678', '03-1234-5678'],
  ['03(1234)5678', '0312345678', '03-1234-5678'],
  [' 090 1234 5678 ', '09012345678', '090-1234-5678'],
  ['+81 (0)3-1234-5678', '+81312345678', '03-1234-5678'],
  ['＋８１　３　１２３４　５６７８', '+81312345678', '03-1234-5678'],
  ['tel:+1-415-555-0123', '+14155550123', '+1 415 555 0123'],
  ['sip:0312345678@carrier.example', '0312345678', '03-1234-5678'],
  ['０９０ー１２３４ー５６７８', '09012345678', '090-1234-5678'],
  ['110', '110', '110'],
])('%s is read as a number', (written, number, shown) => {
  expect(readDialled(written)).toEqual({ number, shown });
});

test.each(['', '03', '佐藤', '2026年11月23日', 'call me', '1234567890123456', '03-1234-5678 内線 12'])(
  '“%s” is no number',
  (written) => {
    expect(readDialled(written)).toBeNull();
  },
);

test('a call that rang and is gone went unanswered; one that was answered did not', () => {
  const ringing = desk({ call: call('ringing') });
  expect(endedUnanswered(ringing, desk())?.conversation).toBe('cv_1');
  expect(endedUnanswered(desk({ call: call('calling') }), desk({ call: call('calling', 'cv_2') }))).not.toBeNull();
  expect(endedUnanswered(ringing, desk({ call: call('talking') }))).toBeNull();
  expect(endedUnanswered(ringing, desk({ wrapUp: { caller: caller('cv_1'), startedAt: 1, endsAt: 2 } }))).toBeNull();
  expect(endedUnanswered(desk({ call: call('talking') }), desk())).toBeNull();
  expect(endedUnanswered(ringing, null)).toBeNull();
});

test('each cause has words; an unknown one, too', () => {
  expect(causeWord({ endCause: 'busy' })).toBe('call-out.cause.busy');
  expect(causeWord({ endCause: 'normal' })).toBe('call-out.cause.cancelled');
  expect(causeWord({ endCause: 'toString' })).toBe('call-out.cause.other');
  expect(causeWord({ endCause: null })).toBe('call-out.cause.other');
});

test('whom nobody talked with was missed', () => {
  expect(isMissed({ end: 'abandoned', agents: [] })).toBe(true);
  expect(isMissed({ end: 'unanswered', agents: [] })).toBe(true);
  expect(isMissed({ end: 'completed', agents: [] })).toBe(false);
  expect(isMissed({ end: 'failed', agents: [{ id: 'ag_1', name: 'Anna' }] })).toBe(false);
  expect(isMissed({ end: null, agents: [] })).toBe(false);
});
