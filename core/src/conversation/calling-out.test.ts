import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AgentId,
  type ConversationId,
  type CustomerId,
  type E164,
  epochMs,
  type LegId,
  type RecordingId,
  type TeamId,
  type TrunkId,
} from '../ids.js';
import { companyNumber, type Conversation, customerNumber } from './conversation.js';
import type { LegEndCause } from '../ports.js';
import { deadline } from './due.js';
import type { ConversationEvent } from './events.js';
import { fold } from './fold.js';
import { type ConversationInput, defaultConversationSettings as settings, type StepResult } from './inputs.js';
import { knownLeg } from './process-end.js';
import { step } from './step.js';
import { upcast, upcastRecord } from './upcast.js';

const anna = 'ag_anna' as AgentId;
const ken = 'ag_ken' as AgentId;
const leg = 'lg_c' as LegId;
const agentLeg = 'lg_anna' as LegId;

const called: ConversationInput = {
  type: 'agent-called',
  conversation: 'cv_1' as ConversationId,
  agent: anna,
  leg,
  agentLeg,
  carrier: 'exchange',
  to: '+81312345678' as E164,
  identified: {
    outcome: 'known',
    tookMs: 2,
    identity: { customer: 'cu_1' as CustomerId, name: '山田 太郎', kana: null, owner: ken, team: 'tm_1' as TeamId },
  },
};
const rings: ConversationInput = { type: 'leg-ringing', leg, early: false };
const answers: ConversationInput = {
  type: 'leg-answered',
  leg,
  token: 'word',
  placed: { trunk: 'tk_a' as TrunkId, from: '+81345670000' as E164, name: 'Main', recording: 'rc_1' as RecordingId },
};
const joined: ConversationInput = { type: 'leg-joined', agentLeg };
const hangsUp: ConversationInput = { type: 'agent-hung-up', agent: anna };
const left = (cause: LegEndCause): ConversationInput => ({ type: 'caller-left', cause });
const placedToken = 'word';

function tell(...inputs: [number, ConversationInput][]) {
  let record: Conversation | null = null;
  let last: StepResult = { events: [], record: null, effects: [], refused: null };
  const events: ConversationEvent[] = [];
  const all: StepResult[] = [];
  for (const [at, input] of inputs) {
    last = step(record, input, epochMs(at), settings);
    record = fold(record, last.events);
    events.push(...last.events);
    all.push(last);
  }
  if (record === null) throw new Error('not begun');
  const commandsOf = (one: StepResult) => one.effects.flatMap((it) => (it.type === 'phone' ? [it.command] : []));
  return { now: record, events, last, commands: commandsOf(last), allCommands: all.flatMap(commandsOf) };
}

describe('an agent calls somebody', () => {
  test('[OUT1] the record is there before the network is asked, names the customer, and the agent is on the call', () => {
    const told = tell([1_000, called]);
    expect(told.events.map((one) => one.type)).toEqual(['conversation.started', 'customer.identified']);
    expect(told.commands).toEqual([{ type: 'place', leg, to: '+81312345678', trunk: null, agentLeg, agent: anna }]);
    expect(told.now).toMatchObject({
      status: 'calling',
      direction: 'outbound',
      by: anna,
      customer: { id: 'cu_1' },
      owner: ken,
      talking: { agent: anna, leg: agentLeg, joined: false, reservation: null },
      waitingSince: null,
    });
  });
  test('[OUT2] an answer joins the two with a recording, and from there it is a conversation like any other', () => {
    const told = tell([1_000, called], [2_000, rings], [9_000, answers]);
    expect(told.commands).toEqual([{ type: 'join', customer: leg, agentLeg, agent: anna, recording: 'rc_1' }]);
    expect(told.now).toMatchObject({ status: 'talking', ringingAt: 2_000, trunk: 'tk_a', legToken: placedToken });
    const talked = tell([1_000, called], [2_000, rings], [9_000, answers], [9_010, joined], [19_010, hangsUp]);
    expect(talked.now).toMatchObject({ status: 'wrap-up', ended: { end: 'completed', by: 'agent' } });
    expect(talked.now.segments).toEqual([
      { kind: 'ring', agent: null, startedAt: 1_000, endedAt: 9_000 },
      { kind: 'talk', agent: anna, startedAt: 9_010, endedAt: 19_010 },
      { kind: 'wrap-up', agent: anna, startedAt: 19_010, endedAt: null },
    ]);
  });
  test('[OUT2] hold, digits and a lost agent work as in a call that came in', () => {
    const talk: [number, ConversationInput][] = [
      [1_000, called],
      [9_000, answers],
      [9_010, joined],
    ];
    expect(tell(...talk, [9_500, { type: 'agent-held', agent: anna }]).now.talking?.heldSince).toBe(9_500);
    expect(tell(...talk, [9_500, { type: 'agent-sent-digits', agent: anna, digits: '1' }]).commands).toHaveLength(1);
    const lost = tell(...talk, [9_500, { type: 'agent-lost', agent: anna }]);
    expect(lost.now).toMatchObject({ status: 'waiting', waitingSince: 1_000, talking: null });
    expect(lost.commands.map((one) => one.type)).toEqual(['part', 'answer', 'play']);
    expect(tell(...talk, [9_500, { type: 'agent-lost', agent: anna }], [9_600, left('hung-up')]).now.ended?.end).toBe(
      'completed',
    );
  });
  test('[OUT2] [CNV12] once answered it outlives the process, before the join as after it', () => {
    const { now } = tell([1_000, called], [9_000, answers]);
    expect(knownLeg(now)).toMatchObject({
      leg,
      token: placedToken,
      recording: 'rc_1',
      talk: { agentLeg, joined: false },
    });
    expect(tell([1_000, called], [9_000, answers], [9_001, { type: 'process-replaced' }]).last.events).toEqual([]);
  });
  test('[OUT6] the customer’s number stays the customer’s, whoever calls', () => {
    const { now } = tell([1_000, called], [9_000, answers]);
    expect([now.from, now.to, now.toName]).toEqual(['+81345670000', '+81312345678', 'Main']);
    expect([customerNumber(now), companyNumber(now)]).toEqual(['+81312345678', '+81345670000']);
    const inbound = { ...now, direction: 'inbound' as const };
    expect([customerNumber(inbound), companyNumber(inbound)]).toEqual(['+81345670000', '+81312345678']);
  });
});

describe('nobody talks', () => {
  test.each([
    ['busy', 'unanswered', 'customer'],
    ['no-answer', 'unanswered', 'customer'],
    ['declined', 'unanswered', 'customer'],
    ['unknown-number', 'unanswered', 'system'],
    ['unreachable', 'unanswered', 'system'],
    ['media-lost', 'failed', 'system'],
    ['failed', 'failed', 'system'],
  ] as const)('[OUT3] %s: it ends as %s by the %s, is closed at once, and there is no wrap-up', (cause, end, by) => {
    const { now, commands } = tell([1_000, called], [2_000, rings], [3_000, left(cause)]);
    expect(now).toMatchObject({
      status: 'closed',
      ended: { end, by, cause },
      wrapUps: [],
      talking: null,
      recording: null,
    });
    expect(commands).toEqual([]);
    expect(now.segments).toEqual([{ kind: 'ring', agent: null, startedAt: 1_000, endedAt: 3_000 }]);
  });
  test('[OUT3] who hangs up while it rings cancels it: the far phone is told', () => {
    const { now, commands } = tell([1_000, called], [2_000, rings], [3_000, hangsUp]);
    expect(commands).toEqual([{ type: 'hang-up', leg, cause: 'normal' }]);
    expect(now).toMatchObject({ status: 'closed', ended: { end: 'unanswered', by: 'agent', cause: 'cancelled' } });
    expect(tell([1_000, called], [2_000, { type: 'agent-hung-up', agent: ken }]).last.refused).toBe('no-call');
  });
  test('[OUT3] an answer that crosses a cancel changes nothing any more', () => {
    const { now, last } = tell([1_000, called], [3_000, hangsUp], [3_001, answers], [3_002, joined]);
    expect(last.events).toEqual([]);
    expect(now.ended?.end).toBe('unanswered');
  });
  test('[OUT3] answered, and the agent’s audio cannot be joined: the customer is not left in silence', () => {
    const { now, commands } = tell([1_000, called], [2_000, answers], [2_100, { type: 'join-failed', agentLeg }]);
    expect(commands).toEqual([{ type: 'hang-up', leg, cause: 'normal' }]);
    expect(now.ended).toMatchObject({ end: 'failed', by: 'system', cause: 'failed' });
    expect(now.status).toBe('closed');
  });
  test('[OUT4] a phone that rings for a minute is left in peace, and somebody looks at the clock for that', () => {
    const ringing = tell([1_000, called], [2_000, rings]);
    expect(deadline(ringing.now, epochMs(2_000), settings)).toBe(1_000 + settings.callOutMs);
    expect(tell([1_000, called], [60_999, { type: 'timer-fired' }]).last.events).toEqual([]);
    const { now, commands } = tell([1_000, called], [2_000, rings], [61_000, { type: 'timer-fired' }]);
    expect(commands).toEqual([{ type: 'hang-up', leg, cause: 'normal' }]);
    expect(now.ended).toMatchObject({ end: 'unanswered', by: 'system', cause: 'no-answer' });
    expect(deadline(now, epochMs(61_000), settings)).toBeNull();
  });
  test('[OUT5] an agent whose audio stays away while it rings takes the call with them', () => {
    expect(tell([1_000, called], [2_000, joined]).events).toHaveLength(2); // nobody answered: nobody can be joined
    const { now, commands } = tell([1_000, called], [2_000, rings], [5_000, { type: 'agent-lost', agent: anna }]);
    expect(commands).toEqual([{ type: 'hang-up', leg, cause: 'normal' }]);
    expect(now.ended).toMatchObject({ end: 'unanswered', by: 'system', cause: 'agent-lost' });
  });
  test.each(['process-died', 'process-replaced'] as const)(
    '[OUT5] [CNV9] %s while it rings: it ends as failed',
    (type) => {
      expect(knownLeg(tell([1_000, called]).now)).toBeNull();
      const { now } = tell([1_000, called], [2_000, rings], [3_000, { type }]);
      expect(now).toMatchObject({ status: 'closed', ended: { end: 'failed', by: 'system', cause: 'process-died' } });
    },
  );
});

describe('what older releases wrote', () => {
  const v1 = {
    type: 'conversation.started',
    v: 1,
    conversation: 'cv_1',
    seq: 1,
    at: 1_000,
    leg: 'lg_c',
    carrier: 'exchange',
    trunk: null,
    from: '+81312345678',
    fromRaw: '0312345678',
    to: '+81345670000',
    toName: 'Main',
  };
  test('[CNV2] a conversation of before is one that came in', () => {
    const record = fold(null, [upcast(v1)]);
    expect(record).toMatchObject({ direction: 'inbound', by: null, status: 'arriving', from: '+81312345678' });
    const { direction: _direction, by: _by, ...old } = record as Conversation;
    expect(upcastRecord(old)).toEqual(record);
    expect(upcast({ ...v1, type: 'conversation.closed' })).toEqual({ ...v1, type: 'conversation.closed' });
  });
  test('[CNV2] what is written today is left as it is', () => {
    const { events, now } = tell([1_000, called], [9_000, answers]);
    expect(
      fold(
        null,
        events.map((one) => upcast({ ...one })),
      ),
    ).toEqual(now);
    expect(upcastRecord(now)).toEqual(now);
  });
});

const anyInput: fc.Arbitrary<ConversationInput> = fc.oneof(
  fc.constantFrom<ConversationInput[]>(called, rings, answers, joined, hangsUp, { type: 'timer-fired' }),
  fc.constantFrom<ConversationInput[]>(
    { type: 'join-failed', agentLeg },
    { type: 'process-died' },
    { type: 'process-replaced' },
    { type: 'caller-identified', outcome: 'unknown', identity: null, tookMs: 1 },
    { type: 'recording-finished', recording: 'rc_1' as RecordingId, path: '/x', durationMs: 1, bytes: 1 },
  ),
  fc.constantFrom<LegEndCause[]>('busy', 'hung-up', 'unreachable', 'media-lost').map(left),
  fc
    .tuple(
      fc.constantFrom('agent-lost', 'agent-left', 'agent-held', 'agent-resumed', 'agent-hung-up'),
      fc.constantFrom(anna, ken),
    )
    .map(([type, agent]) => ({ type, agent })),
);
const anyStory = fc.array(fc.tuple(fc.integer({ min: 0, max: 30_000 }), anyInput), { maxLength: 25 });

describe('whatever happens', () => {
  const play = (inputs: [number, ConversationInput][]) => {
    let at = 1_000;
    return tell([at, called], ...inputs.map(([after, input]): [number, ConversationInput] => [(at += after), input]));
  };
  test('[OUT3] what never became a talk has no wrap-up, and who talked has one', () => {
    fc.assert(
      fc.property(anyStory, (inputs) => {
        const { now } = play(inputs);
        const talked = now.segments.some((one) => one.kind === 'talk');
        if (!talked) expect(now.wrapUps).toEqual([]);
        if (now.ended?.end === 'unanswered') expect(talked).toBe(false);
        if (now.ended?.end === 'completed') expect(talked).toBe(true);
        expect(now.ended?.end).not.toBe('abandoned');
      }),
    );
  });
  test('[OUT3] a call that we end, and one that we gave up, is hung up exactly once; one that ended by itself never', () => {
    fc.assert(
      fc.property(anyStory, (inputs) => {
        const { now, allCommands } = play(inputs);
        const hungUp = allCommands.filter((one) => one.type === 'hang-up').length;
        const ours = now.ended !== null && ['agent', 'system'].includes(now.ended.by);
        const gone = ['process-died', 'unreachable', 'media-lost'].includes(now.ended?.cause ?? '');
        expect(hungUp).toBe(ours && !gone ? 1 : 0);
      }),
    );
  });
  test('[OUT1] [OUT4] it is placed once, has a status that fits, and while nobody answered the clock is watched', () => {
    fc.assert(
      fc.property(anyStory, (inputs) => {
        const { now, allCommands } = play(inputs);
        expect(allCommands.filter((one) => one.type === 'place')).toHaveLength(1);
        if (now.status === 'calling') expect(deadline(now, epochMs(0), settings)).toBe(1_000 + settings.callOutMs);
        expect(now.status === 'calling').toBe(now.answeredAt === null && now.ended === null);
        expect(now.offers).toEqual([]);
      }),
    );
  });
  test('[CNV3] segments of one party never overlap, and with the end all of them are over', () => {
    fc.assert(
      fc.property(anyStory, (inputs) => {
        const { now } = play(inputs);
        for (const party of [null, anna]) {
          const own = now.segments.filter((one) => one.agent === party);
          for (let i = 1; i < own.length; i++)
            expect(own[i - 1]?.endedAt ?? Infinity).toBeLessThanOrEqual(own[i]?.startedAt ?? 0);
        }
        if (now.closedAt !== null) expect(now.segments.filter((one) => one.endedAt === null)).toEqual([]);
      }),
    );
  });
});
