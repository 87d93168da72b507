/** What time brings to a conversation, and when it is to be looked at next. */
import type { EpochMs } from '../ids.js';
import type { Conversation } from './conversation.js';
import type { Draft } from './draft.js';
import { isOpen } from './fold.js';
import type { ConversationSettings, StepResult } from './inputs.js';
import { ringsTooLong } from './calling-out.js';
import { closeOffer, closeWhenOver, soundFor } from './moves.js';

/** Everything whose time has come; the clock may have jumped over several at once. [RSV3] [RSV4] [CNV8] */
export function timerFired(on: Draft, at: EpochMs, settings: ConversationSettings): StepResult {
  for (const offer of on.record.offers.filter(isOpen)) {
    if (at >= offer.expiresAt) {
      closeOffer(on, offer, offer.ringingAt === null ? 'unreachable' : 'timed-out');
      if (offer.ringingAt === null) on.effect({ type: 'distrust-line', agent: offer.agent });
      else on.effect({ type: 'set-away', agent: offer.agent, reason: 'no-answer' });
      soundFor(on);
    } else if (offer.ringingAt === null && at >= offer.offeredAt + settings.ringConfirmMs) {
      closeOffer(on, offer, 'unreachable');
      on.effect({ type: 'distrust-line', agent: offer.agent });
      soundFor(on);
    }
  }
  const { record } = on;
  const answerDue = answerDueAt(record, settings);
  if (answerDue !== null && at >= answerDue) on.phone({ type: 'answer', leg: record.customerLeg });
  if (record.status === 'calling' && at >= record.startedAt + settings.callOutMs) return ringsTooLong(on).done();
  for (const wrapUp of record.wrapUps) {
    if (wrapUp.endedAt === null && at >= wrapUp.endsAt) {
      on.event('wrap-up.ended', { agent: wrapUp.agent, because: 'timed-out', disposition: null, note: null });
    }
  }
  return closeWhenOver(on).done();
}

function answerDueAt(record: Conversation, settings: ConversationSettings): number | null {
  const waits = record.status === 'waiting' || record.status === 'offered';
  return waits && record.answeredAt === null ? record.startedAt + settings.answerAfterMs : null;
}

/** The next moment at which `timer-fired` would do something; null: none. */
export function deadline(record: Conversation, now: EpochMs, settings: ConversationSettings): EpochMs | null {
  let due = Number.POSITIVE_INFINITY;
  for (const offer of record.offers) {
    if (!isOpen(offer)) continue;
    due = Math.min(due, offer.expiresAt);
    if (offer.ringingAt === null) due = Math.min(due, offer.offeredAt + settings.ringConfirmMs);
  }
  const answerDue = answerDueAt(record, settings);
  // Asked for once: the answer itself arrives as an input of its own.
  if (answerDue !== null && answerDue > now) due = Math.min(due, answerDue);
  if (record.status === 'calling') due = Math.min(due, record.startedAt + settings.callOutMs);
  for (const wrapUp of record.wrapUps) if (wrapUp.endedAt === null) due = Math.min(due, wrapUp.endsAt);
  return due === Number.POSITIVE_INFINITY ? null : (due as EpochMs);
}
