/**
 * When routing has to look, and at whom. A look at everything decides nothing new as long as neither a waiting conversation, nor
 * what could be offered, nor the time has brought something: so only what changed is looked at.
 *
 *     a conversation waits, or has moved while it waits ──▶ at this one
 *     a step's time is over, a retry is due             ──▶ at this one
 *     an agent can be asked who could not before        ──▶ at all that wait
 */
import {
  type Conversation,
  type ConversationId,
  type EpochMs,
  type FloorAgent,
  type FloorIndex,
  type Routed,
  type RoutingRule,
  route,
  routingDeadline,
} from '@denwaban/core';
import { createAgenda } from './agenda.js';
import type { Living } from './living.js';

export interface Routing {
  moved(record: Conversation): void;
  agentChanged(agent: FloorAgent): void;
  /** Gives every decision to `give`. */
  look(now: EpochMs): void;
  /** When `look` has something to do though nothing else happens. */
  nextDue(): EpochMs | null;
}

export function createRouting(
  rule: RoutingRule,
  living: Living,
  floor: FloorIndex,
  give: (routed: Routed, now: EpochMs) => void,
): Routing {
  const due = createAgenda<ConversationId>();
  const moved = new Set<ConversationId>();
  /** Where callers are held for somebody who talks, it matters too who cannot become free any more. */
  const holds = rule.steps.some(({ holdMs }) => holdMs > 0);
  let everybody = true;

  /** Those that wait, of all or of those that something happened to. */
  function toLookAt(now: EpochMs): Conversation[] {
    for (const id of due.take(now)) moved.add(id);
    const found: Conversation[] = everybody ? living.waiting() : [];
    for (const id of everybody ? [] : moved) {
      const record = living.get(id);
      if (record?.status === 'waiting') found.push(record);
    }
    everybody = false;
    moved.clear();
    return found;
  }

  return {
    moved({ id, status }) {
      if (status === 'waiting') moved.add(id);
      else due.set(id, null);
    },
    agentChanged({ whyNot }) {
      if (whyNot === null || holds) everybody = true;
    },
    look(now) {
      const waiting = toLookAt(now);
      if (waiting.length === 0) return;
      for (const routed of route(rule, now, waiting, floor)) give(routed, now);
      for (const { id } of waiting) {
        const record = living.get(id);
        due.set(id, record === null ? null : routingDeadline(rule, record, now));
      }
    },
    nextDue: () => due.next(),
  };
}
