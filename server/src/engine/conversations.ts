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
  type StepResult,
  deadline,
  epochMs,
  step,
} from '@denwaban/core';
import { createAgenda } from './agenda.js';
import { createLiving, type Living } from './living.js';
import type { EngineLog } from './log.js';

export interface ConversationsOptions {
  journal: Journal;
  settings: ConversationSettings;
  carryOut(conversation: Conversation, effect: ConversationEffect): void;
  /** The record moved on in memory: what other decisions rest on has changed. `touched`: whom it engages now or did until now. */
  onMoved(before: Conversation | null, after: Conversation, touched: readonly AgentId[]): void;
  /** The move is on disk: people may be told. */
  onDurable(after: Conversation, touched: readonly AgentId[]): void;
  log: EngineLog;
}

export interface Conversations extends Living {
  /** Takes up a conversation found open at start-up. */
  adopt(record: Conversation): void;
  give(
    id: ConversationId,
    input: ConversationInput,
    at: EpochMs,
  ): { refused: StepResult['refused']; durable: Promise<void> };
  /** When `wakeDue` will have something to do; null: never, as things stand. */
  nextDue(): EpochMs | null;
  /** Gives `timer-fired` to those whose time has come. */
  wakeDue(now: EpochMs): void;
}

/** A time that has come and moved nothing is tried again so much later: never at once, or the engine would wake without end. */
const againMs = 1_000;

export function createConversations(options: ConversationsOptions): Conversations {
  const { journal, settings, carryOut, onMoved, onDurable, log } = options;
  const living = createLiving();
  const due = createAgenda<ConversationId>();

  function put(record: Conversation, at: EpochMs): readonly AgentId[] {
    due.set(record.id, deadline(record, at, settings));
    return living.put(record);
  }

  /** Closed, and its recording is in: nothing can happen to it any more. */
  const isOver = (record: Conversation): boolean =>
    record.closedAt !== null && (record.recording === null || record.recording.path !== null);

  const self: Conversations = {
    ...living,
    adopt: (record) => void put(record, record.startedAt),
    give(id, input, at) {
      const before = living.get(id);
      const { events, record, effects, refused } = step(before, input, at, settings);
      const after = record ?? before;
      if (after === null || (events.length === 0 && effects.length === 0))
        return { refused, durable: Promise.resolve() };
      if (events.length === 0) {
        for (const effect of effects) carryOut(after, effect);
        return { refused, durable: Promise.resolve() };
      }
      const touched = put(after, at);
      onMoved(before, after, touched);
      const durable = journal.append(events, after).then(
        () => {
          for (const effect of effects) carryOut(after, effect);
          onDurable(after, touched);
          if (isOver(living.get(id) ?? after)) living.forget(id);
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
    nextDue: () => due.next(),
    wakeDue(now) {
      for (const id of due.take(now)) {
        const before = living.get(id);
        if (before === null) continue;
        self.give(id, { type: 'timer-fired' }, now);
        // Whoever moved has a new time already. Else another may lie behind this one, or it has to be tried again.
        if (living.get(id) !== before) continue;
        const next = deadline(before, now, settings);
        due.set(id, next === null || next > now ? next : epochMs(now + againMs));
      }
    },
  };
  return self;
}
