/** A routing rule: whom to ask, in which order, for how long. SPEC.md §RTG. */
import type { StepTarget } from '../conversation/events.js';

export interface RoutingStep {
  target: StepTarget;
  /** How long one offer of this step rings. */
  ringMs: number;
  /** After this long in the step the next one begins, when there is one; null: no limit. */
  stepMsMax: number | null;
  /** One after the other, who was free the longest first; or everybody who is free at once, and the first accept wins. */
  strategy: 'longest-idle' | 'ring-all';
  /**
   * How long to wait in this step for somebody who talks or wraps up. 0 by default: a held caller costs every other caller
   * seconds, and a freed agent takes their own callers first in any case.
   */
  holdMs: number;
}

export interface RoutingRule {
  steps: readonly RoutingStep[];
  /** How long an agent who declined a conversation, or did not answer, is not asked for the same one again. */
  retryMs: number;
  /** From this wait on, age outranks ownership, so that nobody starves behind other people's customers. */
  overdueMs: number;
  /** How many passed-over agents a trace entry names. */
  passedOverMax: number;
}

export const defaultRule: RoutingRule = {
  steps: [
    { target: 'owner', ringMs: 20_000, stepMsMax: 20_000, strategy: 'longest-idle', holdMs: 0 },
    { target: 'team', ringMs: 15_000, stepMsMax: 45_000, strategy: 'longest-idle', holdMs: 0 },
    { target: 'anyone', ringMs: 15_000, stepMsMax: null, strategy: 'longest-idle', holdMs: 0 },
  ],
  retryMs: 30_000,
  overdueMs: 180_000,
  passedOverMax: 50,
};
