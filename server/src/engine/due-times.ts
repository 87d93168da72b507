/** When each conversation is to be looked at next. Asked after every change for all of them, worked out only for those that moved. */
import { type Conversation, type EpochMs, epochMs } from '@denwaban/core';

/** A time that has come and moved nothing is tried again so much later: never at once, or the engine would wake without end. */
const againMs = 1_000;

export interface DueTimes {
  of(record: Conversation, now: EpochMs): EpochMs | null;
  /** Its timer was given to this record, and left it as it was. */
  firedInVain(record: Conversation, at: EpochMs): void;
}

/** @param deadlineOf tells the earliest time, past or to come; a record never changes, and time only takes times away */
export function createDueTimes(deadlineOf: (record: Conversation, now: EpochMs) => EpochMs | null): DueTimes {
  const known = new WeakMap<Conversation, EpochMs | 'never'>();
  const vain = new WeakMap<Conversation, EpochMs>();
  return {
    of(record, now) {
      const before = known.get(record);
      if (before === 'never') return null;
      if (before !== undefined && before > now) return before;
      const due = deadlineOf(record, now);
      known.set(record, due ?? 'never');
      const fired = vain.get(record);
      return due === null || fired === undefined || due > fired ? due : epochMs(fired + againMs);
    },
    firedInVain: (record, at) => void vain.set(record, at),
  };
}
