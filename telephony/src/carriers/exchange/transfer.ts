/**
 * A customer's leg whose far end gives its place to another: by REFER we call somebody and join them in its stead, by Replaces
 * somebody calls us. Leg, conversation, bridge and recording stay as they are; only the dialog and the aim of the audio change.
 *
 *     stands ──REFER──▶ calling ──answer──▶ the new call stands; the old one is ended, by its side or after a moment by ours
 *        ▲                 └── refused ──▶ stands, unless its far end has hung up meanwhile: then the leg is over
 *        └──INVITE with Replaces, answered──▶ the new call stands; BYE to the old one
 */
import { ringMsMax } from '@denwaban/core';
import type { SdpAudio } from '../../sdp/index.js';
import type {
  CallListener,
  IncomingCall,
  OutgoingListener,
  ReferProgress,
  ReferWish,
  SessionListener,
  SipSource,
} from '../../sip/contract.js';
import { canCallOut, type CallingOut, type CallOrder, type PlacedCall } from './calling-out.js';
import type { LegToken } from './leg-token.js';
import type { Trunk } from './trunk.js';

/** The dialog that stands for the leg. */
export type Standing = Pick<IncomingCall, 'hangUp' | 'snapshot' | 'reoffer'> & {
  /** Whence it speaks; null: nothing was heard of it yet. */
  readonly source?: SipSource | null;
};

/** What the leg's trunk lets its far end do. */
export interface TransferMeans {
  /** Null: this trunk cannot be called out by, so REFER is refused. */
  call: ((order: CallOrder, listener: OutgoingListener) => PlacedCall) | null;
  after(ms: number, late: () => void): () => void;
}

/** @returns what a trunk lets its far ends do with a call */
export function transferPolicy(calling: CallingOut, after: TransferMeans['after']) {
  return (trunk: Trunk | null): TransferMeans | null => {
    if (trunk?.transfers !== true) return null;
    const call: TransferMeans['call'] = canCallOut(trunk) ? (order, told) => calling.place(trunk, order, told) : null;
    return { call, after };
  };
}

export interface TransferHost {
  readonly means: TransferMeans;
  /** Answered, and not over. */
  readonly open: boolean;
  /** Our description for a new far end. */
  describe(offer: SdpAudio | null): string | null;
  takes(theirs: SdpAudio, by: Standing): boolean;
  /** False: the far end has nothing that we can send. */
  aim(theirs: SdpAudio, by: Standing): boolean;
  /** @returns the dialog that stood until now */
  stand(call: Standing): Standing;
  stands(call: Standing): boolean;
  session(call: Standing): SessionListener;
  /** The dialog that stands is over. */
  ended(cause: 'hung-up' | 'failed'): void;
  /** Whoever hung up in hope of the transfer does not come back. */
  over(cause: 'hung-up' | 'cancelled' | 'failed'): void;
  /** `owed` says something else now. */
  changed(): void;
  /** The far end has hung up, and the new one rings: whoever talked to them hears that. False: no more. */
  rings(now: boolean): void;
}

const replaced = 'Q.850;cause=31;text="Transferred"';
/** The side that asked for it hangs up as soon as it hears of the success (RFC 5589 §6.1); when not, we do. */
const theirByeMs = 2_000;

export interface Transfers {
  onRefer(wish: ReferWish, progress: ReferProgress): boolean;
  onReplaced(call: IncomingCall): CallListener | null;
  /** @returns true when the leg lives on, in hope of the call that is being placed */
  holds(cause: 'hung-up' | 'cancelled' | 'failed'): boolean;
  /** The leg is over. */
  end(cause: string): void;
  /** What the next process has to know, should ours die now. */
  readonly owed: Pick<LegToken, 'placed' | 'left'>;
}

export function createTransfers(host: TransferHost): Transfers {
  const { means } = host;
  let pending: PlacedCall | null = null;
  /** How the one who asked left before it was done. */
  let left: 'hung-up' | 'cancelled' | 'failed' | null = null;
  /** How the next process ends the call that is being placed. */
  let farewell: string | null = null;
  let ringing = false;
  let heard = false;

  /** Who asked is gone and the other not there yet: silence would be taken for the end. */
  function hear(): void {
    const now = pending !== null && left !== null && ringing;
    if (now === heard) return;
    heard = now;
    host.rings(now);
  }
  function settle(): void {
    pending = null;
    farewell = null;
    hear();
  }
  function failed(status: number, reason: string, progress: ReferProgress): void {
    settle();
    progress.tell(status, reason);
    host.changed();
    if (left !== null) host.over(left);
  }

  return {
    onRefer({ target, replaces, referredBy }, progress) {
      if (!host.open || pending !== null || means.call === null) return false;
      const offer = host.describe(null);
      if (offer === null) return false;
      const order = {
        to: target,
        callerId: null,
        callerName: null,
        withheld: false,
        offer,
        ringMsMax,
        replaces,
        referredBy,
      };
      const placed: PlacedCall = means.call(order, {
        ...sessionLate(() => host.session(placed)),
        onSent(last) {
          if (pending !== placed) return;
          farewell = last;
          host.changed();
        },
        onProgress(status) {
          ringing = true;
          hear();
          progress.tell(status, status === 180 ? 'Ringing' : 'Session Progress');
        },
        onAnswered(answer) {
          if (!host.aim(answer, placed)) {
            failed(488, 'Not Acceptable Here', progress);
            return placed.hangUp('Q.850;cause=88;text="Incompatible destination"');
          }
          settle();
          const gone = left !== null;
          left = null; // the new one has its own end, and may ask for a move itself
          const before = host.stand(placed);
          progress.tell(200, 'OK');
          if (!gone) means.after(theirByeMs, () => before.hangUp(replaced));
        },
        onEnded(cause, status, reason) {
          if (host.stands(placed)) return host.ended(cause === 'hung-up' ? 'hung-up' : 'failed');
          if (pending !== placed) return;
          failed(status ?? (cause === 'no-answer' ? 408 : 503), reason ?? 'Not reached', progress);
        },
      });
      pending = placed;
      ringing = false;
      return true;
    },

    onReplaced(call) {
      if (!host.open || pending !== null) return null;
      if (call.offer !== null && !host.takes(call.offer, call)) return null;
      const sdp = host.describe(call.offer);
      if (sdp === null) return null;
      call.answer(sdp);
      return {
        ...host.session(call),
        onAnswered() {
          if (call.offer !== null) host.aim(call.offer, call);
          host.stand(call).hangUp(replaced);
        },
        onAcknowledged(answer) {
          if (!host.stands(call) || (answer === null ? call.offer !== null : host.aim(answer, call))) return;
          call.hangUp('Q.850;cause=88;text="Incompatible destination"');
        },
        onEnded(cause) {
          if (host.stands(call)) host.ended(cause === 'failed' ? 'failed' : 'hung-up');
        },
      };
    },

    holds(cause) {
      if (pending === null) return false;
      left = cause;
      host.changed();
      hear();
      return true;
    },

    end(cause) {
      const call = pending;
      settle();
      call?.hangUp(cause);
    },

    get owed() {
      return { ...(farewell === null ? {} : { placed: farewell }), ...(left === null ? {} : { left: true as const }) };
    },
  };
}

/** A call has a listener before there is a call to speak of. */
const sessionLate = (session: () => SessionListener): SessionListener => ({
  onReoffer: (offer) => session().onReoffer(offer),
  onReoffered: (answer) => session().onReoffered?.(answer),
  onDigit: (digit) => session().onDigit(digit),
  onChanged: () => session().onChanged?.(),
  onRefer: (wish, progress) => session().onRefer?.(wish, progress) ?? false,
  onReplaced: (call) => session().onReplaced?.(call) ?? null,
});
