/**
 * The conversations that are alive, and the one way to move them: input → step → journal → effects.
 *
 * The record in memory moves at once, so that the next decision sees it; effects and everything that people are told wait
 * until the events are on disk. Appends of one conversation are committed in order, hence effects happen in order.
 */
import {
  type AgentId,
  type Conversation,
  type ConversationEffect,
  type ConversationId,
  type ConversationInput,
  type ConversationSettings,
  type EpochMs,
  type Journal,
  type LegId,
  type StepResult,
  deadline,
  isOpen,
  step,
} from '@denwaban/core';
import { createDueTimes } from './due-times.js';
import type { EngineLog } from './log.js';

export type Engaged = 'offered' | 'talking' | 'wrap-up';

export interface ConversationsOptions {
  journal: Journal;
  settings: ConversationSettings;
  carryOut(conversation: Conversation, effect: ConversationEffect): void;
  /** The record moved on in memory: what other decisions rest on has changed. */
  onMoved(before: Conversation | null, after: Conversation): void;
  /** The move is on disk: people may be told. */
  onDurable(after: Conversation, touched: ReadonlySet<AgentId>): void;
  log: EngineLog;
}

export interface Conversations {
  all(): Iterable<Conversation>;
  get(id: string): Conversation | null;
  byLeg(leg: LegId): Conversation | null;
  byRecording(recording: string): Conversation | null;
  engagement(agent: AgentId): { conversation: Conversation; engaged: Engaged } | null;
  /** Takes up a conversation found open at start-up. */
  adopt(record: Conversation): void;
  give(id: ConversationId, input: ConversationInput): { refused: StepResult['refused']; durable: Promise<void> };
  nextDeadline(now: EpochMs): EpochMs | null;
}

/** Whom a record engages, and how. An agent is in at most one of these at a time. [RSV2] */
export function engagements(record: Conversation): Map<AgentId, Engaged> {
  const engaged = new Map<AgentId, Engaged>();
  for (const wrapUp of record.wrapUps) if (wrapUp.endedAt === null) engaged.set(wrapUp.agent, 'wrap-up');
  for (const offer of record.offers) if (isOpen(offer)) engaged.set(offer.agent, 'offered');
  if (record.talking !== null) engaged.set(record.talking.agent, 'talking');
  return engaged;
}

const nobody: ReadonlySet<AgentId> = new Set();
const sameEngagements = (before: Conversation, after: Conversation): boolean =>
  before.offers === after.offers && before.talking === after.talking && before.wrapUps === after.wrapUps;

export function createConversations(options: ConversationsOptions): Conversations {
  const { journal, settings, carryOut, onMoved, onDurable, log } = options;
  const dueTimes = createDueTimes((record, now) => deadline(record, now, settings));
  const live = new Map<ConversationId, Conversation>();
  const legs = new Map<LegId, ConversationId>();
  /** The other way round: looking through every leg for each call that ends would grow with the square of the calls. */
  const legsOf = new Map<ConversationId, Set<LegId>>();
  const engaged = new Map<AgentId, Map<ConversationId, Engaged>>();

  function index(before: Conversation | null, after: Conversation): ReadonlySet<AgentId> {
    const now = engagements(after);
    if (after.customerLeg !== before?.customerLeg) own(after.customerLeg, after.id);
    if (after.talking !== null && after.talking !== before?.talking) own(after.talking.leg, after.id);
    // Most inputs engage nobody anew, and every input of every call comes by here.
    if (before !== null && sameEngagements(before, after)) return now.size === 0 ? nobody : new Set(now.keys());
    const touched = new Set<AgentId>();
    for (const agent of before === null ? [] : engagements(before).keys()) {
      engaged.get(agent)?.delete(after.id);
      touched.add(agent);
    }
    for (const [agent, how] of now) {
      let own = engaged.get(agent);
      if (own === undefined) engaged.set(agent, (own = new Map()));
      own.set(after.id, how);
      touched.add(agent);
    }
    return touched;
  }

  function own(leg: LegId, id: ConversationId): void {
    legs.set(leg, id);
    const all = legsOf.get(id);
    if (all === undefined) legsOf.set(id, new Set([leg]));
    else all.add(leg);
  }

  function forget(record: Conversation): void {
    live.delete(record.id);
    for (const leg of legsOf.get(record.id) ?? []) if (legs.get(leg) === record.id) legs.delete(leg);
    legsOf.delete(record.id);
  }

  /** Closed, and its recording is in: nothing can happen to it any more. */
  const isOver = (record: Conversation): boolean =>
    record.closedAt !== null && (record.recording === null || record.recording.path !== null);

  const self: Conversations = {
    all: () => live.values(),
    get: (id) => live.get(id as ConversationId) ?? null,
    byLeg: (leg) => live.get(legs.get(leg) as ConversationId) ?? null,
    byRecording(recording) {
      for (const record of live.values()) if (record.recording?.id === recording) return record;
      return null;
    },
    engagement(agent) {
      for (const [id, how] of engaged.get(agent) ?? []) {
        const conversation = live.get(id);
        if (conversation !== undefined) return { conversation, engaged: how };
      }
      return null;
    },
    adopt(record) {
      live.set(record.id, record);
      index(null, record);
    },
    give(id, input) {
      const before = live.get(id) ?? null;
      const { events, record, effects, refused } = step(before, input, settings);
      const after = record ?? before;
      if (input.type === 'timer-fired' && before !== null && events.length === 0)
        dueTimes.firedInVain(before, input.at);
      if (after === null || (events.length === 0 && effects.length === 0))
        return { refused, durable: Promise.resolve() };
      if (events.length === 0) {
        for (const effect of effects) carryOut(after, effect);
        return { refused, durable: Promise.resolve() };
      }
      live.set(id, after);
      const touched = index(before, after);
      onMoved(before, after);
      const durable = journal.append(events, after).then(
        () => {
          for (const effect of effects) carryOut(after, effect);
          onDurable(after, touched);
          if (isOver(live.get(id) ?? after)) forget(after);
        },
        (error: unknown) => {
          // The journal retries what can be mended; this is a row that the database will never take. The people on the call
          // come first: they go on, the loss is loud.
          log.error(
            { conversation: id, events: events.map((one) => one.type), err: error },
            'events could not be stored',
          );
          for (const effect of effects) carryOut(after, effect);
          onDurable(after, touched);
          throw error;
        },
      );
      durable.catch(() => {}); // whoever waits for it gets the error; nobody has to
      return { refused, durable };
    },
    nextDeadline(now) {
      let next: EpochMs | null = null;
      for (const record of live.values()) {
        const due = dueTimes.of(record, now);
        if (due !== null && (next === null || due < next)) next = due;
      }
      return next;
    },
  };
  return self;
}
