/** What is true of a house at every moment, whatever happened. */
import {
  type AgentId,
  type Conversation,
  deadline,
  defaultConversationSettings,
  defaultRule,
  isOpen,
  route,
  routingDeadline,
} from '@denwaban/core';
import type { Desk, House } from './house.js';

/**
 * Holds the house to its rules at this moment.
 *
 * @param silentSince by conversation: since when its customer hears nothing; kept between calls
 * @param diedAt when control died last
 * @returns what is broken, each named by the rule it stands for
 */
export function broken(
  house: House,
  desks: Map<AgentId, Desk>,
  silentSince: Map<string, number>,
  diedAt: number,
): string[] {
  const found: string[] = [];
  const live = [...house.engine.conversations.all()].filter((one) => one.closedAt === null);
  const engaged = new Map<AgentId, number>();
  const count = (agent: AgentId) => engaged.set(agent, (engaged.get(agent) ?? 0) + 1);
  for (const one of live) {
    for (const offer of one.offers.filter(isOpen)) count(offer.agent);
    for (const wrapUp of one.wrapUps) if (wrapUp.endedAt === null) count(wrapUp.agent);
    if (one.talking !== null) count(one.talking.agent);
    if (one.ended === null && !house.phone.isUp(one.customerLeg)) found.push(`${one.id} lives without its caller`);
    if (one.status === 'calling') {
      const agent = house.engine.floor.presence(one.talking?.agent as AgentId).state;
      if (agent !== 'talking') found.push(`[OUT1] ${one.id} is called by somebody who is ${agent}`);
      if (house.clock.now() - one.startedAt > 60_000) found.push(`[OUT4] ${one.id} rings for more than a minute`);
    }
    const hears = house.phone.hears(one.customerLeg);
    if (one.ended === null && one.talking === null) {
      const talked = one.segments.some((it) => it.kind === 'talk');
      const rings = one.offers.some(isOpen);
      // Whoever was told that we reconnect them hears music after it, ringing or not.
      const right = talked
        ? ['announcement-reconnecting', 'hold-music']
        : !rings
          ? ['hold-music']
          : one.answeredAt === null
            ? ['ringing']
            : ['ring-back'];
      if (!right.includes(hears))
        found.push(`[CNV5] ${one.id} ${one.status} hears ${hears}, not ${right.join(' or ')}`);
    }
    if (one.talking?.joined === true && hears === 'silence') {
      const since = silentSince.get(one.id) ?? house.clock.now();
      silentSince.set(one.id, since);
      // After a restart the desks have to find their way back first.
      if (house.clock.now() - since > 3_000 && house.clock.now() - diedAt > 15_000)
        found.push(`[CNV6] ${one.id} talks to nobody since ${house.clock.now() - since} ms`);
    } else silentSince.delete(one.id);
    if (one.talking?.joined === true && one.talking.heldSince !== null && hears !== 'hold-music')
      found.push(`${one.id} held but hears ${hears}`);
  }
  for (const { leg, agent } of house.phone.placed()) {
    const one = live.find((it) => it.customerLeg === leg);
    if (one === undefined || one.ended !== null) found.push(`[OUT3] ${leg} rings on for ${agent}, though nobody calls`);
  }
  for (const record of house.journal.records())
    if (record.ended !== null && house.phone.isUp(record.customerLeg))
      found.push(`${record.id} is over, its customer is not`);
  for (const [agent, times] of engaged) if (times > 1) found.push(`[RSV2] ${agent} is engaged ${times} times`);
  const free = house.engine.floor.agents().filter((one) => one.presence.state === 'available');
  for (const one of live.filter((it) => it.status === 'waiting')) {
    const could = free.filter(
      (agent) =>
        !one.offers.some(
          (offer) => offer.agent === agent.id && offer.closedAt !== null && house.clock.now() < offer.closedAt + 30_000,
        ),
    );
    if (could.length > 0) found.push(`[RTG8] ${one.id} waits while ${could[0]?.id ?? ''} is free`);
  }
  found.push(...overlooked(house, live));
  for (const desk of desks.values()) {
    // What a desk was told last is what a new desk of the same agent would be shown.
    if (JSON.stringify(desk.state()) !== JSON.stringify(desk.handle.state))
      found.push(`${desk.agent}'s desk shows something old`);
  }
  return found;
}

/**
 * The engine looks only where something changed, and wakes only for what is due next. Here is what that stands for: a look at all
 * who wait finds nothing to decide, and nobody's time is slept through.
 */
function overlooked({ engine, clock }: House, live: readonly Conversation[]): string[] {
  const now = clock.now();
  const waiting = live.filter(({ status }) => status === 'waiting');
  const missed = route(defaultRule, now, waiting, engine.roster.floor).filter(({ decisions }) => decisions.length > 0);
  const wakesAt = Math.min(...clock.asked());
  const due = live
    .flatMap((one) => [deadline(one, now, defaultConversationSettings), routingDeadline(defaultRule, one, now)])
    .filter((at) => at !== null);
  return [
    ...missed.map((one) => `${one.conversation} could be routed: ${JSON.stringify(one.decisions)}`),
    ...due.filter((at) => at < wakesAt).map((at) => `nobody wakes ${wakesAt - at} ms after what is due at ${at}`),
  ];
}
