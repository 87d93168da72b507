/** One conversation's way through the steps of the rule, on the floor as it stands. */
import type { Conversation } from '../conversation/conversation.js';
import type { PassedOverBecause, StepTarget } from '../conversation/events.js';
import type { EpochMs } from '../ids.js';
import { type FloorAgent, type FloorIndex, type RoutingDecision, whyNotFor } from './floor.js';
import type { RoutingRule, RoutingStep } from './rule.js';

/** The moment that routing looks at: the rule, the clock, everybody on the floor. */
export interface Look extends FloorIndex {
  rule: RoutingRule;
  now: EpochMs;
  /** A match takes its agent out. */
  free: Set<FloorAgent>;
}

export const lookAt = (rule: RoutingRule, now: EpochMs, floor: FloorIndex): Look => ({
  rule,
  now,
  ...floor,
  free: new Set(floor.free),
});

export interface Walk {
  decisions: RoutingDecision[];
  /** Who could be asked in the step reached, best first; empty: the caller waits. */
  candidates: FloorAgent[];
  step: number;
}

/** Goes from the current step to the first in which somebody could answer. A skipped step costs the caller no time. [RTG2] [RTG3] */
export function walk(look: Look, conversation: Conversation): Walk {
  const { rule, now } = look;
  const decisions: RoutingDecision[] = [];
  const last = rule.steps.length - 1;
  for (let at = Math.max(0, conversation.step); at <= last; at++) {
    const step = rule.steps[at];
    if (step === undefined) break;
    const { target, ringMs } = step;
    const inIt = at === conversation.step;
    const candidates = couldAnswer(look, conversation, target);
    const spentMs = inIt ? now - (conversation.stepStartedAt ?? now) : 0;

    if (at < last && inIt && step.stepMsMax !== null && spentMs >= step.stepMsMax) {
      decisions.push({ type: 'end-step', step: at, target, because: 'ring-time-over' });
      continue;
    }
    if (candidates.length > 0 || (spentMs < step.holdMs && somebodyMayFree(look, conversation, target))) {
      if (!inIt) decisions.push({ type: 'enter', step: at, target, ringMs });
      return { decisions, candidates, step: at };
    }
    if (!inIt) decisions.push(skip(look, conversation, step, at));
    else if (at < last && !wasSkipped(conversation)) {
      decisions.push({ type: 'end-step', step: at, target, because: 'everybody-tried' });
    }
  }
  return { decisions, candidates: [], step: last };
}

/** Nobody could answer in the step where the conversation stands: its caller has been waiting for somebody to become free. */
export const wasSkipped = (conversation: Conversation): boolean => conversation.trace.at(-1)?.what === 'skipped';

export function members(look: Look, conversation: Conversation, target: StepTarget): readonly FloorAgent[] {
  switch (target) {
    case 'owner': {
      const owner = conversation.owner === null ? undefined : look.byId.get(conversation.owner);
      return owner === undefined ? [] : [owner];
    }
    case 'team':
      return conversation.team === null ? [] : (look.byTeam.get(conversation.team) ?? []);
    case 'anyone':
      return look.agents;
  }
}

/** Why this agent is not asked, a match of the same look included; null when they could be. */
export function whyNotNow(look: Look, agent: FloorAgent, conversation: Conversation): PassedOverBecause | null {
  if (agent.whyNot === null && !look.free.has(agent)) return 'offered-another';
  return whyNotFor(agent, conversation, look.now, look.rule.retryMs);
}

/** 0: the customer's owner; 1: of the owner's team; 2: anyone. A freed agent takes the lowest first. [RTG6] */
export function rank(conversation: Conversation, agent: FloorAgent): number {
  if (conversation.owner === agent.id) return 0;
  return conversation.team !== null && conversation.team === agent.team ? 1 : 2;
}

const isMember = (conversation: Conversation, target: StepTarget, agent: FloorAgent): boolean =>
  target === 'anyone' ||
  (target === 'owner'
    ? conversation.owner === agent.id
    : conversation.team !== null && conversation.team === agent.team);

/** The free ones of the step, best first. When many wait few are free: those are looked at, not the whole floor. [RTG4] */
export function couldAnswer(look: Look, conversation: Conversation, target: StepTarget): FloorAgent[] {
  return [...look.free]
    .filter((agent) => isMember(conversation, target, agent) && whyNotNow(look, agent, conversation) === null)
    .toSorted((a, b) => rank(conversation, a) - rank(conversation, b) || a.since - b.since || (a.id < b.id ? -1 : 1));
}

function somebodyMayFree(look: Look, conversation: Conversation, target: StepTarget): boolean {
  return members(look, conversation, target).some((agent) => {
    const because = whyNotNow(look, agent, conversation);
    return because === 'talking' || because === 'wrap-up' || because === 'offered-another';
  });
}

function skip(look: Look, conversation: Conversation, step: RoutingStep, at: number): RoutingDecision {
  const { target } = step;
  const group = members(look, conversation, target);
  const because =
    group.length > 0 || target === 'anyone' ? 'nobody-could-answer' : target === 'owner' ? 'no-owner' : 'no-team';
  const passedOver = group.slice(0, look.rule.passedOverMax).map((agent) => ({
    agent: agent.id,
    because: whyNotNow(look, agent, conversation) ?? ('offered-another' as const),
  }));
  return { type: 'skip', step: at, target, because, passedOver };
}
