/** Events and effects being put together; the record moves on with each event, so that a decision sees those before it. */
import type { EpochMs } from '../ids.js';
import type { PhoneCommand } from '../ports.js';
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

export function draft(from: Conversation, at: EpochMs): Draft {
  let record = from;
  const events: ConversationEvent[] = [];
  const effects: ConversationEffect[] = [];
  const self: Draft = {
    get record() {
      return record;
    },
    at,
    event(type, facts) {
      const event = {
        type,
        v: 1,
        conversation: record.id,
        seq: record.seq + 1,
        at,
        ...facts,
      } as unknown as ConversationEvent;
      record = apply(record, event);
      events.push(event);
      return self;
    },
    effect(effect) {
      effects.push(effect);
      return self;
    },
    phone: (command) => self.effect({ type: 'phone', command }),
    done: () => ({ events, effects, refused: null }),
  };
  return self;
}
