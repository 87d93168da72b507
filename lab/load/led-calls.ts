/**
 * Calls as core leads them, without a telephone: arrival, look-up, offer, answer, one second of talk, recording, wrap-up. What the
 * journal is given is what the B2BUA of `sip-calls` gives it; what is left out is everything of SIP.
 */
import {
  defaultConversationSettings,
  epochMs,
  mintId,
  type AgentId,
  type ConversationId,
  type ConversationInput,
  type CustomerId,
  type E164,
  type IdKinds,
  type Journal,
  type LegId,
} from '@denwaban/core';
import { createConversations } from '../../server/src/engine/conversations.js';

const agent = 'ag_bench' as AgentId;
const talkMs = 1_000;
/** A step of the far end: a packet there and back. */
const soon = 2;

export interface LedCalls {
  /** Milliseconds from arrival to the moment the customer is answered, for each call answered. */
  answerMs: number[];
}

/** Places `rate` calls a second for `seconds` and resolves when each is closed. */
export async function leadCalls(
  journal: Journal,
  { rate, seconds, chance }: { rate: number; seconds: number; chance: () => number },
): Promise<LedCalls> {
  const answerMs: number[] = [];
  const legs = new Map<ConversationId, { leg: LegId; begun: number; over(): void }>();
  const mint = <Kind extends keyof IdKinds>(kind: Kind): IdKinds[Kind] =>
    mintId(
      kind,
      epochMs(Date.now()),
      Uint8Array.from({ length: 10 }, () => Math.floor(chance() * 256)),
    );
  const give = (id: ConversationId, input: ConversationInput) =>
    conversations.give(id, input, epochMs(Date.now())).durable;
  const reservation = (id: ConversationId) => conversations.get(id)?.offers.at(-1)?.reservation ?? '';

  const conversations = createConversations({
    journal,
    settings: defaultConversationSettings,
    carryOut(conversation, effect) {
      const { id } = conversation;
      const call = legs.get(id);
      if (call === undefined) return;
      if (effect.type === 'identify') return identified(id);
      if (effect.type !== 'phone') return;
      if (effect.command.type === 'ring') ring(id, call.leg);
      else if (effect.command.type === 'join') joined(id, call);
    },
    onMoved() {},
    onDurable(after) {
      if (after.status !== 'closed') return;
      legs.get(after.id)?.over();
      legs.delete(after.id);
    },
    log: { debug() {}, info() {}, warn() {}, error: (_facts, message) => process.stderr.write(`${message}\n`) },
  });

  function identified(id: ConversationId): void {
    const identity = { customer: 'cu_bench' as CustomerId, name: '田中 花子', kana: 'たなか はなこ', owner: agent };
    void give(id, {
      type: 'caller-identified',
      outcome: 'known',
      identity: { ...identity, team: null },
      tookMs: 1,
    });
    void give(id, {
      type: 'routed',
      decisions: [
        { type: 'enter', step: 0, target: 'owner', ringMs: 20_000 },
        { type: 'offer', step: 0, target: 'owner', agent, ringMs: 20_000, because: 'owner', passedOver: [] },
      ],
      reservations: [mint('rs')],
    });
  }
  function ring(id: ConversationId, leg: LegId): void {
    setTimeout(() => {
      void give(id, { type: 'desk-rings', agent, reservation: reservation(id) });
      setTimeout(() => {
        const accepted = { agent, reservation: reservation(id), leg, recording: mint('rc') };
        void give(id, { type: 'agent-accepted', ...accepted });
      }, soon);
    }, soon);
  }
  function joined(id: ConversationId, call: { leg: LegId; begun: number }): void {
    answerMs.push(performance.now() - call.begun);
    setTimeout(() => {
      const customerLeg = conversations.get(id)!.customerLeg;
      void give(id, { type: 'leg-answered', leg: customerLeg, token: 'x'.repeat(600) });
      void give(id, { type: 'leg-joined', agentLeg: call.leg });
      setTimeout(() => hungUp(id), talkMs);
    }, soon);
  }
  function hungUp(id: ConversationId): void {
    void give(id, { type: 'caller-left', cause: 'hung-up' });
    const recording = conversations.get(id)?.recording?.id;
    if (recording === undefined) throw new Error('a call that was answered is recorded');
    void give(id, { type: 'recording-finished', recording, path: `${id}.wav`, durationMs: 1_000, bytes: 32_044 });
    void give(id, { type: 'wrap-up-saved', agent, disposition: 'resolved', note: '' });
  }

  const all: Promise<void>[] = [];
  function place(): void {
    const id = mint('cv');
    all.push(new Promise((over) => legs.set(id, { leg: mint('lg'), begun: performance.now(), over })));
    void give(id, {
      type: 'caller-arrived',
      conversation: id,
      leg: mint('lg'),
      carrier: 'exchange',
      trunk: null,
      from: '+819012345678' as E164,
      fromRaw: '+819012345678',
      to: '+81312345678' as E164,
      toName: 'Orders',
    });
  }
  const begun = performance.now();
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(rate * seconds, ((performance.now() - begun) * rate) / 1_000);
      while (all.length < due) place();
      if (all.length >= rate * seconds) resolve(clearInterval(timer));
    }, 1);
  });
  await Promise.all(all);
  return { answerMs };
}
