/** The moves that several inputs share: each adds its events and what the phone is to do. */
import type { Sound } from '../ports.js';
import type { Conversation, Offer } from './conversation.js';
import type { Draft } from './draft.js';
import type { EventOf, OfferClosedBecause } from './events.js';
import { isOpen } from './fold.js';
import type { Identified, StepResult } from './inputs.js';

export const nothing = (refused: StepResult['refused'] = null): StepResult => ({
  events: [],
  record: null,
  effects: [],
  refused,
});

export function closeOffer(on: Draft, offer: Offer, because: OfferClosedBecause): void {
  on.event('offer.closed', { reservation: offer.reservation, agent: offer.agent, because });
}

export function identified(on: Draft, { identity, outcome, tookMs }: Identified): Draft {
  return on.event('customer.identified', {
    customer: identity?.customer ?? null,
    name: identity?.name ?? null,
    kana: identity?.kana ?? null,
    owner: identity?.owner ?? null,
    team: identity?.team ?? null,
    outcome,
    tookMs,
  });
}

/** What a waiting caller hears: ring-back while somebody's phone rings, music while nobody's does. [CNV5] */
export function waitingSound(record: Conversation): Sound {
  return record.offers.some(isOpen) ? 'ring-back' : 'hold-music';
}

/** After an offer closed: when no other rings, the music comes back. Routing may change it again in the same instant. */
export function soundFor(on: Draft): Draft {
  const { record } = on;
  if (record.answeredAt !== null && record.ended === null && record.talking === null && !record.offers.some(isOpen)) {
    on.phone({ type: 'play', leg: record.customerLeg, sound: 'hold-music' });
  }
  return on;
}

/** An accepted offer of which nothing came: the two never heard each other. Nothing for a call that the agent placed. */
export function offerFailed(on: Draft, because: OfferClosedBecause): void {
  const { talking } = on.record;
  if (talking === null || talking.joined || talking.reservation === null) return;
  on.event('offer.closed', { reservation: talking.reservation, agent: talking.agent, because });
}

/** Accepted, but the two never heard each other: the offer came to nothing, the caller goes to the front. [RSV6] */
export function unjoined(on: Draft, because: OfferClosedBecause): Draft {
  const { talking, customerLeg } = on.record;
  if (talking?.reservation == null) return on;
  offerFailed(on, because);
  on.phone({ type: 'part', customer: customerLeg, agentLeg: talking.leg });
  return backToFront(on, 'hold-music');
}

export function backToFront(on: Draft, sound: Sound): Draft {
  on.event('waiting.started', { place: 'front' });
  on.phone({ type: 'answer', leg: on.record.customerLeg });
  return on.phone({ type: 'play', leg: on.record.customerLeg, sound });
}

export function endTalk(on: Draft, because: EventOf<'talk.ended'>['because']): void {
  const { talking } = on.record;
  if (talking?.joined === true) on.event('talk.ended', { agent: talking.agent, leg: talking.leg, because });
}

export function closeWhenOver(on: Draft): Draft {
  const { record } = on;
  if (record.ended !== null && record.closedAt === null && record.wrapUps.every((one) => one.endedAt !== null)) {
    on.event('conversation.closed', {});
  }
  return on;
}
