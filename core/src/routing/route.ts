/**
 * Who gets which conversation. Pure and single-writer: the whole waiting room and everybody in, decisions out. SPEC.md §RTG.
 *
 * Each waiting conversation walks its steps owner → team → anyone as far as somebody could answer; among all possible pairs
 * the best is taken, then the next best, until nobody free is wanted or nobody waiting can be served.
 */
import type { Conversation } from '../conversation/conversation.js';
import type { AgentId, EpochMs } from '../ids.js';
import type { PassedOver, StepTarget } from '../conversation/events.js';
import { type FloorAgent, type Routed, type RoutingDecision, whyNotFor } from './floor.js';
import type { RoutingRule, RoutingStep } from './rule.js';

interface Walk {
  decisions: RoutingDecision[];
  /** Who could be asked in the step reached, best first; empty: the caller waits. */
  candidates: FloorAgent[];
  step: number;
}

/**
 * @param waiting conversations to be routed: status `waiting`, no open offer. Others are ignored.
 * @returns decisions of those conversations for which there is news; nothing for a caller who goes on hearing music
 */
export function route(
  rule: RoutingRule,
  now: EpochMs,
  waiting: readonly Conversation[],
  agents: readonly FloorAgent[],
): Routed[] {
  const taken = new Set<AgentId>();
  const rest = new Map(waiting.filter((one) => one.status === 'waiting').map((one) => [one.id, one] as const));
  const routed: Routed[] = [];
  let walks = new Map([...rest.values()].map((one) => [one.id, walk(rule, now, one, agents, taken)] as const));

  for (;;) {
    let best: { conversation: Conversation; walk: Walk; agent: FloorAgent } | null = null;
    for (const [id, conversation] of rest) {
      const its = walks.get(id);
      const agent = its?.candidates[0];
      if (its === undefined || agent === undefined) continue;
      if (best === null || comesBefore(rule, now, { conversation, agent }, best))
        best = { conversation, walk: its, agent };
    }
    if (best === null) break;
    const { conversation } = best;
    const step = rule.steps[best.walk.step];
    if (step === undefined) break;
    const asked = step.strategy === 'ring-all' ? best.walk.candidates : [best.agent];
    for (const agent of asked) taken.add(agent.id);
    routed.push({
      conversation: conversation.id,
      decisions: [...best.walk.decisions, ...offers(rule, now, conversation, step, best.walk, asked, agents, taken)],
    });
    rest.delete(conversation.id);
    // Only those who wanted somebody just taken have to look again.
    const gone = new Set(asked.map((agent) => agent.id));
    for (const [id, other] of rest) {
      if (walks.get(id)?.candidates.some((agent) => gone.has(agent.id)))
        walks.set(id, walk(rule, now, other, agents, taken));
    }
  }
  for (const [id, conversation] of rest) {
    const decisions = walks.get(id)?.decisions ?? [];
    // No phone rings for an unanswered caller any more: that is news for them, though no step is. [CNV5]
    if (decisions.length > 0 || conversation.answeredAt === null) routed.push({ conversation: id, decisions });
  }
  return routed;
}

/** Goes from the current step to the first in which somebody could answer. A skipped step costs the caller no time. [RTG2] [RTG3] */
function walk(
  rule: RoutingRule,
  now: EpochMs,
  conversation: Conversation,
  agents: readonly FloorAgent[],
  taken: ReadonlySet<AgentId>,
): Walk {
  const decisions: RoutingDecision[] = [];
  const last = rule.steps.length - 1;
  const entered = conversation.step >= 0;
  for (let at = Math.max(0, conversation.step); at <= last; at++) {
    const step = rule.steps[at];
    if (step === undefined) break;
    const inIt = entered && at === conversation.step;
    const group = members(step.target, conversation, agents);
    const passed = group.map((agent) => ({
      agent,
      because: taken.has(agent.id) ? ('offered-another' as const) : whyNotFor(agent, conversation, now, rule.retryMs),
    }));
    const candidates = passed
      .filter((one) => one.because === null)
      .map((one) => one.agent)
      .toSorted((a, b) => rank(conversation, a) - rank(conversation, b) || a.since - b.since || (a.id < b.id ? -1 : 1));
    const spentMs = inIt ? now - (conversation.stepStartedAt ?? now) : 0;

    if (at === last) {
      if (!inIt && candidates.length > 0)
        decisions.push({ type: 'enter', step: at, target: step.target, ringMs: step.ringMs });
      if (!inIt && candidates.length === 0) decisions.push(skip(rule, at, step, passed));
      return { decisions, candidates, step: at };
    }
    if (inIt && step.stepMsMax !== null && spentMs >= step.stepMsMax) {
      decisions.push({ type: 'end-step', step: at, target: step.target, because: 'ring-time-over' });
      continue;
    }
    if (candidates.length > 0) {
      if (!inIt) decisions.push({ type: 'enter', step: at, target: step.target, ringMs: step.ringMs });
      return { decisions, candidates, step: at };
    }
    const mayFree = passed.some(
      (one) => one.because === 'talking' || one.because === 'wrap-up' || one.because === 'offered-another',
    );
    if (mayFree && spentMs < step.holdMs) {
      if (!inIt) decisions.push({ type: 'enter', step: at, target: step.target, ringMs: step.ringMs });
      return { decisions, candidates, step: at };
    }
    if (inIt && !wasSkipped(conversation)) {
      decisions.push({ type: 'end-step', step: at, target: step.target, because: 'everybody-tried' });
    } else if (!inIt) {
      decisions.push(skip(rule, at, step, passed));
    }
  }
  return { decisions, candidates: [], step: last };
}

const wasSkipped = (conversation: Conversation): boolean => conversation.trace.at(-1)?.what === 'skipped';

function skip(
  rule: RoutingRule,
  at: number,
  step: RoutingStep,
  passed: readonly { agent: FloorAgent; because: PassedOver['because'] | null }[],
): RoutingDecision {
  const because =
    passed.length > 0 || step.target === 'anyone'
      ? 'nobody-could-answer'
      : step.target === 'owner'
        ? 'no-owner'
        : 'no-team';
  const passedOver = passed.flatMap((one) =>
    one.because === null ? [] : [{ agent: one.agent.id, because: one.because }],
  );
  return { type: 'skip', step: at, target: step.target, because, passedOver: passedOver.slice(0, rule.passedOverMax) };
}

function members(target: StepTarget, conversation: Conversation, agents: readonly FloorAgent[]): readonly FloorAgent[] {
  switch (target) {
    case 'owner':
      return agents.filter((agent) => agent.id === conversation.owner);
    case 'team':
      return conversation.team === null ? [] : agents.filter((agent) => agent.team === conversation.team);
    case 'anyone':
      return agents;
  }
}

/** 0: the customer's owner; 1: of the owner's team; 2: anyone. A freed agent takes the lowest first. [RTG6] */
function rank(conversation: Conversation, agent: FloorAgent): number {
  if (conversation.owner === agent.id) return 0;
  return conversation.team !== null && conversation.team === agent.team ? 1 : 2;
}

interface Pair {
  conversation: Conversation;
  agent: FloorAgent;
}

/** The order of pairs: overdue callers by age; else own, then team's, then others', each by age. [RTG6] [RTG7] */
function comesBefore(rule: RoutingRule, now: EpochMs, a: Pair, b: Pair): boolean {
  const [ageA, ageB] = [a.conversation.waitingSince ?? now, b.conversation.waitingSince ?? now];
  const [lateA, lateB] = [now - ageA >= rule.overdueMs, now - ageB >= rule.overdueMs];
  if (lateA !== lateB) return lateA;
  if (!lateA) {
    const byRank = rank(a.conversation, a.agent) - rank(b.conversation, b.agent);
    if (byRank !== 0) return byRank < 0;
  }
  return ageA !== ageB ? ageA < ageB : a.conversation.id < b.conversation.id;
}

function offers(
  rule: RoutingRule,
  now: EpochMs,
  conversation: Conversation,
  step: RoutingStep,
  walked: Walk,
  asked: readonly FloorAgent[],
  agents: readonly FloorAgent[],
  taken: ReadonlySet<AgentId>,
): RoutingDecision[] {
  const others: PassedOver[] = members(step.target, conversation, agents)
    .filter((agent) => !asked.includes(agent))
    .map((agent) => ({
      agent: agent.id,
      because:
        whyNotFor(agent, conversation, now, rule.retryMs) ?? (taken.has(agent.id) ? 'offered-another' : 'idle-shorter'),
    }));
  // Who was free and still not chosen is the interesting part of the trace: it goes first, lest the limit cut it.
  const passedOver = others
    .toSorted((a, b) => Number(b.because === 'idle-shorter') - Number(a.because === 'idle-shorter'))
    .slice(0, rule.passedOverMax);
  const hasWaited = walked.decisions.length === 0 && wasSkipped(conversation);
  return asked.map((agent) => ({
    type: 'offer' as const,
    step: walked.step,
    target: step.target,
    agent: agent.id,
    ringMs: step.ringMs,
    because:
      conversation.owner === agent.id ? 'owner' : asked.length > 1 ? 'ring-all' : hasWaited ? 'freed' : 'longest-idle',
    passedOver,
  }));
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
