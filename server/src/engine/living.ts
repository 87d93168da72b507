/**
 * What is asked of the conversations that live, kept so that no answer costs a look at all of them. `put` is the one place where
 * it follows a record; conversations.test.ts holds each answer against its plain definition.
 */
import {
  type AgentId,
  type Conversation,
  type ConversationId,
  type LegId,
  type RecordingId,
  isOpen,
} from '@denwaban/core';

export type Engaged = 'offered' | 'talking' | 'wrap-up';

export interface Living {
  all(): Iterable<Conversation>;
  get(id: string): Conversation | null;
  byLeg(leg: LegId): Conversation | null;
  byRecording(recording: string): Conversation | null;
  /** Those that routing is to find somebody for. */
  waiting(): Conversation[];
  /** Those whose customer has not talked with anybody yet, or is to be talked with again. */
  queued(): Conversation[];
  engagement(agent: AgentId): { conversation: Conversation; engaged: Engaged } | null;
}

export interface KeptLiving extends Living {
  /** @returns whom the record engages now, or engaged until now; nobody else can have been touched */
  put(after: Conversation): ReadonlySet<AgentId>;
  /** @param record closed: nobody waits in it, and nobody is engaged */
  forget(record: Conversation): void;
}

/** Whom a record engages, and how. An agent is in at most one of these at a time. [RSV2] */
export function engagements(record: Conversation): Map<AgentId, Engaged> {
  const engaged = new Map<AgentId, Engaged>();
  for (const wrapUp of record.wrapUps) if (wrapUp.endedAt === null) engaged.set(wrapUp.agent, 'wrap-up');
  for (const offer of record.offers) if (isOpen(offer)) engaged.set(offer.agent, 'offered');
  if (record.talking !== null) engaged.set(record.talking.agent, 'talking');
  return engaged;
}

export const isQueued = ({ status }: Conversation): boolean =>
  status === 'waiting' || status === 'offered' || status === 'arriving';

const nobody: ReadonlySet<AgentId> = new Set();
/** A record is never changed: what is the same list in two of them holds the same. */
const sameEngagements = (before: Conversation, after: Conversation): boolean =>
  before.offers === after.offers && before.talking === after.talking && before.wrapUps === after.wrapUps;

export function createLiving(): KeptLiving {
  const live = new Map<ConversationId, Conversation>();
  const waiting = new Set<ConversationId>();
  const queued = new Set<ConversationId>();
  const recordings = new Map<string, ConversationId>();
  const legs = new Map<LegId, ConversationId>();
  /** The other way round: looking through every leg for each call that ends would grow with the square of the calls. */
  const legsOf = new Map<ConversationId, Set<LegId>>();
  const engaged = new Map<AgentId, Map<ConversationId, Engaged>>();

  const find = (ids: Iterable<ConversationId>) => Array.from(ids).flatMap((id) => live.get(id) ?? []);

  function own(leg: LegId, id: ConversationId): void {
    legs.set(leg, id);
    const all = legsOf.get(id);
    if (all === undefined) legsOf.set(id, new Set([leg]));
    else all.add(leg);
  }

  function engage(before: Conversation | null, after: Conversation): ReadonlySet<AgentId> {
    const now = engagements(after);
    // Most inputs engage nobody anew, and every input of every call comes by here.
    if (before !== null && sameEngagements(before, after)) return now.size === 0 ? nobody : new Set(now.keys());
    const touched = new Set<AgentId>();
    for (const agent of before === null ? [] : engagements(before).keys()) {
      engaged.get(agent)?.delete(after.id);
      touched.add(agent);
    }
    for (const [agent, how] of now) {
      let held = engaged.get(agent);
      if (held === undefined) engaged.set(agent, (held = new Map()));
      held.set(after.id, how);
      touched.add(agent);
    }
    return touched;
  }

  function keep(ids: Set<ConversationId>, id: ConversationId, belongs: boolean): void {
    if (belongs) ids.add(id);
    else ids.delete(id);
  }
  function nameRecording(recording: RecordingId | undefined, id: ConversationId | null): void {
    if (recording === undefined) return;
    if (id === null) recordings.delete(recording);
    else recordings.set(recording, id);
  }

  return {
    all: () => live.values(),
    get: (id) => live.get(id as ConversationId) ?? null,
    byLeg: (leg) => live.get(legs.get(leg) as ConversationId) ?? null,
    byRecording: (recording) => live.get(recordings.get(recording) as ConversationId) ?? null,
    waiting: () => find(waiting),
    queued: () => find(queued),
    engagement(agent) {
      for (const [id, how] of engaged.get(agent) ?? []) {
        const conversation = live.get(id);
        if (conversation !== undefined) return { conversation, engaged: how };
      }
      return null;
    },
    put(after) {
      const { id } = after;
      const before = live.get(id) ?? null;
      live.set(id, after);
      if (after.status !== before?.status) {
        keep(waiting, id, after.status === 'waiting');
        keep(queued, id, isQueued(after));
      }
      if (after.recording?.id !== before?.recording?.id) {
        nameRecording(before?.recording?.id, null);
        nameRecording(after.recording?.id, id);
      }
      if (after.customerLeg !== before?.customerLeg) own(after.customerLeg, id);
      if (after.talking !== null && after.talking !== before?.talking) own(after.talking.leg, id);
      return engage(before, after);
    },
    forget({ id, recording }) {
      live.delete(id);
      nameRecording(recording?.id, null);
      for (const leg of legsOf.get(id) ?? []) if (legs.get(leg) === id) legs.delete(leg);
      legsOf.delete(id);
    },
  };
}
