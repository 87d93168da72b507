/** How the exchange does, for people and machines that watch it. */
import type { TrunkHealth } from './trunk-keeper.js';
import type { TrunkRest } from './trunk-rest.js';

export interface ExchangeHealth {
  /** A media process is connected. */
  media: boolean;
  /** New calls are refused, or counted, for the sake of those that are up. */
  overloaded: boolean;
  legs: number;
  lines: number;
  linesProven: number;
  recordings: number;
  dialogs: number;
  transactions: number;
  /** `resting`: it did not take a call a moment ago, and comes after the others. */
  trunks: (TrunkHealth & { resting: TrunkRest | null })[];
}
