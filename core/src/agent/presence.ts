/** What an agent says, what is so, and what follows: may they be offered a call? Decided here, on the server, only. SPEC.md §PRS. */
import type { PassedOverBecause } from '../conversation/events.js';

export type PresenceState = 'offline' | 'away' | 'connecting' | 'available' | 'offered' | 'talking' | 'wrap-up';

export interface AgentFacts {
  says: 'available' | 'away';
  /** A desk page of theirs is connected. */
  connected: boolean;
  /** Their audio path is proven: the line's heartbeat comes back. */
  proven: boolean;
  /** A conversation is held for them, they are on one, or they write one up. */
  engaged: 'offered' | 'talking' | 'wrap-up' | null;
}

/**
 * What is so. A call in hand outranks everything: a dropped socket or a click on *away* does not make a talking agent idle. [PRS1]
 */
export function presenceState(facts: AgentFacts): PresenceState {
  if (facts.engaged !== null) return facts.engaged;
  if (!facts.connected) return 'offline';
  if (facts.says === 'away') return 'away';
  return facts.proven ? 'available' : 'connecting';
}

/** Why an agent in this state cannot be offered a call now; null when they can. [PRS2] */
export function whyNot(state: PresenceState): PassedOverBecause | null {
  switch (state) {
    case 'available':
      return null;
    case 'connecting':
      return 'line-not-proven';
    case 'offered':
      return 'offered-another';
    case 'offline':
    case 'away':
    case 'talking':
    case 'wrap-up':
      return state;
  }
}
