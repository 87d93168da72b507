/**
 * Slows down guessing of passwords without locking anybody out for long.
 *
 * - One address of mail from one source: five wrong passwords are free, then each one more doubles a pause, from 30 s to
 *   10 min. Fifteen quiet minutes, or the right password, forget it all.
 * - One source: 30 wrong passwords at once and 30 a minute after that. Whoever has signed in from that source before is not
 *   held up by it, so that a guesser in the same office does not lock the office out.
 *
 * An attempt under way counts as wrong until it proves right, so that a hundred at the same moment gain nothing.
 */
import { Buckets } from './bucket.js';

export const signInRules = {
  freeFailures: 5,
  pauseMsFirst: 30_000,
  pauseMsMax: 600_000,
  forgetMs: 900_000,
  perSource: { burst: 30, perSecond: 0.5 },
  keysMax: 10_000,
} as const;

interface Pair {
  failures: number;
  underWay: number;
  lastAt: number;
}

/** What becomes of an attempt. Exactly one of its three ends is to be called. */
export interface Attempt {
  right(): void;
  /** @returns true when this failure begins a pause: worth one line in the log */
  wrong(): boolean;
  /** We could not look: counts as nothing. */
  unknown(): void;
}

export class SignInGate {
  readonly #now: () => number;
  readonly #pairs = new Map<string, Pair>();
  readonly #known = new Map<string, true>();
  readonly #sources = new Buckets(signInRules.perSource, signInRules.keysMax);

  /** @param now monotonic milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** An attempt, or how many milliseconds to wait before the next will be looked at. */
  begin(email: string, source: string): Attempt | { waitMs: number } {
    const now = this.#now();
    const key = `${source} ${email}`;
    const pair = this.#pair(key, now);
    const waitMs = this.#pauseEnds(pair) - now;
    if (waitMs > 0) return { waitMs };
    if (pair.failures + pair.underWay >= signInRules.freeFailures && pair.underWay > 0) return { waitMs: 1_000 };

    const bucket = this.#sources.of(source, now);
    const counted = !this.#known.has(key);
    if (counted && !bucket.take(now)) return { waitMs: bucket.waitMs(now) };

    pair.underWay += 1;
    keep(this.#pairs, key, pair);
    const end = (): void => {
      pair.underWay -= 1;
    };
    return {
      right: () => {
        end();
        this.#pairs.delete(key);
        keep(this.#known, key, true);
        if (counted) bucket.giveBack(this.#now());
      },
      wrong: () => {
        end();
        pair.failures += 1;
        pair.lastAt = this.#now();
        keep(this.#pairs, key, pair);
        return pair.failures === signInRules.freeFailures;
      },
      unknown: () => {
        end();
        if (counted) bucket.giveBack(this.#now());
      },
    };
  }

  #pair(key: string, now: number): Pair {
    const pair = this.#pairs.get(key);
    if (pair !== undefined && (pair.underWay > 0 || now - pair.lastAt < signInRules.forgetMs)) return pair;
    return { failures: 0, underWay: 0, lastAt: now };
  }

  #pauseEnds(pair: Pair): number {
    const over = pair.failures - signInRules.freeFailures;
    if (over < 0) return Number.NEGATIVE_INFINITY;
    return pair.lastAt + Math.min(signInRules.pauseMsMax, signInRules.pauseMsFirst * 2 ** over);
  }
}

/** Keeps the newest `keysMax` entries. */
function keep<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > signInRules.keysMax) {
    const oldest = map.keys().next().value;
    if (oldest !== undefined) map.delete(oldest);
  }
}
