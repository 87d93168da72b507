/** Events and effects being put together; the record moves on with each event, so that a decision sees those before it. */
import type { ConversationId, EpochMs } from '../ids.js';
import type { PhoneCommand } from '../ports.js';
import { plus } from '../plus.js';
import type { Conversation } from './conversation.js';
import type { ConversationEvent, ConversationEventType, EventOf } from './events.js';
import { apply } from './fold.js';
import type { ConversationEffect, StepResult } from './inputs.js';

type Facts<Type extends ConversationEventType> = Omit<EventOf<Type>, 'type' | 'v' | 'conversation' | 'seq' | 'at'>;

export interface Draft {
  /** As it is after the events so far. */
  readonly record: Conversation;
  readonly at: EpochMs;
  event<Type extends ConversationEventType>(type: Type, facts: Facts<Type>): Draft;
  effect(effect: ConversationEffect): Draft;
  phone(command: PhoneCommand): Draft;
  done(): StepResult;
}

export const draft = (from: Conversation, at: EpochMs): Draft => new Drafting(from, at, none);

/** The first event of all, and whatever follows from it at once. [CNV1] */
export function begin(conversation: ConversationId, at: EpochMs, facts: Facts<'conversation.started'>): Draft {
  const started = { type: 'conversation.started', v: 2, conversation, seq: 1, at, ...facts } as const;
  return new Drafting(apply(null, started), at, [started]);
}

const none: readonly never[] = [];

/** A class: every input of every call makes one, and a closure for each verb would be most of what it costs. */
class Drafting implements Draft {
  record: Conversation;
  readonly at: EpochMs;
  #events: readonly ConversationEvent[];
  #effects: readonly ConversationEffect[] = none;

  constructor(from: Conversation, at: EpochMs, events: readonly ConversationEvent[]) {
    this.record = from;
    this.at = at;
    this.#events = events;
  }

  event<Type extends ConversationEventType>(type: Type, facts: Facts<Type>): Draft {
    const { record, at } = this;
    const event = {
      type,
      v: 1,
      conversation: record.id,
      seq: record.seq + 1,
      at,
      ...facts,
    } as unknown as ConversationEvent;
    this.record = apply(record, event);
    this.#events = plus(this.#events, event);
    return this;
  }

  effect(effect: ConversationEffect): Draft {
    this.#effects = plus(this.#effects, effect);
    return this;
  }

  phone(command: PhoneCommand): Draft {
    return this.effect({ type: 'phone', command });
  }

  done(): StepResult {
    const record = this.#events.length === 0 ? null : this.record;
    return { events: this.#events, record, effects: this.#effects, refused: null };
  }
}
