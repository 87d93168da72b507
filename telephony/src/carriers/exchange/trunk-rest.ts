/** Trunks that did not take a call of ours a moment ago: for a while the others are asked before them. */
import type { EpochMs } from '@denwaban/core';
import type { OutgoingEnd } from '../../sip/contract.js';

export interface TrunkRests {
  /** What became of a call by this trunk. */
  ended(trunk: string, end: OutgoingEnd, status: number | null, retryAfterS: number | null): void;
  /** Somebody rings or has answered by it. */
  works(trunk: string): void;
  has(trunk: string): boolean;
}

/** A trunk that is silent costs each caller seconds; one that is back is missed for no longer. */
const silentMs = 60_000;
/** What is asked of us in a moment of overload is not to keep a trunk out of use for a day. */
const askedMsMax = 600_000;

export function createTrunkRests(now: () => EpochMs): TrunkRests {
  const until = new Map<string, number>();
  return {
    ended(trunk, end, status, retryAfterS) {
      // RFC 3261 §21.5.4: without a time 503 is a refusal like any other.
      const asked = status === 503 && retryAfterS !== null ? Math.min(retryAfterS * 1_000, askedMsMax) : 0;
      const ms = end === 'unreachable' ? silentMs : asked;
      if (ms > 0) until.set(trunk, now() + ms);
      else if (end === 'refused') until.delete(trunk);
    },
    works: (trunk) => void until.delete(trunk),
    has: (trunk) => (until.get(trunk) ?? 0) > now(),
  };
}
