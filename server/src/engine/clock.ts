/** Time as the engine sees it: a reading and a wake-up. Tests move it by hand. */
import { epochMs, type EpochMs } from '@denwaban/core';

export interface EngineClock {
  now(): EpochMs;
  /** Calls `wake` at or soon after `at`. @returns a function that takes it back */
  wakeAt(at: EpochMs, wake: () => void): () => void;
}

export const systemClock: EngineClock = {
  now: () => epochMs(Date.now()),
  wakeAt(at, wake) {
    // setTimeout overflows beyond 2^31 ms; nothing here lies that far ahead, and an early wake-up is harmless.
    const timer = setTimeout(wake, Math.min(Math.max(0, at - Date.now()), 2 ** 31 - 1));
    return () => clearTimeout(timer);
  },
};
