import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AgentId,
  type ConversationId,
  type E164,
  epochMs,
  type LegId,
  type RecordingId,
  type ReservationId,
  type TeamId,
  type CustomerId,
} from '../ids.js';
import type { Conversation } from './conversation.js';
import type { ConversationEvent } from './events.js';
import { fold, isOpen } from './fold.js';
import { type ConversationInput, defaultConversationSettings as settings, type StepResult } from './inputs.js';
import { gradeOf, type LineQuality } from './line.js';
import { deadline } from './due.js';
import { knownLeg } from './process-end.js';
import { step } from './step.js';

const anna = 'ag_anna' as AgentId;
const ken = 'ag_ken' as AgentId;

/** Tells a story input by input, folding as the engine does. */
class Story {
  record: Conversation | null = null;
  readonly events: ConversationEvent[] = [];
  last: StepResult | null = null;

  at(at: number, input: ConversationInput): this {
    const result = step(this.record, input, epochMs(at), settings);
    const folded = fold(this.record, result.events);
    expect(result.record ?? this.record).toEqual(folded);
    this.record = folded;
    this.events.push(...result.events);
    this.last = result;
    return this;
  }
  get now(): Conversation {
    if (this.record === null) throw new Error('not begun');
    return this.record;
  }
  commands() {
    return (this.last?.effects ?? []).flatMap((one) => (one.type === 'phone' ? [one.command] : []));
  }
}
const story = () => new Story();

const arrived: ConversationInput = {
  type: 'caller-arrived',
  conversation: 'cv_1' as ConversationId,
  leg: 'lg_c' as LegId,
  carrier: 'exchange',
  trunk: null,
  from: '+81312345678' as E164,
  fromRaw: '0312345678',
  to: '+81345670000' as E164,
  toName: 'Main',
};
const identified: ConversationInput = {
  type: 'caller-identified',
  outcome: 'known',
  tookMs: 1,
  identity: { customer: 'cu_1' as CustomerId, name: '山田 太郎', kana: null, owner: anna, team: 'tm_1' as TeamId },
};
const offerTo = (...agents: AgentId[]): ConversationInput => ({
  type: 'routed',
  reservations: agents.map((agent) => `rs_${agent}` as ReservationId),
  decisions: agents.map((agent) => ({
    type: 'offer',
    step: 0,
    target: 'team',
    agent,
    ringMs: 20_000,
    because: 'ring-all',
    passedOver: [],
  })),
});
const accept = (agent: AgentId): ConversationInput => ({
  type: 'agent-accepted',
  agent,
  reservation: `rs_${agent}`,
  leg: `lg_${agent}` as LegId,
  recording: 'rc_1' as RecordingId,
});
const rings = (agent: AgentId): ConversationInput => ({ type: 'desk-rings', agent, reservation: `rs_${agent}` });
const waiting = () => story().at(1_000, arrived).at(1_010, identified);
const talking = () =>
  waiting()
    .at(1_020, offerTo(anna))
    .at(1_100, rings(anna))
    .at(5_000, accept(anna))
    .at(5_000, { type: 'leg-answered', leg: 'lg_c' as LegId, token: 'word' })
    .at(5_010, { type: 'leg-joined', agentLeg: `lg_${anna}` as LegId });

describe('a call that goes well', () => {
  test('[CNV1] the first event is conversation.started, and the customer is looked up', () => {
    const told = story().at(1_000, arrived);
    expect(told.events.map((one) => one.type)).toEqual(['conversation.started']);
    expect(told.last?.effects).toEqual([{ type: 'identify', number: '+81312345678' }]);
    expect(told.now).toMatchObject({ status: 'arriving', seq: 1 });
  });
  test('accepting joins the two; talk begins when they are joined', () => {
    const told = waiting().at(1_020, offerTo(anna)).at(1_100, rings(anna)).at(5_000, accept(anna));
    expect(told.commands()).toEqual([
      { type: 'join', customer: 'lg_c', agentLeg: `lg_${anna}`, agent: anna, recording: 'rc_1' },
    ]);
    expect(told.now.talking).toMatchObject({ joined: false });
    expect(talking().now.segments).toEqual([
      { kind: 'wait', agent: null, startedAt: 1_000, endedAt: 5_010 },
      { kind: 'ring', agent: anna, startedAt: 1_020, endedAt: 5_000 },
      { kind: 'talk', agent: anna, startedAt: 5_010, endedAt: null },
    ]);
  });
  test('[CNV7] [CNV10] the customer hangs up: completed, and wrap-up is open for who talked', () => {
    const told = talking().at(60_000, { type: 'caller-left', cause: 'hung-up' });
    expect(told.now).toMatchObject({ status: 'wrap-up', ended: { end: 'completed', by: 'customer' }, closedAt: null });
    expect(told.now.wrapUps).toMatchObject([{ agent: anna, endedAt: null, endsAt: 60_000 + settings.wrapUpMs }]);
    told.at(70_000, { type: 'wrap-up-saved', agent: anna, disposition: 'resolved', note: 'done' });
    expect(told.now).toMatchObject({ status: 'closed', closedAt: 70_000 });
  });
  test('[CNV7] a wrap-up that nobody saves ends by itself', () => {
    const told = talking().at(60_000, { type: 'caller-left', cause: 'hung-up' });
    expect(deadline(told.now, epochMs(60_000), settings)).toBe(60_000 + settings.wrapUpMs);
    told.at(60_000 + settings.wrapUpMs, { type: 'timer-fired' });
    expect(told.now).toMatchObject({ status: 'closed', wrapUps: [{ because: 'timed-out' }] });
  });
  test('[CNV10] the agent hangs up: the customer’s leg is ended by us', () => {
    const told = talking().at(60_000, { type: 'agent-hung-up', agent: anna });
    expect(told.commands().map((one) => one.type)).toEqual(['part', 'hang-up']);
    expect(told.now.ended).toMatchObject({ end: 'completed', by: 'agent' });
    // The carrier's own word that the leg is gone comes too late to matter.
    expect(told.at(60_010, { type: 'caller-left', cause: 'hung-up' }).last?.events).toEqual([]);
  });
  test('hold and resume are segments of the same agent, and hold is not talk', () => {
    const told = talking()
      .at(10_000, { type: 'agent-held', agent: anna })
      .at(15_000, { type: 'agent-resumed', agent: anna });
    expect(told.commands()).toEqual([{ type: 'resume', customer: 'lg_c', agentLeg: `lg_${anna}` }]);
    expect(told.now.segments.slice(2).map((one) => [one.kind, one.startedAt, one.endedAt])).toEqual([
      ['talk', 5_010, 10_000],
      ['hold', 10_000, 15_000],
      ['talk', 15_000, null],
    ]);
  });
});

describe('offers', () => {
  test('[RSV1] two desks accept: the first wins, the other is rescinded and told that it is over', () => {
    const told = waiting().at(1_020, offerTo(anna, ken)).at(5_000, accept(ken));
    expect(told.now.offers.map((one) => one.outcome)).toEqual(['rescinded', 'accepted']);
    expect(told.at(5_001, accept(anna)).last).toMatchObject({ events: [], refused: 'offer-over' });
    expect(told.now.talking?.agent).toBe(ken);
  });
  test('[RSV3] [PRS3] an offer that rang out closes, the agent is set away, the caller keeps the place', () => {
    const told = waiting().at(1_020, offerTo(anna)).at(1_100, rings(anna)).at(21_020, { type: 'timer-fired' });
    expect(told.now).toMatchObject({ status: 'waiting', waitingSince: 1_000, offers: [{ outcome: 'timed-out' }] });
    expect(told.last?.effects).toContainEqual({ type: 'set-away', agent: anna, reason: 'no-answer' });
  });
  test('[RSV4] a desk that never confirms the ring is unreachable after 2.5 s, not after the ring time', () => {
    const told = waiting().at(1_020, offerTo(anna));
    expect(deadline(told.now, epochMs(1_020), settings)).toBe(3_520);
    told.at(3_520, { type: 'timer-fired' });
    expect(told.now.offers).toMatchObject([{ outcome: 'unreachable' }]);
    expect(told.last?.effects).toContainEqual({ type: 'distrust-line', agent: anna });
  });
  test('[RSV5] [CNV10] the caller leaves while it rings: abandoned, at once closed, and nobody wraps up', () => {
    const told = waiting().at(1_020, offerTo(anna, ken)).at(4_000, { type: 'caller-left', cause: 'cancelled' });
    expect(told.now).toMatchObject({ status: 'closed', ended: { end: 'abandoned', by: 'customer' }, wrapUps: [] });
    expect(told.now.offers.map((one) => one.outcome)).toEqual(['abandoned', 'abandoned']);
    expect(told.at(4_001, accept(anna)).last?.refused).toBe('offer-over');
  });
  test('[RSV6] [RTG9] a join that fails puts the caller at the front with music', () => {
    const told = waiting()
      .at(1_020, offerTo(anna))
      .at(5_000, accept(anna))
      .at(5_050, { type: 'join-failed', agentLeg: `lg_${anna}` as LegId });
    expect(told.now).toMatchObject({
      status: 'waiting',
      waitingSince: 1_000,
      talking: null,
      offers: [{ outcome: 'failed' }],
    });
    expect(told.commands()).toContainEqual({ type: 'play', leg: 'lg_c', sound: 'hold-music' });
  });
  test('an offer decided for a state that is gone is void', () => {
    const told = waiting().at(1_500, { type: 'caller-left', cause: 'cancelled' }).at(1_501, offerTo(anna));
    expect(told.last).toMatchObject({ events: [], effects: [] });
  });
});

describe('what the caller hears', () => {
  test('[CNV5] somebody rings: 180 while unanswered, ring-back of ours once answered', () => {
    const told = waiting().at(1_020, offerTo(anna));
    expect(told.commands()).toEqual([{ type: 'ring', leg: 'lg_c' }]);
    const answered = waiting()
      .at(1_020, {
        type: 'routed',
        decisions: [{ type: 'skip', step: 2, target: 'anyone', because: 'nobody-could-answer', passedOver: [] }],
        reservations: [],
      })
      .at(1_030, { type: 'leg-answered', leg: 'lg_c' as LegId, token: null });
    expect(answered.commands()).toEqual([{ type: 'play', leg: 'lg_c', sound: 'hold-music' }]);
    answered.at(9_000, offerTo(anna));
    expect(answered.commands()).toEqual([{ type: 'play', leg: 'lg_c', sound: 'ring-back' }]);
    answered.at(9_500, { type: 'agent-declined', agent: anna, reservation: `rs_${anna}` });
    expect(answered.commands()).toEqual([{ type: 'play', leg: 'lg_c', sound: 'hold-music' }]);
  });
  test('[CNV5] nobody can answer: the call is answered for the music', () => {
    const told = waiting().at(1_020, { type: 'routed', decisions: [], reservations: [] });
    expect(told.commands()).toEqual([{ type: 'answer', leg: 'lg_c' }]);
  });
  test('[CNV8] after 45 s of ringing the call is answered, once', () => {
    const told = waiting().at(1_020, offerTo(anna)).at(1_100, rings(anna));
    told.at(46_000, { type: 'timer-fired' });
    expect(told.commands()).toContainEqual({ type: 'answer', leg: 'lg_c' });
    expect(deadline({ ...told.now, offers: [] }, epochMs(46_000), settings)).toBeNull();
  });
  test('[CNV6] [RTG9] the agent is lost: told, to the front, the same conversation and recording', () => {
    const told = talking().at(30_000, { type: 'agent-lost', agent: anna });
    expect(told.commands()).toEqual([
      { type: 'part', customer: 'lg_c', agentLeg: `lg_${anna}` },
      { type: 'answer', leg: 'lg_c' },
      { type: 'play', leg: 'lg_c', sound: 'announcement-reconnecting' },
    ]);
    expect(told.now).toMatchObject({ status: 'waiting', waitingSince: 1_000, recording: { id: 'rc_1' } });
    told.at(30_020, offerTo(ken));
    expect(told.commands()).toEqual([]); // the announcement is not cut by a ring-back
    told.at(35_000, { ...accept(ken), recording: 'rc_2' as RecordingId } as ConversationInput);
    expect(told.commands()).toMatchObject([{ type: 'join', agent: ken, recording: 'rc_1' }]);
    expect(told.now.id).toBe('cv_1');
  });
});

describe('the end of a process', () => {
  test('[CNV9] a call of a dead process ends as failed, at once closed, and the caller’s leg is ended by its token', () => {
    const told = talking().at(99_000, { type: 'process-died' });
    expect(told.now).toMatchObject({ status: 'closed', ended: { end: 'failed', by: 'system', cause: 'process-died' } });
    expect(told.commands()).toEqual([{ type: 'end-orphan', token: 'word' }]);
    expect(told.now.segments.every((one) => one.endedAt !== null)).toBe(true);
  });
  test('[CNV9] a wrap-up outlives it', () => {
    const told = talking().at(60_000, { type: 'caller-left', cause: 'hung-up' }).at(61_000, { type: 'process-died' });
    expect(told.last?.events).toEqual([]);
    expect(
      told.at(62_000, { type: 'wrap-up-saved', agent: anna, disposition: null, note: 'kept' }).now.wrapUps,
    ).toMatchObject([{ note: 'kept' }]);
  });
  test('[CNV12] who talks goes on talking when only the process was replaced, and nothing is done to their phones', () => {
    const before = talking();
    const now = before.now;
    expect(before.at(60_000, { type: 'process-replaced' }).last).toMatchObject({
      events: [],
      effects: [],
      refused: null,
    });
    expect(before.now).toEqual(now);
    expect(knownLeg(now)).toEqual({
      leg: 'lg_c',
      token: 'word',
      recording: 'rc_1',
      talk: { agentLeg: now.talking?.leg, agent: anna, joined: true, held: null },
      sound: null,
    });
    expect(knownLeg(talking().at(60_000, { type: 'agent-held', agent: anna }).now)?.talk?.held).toBe('hold-music');
  });
  test('[CNV12] an offer that was open is over with the desk’s connection, and who waits hears music until the next', () => {
    const told = story()
      .at(0, arrived)
      .at(1, identified)
      .at(2, offerTo(anna, ken))
      .at(3, { type: 'leg-answered', leg: 'lg_c' as LegId, token: 'word' })
      .at(9_000, { type: 'process-replaced' });
    expect(told.now).toMatchObject({
      status: 'waiting',
      offers: [{ outcome: 'agent-left' }, { outcome: 'agent-left' }],
    });
    expect(told.commands().at(-1)).toEqual({ type: 'play', leg: 'lg_c', sound: 'hold-music' });
    expect(knownLeg(told.now)).toMatchObject({ talk: null, sound: 'hold-music' });
    // Nobody let it ring out: the same two may be asked again at once.
    expect(told.at(9_001, offerTo(anna, ken)).now.status).toBe('offered');
  });
  test('[CNV15] a leg that moved is known by its newest token; one not answered, or over, does not move', () => {
    const moved = (token: string): ConversationInput => ({ type: 'leg-moved', leg: 'lg_c' as LegId, token });
    const told = talking().at(60_000, moved('new')).at(60_001, moved('new'));
    expect(knownLeg(told.now)?.token).toBe('new');
    expect(told.events.filter(({ type }) => type === 'leg.moved')).toHaveLength(1);
    expect(told.at(61_000, { type: 'caller-left', cause: 'hung-up' }).at(61_001, moved('late')).now.legToken).toBe(
      'new',
    );
    expect(story().at(0, arrived).at(1, identified).at(2, moved('early')).now.legToken).toBeNull();
    const over = told.at(61_000, { type: 'caller-left', cause: 'hung-up' });
    expect(over.at(62_000, { type: 'wrap-up-saved', agent: anna, disposition: null, note: '' }).now).toMatchObject({
      status: 'closed',
      legToken: null,
    });
  });
  test('[CNV9] a leg that was not answered has nothing to be taken up by', () => {
    expect(knownLeg(story().at(0, arrived).at(1, identified).now)).toBeNull();
  });
  test('[CNV11] a recording is attached to a closed conversation, once', () => {
    const told = talking().at(99_000, { type: 'process-died' });
    const finished: ConversationInput = {
      type: 'recording-finished',
      recording: 'rc_1' as RecordingId,
      path: '/r/rc_1.wav',
      durationMs: 94_000,
      bytes: 1,
    };
    expect(told.at(99_100, finished).now.recording).toMatchObject({ path: '/r/rc_1.wav' });
    expect(told.at(99_200, finished).last?.events).toEqual([]);
  });
});

test('[CNV18] a fax machine is written down once, and not after the call', () => {
  const told = talking().at(8_000, { type: 'fax-heard' }).at(9_000, { type: 'fax-heard' });
  expect(told.now.faxAt).toBe(8_000);
  expect(told.events.filter(({ type }) => type === 'fax.heard')).toHaveLength(1);
  expect(talking().at(8_000, { type: 'process-died' }).at(9_000, { type: 'fax-heard' }).now.faxAt).toBeUndefined();
});

describe('lines', () => {
  const line = (mos: number): LineQuality => ({
    mos,
    from: { packets: 500, lostPercent: 0, jitterMs: 1, mos },
    to: null,
    rttMs: 20,
  });
  const measured = (more: Partial<Extract<ConversationInput, { type: 'line-measured' }>> = {}) =>
    ({
      type: 'line-measured',
      agent: null,
      since: epochMs(5_000),
      final: false,
      spanMs: 10_000,
      mean: line(4.4),
      worst: line(4.4),
      ...more,
    }) as ConversationInput;

  test('[CNV16] a good line is written down once, at the end of its talk; one that turns worse at once', () => {
    let told = talking()
      .at(15_000, measured())
      .at(25_000, measured({ spanMs: 20_000 }));
    expect(told.now.lines).toEqual([]);
    told = told.at(35_000, measured({ spanMs: 30_000, worst: line(3.7) }));
    expect(told.last?.events).toMatchObject([{ type: 'line.measured', agent: null, spanMs: 30_000 }]);
    expect(told.at(45_000, measured({ spanMs: 40_000, worst: line(3.7) })).last?.events).toEqual([]);
    told = told.at(55_000, measured({ spanMs: 50_000, worst: line(2), mean: line(4) }));
    told = told.at(60_000, measured({ final: true, spanMs: 55_000, worst: line(2), mean: line(4.1) }));
    expect(told.now.lines).toEqual([{ agent: null, since: 5_000, spanMs: 55_000, mean: line(4.1), worst: line(2) }]);
    expect(told.at(60_001, measured({ final: true, spanMs: 55_000, worst: line(2) })).last?.events).toEqual([]);
  });
  test('[CNV16] the customer’s line and the agent’s stand side by side, and each talk for itself', () => {
    const told = talking()
      .at(60_000, measured({ final: true }))
      .at(60_000, measured({ final: true, agent: anna }))
      .at(90_000, measured({ final: true, since: epochMs(70_000) }));
    expect(told.now.lines?.map(({ agent, since }) => [agent, since])).toEqual([
      [null, 5_000],
      [anna, 5_000],
      [null, 70_000],
    ]);
  });
  test('[CNV11] the last measure is attached to a conversation that is over', () => {
    const told = talking()
      .at(99_000, { type: 'process-died' })
      .at(99_001, measured({ final: true }));
    expect(told.now).toMatchObject({ status: 'closed', lines: [{ spanMs: 10_000 }] });
  });
  test('[CNV2] a record from before lines were measured takes them up', () => {
    const { lines: _, ...old } = talking().now;
    const event = talking()
      .at(60_000, measured({ final: true }))
      .events.at(-1)!;
    expect(fold(old, [event])?.lines).toHaveLength(1);
  });
  test.each([
    [4.41, 'good'],
    [4.02, 'good'],
    [4.01, 'fair'],
    [3.6, 'fair'],
    [3.59, 'poor'],
    [1, 'poor'],
  ] as const)('a score of %f is %s', (mos, grade) => {
    expect(gradeOf(mos)).toBe(grade);
  });
});

/** Any input at any moment, the sensible and the absurd. */
const anyInput: fc.Arbitrary<ConversationInput> = fc.oneof(
  ...[anna, ken].flatMap((agent) => [
    fc.constant(accept(agent)),
    fc.constant(rings(agent)),
    fc.constant(offerTo(agent)),
    ...(['agent-hung-up', 'agent-lost', 'agent-left', 'agent-held', 'agent-resumed'] as const).map((type) =>
      fc.constant<ConversationInput>({ type, agent }),
    ),
    fc.constant<ConversationInput>({ type: 'agent-declined', agent, reservation: `rs_${agent}` }),
    fc.constant<ConversationInput>({ type: 'leg-joined', agentLeg: `lg_${agent}` as LegId }),
    fc.constant<ConversationInput>({ type: 'join-failed', agentLeg: `lg_${agent}` as LegId }),
    fc.constant<ConversationInput>({ type: 'wrap-up-saved', agent, disposition: null, note: '' }),
    fc.constant<ConversationInput>({ type: 'agent-sent-digits', agent, digits: '12' }),
  ]),
  fc.constant(arrived),
  fc.constant(identified),
  fc.constant(offerTo(anna, ken)),
  fc.constant<ConversationInput>({ type: 'leg-answered', leg: 'lg_c' as LegId, token: null }),
  fc.constant<ConversationInput>({ type: 'leg-moved', leg: 'lg_c' as LegId, token: 'elsewhere' }),
  fc.constant<ConversationInput>({ type: 'timer-fired' }),
  fc.constant<ConversationInput>({ type: 'caller-left', cause: 'hung-up' }),
  fc.constant<ConversationInput>({ type: 'process-died' }),
  fc.constant<ConversationInput>({
    type: 'recording-finished',
    recording: 'rc_1' as RecordingId,
    path: '/x',
    durationMs: 1,
    bytes: 1,
  }),
);
const anyStory = fc.array(fc.tuple(fc.integer({ min: -50, max: 25_000 }), anyInput), { maxLength: 40 });

function play(inputs: [number, ConversationInput][]) {
  const told = story().at(1_000, arrived).at(1_001, identified);
  let at = 1_001;
  for (const [after, input] of inputs) told.at((at = Math.max(0, at + after)), input);
  return told;
}

describe('whatever happens', () => {
  test('[CNV2] a snapshot plus the events after it equals the whole story', () => {
    fc.assert(
      fc.property(anyStory, fc.nat(), (inputs, n) => {
        const { events } = play(inputs);
        const cut = n % (events.length + 1);
        expect(fold(fold(null, events.slice(0, cut)), events.slice(cut))).toEqual(fold(null, events));
        expect(events.map((one) => one.seq)).toEqual(events.map((_, i) => i + 1));
      }),
    );
  });
  test('[CNV3] segments are never negative, and those of one party never overlap', () => {
    fc.assert(
      fc.property(anyStory, (inputs) => {
        // Clocks that step back are another rule's business: here time only goes on.
        const { segments } = play(inputs.map(([after, input]) => [Math.abs(after), input])).now;
        for (const one of segments) expect((one.endedAt ?? Infinity) - one.startedAt).toBeGreaterThanOrEqual(0);
        for (const party of [null, anna, ken]) {
          const own = segments.filter((one) => one.agent === party);
          for (let i = 1; i < own.length; i++)
            expect(own[i - 1]?.endedAt ?? Infinity).toBeLessThanOrEqual(own[i]?.startedAt ?? 0);
        }
      }),
    );
  });
  test('[CNV4] [CNV11] a closed conversation changes no more, and nothing ever throws', () => {
    fc.assert(
      fc.property(anyStory, anyStory, (before, after) => {
        const told = play([
          ...before,
          [1, { type: 'process-died' }],
          [1, { type: 'wrap-up-saved', agent: anna, disposition: null, note: '' }],
          [1, { type: 'wrap-up-saved', agent: ken, disposition: null, note: '' }],
        ]);
        expect(told.now.status).toBe('closed');
        const { recording: _then, seq: _seq, ...closed } = told.now;
        for (const [, input] of after) told.at(9_999_999, input);
        expect(told.now).toMatchObject(closed);
      }),
    );
  });
  test('[RSV1] there is never an open offer beside a call, nor after the end', () => {
    fc.assert(
      fc.property(anyStory, (inputs) => {
        const { now } = play(inputs);
        if (now.talking !== null || now.ended !== null) expect(now.offers.filter(isOpen)).toEqual([]);
        if (now.ended !== null) expect(now.talking).toBeNull();
      }),
    );
  });
  test('every open offer and wrap-up has a moment at which it is looked at again', () => {
    fc.assert(
      fc.property(anyStory, (inputs) => {
        const { now } = play(inputs);
        const open = now.offers.some(isOpen) || now.wrapUps.some((one) => one.endedAt === null);
        if (open) expect(deadline(now, epochMs(0), settings)).not.toBeNull();
      }),
    );
  });
});
