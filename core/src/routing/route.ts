/**
 * Who gets which conversation. Pure and single-writer: the whole waiting room and everybody in, decisions out. SPEC.md §RTG.
 *
 * Each waiting conversation walks its steps owner → team → anyone as far as somebody could answer; among all possible pairs
 * the best is taken, then the next best, until nobody free is wanted or nobody waiting can be served.
 */
import type { Conversation } from '../conversation/conversation.js';
import type { OfferBecause, PassedOver, StepTarget } from '../conversation/events.js';
import type { ConversationId, EpochMs } from '../ids.js';
import type { FloorAgent, FloorIndex, Routed, RoutingDecision } from './floor.js';
import type { RoutingRule } from './rule.js';
import { couldAnswer, type Look, lookAt, members, rank, type Walk, walk, wasSkipped, whyNotNow } from './walk.js';

/**
 * @param waiting conversations to be routed: status `waiting`, no open offer. Others are ignored.
 * @returns decisions of those conversations for which there is news; nothing for a caller who goes on hearing music
 */
export function route(rule: RoutingRule, now: EpochMs, waiting: readonly Conversation[], floor: FloorIndex): Routed[] {
  const look = lookAt(rule, now, floor);
  const rest = new Map(waiting.filter((one) => one.status === 'waiting').map((one) => [one.id, one] as const));
  const walks = new Map([...rest.values()].map((one) => [one.id, walk(look, one)] as const));
  const routed: Routed[] = [];

  for (let best = bestPair(look, rest, walks); best !== null; best = bestPair(look, rest, walks)) {
    const { conversation, walked, agent } = best;
    const strategy = rule.steps[walked.step]?.strategy;
    const asked = strategy === 'ring-all' ? walked.candidates : [agent];
    for (const one of asked) look.free.delete(one);
    routed.push({
      conversation: conversation.id,
      decisions: [...walked.decisions, ...offers(look, conversation, walked, asked)],
    });
    rest.delete(conversation.id);
    // Only those who wanted somebody just taken have to look again.
    for (const [id, other] of rest) {
      if (walks.get(id)?.candidates.some((one) => asked.includes(one))) walks.set(id, walk(look, other));
    }
  }
  for (const [id, conversation] of rest) {
    const decisions = walks.get(id)?.decisions ?? [];
    // No phone rings for an unanswered caller any more: that is news for them, though no step is. [CNV5]
    if (decisions.length > 0 || conversation.answeredAt === null) routed.push({ conversation: id, decisions });
  }
  return routed;
}

interface Pair {
  conversation: Conversation;
  walked: Walk;
  agent: FloorAgent;
}

function bestPair(
  look: Look,
  waiting: ReadonlyMap<ConversationId, Conversation>,
  walks: ReadonlyMap<ConversationId, Walk>,
): Pair | null {
  let best: Pair | null = null;
  for (const [id, conversation] of waiting) {
    const walked = walks.get(id);
    const agent = walked?.candidates[0];
    if (walked === undefined || agent === undefined) continue;
    const pair = { conversation, walked, agent };
    if (best === null || comesBefore(look, pair, best)) best = pair;
  }
  return best;
}

/** The order of pairs: overdue callers by age; else own, then team's, then others', each by age. [RTG6] [RTG7] */
function comesBefore({ rule, now }: Look, a: Pair, b: Pair): boolean {
  const [ageA, ageB] = [a.conversation.waitingSince ?? now, b.conversation.waitingSince ?? now];
  const [lateA, lateB] = [now - ageA >= rule.overdueMs, now - ageB >= rule.overdueMs];
  if (lateA !== lateB) return lateA;
  if (!lateA) {
    const byRank = rank(a.conversation, a.agent) - rank(b.conversation, b.agent);
    if (byRank !== 0) return byRank < 0;
  }
  return ageA !== ageB ? ageA < ageB : a.conversation.id < b.conversation.id;
}

function offers(look: Look, conversation: Conversation, walked: Walk, asked: readonly FloorAgent[]): RoutingDecision[] {
  const step = look.rule.steps[walked.step];
  if (step === undefined) return [];
  const { target, ringMs } = step;
  const passedOver = whoWasPassedOver(look, conversation, target, asked);
  const hasWaited = walked.decisions.length === 0 && wasSkipped(conversation);
  const because = (agent: FloorAgent): OfferBecause => {
    if (conversation.owner === agent.id) return 'owner';
    if (asked.length > 1) return 'ring-all';
    return hasWaited ? 'freed' : 'longest-idle';
  };
  return asked.map((agent) => ({
    type: 'offer' as const,
    step: walked.step,
    target,
    agent: agent.id,
    ringMs,
    because: because(agent),
    passedOver,
  }));
}

/** Who was free and still not chosen is the interesting part of the trace: it goes first, lest the limit cut it. */
function whoWasPassedOver(
  look: Look,
  conversation: Conversation,
  target: StepTarget,
  asked: readonly FloorAgent[],
): PassedOver[] {
  const free = couldAnswer(look, conversation, target).filter((agent) => !asked.includes(agent));
  const found = free
    .slice(0, look.rule.passedOverMax)
    .map(({ id: agent }): PassedOver => ({ agent, because: 'idle-shorter' }));
  for (const agent of members(look, conversation, target)) {
    if (found.length >= look.rule.passedOverMax) break;
    const because = asked.includes(agent) ? null : whyNotNow(look, agent, conversation);
    if (because !== null) found.push({ agent: agent.id, because });
  }
  return found;
}

/** When a conversation that waits must be routed again though nothing happened: a step's time is over, a declined agent may be asked anew. */
export function routingDeadline(rule: RoutingRule, conversation: Conversation, now: EpochMs): EpochMs | null {
  if (conversation.status !== 'waiting') return null;
  const due: number[] = [];
  const step = rule.steps[conversation.step];
  if (step !== undefined && conversation.stepStartedAt !== null && conversation.step < rule.steps.length - 1) {
    if (step.stepMsMax !== null) due.push(conversation.stepStartedAt + step.stepMsMax);
    if (step.holdMs > 0) due.push(conversation.stepStartedAt + step.holdMs);
  }
  for (const offer of conversation.offers) {
    if (offer.closedAt !== null && offer.outcome !== 'accepted') due.push(offer.closedAt + rule.retryMs);
  }
  const ahead = due.filter((at) => at > now);
  return ahead.length === 0 ? null : (Math.min(...ahead) as EpochMs);
}
