/** How the exchange does, for people and machines that watch it. */
import type { TrunkHealth } from './trunk-keeper.js';

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
  trunks: TrunkHealth[];
}
