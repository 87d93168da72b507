/**
 * One input in, events and effects out: the whole life of a conversation, decided without touching the world. SPEC.md §CNV, §RSV.
 *
 * Late and crossed news is ordinary here (an accept and a hang-up pass each other on the wire), so an input that no longer
 * fits yields nothing, or a refusal when a person is waiting for the answer. It never throws.
 */
import { assertNever } from '../assert-never.js';
import type { AgentId, EpochMs } from '../ids.js';
import type { KnownLeg, PhoneCommand, Sound } from '../ports.js';
import type { Conversation, Offer } from './conversation.js';
import type { ConversationEnd, EventOf, OfferClosedBecause } from './events.js';
import { isOpen } from './fold.js';
import { type Draft, draft } from './draft.js';
import type { ConversationInput, ConversationSettings, StepResult } from './inputs.js';
import { routed } from './routed.js';

export function step(
  record: Conversation | null,
  input: ConversationInput,
  settings: ConversationSettings,
): StepResult {
  if (input.type === 'caller-arrived') return arrive(record, input);
  if (record === null) return nothing();
  const on = draft(record, input.at);
  switch (input.type) {
    case 'caller-identified':
      if (record.status !== 'arriving') return nothing();
      on.event('customer.identified', {
        customer: input.identity?.customer ?? null,
        name: input.identity?.name ?? null,
        kana: input.identity?.kana ?? null,
        owner: input.identity?.owner ?? null,
        team: input.identity?.team ?? null,
        outcome: input.outcome,
        tookMs: input.tookMs,
      });
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
    case 'leg-answered':
      if (record.ended !== null || record.answeredAt !== null) return nothing();
      on.event('leg.answered', { leg: input.leg, token: input.token });
      // What was asked to play before the answer could not be heard: ask again.
      if (record.talking === null) on.phone({ type: 'play', leg: record.customerLeg, sound: waitingSound(record) });
      return on.done();
    case 'leg-joined':
      if (record.talking === null || record.talking.leg !== input.agentLeg || record.talking.joined) return nothing();
      on.event('talk.started', { agent: record.talking.agent, leg: input.agentLeg });
      return on.done();
    case 'join-failed':
      if (record.talking === null || record.talking.leg !== input.agentLeg || record.talking.joined) return nothing();
      on.effect({ type: 'distrust-line', agent: record.talking.agent });
      return unjoined(on, 'failed').done();
    case 'caller-left':
      return callerLeft(on, input.cause, settings);
    case 'agent-hung-up': {
      const { talking } = record;
      if (talking === null || talking.agent !== input.agent) return nothing('no-call');
      if (!talking.joined) return unjoined(on, 'declined').done();
      endTalk(on, 'agent-hung-up');
      on.phone({ type: 'part', customer: record.customerLeg, agentLeg: talking.leg });
      on.phone({ type: 'hang-up', leg: record.customerLeg, cause: 'normal' });
      return end(on, 'completed', 'agent', 'normal', [talking.agent], settings).done();
    }
    case 'agent-lost': {
      const { talking } = record;
      if (talking === null || talking.agent !== input.agent) return nothing();
      if (!talking.joined) return unjoined(on, 'agent-left').done();
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
    case 'timer-fired':
      return timer(on, input.at, settings);
    case 'process-died':
      return processDied(on);
    case 'process-replaced':
      return processReplaced(on);
    default:
      return assertNever(input);
  }
}

const nothing = (refused: StepResult['refused'] = null): StepResult => ({ events: [], effects: [], refused });

function arrive(
  record: Conversation | null,
  input: Extract<ConversationInput, { type: 'caller-arrived' }>,
): StepResult {
  if (record !== null) return nothing();
  const { at, conversation, leg, carrier, trunk, from, fromRaw, to, toName } = input;
  const started: EventOf<'conversation.started'> = {
    type: 'conversation.started',
    v: 1,
    conversation,
    seq: 1,
    at,
    leg,
    carrier,
    trunk,
    from,
    fromRaw,
    to,
    toName,
  };
  return { events: [started], effects: [{ type: 'identify', number: from }], refused: null };
}

function openOffer(record: Conversation, by: { agent: AgentId; reservation: string }): Offer | null {
  return (
    record.offers.find((one) => isOpen(one) && one.reservation === by.reservation && one.agent === by.agent) ?? null
  );
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

function closeOffer(on: Draft, offer: Offer, because: OfferClosedBecause): void {
  on.event('offer.closed', { reservation: offer.reservation, agent: offer.agent, because });
}

/** What a waiting caller hears: ring-back while somebody's phone rings, music while nobody's does. [CNV5] */
function waitingSound(record: Conversation): Sound {
  return record.offers.some(isOpen) ? 'ring-back' : 'hold-music';
}

/** After an offer closed: when no other rings, the music comes back. Routing may change it again in the same instant. */
function soundFor(on: Draft): Draft {
  const { record } = on;
  if (record.answeredAt !== null && record.ended === null && record.talking === null && !record.offers.some(isOpen)) {
    on.phone({ type: 'play', leg: record.customerLeg, sound: 'hold-music' });
  }
  return on;
}

/** Accepted, but the two never heard each other: the offer came to nothing, the caller goes to the front. [RSV6] */
function unjoined(on: Draft, because: OfferClosedBecause): Draft {
  const { talking, customerLeg } = on.record;
  if (talking === null) return on;
  on.event('offer.closed', { reservation: talking.reservation, agent: talking.agent, because });
  on.phone({ type: 'part', customer: customerLeg, agentLeg: talking.leg });
  return backToFront(on, 'hold-music');
}

function backToFront(on: Draft, sound: Sound): Draft {
  on.event('waiting.started', { place: 'front' });
  on.phone({ type: 'answer', leg: on.record.customerLeg });
  return on.phone({ type: 'play', leg: on.record.customerLeg, sound });
}

function endTalk(on: Draft, because: EventOf<'talk.ended'>['because']): void {
  const { talking } = on.record;
  if (talking?.joined === true) on.event('talk.ended', { agent: talking.agent, leg: talking.leg, because });
}

function callerLeft(
  on: Draft,
  cause: EventOf<'conversation.ended'>['cause'],
  settings: ConversationSettings,
): StepResult {
  const { record } = on;
  if (record.ended !== null) return nothing();
  const { talking } = record;
  // The agent pressed answer but the two never heard each other: to the customer nobody answered.
  const talked = record.segments.some((one) => one.kind === 'talk');
  endTalk(on, 'customer-left');
  if (talking !== null && !talking.joined) {
    on.event('offer.closed', { reservation: talking.reservation, agent: talking.agent, because: 'abandoned' });
  }
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

function closeWhenOver(on: Draft): Draft {
  const { record } = on;
  if (record.ended !== null && record.closedAt === null && record.wrapUps.every((one) => one.endedAt !== null)) {
    on.event('conversation.closed', {});
  }
  return on;
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

/** Everything whose time has come; the clock may have jumped over several at once. [RSV3] [RSV4] [CNV8] */
function timer(on: Draft, at: EpochMs, settings: ConversationSettings): StepResult {
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
  const due: number[] = [];
  for (const offer of record.offers) {
    if (!isOpen(offer)) continue;
    due.push(offer.expiresAt);
    if (offer.ringingAt === null) due.push(offer.offeredAt + settings.ringConfirmMs);
  }
  const answerDue = answerDueAt(record, settings);
  // Asked for once: the answer itself arrives as an input of its own.
  if (answerDue !== null && answerDue > now) due.push(answerDue);
  for (const wrapUp of record.wrapUps) if (wrapUp.endedAt === null) due.push(wrapUp.endsAt);
  return due.length === 0 ? null : (Math.min(...due) as EpochMs);
}

/** A wrap-up outlives a process; a call does not, and says so. [CNV9] */
function processDied(on: Draft): StepResult {
  const { record } = on;
  if (record.ended !== null) return nothing();
  const { talking } = record;
  endTalk(on, 'process-died');
  if (talking !== null && !talking.joined) {
    on.event('offer.closed', { reservation: talking.reservation, agent: talking.agent, because: 'failed' });
  }
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
function processReplaced(on: Draft): StepResult {
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
