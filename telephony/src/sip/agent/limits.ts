/** What others may cost us. */
export interface AgentLimits {
  /** Calls at one time; more are answered 503. */
  dialogs: number;
  /** New calls of one source per second; beyond, 503. Generous: one trunk may carry a whole company. */
  invitesPerSecond: number;
  /** Answers to strangers per second: to one source, and in all. Beyond, silence. */
  refusalsPerSource: number;
  refusals: number;
  /** A stranger is logged once in this time. */
  strangerLogMs: number;
}

export const defaultLimits: AgentLimits = {
  dialogs: 10_000,
  invitesPerSecond: 1_500,
  refusalsPerSource: 1,
  refusals: 20,
  strangerLogMs: 3_600_000,
};
