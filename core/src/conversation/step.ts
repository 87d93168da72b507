/**
 * One input in, events and effects out: the whole life of a conversation, decided without touching the world. SPEC.md §CNV, §RSV.
 *
 * Late and crossed news is ordinary here (an accept and a hang-up pass each other on the wire), so an input that no longer
 * fits yields nothing, or a refusal when a person is waiting for the answer. It never throws.
 */
import { assertNever } from '../assert-never.js';
import type { AgentId, EpochMs } from '../ids.js';
import type { PhoneCommand } from '../ports.js';
import type { Conversation, Offer } from './conversation.js';
import type { ConversationEnd, EventOf, OfferClosedBecause } from './events.js';
import { isOpen } from './fold.js';
import { gradeOf } from './line.js';
import { begin, type Draft, draft } from './draft.js';
import type { ConversationInput, ConversationSettings, StepResult } from './inputs.js';
import { answeredUs, call, customerRefused, notReached } from './calling-out.js';
import { timerFired } from './due.js';
import {
  backToFront,
  closeOffer,
  closeWhenOver,
  endTalk,
  identified,
  nothing,
  offerFailed,
  soundFor,
  unjoined,
  waitingSound,
} from './moves.js';
import { processDied, processReplaced } from './process-end.js';
import { routed } from './routed.js';

export function step(
  record: Conversation | null,
  input: ConversationInput,
  at: EpochMs,
  settings: ConversationSettings,
): StepResult {
  if (input.type === 'caller-arrived') return arrive(record, input, at);
  if (input.type === 'agent-called') return call(record, input, at);
  if (record === null) return nothing();
  const on = draft(record, at);
  switch (input.type) {
    case 'caller-identified':
      if (record.status !== 'arriving') return nothing();
      identified(on, input);
      return on.done();
    case 'routed':
      return routed(on, input);
    case 'desk-rings': {
      const offer = openOffer(record, input);
      if (offer === null) return nothing('offer-over');
      if (offer.ringingAt === null) on.event('offer.ringing', { reservation: offer.reservation, agent: offer.agent });
      return on.done();
    }
    case 'agent-accepted':
      return accept(on, input);
    case 'agent-declined': {
      const offer = openOffer(record, input);
      if (offer === null) return nothing('offer-over');
      closeOffer(on, offer, 'declined');
      return soundFor(on).done();
    }
    case 'agent-left': {
      const offer = record.offers.find((one) => isOpen(one) && one.agent === input.agent);
      if (offer === undefined) return nothing();
      closeOffer(on, offer, 'agent-left');
      return soundFor(on).done();
    }
    case 'leg-ringing':
      if (record.status !== 'calling' || record.ringingAt !== undefined) return nothing();
      return on.event('leg.ringing', { leg: input.leg, early: input.early }).done();
    case 'leg-answered':
      if (record.status === 'calling') return answeredUs(on, input);
      if (record.ended !== null || record.answeredAt !== null) return nothing();
      on.event('leg.answered', { leg: input.leg, token: input.token });
      // What was asked to play before the answer could not be heard: ask again.
      if (record.talking === null) on.phone({ type: 'play', leg: record.customerLeg, sound: waitingSound(record) });
      return on.done();
    case 'leg-moved':
      if (record.ended !== null || record.answeredAt === null || record.legToken === input.token) return nothing();
      on.event('leg.moved', { leg: input.leg, token: input.token });
      return on.done();
    case 'leg-joined':
      // Not before somebody answered the call that we placed.
      if (record.status !== 'talking' || record.talking?.leg !== input.agentLeg || record.talking.joined)
        return nothing();
      on.event('talk.started', { agent: record.talking.agent, leg: input.agentLeg });
      return on.done();
    case 'join-failed':
      if (record.talking === null || record.talking.leg !== input.agentLeg || record.talking.joined) return nothing();
      on.effect({ type: 'distrust-line', agent: record.talking.agent });
      return cameToNothing(on, 'failed', 'system', 'failed').done();
    case 'caller-left':
      return callerLeft(on, input.cause, settings);
    case 'agent-hung-up': {
      const { talking } = record;
      if (talking === null || talking.agent !== input.agent) return nothing('no-call');
      if (!talking.joined) return cameToNothing(on, 'declined', 'agent', 'cancelled').done();
      endTalk(on, 'agent-hung-up');
      on.phone({ type: 'part', customer: record.customerLeg, agentLeg: talking.leg });
      on.phone({ type: 'hang-up', leg: record.customerLeg, cause: 'normal' });
      return end(on, 'completed', 'agent', 'normal', [talking.agent], settings).done();
    }
    case 'agent-lost': {
      const { talking } = record;
      if (talking === null || talking.agent !== input.agent) return nothing();
      if (!talking.joined) return cameToNothing(on, 'agent-left', 'system', 'agent-lost').done();
      endTalk(on, 'agent-lost');
      on.phone({ type: 'part', customer: record.customerLeg, agentLeg: talking.leg });
      // The customer is told, and goes to the front: they were already talking with us. [CNV6]
      return backToFront(on, 'announcement-reconnecting').done();
    }
    case 'agent-held':
    case 'agent-resumed':
      return hold(on, input.agent, input.type === 'agent-held');
    case 'agent-muted':
      if (record.talking?.agent !== input.agent) return nothing('no-call');
      on.event('agent.noted', { agent: input.agent, what: input.muted ? 'muted' : 'unmuted' });
      return on.done();
    case 'agent-sent-digits':
      if (record.talking?.agent !== input.agent || !record.talking.joined) return nothing('no-call');
      // How many, never which: digits to a bank's menu are secrets.
      on.event('digits.sent', { agent: input.agent, count: input.digits.length });
      on.phone({ type: 'dtmf', leg: record.customerLeg, digits: input.digits });
      return on.done();
    case 'wrap-up-saved': {
      const open = record.wrapUps.find((one) => one.agent === input.agent && one.endedAt === null);
      if (open === undefined) return nothing('no-call');
      on.event('wrap-up.ended', {
        agent: input.agent,
        because: 'saved',
        disposition: input.disposition,
        note: input.note,
      });
      return closeWhenOver(on).done();
    }
    case 'recording-finished':
      if (record.recording?.id !== input.recording || record.recording.path !== null) return nothing();
      on.event('recording.finished', {
        recording: input.recording,
        path: input.path,
        durationMs: input.durationMs,
        bytes: input.bytes,
      });
      return on.done();
    case 'fax-heard':
      if (record.faxAt !== undefined || record.ended !== null) return nothing();
      on.event('fax.heard', {});
      return on.done();
    case 'line-measured': {
      const { agent, since, final, spanMs, mean, worst } = input;
      const known = record.lines?.find((one) => one.agent === agent && one.since === since);
      const before = known === undefined ? 'good' : gradeOf(known.worst.mos);
      // On the way only what is news for a person: the last word has everything. [CNV16]
      if (final ? known?.spanMs === spanMs : gradeOf(worst.mos) === before) return nothing();
      on.event('line.measured', { agent, since, spanMs, mean, worst });
      return on.done();
    }
    case 'timer-fired':
      return timerFired(on, at, settings);
    case 'process-died':
      return processDied(on);
    case 'process-replaced':
      return record.status === 'calling' ? processDied(on) : processReplaced(on);
    default:
      return assertNever(input);
  }
}

function arrive(
  record: Conversation | null,
  input: Extract<ConversationInput, { type: 'caller-arrived' }>,
  at: EpochMs,
): StepResult {
  if (record !== null) return nothing();
  const { conversation, leg, carrier, trunk, from, fromRaw, to, toName } = input;
  const facts = {
    direction: 'inbound',
    by: null,
    agentLeg: null,
    leg,
    carrier,
    trunk,
    from,
    fromRaw,
    to,
    toName,
  } as const;
  return begin(conversation, at, facts).effect({ type: 'identify', number: from }).done();
}

function openOffer(record: Conversation, by: { agent: AgentId; reservation: string }): Offer | null {
  return (
    record.offers.find((one) => isOpen(one) && one.reservation === by.reservation && one.agent === by.agent) ?? null
  );
}

/** The two never heard each other: a caller who was accepted goes back to the front, a call that we placed is over. [RSV6] [OUT3] */
function cameToNothing(
  on: Draft,
  because: OfferClosedBecause,
  by: 'agent' | 'system',
  cause: EventOf<'conversation.ended'>['cause'],
): Draft {
  return on.record.talking?.reservation === null ? notReached(on, by, cause) : unjoined(on, because);
}

/** First accept wins, by order of arrival at this function; the others are rescinded. [RSV1] [RSV2] */
function accept(on: Draft, input: Extract<ConversationInput, { type: 'agent-accepted' }>): StepResult {
  const { record } = on;
  const offer = openOffer(record, input);
  if (offer === null || record.ended !== null) return nothing('offer-over');
  on.event('offer.accepted', {
    reservation: offer.reservation,
    agent: offer.agent,
    leg: input.leg,
    recording: record.recording?.id ?? input.recording,
  });
  for (const other of record.offers) {
    if (isOpen(other) && other.reservation !== offer.reservation) closeOffer(on, other, 'rescinded');
  }
  on.phone({
    type: 'join',
    customer: record.customerLeg,
    agentLeg: input.leg,
    agent: offer.agent,
    recording: record.recording?.id ?? input.recording,
  });
  return on.done();
}

function callerLeft(
  on: Draft,
  cause: EventOf<'conversation.ended'>['cause'],
  settings: ConversationSettings,
): StepResult {
  const { record } = on;
  if (record.ended !== null) return nothing();
  const { talking } = record;
  if (talking !== null && talking.reservation === null && !talking.joined) return customerRefused(on, cause).done();
  // The agent pressed answer but the two never heard each other: to the customer nobody answered.
  const talked = record.segments.some((one) => one.kind === 'talk');
  endTalk(on, 'customer-left');
  offerFailed(on, 'abandoned');
  if (talking !== null) on.phone({ type: 'part', customer: record.customerLeg, agentLeg: talking.leg });
  for (const offer of record.offers.filter(isOpen)) closeOffer(on, offer, 'abandoned');
  const outcome: ConversationEnd = talked ? 'completed' : 'abandoned';
  return end(on, outcome, 'customer', cause, talking?.joined === true ? [talking.agent] : [], settings).done();
}

/** Ends it for the customer. Wrap-up is opened here, by us, so that a closed tab cannot lose it. [CNV7] */
function end(
  on: Draft,
  outcome: ConversationEnd,
  by: 'customer' | 'agent' | 'system',
  cause: EventOf<'conversation.ended'>['cause'],
  wrapUpFor: readonly AgentId[],
  settings: ConversationSettings,
): Draft {
  on.event('conversation.ended', { end: outcome, by, cause });
  for (const agent of wrapUpFor) {
    on.event('wrap-up.started', { agent, endsAt: (on.at + settings.wrapUpMs) as EpochMs });
  }
  return closeWhenOver(on);
}

function hold(on: Draft, agent: AgentId, wanted: boolean): StepResult {
  const { talking, customerLeg } = on.record;
  if (talking === null || talking.agent !== agent || !talking.joined) return nothing('no-call');
  if ((talking.heldSince !== null) === wanted) return on.done();
  on.event(wanted ? 'hold.started' : 'hold.ended', { agent });
  const legs = { customer: customerLeg, agentLeg: talking.leg };
  const command: PhoneCommand = wanted ? { type: 'hold', ...legs, sound: 'hold-music' } : { type: 'resume', ...legs };
  return on.phone(command).done();
}
