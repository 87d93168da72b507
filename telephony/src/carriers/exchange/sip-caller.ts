/** A caller on a SIP trunk: INVITE, its media leg, and what becomes of both until the exchange knows the leg. */
import type { EpochMs, HangUpCause, LegId } from '@denwaban/core';
import { MediaError, type MediaClient } from '../../media/contract.js';
import type { RtpRemote } from '../../media/protocol.js';
import type { SdpAudio } from '../../sdp/index.js';
import type { CallListener, IncomingCall, SdpWarning, SessionListener } from '../../sip/contract.js';
import type { FarEnd, FarEndListener } from './far-end.js';
import type { Log } from './log.js';
import { mediaPlace, type OwnPlaces } from './media-place.js';
import { createSipAudio, type AudioWish } from './sip-audio.js';
import { createTransfers, type Standing, type TransferMeans } from './transfer.js';

export interface SipCallerOptions {
  leg: LegId;
  media: Pick<MediaClient, 'request'>;
  now(): EpochMs;
  log: Log;
  /** How the caller's trunk wants its audio. */
  wish: AudioWish;
  /** Where we receive audio ourselves: nobody's telephone is there. Null: not known. */
  own: OwnPlaces | null;
  /** Null: this trunk may not move its calls. */
  transfer: TransferMeans | null;
}

export interface NewSipCall extends SipCallerOptions {
  /** False: new calls get 503. */
  open: boolean;
  /** The media leg stands: the caller may be told of. @returns who is to hear of the rest */
  arrived(far: FarEnd): FarEndListener;
  /** The caller came to nothing before anybody was told. */
  stillborn(): void;
}

export interface LeftSipCall extends SipCallerOptions {
  /** Where our leg receives. */
  rtp: { address: string; port: number };
  /** @returns who is to hear of the rest */
  takenUp(far: FarEnd): FarEndListener;
}

/** SIP status before an answer (RFC 3261 §21). */
const refusals: Readonly<Record<HangUpCause, readonly [status: number, reason: string]>> = {
  normal: [480, 'Temporarily Unavailable'],
  'unknown-number': [404, 'Not Found'],
  'not-acceptable': [488, 'Not Acceptable Here'],
  overloaded: [503, 'Service Unavailable'],
  failed: [500, 'Server Internal Error'],
};
/** Reason header of a BYE (RFC 3326), causes of Q.850. */
const reasons: Readonly<Record<HangUpCause, string>> = {
  normal: 'Q.850;cause=16;text="Normal call clearing"',
  'unknown-number': 'Q.850;cause=1;text="Unallocated number"',
  'not-acceptable': 'Q.850;cause=88;text="Incompatible destination"',
  overloaded: 'Q.850;cause=42;text="Switching equipment congestion"',
  failed: 'Q.850;cause=41;text="Temporary failure"',
};
export const byeReason = (cause: HangUpCause): string => reasons[cause];
const retryAfterS = 5;

function endCall(call: IncomingCall, answered: boolean, cause: HangUpCause, warning?: SdpWarning): void {
  if (answered) return call.hangUp(reasons[cause]);
  const [status, reason] = refusals[cause];
  if (cause === 'overloaded') call.refuse(status, reason, retryAfterS);
  else call.refuse(status, reason, undefined, warning);
}

/** A caller who rings in, or one who was answered by a process before this one. */
export function takeSipCall(call: IncomingCall, options: NewSipCall | LeftSipCall): CallListener {
  const { leg, media, log } = options;
  let over = false;
  let told: FarEndListener | null = null;
  /** The dialog that stands for the leg: the caller's own, until another takes its place. */
  let current: Standing = call;
  /** The call whose description is being read: what it says is weighed against whence it speaks. */
  let hearing: Standing = call;
  const placeOf = () => (hearing.source ?? hearing.snapshot()?.source ?? call.source).address;
  const audio = createSipAudio(leg, options.wish, (told) => mediaPlace(told, placeOf(), options.own));
  /** Where the far end was last, and where we are; null: not known yet, or only to the process before this one. */
  let remote: RtpRemote | null = null;
  /** How the next process ends this call if it finds it in the media process and in no journal. */
  let noted = call.farewell() ?? JSON.stringify(call.snapshot());
  const note = (text: string): void => {
    noted = text;
    // Sent in the same turn as the answer: whoever kills us finds either both or neither.
    media.request({ type: 'note', leg, note: text }).catch(() => undefined); // the leg is gone: there is nothing to note
  };
  let ours: { port: number } | null = 'rtp' in options ? options.rtp : null;

  const remoteOf = (theirs: SdpAudio, by: Standing) => {
    hearing = by;
    return audio.remoteOf(theirs);
  };
  const aim = (theirs: SdpAudio, by: Standing): boolean => {
    const aimed = remoteOf(theirs, by);
    if (aimed === null) return false;
    remote = aimed;
    media
      .request({ type: 'aim-rtp', leg, remote: aimed })
      .catch((problem: unknown) => log.warn({ leg, problem: String(problem) }, 'media: re-aim failed'));
    return true;
  };
  const finish = (cause: 'hung-up' | 'cancelled' | 'failed'): void => {
    if (over) return;
    over = true;
    told?.ended(cause);
  };
  const tellMoved = (): void => {
    const dialog = current.snapshot();
    if (!over && dialog !== null) told?.moved(JSON.stringify(dialog));
  };
  const far: FarEnd = {
    ring: () => call.ring(),
    answer() {
      const sdp = audio.describe(call.offer);
      if (sdp !== null) call.answer(sdp);
    },
    async reanchor() {
      const port = ours?.port;
      const wanted = { type: 'open-rtp', leg, remote, note: noted, ...(port === undefined ? {} : { port }) } as const;
      const opened = await media.request(wanted).catch((problem: unknown) => {
        // Only the way to the process had broken: it lives, and the leg in it.
        if (problem instanceof MediaError && problem.code === 'leg-exists') return null;
        throw problem;
      });
      if (opened === null) return;
      ours = opened;
      audio.opened(opened, Math.floor(options.now() / 1_000));
      // On the same port nobody need be told, unless there are keys to be told of, or we do not know where the far end is.
      if (remote !== null && remote.srtp == null && opened.port === port) return;
      const sdp = audio.describe(null);
      if (sdp !== null) current.reoffer(sdp);
    },
    end(reached, cause) {
      over = true;
      transfers?.end(reasons[cause]);
      if (current === call) endCall(call, reached === 'answering' || reached === 'answered', cause);
      else current.hangUp(reasons[cause]);
    },
  };
  /** What is heard within the call that stands; of any other, nothing. */
  const sessionOf = (one: Standing): SessionListener => {
    const stands = () => !over && current === one;
    return {
      onReoffer(offer) {
        if (!stands() || (offer !== null && !aim(offer, one))) return null;
        return audio.describe(offer);
      },
      onReoffered(answer) {
        // What stood goes on when the answer is of no use.
        if (stands() && answer !== null) aim(answer, one);
      },
      onDigit: (digit) => void (stands() && told?.digit(digit)),
      onChanged: () => void (stands() && tellMoved()),
      onRefer: (wish, progress) => stands() && transfers !== null && transfers.onRefer(wish, progress),
      onReplaced: (next) => (stands() ? (transfers?.onReplaced(next) ?? null) : null),
    };
  };
  const transfers =
    options.transfer === null
      ? null
      : createTransfers({
          means: options.transfer,
          get open() {
            return !over && current.snapshot() !== null;
          },
          describe: (offer) => audio.describe(offer),
          takes: (theirs, by) => remoteOf(theirs, by) !== null,
          aim,
          stand(next) {
            const before = current;
            current = next;
            tellMoved();
            return before;
          },
          stands: (one) => current === one,
          session: sessionOf,
          ended: finish,
          over: finish,
        });

  async function open({ arrived, stillborn }: NewSipCall): Promise<void> {
    remote = call.offer === null ? null : audio.remoteOf(call.offer);
    const opened = await media.request({ type: 'open-rtp', leg, remote, note: noted });
    if (over) return stillborn(); // cancelled while the port was being opened
    ours = opened;
    audio.opened(opened);
    told = arrived(far);
  }
  function begin(fresh: NewSipCall): void {
    const refuse = (cause: HangUpCause, warning?: SdpWarning): void => {
      over = true;
      endCall(call, false, cause, warning);
      fresh.stillborn();
    };
    if (call.offer !== null && audio.remoteOf(call.offer) === null) {
      return refuse('not-acceptable', audio.whyNot(call.offer));
    }
    if (!fresh.open) return refuse('overloaded');
    open(fresh).catch((problem: unknown) => {
      log.error({ leg, problem: String(problem) }, 'exchange: no media leg for a caller');
      if (over) return fresh.stillborn();
      const busy = problem instanceof MediaError && (problem.code === 'no-port' || problem.code === 'unreachable');
      refuse(busy ? 'overloaded' : 'failed');
    });
  }

  if ('rtp' in options) {
    // Seconds as the version: above every one of a process before this one.
    audio.opened(options.rtp, Math.floor(options.now() / 1_000));
    media.request({ type: 'keys-of', leg }).then(
      (known) => audio.keys(known),
      (problem: unknown) => log.warn({ leg, problem: String(problem) }, 'media: no keys of a leg that was taken up'),
    );
    told = options.takenUp(far);
  } else begin(options);

  return {
    ...sessionOf(call),
    onAnswered() {
      const dialog = call.snapshot();
      if (dialog !== null) note(JSON.stringify(dialog));
      told?.answered(dialog === null ? null : JSON.stringify(dialog));
    },
    onAcknowledged(answer) {
      // An answer comes when our 200 carried the offer, to the first INVITE or a later one; without a codec of ours nobody could
      // hear. Of a call that was taken up the process before this one has heard the first answer.
      const settled = call.offer !== null || 'rtp' in options;
      if (over || current !== call || (answer === null ? settled : aim(answer, call))) return;
      over = true;
      endCall(call, true, 'not-acceptable');
      told?.ended('failed');
    },
    onEnded(cause) {
      if (current === call && transfers?.holds(cause) !== true) finish(cause);
    },
  };
}
