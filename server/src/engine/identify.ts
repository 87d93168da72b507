/** Who has a number, asked of the directory for no longer than a call may wait. */
import type { Directory, E164, EpochMs, Identified } from '@denwaban/core';
import type { EngineClock } from './clock.js';
import type { EngineLog } from './log.js';

/** The call never waits longer than this for the customer database. */
const identifyMs = 300;

export type Identify = (about: object, number: E164 | null) => Promise<Identified>;

/** Never rejects: a directory that fails is one that does not answer in time. `about`: what the log is to name. */
export function createIdentify(directory: Directory, clock: EngineClock, log: EngineLog): Identify {
  return async (about, number) => {
    if (number === null) return { outcome: 'withheld', identity: null, tookMs: 0 };
    const from = clock.now();
    let cancel: (() => void) | undefined;
    const late = new Promise<'late'>((resolve) => {
      cancel = clock.wakeAt((from + identifyMs) as EpochMs, () => resolve('late'));
    });
    const found = await Promise.race([directory.findByNumber(number), late]).catch((err: unknown) => {
      log.error({ ...about, err }, 'the directory failed');
      return 'late' as const;
    });
    cancel?.();
    const tookMs = clock.now() - from;
    if (found === 'late') return { outcome: 'late', identity: null, tookMs };
    return { outcome: found === null ? 'unknown' : 'known', identity: found, tookMs };
  };
}
