/** A customer's leg by SIP, whoever called whom: its audio, the dialog that stands for it, and what is heard within that. */
import type { EpochMs, HangUpCause, LegId } from '@denwaban/core';
import { MediaError, type MediaClient } from '../../media/contract.js';
import type { MediaReplies, RtpRemote } from '../../media/protocol.js';
import { srtpSuites, type OwnKeys } from '../../rtp/index.js';
import type { SdpAudio } from '../../sdp/index.js';
import type { DialogSnapshot, SessionListener } from '../../sip/contract.js';
import type { FarEndListener } from './far-end.js';
import type { LegToken } from './leg-token.js';
import type { Log } from './log.js';
import { mediaPlace, type OwnPlaces } from './media-place.js';
import { createSipAudio, type AudioWish, type SipAudio } from './sip-audio.js';
import { createTransfers, type Standing, type TransferMeans } from './transfer.js';

export interface SipLegOptions {
  leg: LegId;
  media: Pick<MediaClient, 'request'>;
  now(): EpochMs;
  log: Log;
  /** How the leg's trunk wants its audio. */
  wish: AudioWish;
  /** Where we receive audio ourselves: nobody's telephone is there. Null: not known. */
  own: OwnPlaces | null;
  /** Null: this trunk may not move its calls. */
  transfer: TransferMeans | null;
}

export interface SipLeg {
  readonly audio: SipAudio;
  /** Nothing more is to come of it. */
  over: boolean;
  /** Who hears of the leg; null: nobody was told of it yet. */
  told: FarEndListener | null;
  /** The dialog that stands for it: the first, until another takes its place. */
  readonly current: Standing;
  /** How the next process ends this call if it finds it in the media process and in no journal. */
  note(text: string): void;
  /** Where a description of the far end's wants its audio; null: there is nothing that we can take. */
  remoteOf(theirs: SdpAudio, by: Standing): RtpRemote | null;
  /** @returns false when there is nothing that we can take */
  aim(theirs: SdpAudio, by: Standing): boolean;
  /** Opens our end. @throws MediaError */
  open(remote: RtpRemote | null): Promise<void>;
  /** Our end of the audio is there. `version`: that of the last description of ours, if there was one. */
  opened(at: Omit<MediaReplies['open-rtp'], 'keys'> & Partial<MediaReplies['open-rtp']>, version?: number): void;
  /** Opens our end anew, as far-end.ts wants it. */
  reanchor(): Promise<void>;
  /** Has the far end told where our end is. */
  tellWhere(): void;
  /** We end it. @returns the dialog that is to be told so */
  close(cause: string): Standing;
  /** The far end ended it. */
  finish(cause: 'hung-up' | 'cancelled' | 'failed'): void;
  /** The dialog that stands is over. @returns true when the leg lives on, in hope of a call that is being placed */
  holds(cause: 'hung-up' | 'cancelled' | 'failed'): boolean;
  /** What is heard within this dialog as long as it stands; then nothing. */
  session(one: Standing): SessionListener;
}

/** Reason header of a BYE (RFC 3326), causes of Q.850. */
const reasons: Readonly<Record<HangUpCause, string>> = {
  normal: 'Q.850;cause=16;text="Normal call clearing"',
  'unknown-number': 'Q.850;cause=1;text="Unallocated number"',
  'not-acceptable': 'Q.850;cause=88;text="Incompatible destination"',
  overloaded: 'Q.850;cause=42;text="Switching equipment congestion"',
  failed: 'Q.850;cause=41;text="Temporary failure"',
};
export const byeReason = (cause: HangUpCause): string => reasons[cause];

const isSame = (one: OwnKeys, other: OwnKeys | null): boolean =>
  srtpSuites.every((suite) => one[suite] === other?.[suite]);

/** @param noted how the next process ends the call, as long as nothing else is noted */
export function createSipLeg(first: Standing, noted: string | null, options: SipLegOptions): SipLeg {
  const { leg, media, log } = options;
  let current = first;
  /** The call whose description is being read: what it says is weighed against whence it speaks. */
  let hearing = first;
  const placeOf = () => (hearing.source ?? hearing.snapshot()?.source ?? first.source)?.address ?? null;
  const audio = createSipAudio(leg, options.wish, (told) => {
    const place = placeOf();
    return place === null ? null : mediaPlace(told, place, options.own);
  });
  /** Where the far end was last, and where we are; null: not known yet, or only to the process before this one. */
  let remote: RtpRemote | null = null;
  let ours: { port: number } | null = null;

  /** What stands, or stood until its far end hung up in hope of another. */
  let last: DialogSnapshot | null = null;
  const tellMoved = (): void => {
    const owed = transfers?.owed ?? {};
    last = current.snapshot() ?? (owed.left === true ? last : null);
    if (sip.over || last === null) return;
    const token = JSON.stringify({ ...last, ...owed } satisfies LegToken);
    if (owed.left === true) sip.note(token);
    sip.told?.moved(token);
  };
  const sip: SipLeg = {
    audio,
    over: false,
    told: null,
    get current() {
      return current;
    },
    note(text) {
      noted = text;
      // Sent in the same turn as the answer: whoever kills us finds either both or neither.
      media.request({ type: 'note', leg, note: text }).catch(() => undefined); // the leg is gone: there is nothing to note
    },
    remoteOf(theirs, by) {
      hearing = by;
      return audio.remoteOf(theirs);
    },
    aim(theirs, by) {
      const aimed = sip.remoteOf(theirs, by);
      if (aimed === null) return false;
      remote = aimed;
      media
        .request({ type: 'aim-rtp', leg, remote: aimed })
        .catch((problem: unknown) => log.warn({ leg, problem: String(problem) }, 'media: re-aim failed'));
      return true;
    },
    async open(wanted) {
      remote = wanted;
      const known = noted === null ? {} : { note: noted };
      sip.opened(await media.request({ type: 'open-rtp', leg, remote, ...known }));
    },
    opened(at, version) {
      ours = at;
      audio.opened(at, version);
    },
    async reanchor() {
      const port = ours?.port;
      const keys = audio.ownKeys;
      const known = {
        ...(noted === null ? {} : { note: noted }),
        ...(port === undefined ? {} : { port }),
        // Many who are told of new keys within a call go on with those that they have.
        ...(keys === null ? {} : { keys }),
      };
      const opened = await media
        .request({ type: 'open-rtp', leg, remote, ...known } as const)
        .catch((problem: unknown) => {
          // Only the way to the process had broken: it lives, and the leg in it.
          if (problem instanceof MediaError && problem.code === 'leg-exists') return null;
          throw problem;
        });
      if (opened === null) return;
      sip.opened(opened, Math.floor(options.now() / 1_000));
      // On the same port nobody need be told, unless the keys are others after all, or we do not know where the far end is.
      if (remote === null || (remote.srtp != null && !isSame(opened.keys, keys)) || opened.port !== port)
        sip.tellWhere();
    },
    tellWhere() {
      const sdp = audio.describe(null);
      if (sdp !== null) current.reoffer(sdp);
    },
    close(cause) {
      sip.over = true;
      transfers?.end(cause);
      return current;
    },
    finish(cause) {
      if (sip.over) return;
      sip.over = true;
      sip.told?.ended(cause);
    },
    holds: (cause) => transfers?.holds(cause) === true,
    session(one) {
      const stands = () => !sip.over && current === one;
      return {
        onReoffer(offer) {
          if (!stands() || (offer !== null && !sip.aim(offer, one))) return null;
          return audio.describe(offer);
        },
        onReoffered(answer) {
          // What stood goes on when the answer is of no use.
          if (stands() && answer !== null) sip.aim(answer, one);
        },
        onDigit: (digit) => void (stands() && sip.told?.digit(digit)),
        onChanged: () => void (stands() && tellMoved()),
        onRefer: (wish, progress) => stands() && transfers !== null && transfers.onRefer(wish, progress),
        onReplaced: (next) => (stands() ? (transfers?.onReplaced(next) ?? null) : null),
      };
    },
  };
  const transfers =
    options.transfer === null
      ? null
      : createTransfers({
          means: options.transfer,
          get open() {
            return !sip.over && current.snapshot() !== null;
          },
          describe: (offer) => audio.describe(offer),
          takes: (theirs, by) => sip.remoteOf(theirs, by) !== null,
          aim: (theirs, by) => sip.aim(theirs, by),
          stand(next) {
            const before = current;
            current = next;
            tellMoved();
            return before;
          },
          stands: (one) => current === one,
          session: (one) => sip.session(one),
          ended: (cause) => sip.finish(cause),
          over: (cause) => sip.finish(cause),
          changed: tellMoved,
          rings: (now) => sip.told?.transferRings(now),
        });
  return sip;
}
