/** What routing sees: everybody, and everybody who waits. */
import type { Conversation } from '../conversation/conversation.js';
import type { OfferBecause, PassedOver, PassedOverBecause, StepTarget } from '../conversation/events.js';
import type { AgentId, ConversationId, EpochMs, TeamId } from '../ids.js';

export interface FloorAgent {
  id: AgentId;
  team: TeamId | null;
  /** Null: may be offered a call now. */
  whyNot: PassedOverBecause | null;
  /** When they last became free by their own doing (an offer that fell through does not count); the smallest has been idle longest. */
  since: EpochMs;
}

/** Everybody, so that a look at the floor needs no walk through all of them. `indexFloor` makes one of a list. */
export interface FloorIndex {
  agents: readonly FloorAgent[];
  byId: ReadonlyMap<AgentId, FloorAgent>;
  byTeam: ReadonlyMap<TeamId, readonly FloorAgent[]>;
  /** Who may be offered a call. */
  free: ReadonlySet<FloorAgent>;
}

export function indexFloor(agents: readonly FloorAgent[]): FloorIndex {
  const byTeam = new Map<TeamId, FloorAgent[]>();
  for (const agent of agents) {
    if (agent.team === null) continue;
    const team = byTeam.get(agent.team);
    if (team === undefined) byTeam.set(agent.team, [agent]);
    else team.push(agent);
  }
  const byId = new Map(agents.map((agent) => [agent.id, agent]));
  return { agents, byId, byTeam, free: new Set(agents.filter((agent) => agent.whyNot === null)) };
}

/** What `route` decided for one conversation, in the order it was decided. */
export type RoutingDecision =
  | { type: 'end-step'; step: number; target: StepTarget; because: 'ring-time-over' | 'everybody-tried' }
  | {
      type: 'skip';
      step: number;
      target: StepTarget;
      because: 'no-owner' | 'no-team' | 'nobody-could-answer';
      passedOver: readonly PassedOver[];
    }
  | { type: 'enter'; step: number; target: StepTarget; ringMs: number }
  | {
      type: 'offer';
      step: number;
      target: StepTarget;
      agent: AgentId;
      ringMs: number;
      because: OfferBecause;
      passedOver: readonly PassedOver[];
    };

export interface Routed {
  conversation: ConversationId;
  decisions: readonly RoutingDecision[];
}

/** Why this agent is not asked for this conversation now; null when they can be. [RTG5] */
export function whyNotFor(
  agent: FloorAgent,
  conversation: Conversation,
  now: EpochMs,
  retryMs: number,
): PassedOverBecause | null {
  if (agent.whyNot !== null) return agent.whyNot;
  for (let i = conversation.offers.length - 1; i >= 0; i--) {
    const offer = conversation.offers[i];
    if (offer === undefined || offer.agent !== agent.id || offer.closedAt === null) continue;
    // Whoever made themselves available after the offer closed means it: ask again at once.
    if (agent.since > offer.closedAt || now >= offer.closedAt + retryMs) return null;
    if (offer.outcome === 'declined') return 'declined';
    if (offer.outcome === 'unreachable' || offer.outcome === 'failed') return 'unreachable';
    if (offer.outcome === 'timed-out') return 'no-answer';
    return null;
  }
  return null;
}
