import {
  type AgentId,
  type Conversation,
  type ConversationId,
  type ConversationInput,
  deadline,
  defaultConversationSettings as settings,
  type E164,
  type EpochMs,
  epochMs,
  isOpen,
  type LegId,
  type RecordingId,
  type ReservationId,
} from '@denwaban/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createConversations } from './conversations.js';
import { howEngaged } from './living.js';

const agents = ['ag_0', 'ag_1', 'ag_2'] as AgentId[];
const carrier = 'simulation';
const number = '+81312345678' as E164;
const noLog = { debug() {}, info() {}, warn() {}, error() {} };
const whats = [
  ...([
    'arrives',
    'calls',
    'known',
    'offered',
    'skipped',
    'rings',
    'accepts',
    'declines',
    'leaves',
    'answered',
  ] as const),
  ...(['joined', 'hangs-up', 'lost', 'held', 'saved', 'recorded', 'died', 'fax', 'nothing'] as const),
];
const happening = fc.record({
  // Chance alone hardly ever comes to a talk.
  what: fc.oneof({ weight: 3, arbitrary: fc.constant('onwards' as const) }, fc.constantFrom(...whats)),
  conversation: fc.nat(4),
  agent: fc.nat(2),
  laterMs: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(3_000), fc.nat(200_000)),
});
type Happening = typeof happening extends fc.Arbitrary<infer One> ? One : never;

function onwards(now: Conversation | null): (typeof whats)[number] {
  switch (now?.status) {
    case undefined:
    case 'closed':
      return 'arrives';
    case 'arriving':
      return 'known';
    case 'waiting':
      return 'offered';
    case 'offered':
      return 'accepts';
    case 'calling':
      return 'answered';
    case 'talking':
      return now?.talking?.joined === true ? 'leaves' : 'joined';
    case 'wrap-up':
      return now?.recording?.path === null ? 'recorded' : 'saved';
  }
}

/** What `happening` says to this conversation. */
function moveOf(one: Happening, id: ConversationId, now: Conversation | null): ConversationInput | null {
  const what = one.what === 'onwards' ? onwards(now) : one.what;
  const { agent: a } = one;
  const agent = agents[a]!;
  const reservation = now?.offers.find(isOpen)?.reservation ?? ('rs_none' as ReservationId);
  const leg = `lg_${id}` as LegId;
  const agentLeg = (now?.talking?.leg ?? 'lg_none') as LegId;
  const recording = `rc_${id}` as RecordingId;
  const target = 'anyone' as const;
  switch (what) {
    case 'arrives':
      return {
        type: 'caller-arrived',
        conversation: id,
        leg,
        carrier,
        trunk: null,
        from: null,
        fromRaw: null,
        to: number,
        toName: '',
      };
    case 'calls': {
      const identified = { outcome: 'unknown', identity: null, tookMs: 0 } as const;
      return {
        type: 'agent-called',
        conversation: id,
        agent,
        leg,
        agentLeg: `lg_a${id}` as LegId,
        carrier,
        to: number,
        identified,
      };
    }
    case 'known':
      return { type: 'caller-identified', outcome: 'unknown', identity: null, tookMs: 0 };
    case 'offered': {
      const because = 'longest-idle' as const;
      const offer = { type: 'offer' as const, step: 2, target, agent, ringMs: 15_000, because, passedOver: [] };
      return { type: 'routed', decisions: [offer], reservations: [`rs_${id}_${now?.seq}` as ReservationId] };
    }
    case 'skipped': {
      const skip = { type: 'skip' as const, step: 2, target, because: 'nobody-could-answer' as const, passedOver: [] };
      return { type: 'routed', decisions: [skip], reservations: [] };
    }
    case 'rings':
      return { type: 'desk-rings', agent: now?.offers.find(isOpen)?.agent ?? agent, reservation };
    case 'accepts': {
      const who = now?.offers.find(isOpen)?.agent ?? agent;
      return { type: 'agent-accepted', agent: who, reservation, leg: `lg_${who}` as LegId, recording };
    }
    case 'declines':
      return { type: 'agent-declined', agent: now?.offers.find(isOpen)?.agent ?? agent, reservation };
    case 'leaves':
      return { type: 'caller-left', cause: 'hung-up' };
    case 'answered': {
      const placed = now?.direction === 'outbound' ? { placed: { trunk: null, from: null, name: '', recording } } : {};
      return { type: 'leg-answered', leg, token: null, ...placed };
    }
    case 'joined':
      return { type: 'leg-joined', agentLeg };
    case 'hangs-up':
      return { type: 'agent-hung-up', agent: now?.talking?.agent ?? agent };
    case 'lost':
      return { type: 'agent-lost', agent: now?.talking?.agent ?? agent };
    case 'held':
      return { type: 'agent-held', agent: now?.talking?.agent ?? agent };
    case 'saved':
      return { type: 'wrap-up-saved', agent: now?.wrapUps.at(-1)?.agent ?? agent, disposition: null, note: '' };
    case 'recorded':
      return { type: 'recording-finished', recording, path: 'x.wav', durationMs: 1, bytes: 1 };
    case 'died':
      return { type: 'process-died' };
    case 'fax':
      return { type: 'fax-heard' };
    case 'nothing':
      return null;
  }
}

function emptyHouse(carriedOut: string[] = []) {
  return createConversations({
    journal: { append: () => Promise.resolve(), open: async () => [], events: async () => [] },
    settings,
    carryOut: (_conversation, effect) =>
      void carriedOut.push(effect.type === 'phone' ? effect.command.type : effect.type),
    onMoved() {},
    onDurable() {},
    log: noLog,
  });
}

/** The answers as they are defined: a look at everybody. */
function plainly(all: readonly Conversation[], now: EpochMs) {
  const engaged = (agent: AgentId) =>
    all.flatMap((one) => {
      const how = howEngaged(one, agent);
      return how === null ? [] : [`${one.id} ${how}`];
    });
  const due = all.flatMap((one) => deadline(one, now, settings) ?? []);
  return {
    waiting: all.filter(({ status }) => status === 'waiting').map(({ id }) => id),
    queued: all.filter(({ status }) => ['arriving', 'waiting', 'offered'].includes(status)).map(({ id }) => id),
    recordings: all.flatMap(({ id, recording }) => (recording === null ? [] : [[recording.id, id] as const])),
    due: due.length === 0 ? null : Math.min(...due),
    engaged: agents.map(engaged),
  };
}

test('whatever happens: what is kept of the living conversations is what a look at all of them would tell', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { minLength: 5, maxLength: 60 }), async (day) => {
      let now = epochMs(1_000_000);
      const conversations = emptyHouse();
      let calls = 0;
      const current = ['cv_0', 'cv_1', 'cv_2', 'cv_3', 'cv_4'] as ConversationId[];
      const recorded = new Set<string>();
      for (const one of day) {
        now = epochMs(now + one.laterMs);
        conversations.wakeDue(now);
        const before = conversations.get(current[one.conversation]!);
        // Whose call is over calls again: under another id, as everybody does.
        if (before === null || before.closedAt !== null) current[one.conversation] = `cv_n${calls++}` as ConversationId;
        const id = current[one.conversation]!;
        const move = moveOf(one, id, conversations.get(id));
        if (move !== null) conversations.give(id, move, now);
        for (let turn = 0; turn < 4; turn++) await Promise.resolve();
        // The time may have come at this very moment.
        conversations.wakeDue(now);
        for (let turn = 0; turn < 4; turn++) await Promise.resolve();

        const all = [...conversations.all()];
        const { waiting, queued, recordings, due, engaged } = plainly(all, now);
        const ids = (some: readonly Conversation[]) => some.map((record) => record.id).toSorted();
        expect(ids(conversations.waiting())).toEqual(waiting.toSorted());
        expect(ids(conversations.queued())).toEqual(queued.toSorted());
        expect(conversations.nextDue()).toBe(due);
        for (const [recording, of] of recordings) {
          recorded.add(recording);
          expect(conversations.byRecording(recording)?.id).toBe(of);
        }
        for (const recording of recorded) {
          const known = recordings.some(([other]) => other === recording);
          expect(conversations.byRecording(recording) !== null).toBe(known);
        }
        agents.forEach((agent, i) => {
          const kept = conversations.engagement(agent);
          expect(kept === null).toBe(engaged[i]!.length === 0);
          if (kept !== null) expect(engaged[i]).toContain(`${kept.conversation.id} ${kept.engaged}`);
        });
        for (const record of all) expect(conversations.get(record.id)).toBe(record);
      }
    }),
    { numRuns: 300 },
  );
});

test('[CNV8] a time that comes and moves nothing is done with, and the one behind it comes in its turn', () => {
  const carriedOut: string[] = [];
  const conversations = emptyHouse(carriedOut);
  const id = 'cv_1' as ConversationId;
  const at = (ms: number) => epochMs(1_000_000 + ms);
  const give = (what: (typeof whats)[number], ms: number) => {
    const one: Happening = { what, conversation: 0, agent: 0, laterMs: 0 };
    conversations.give(id, moveOf(one, id, conversations.get(id))!, at(ms));
  };
  give('arrives', 0);
  give('known', 10);
  give('offered', 40_000);
  give('rings', 40_100);
  expect(conversations.nextDue()).toBe(at(45_000));
  conversations.wakeDue(at(45_000));
  expect(carriedOut).toEqual(['answer']); // asked for: nothing happened yet
  expect(conversations.nextDue()).toBe(at(55_000));
  conversations.wakeDue(at(54_999));
  expect(conversations.get(id)?.status).toBe('offered');
  conversations.wakeDue(at(55_000));
  expect(conversations.get(id)?.status).toBe('waiting');
  expect(conversations.nextDue()).toBeNull();
});
