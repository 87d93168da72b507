/** A clock that a test moves by hand. Wake-ups come in the order of their times, those of one time in the order they were asked for. */
import { epochMs, type EpochMs } from '@denwaban/core';
import type { EngineClock } from '@denwaban/server';

export interface HandClock extends EngineClock {
  /** When somebody will be woken. */
  asked(): EpochMs[];
  /** Moves time on, waking whoever is due on the way; `settle` runs after every wake-up. */
  pass(ms: number, settle: () => Promise<void>): Promise<void>;
}

export function handClock(start = 1_750_000_000_000): HandClock {
  let now = start;
  let asked = 0;
  const wakes = new Map<number, { at: number; wake: () => void }>();
  const next = (until: number) =>
    [...wakes].filter(([, one]) => one.at <= until).toSorted((a, b) => a[1].at - b[1].at || a[0] - b[0])[0];
  return {
    now: () => epochMs(now),
    asked: () => [...wakes.values()].map(({ at }) => epochMs(at)),
    wakeAt(at, wake) {
      const key = asked++;
      wakes.set(key, { at, wake });
      return () => wakes.delete(key);
    },
    async pass(ms, settle) {
      const until = (now + ms) as EpochMs;
      await settle();
      for (let due = next(until); due !== undefined; due = next(until)) {
        wakes.delete(due[0]);
        now = Math.max(now, due[1].at);
        due[1].wake();
        await settle();
      }
      now = until;
    },
  };
}
