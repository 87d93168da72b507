/** What routing decided becomes events of the conversation, and sounds at the caller's ear. */
import type { EpochMs } from '../ids.js';
import type { Draft } from './draft.js';
import type { ConversationInput, StepResult } from './inputs.js';
import { nothing } from './moves.js';

export function routed(on: Draft, input: Extract<ConversationInput, { type: 'routed' }>): StepResult {
  // The caller may have left, or another input may have come between: what was decided for another state is void.
  if (on.record.status !== 'waiting') return nothing();
  let offered = 0;
  for (const decision of input.decisions) {
    const { step, target } = decision;
    switch (decision.type) {
      case 'end-step':
        on.event('step.ended', { step, target, because: decision.because });
        break;
      case 'skip':
        on.event('step.skipped', { step, target, because: decision.because, passedOver: decision.passedOver });
        break;
      case 'enter':
        on.event('step.entered', { step, target, ringMs: decision.ringMs });
        break;
      case 'offer': {
        const reservation = input.reservations[offered];
        if (reservation === undefined) break;
        offered += 1;
        on.event('offer.made', {
          reservation,
          agent: decision.agent,
          step,
          target,
          expiresAt: (on.at + decision.ringMs) as EpochMs,
          because: decision.because,
          passedOver: decision.passedOver,
        });
        break;
      }
    }
  }
  const { record } = on;
  const leg = record.customerLeg;
  if (offered > 0) {
    // Ringing is the truth now: an unanswered caller is told by signalling, an answered one hears it.
    if (record.answeredAt === null) on.phone({ type: 'ring', leg });
    else if (record.segments.every((one) => one.kind !== 'talk')) on.phone({ type: 'play', leg, sound: 'ring-back' });
  } else if (record.answeredAt === null) {
    // Nobody can answer now. Music needs an answered leg; it starts with `leg-answered`.
    on.phone({ type: 'answer', leg });
  }
  return on.done();
}
