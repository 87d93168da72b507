/** What becomes of a conversation when the process that led it is gone. */
import type { KnownLeg } from '../ports.js';
import type { Conversation } from './conversation.js';
import type { Draft } from './draft.js';
import { isOpen } from './fold.js';
import type { StepResult } from './inputs.js';
import { closeOffer, closeWhenOver, endTalk, nothing, offerFailed, soundFor } from './moves.js';

/** A wrap-up outlives a process; a call does not, and says so. [CNV9] */
export function processDied(on: Draft): StepResult {
  const { record } = on;
  if (record.ended !== null) return nothing();
  endTalk(on, 'process-died');
  offerFailed(on, 'failed');
  for (const offer of record.offers.filter(isOpen)) closeOffer(on, offer, 'failed');
  if (record.legToken !== null) on.effect({ type: 'phone', command: { type: 'end-orphan', token: record.legToken } });
  on.event('conversation.ended', { end: 'failed', by: 'system', cause: 'process-died' });
  return closeWhenOver(on).done();
}

/**
 * The call outlived the process: whoever talks goes on talking, whoever waits keeps their place. An offer does not: the desks
 * lost their connection, and nobody can tell whether the phone still rings. It is made anew, to the same agent if they are back:
 * it was not they who let the caller down. [CNV12]
 */
export function processReplaced(on: Draft): StepResult {
  const open = on.record.offers.filter(isOpen);
  for (const offer of open) closeOffer(on, offer, 'agent-left');
  return (open.length > 0 ? soundFor(on) : on).done();
}

/** What the customer's phone is to be taken up with after a restart; null when there is no way back to it. */
export function knownLeg(record: Conversation): KnownLeg | null {
  const { customerLeg: leg, legToken: token, recording, talking } = record;
  if (token === null) return null;
  const held = talking === null || talking.heldSince === null ? null : ('hold-music' as const);
  return {
    leg,
    token,
    recording: recording?.id ?? null,
    talk: talking && { agentLeg: talking.leg, agent: talking.agent, joined: talking.joined, held },
    sound: record.ended === null && talking === null ? 'hold-music' : null,
  };
}
