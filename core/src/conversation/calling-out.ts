/**
 * Calls that an agent places, until the two hear each other; from then on a conversation is one like any other. SPEC.md §OUT.
 *
 *   calling ── rings ── answered ── joined ──▶ talking
 *      └──────────┴─────────┴──────▶ unanswered: no talk, hence no wrap-up
 */
import type { EpochMs } from '../ids.js';
import type { LegEndCause } from '../ports.js';
import type { Conversation } from './conversation.js';
import { begin, type Draft } from './draft.js';
import type { ConversationEnd, EventOf } from './events.js';
import type { ConversationInput, StepResult } from './inputs.js';
import { closeWhenOver, identified, nothing } from './moves.js';

type By = EventOf<'conversation.ended'>['by'];
type Cause = EventOf<'conversation.ended'>['cause'];

/** The id is on disk before the network is asked for anything: no call without a record. [CNV1] [OUT1] */
export function call(
  record: Conversation | null,
  input: Extract<ConversationInput, { type: 'agent-called' }>,
  at: EpochMs,
): StepResult {
  if (record !== null) return nothing();
  const { conversation, agent, leg, agentLeg, carrier, to } = input;
  const from = { trunk: null, from: null, fromRaw: null, toName: '' };
  const on = begin(conversation, at, { direction: 'outbound', by: agent, agentLeg, leg, carrier, to, ...from });
  identified(on, input.identified);
  return on.phone({ type: 'place', leg, to, trunk: null, agentLeg, agent }).done();
}

/** Recorded from the first word, as every call is. [OUT2] */
export function answeredUs(on: Draft, input: Extract<ConversationInput, { type: 'leg-answered' }>): StepResult {
  const { talking } = on.record;
  if (talking === null) return nothing();
  const { leg, token, placed } = input;
  on.event('leg.answered', placed === undefined ? { leg, token } : { leg, token, placed });
  on.phone({
    type: 'join',
    customer: on.record.customerLeg,
    agentLeg: talking.leg,
    agent: talking.agent,
    recording: on.record.recording?.id ?? null,
  });
  return on.done();
}

/** Taken back by us: the far phone stops ringing, or is hung up when the answer was faster. [OUT3] */
export function notReached(on: Draft, by: By, cause: Cause): Draft {
  on.phone({ type: 'hang-up', leg: on.record.customerLeg, cause: 'normal' });
  return over(on, cause === 'failed' ? 'failed' : 'unanswered', by, cause);
}

/** A network gives up by itself, mostly; one that does not would hold the agent for ever. [OUT4] */
export const ringsTooLong = (on: Draft): Draft => notReached(on, 'system', 'no-answer');

/** The far end's word, or the network's for it. [OUT3] */
export function customerRefused(on: Draft, cause: Cause): Draft {
  const ours = cause === 'failed' || cause === 'media-lost';
  const theirs: readonly (LegEndCause | Cause)[] = ['busy', 'no-answer', 'declined', 'hung-up', 'cancelled'];
  return over(on, ours ? 'failed' : 'unanswered', theirs.includes(cause) ? 'customer' : 'system', cause);
}

function over(on: Draft, end: ConversationEnd, by: By, cause: Cause): Draft {
  on.event('conversation.ended', { end, by, cause });
  return closeWhenOver(on);
}
