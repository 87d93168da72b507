/** Trunks that did not take a call of ours a moment ago: for a while the others are asked before them. */
import { epochMs, type EpochMs } from '@denwaban/core';
import type { OutgoingEnd } from '../../sip/contract.js';

/** From when to when it comes last, and the status that its far end gave to a call; null: it gave none. */
export interface TrunkRest {
  since: EpochMs;
  until: EpochMs;
  status: number | null;
}

export interface TrunkRests {
  /** What became of a call by this trunk. */
  ended(trunk: string, end: OutgoingEnd, status: number | null, retryAfterS: number | null): void;
  /** Somebody rings or has answered by it. */
  works(trunk: string): void;
  has(trunk: string): boolean;
  of(trunk: string): TrunkRest | null;
}

/** A trunk that is silent costs each caller seconds; one that is back is missed for no longer. */
const silentMs = 60_000;
/** What is asked of us in a moment of overload is not to keep a trunk out of use for a day. */
const askedMsMax = 600_000;

export function createTrunkRests(now: () => EpochMs): TrunkRests {
  const rests = new Map<string, TrunkRest>();
  const of = (trunk: string): TrunkRest | null => {
    const rest = rests.get(trunk);
    return rest !== undefined && rest.until > now() ? rest : null;
  };
  return {
    ended(trunk, end, status, retryAfterS) {
      // RFC 3261 §21.5.4: without a time 503 is a refusal like any other.
      const asked = status === 503 && retryAfterS !== null ? Math.min(retryAfterS * 1_000, askedMsMax) : 0;
      const ms = end === 'unreachable' ? silentMs : asked;
      const since = now();
      if (ms > 0) rests.set(trunk, { since: of(trunk)?.since ?? since, until: epochMs(since + ms), status });
      else if (end === 'refused') rests.delete(trunk);
    },
    works: (trunk) => void rests.delete(trunk),
    has: (trunk) => of(trunk) !== null,
    of,
  };
}
