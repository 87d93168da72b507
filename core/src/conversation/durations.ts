/** How long each part of a conversation lasted, from its timeline. Every report and list reads these and no others. SPEC.md §ANL. */
import type { EpochMs } from '../ids.js';
import type { Conversation, Segment } from './conversation.js';

export interface Durations {
  /** From arrival until the first talk, or until the customer left, or until now. 0 when we called: nobody waited for us. */
  waitMs: number;
  /**
   * Sum of ring segments: each from an offer to its accept or close. Two phones ringing at once count twice. In a call that we
   * placed: from the wish to the answer.
   */
  ringMs: number;
  /** Sum of talk, hold excluded. */
  talkMs: number;
  holdMs: number;
  wrapUpMs: number;
}

/** @param now stands for the end of what still lasts */
export function durations(
  record: Pick<Conversation, 'direction' | 'startedAt' | 'segments' | 'ended'>,
  now: EpochMs,
): Durations {
  const sum = (kind: Segment['kind']) =>
    record.segments.reduce(
      (total, one) => (one.kind === kind ? total + lasted(one.startedAt, one.endedAt ?? now) : total),
      0,
    );
  const firstTalk = record.segments.find((one) => one.kind === 'talk');
  const waitedUntil = firstTalk?.startedAt ?? record.ended?.at ?? now;
  return {
    waitMs: record.direction === 'outbound' ? 0 : lasted(record.startedAt, waitedUntil),
    ringMs: sum('ring'),
    talkMs: sum('talk'),
    holdMs: sum('hold'),
    wrapUpMs: sum('wrap-up'),
  };
}

/** A clock that steps back shortens nothing below zero. */
const lasted = (from: EpochMs, until: EpochMs): number => Math.max(0, until - from);
