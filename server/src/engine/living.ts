/**
 * What is asked of the conversations that live, kept so that no answer costs a look at all of them. `put` is the one place where
 * it follows a record; conversations.test.ts holds each answer against its plain definition.
 */
import { type AgentId, type Conversation, type ConversationId, type LegId, isOpen } from '@denwaban/core';

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
  put(after: Conversation): readonly AgentId[];
  /** Closed: nobody waits in it, and nobody is engaged. */
  forget(id: ConversationId): void;
}

/** How a record engages an agent; null: not at all. An agent is in at most one of these at a time. [RSV2] */
export function howEngaged(record: Conversation, agent: AgentId): Engaged | null {
  if (record.talking?.agent === agent) return 'talking';
  if (record.offers.some((one) => isOpen(one) && one.agent === agent)) return 'offered';
  return record.wrapUps.some((one) => one.endedAt === null && one.agent === agent) ? 'wrap-up' : null;
}

/** Whom a record engages, each of them once. */
function engagedBy({ talking, offers, wrapUps }: Conversation): AgentId[] {
  const agents = talking === null ? [] : [talking.agent];
  for (const one of offers) if (isOpen(one) && !agents.includes(one.agent)) agents.push(one.agent);
  for (const one of wrapUps) if (one.endedAt === null && !agents.includes(one.agent)) agents.push(one.agent);
  return agents;
}

export const isQueued = ({ status }: Conversation): boolean =>
  status === 'waiting' || status === 'offered' || status === 'arriving';

/** A record is never changed: what is the same list in two of them holds the same. */
const sameEngagements = (before: Conversation, after: Conversation): boolean =>
  before.offers === after.offers && before.talking === after.talking && before.wrapUps === after.wrapUps;

/** A conversation, and where else it is found. */
interface Kept {
  record: Conversation;
  engages: readonly AgentId[];
  readonly legs: LegId[];
}

export function createLiving(): KeptLiving {
  const live = new Map<string, Kept>();
  const waiting = new Set<Kept>();
  const queued = new Set<Kept>();
  const recordings = new Map<string, Kept>();
  const legs = new Map<LegId, Kept>();
  const engaged = new Map<AgentId, Set<Kept>>();

  const records = (of: Iterable<Kept>): Conversation[] => Array.from(of, ({ record }) => record);

  function own(kept: Kept, leg: LegId): void {
    legs.set(leg, kept);
    kept.legs.push(leg);
  }

  function engage(kept: Kept): readonly AgentId[] {
    const until = kept.engages;
    const now = engagedBy(kept.record);
    kept.engages = now;
    let touched: readonly AgentId[] = now;
    for (const agent of until) {
      if (now.includes(agent)) continue;
      engaged.get(agent)?.delete(kept);
      touched = [...touched, agent];
    }
    for (const agent of now) {
      const held = engaged.get(agent);
      if (held === undefined) engaged.set(agent, new Set([kept]));
      else held.add(kept);
    }
    return touched;
  }

  function keep(some: Set<Kept>, kept: Kept, belongs: boolean): void {
    if (belongs) some.add(kept);
    else some.delete(kept);
  }

  return {
    all: () => records(live.values()),
    get: (id) => live.get(id)?.record ?? null,
    byLeg: (leg) => legs.get(leg)?.record ?? null,
    byRecording: (recording) => recordings.get(recording)?.record ?? null,
    waiting: () => records(waiting),
    queued: () => records(queued),
    engagement(agent) {
      for (const { record: conversation } of engaged.get(agent) ?? []) {
        const how = howEngaged(conversation, agent);
        if (how !== null) return { conversation, engaged: how };
      }
      return null;
    },
    put(after) {
      let kept = live.get(after.id);
      const before = kept?.record ?? null;
      if (kept === undefined) live.set(after.id, (kept = { record: after, engages: [], legs: [] }));
      kept.record = after;
      if (after.status !== before?.status) {
        keep(waiting, kept, after.status === 'waiting');
        keep(queued, kept, isQueued(after));
      }
      if (after.recording?.id !== before?.recording?.id) {
        if (before?.recording != null) recordings.delete(before.recording.id);
        if (after.recording !== null) recordings.set(after.recording.id, kept);
      }
      if (after.customerLeg !== before?.customerLeg) own(kept, after.customerLeg);
      if (after.talking !== null && after.talking.leg !== before?.talking?.leg) own(kept, after.talking.leg);
      // Most inputs engage nobody anew, and every input of every call comes by here.
      return before !== null && sameEngagements(before, after) ? kept.engages : engage(kept);
    },
    forget(id) {
      const kept = live.get(id);
      if (kept === undefined) return;
      live.delete(id);
      if (kept.record.recording !== null) recordings.delete(kept.record.recording.id);
      for (const leg of kept.legs) if (legs.get(leg) === kept) legs.delete(leg);
    },
  };
}
