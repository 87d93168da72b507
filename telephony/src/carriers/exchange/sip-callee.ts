/**
 * Whom we call by SIP on an agent's behalf: a port for the audio, then one trunk after the other until one has taken the call
 * (trunk-choice.ts). From the answer on it is a SIP leg like any other (sip-leg.ts).
 *
 *     port ──▶ INVITE by a trunk ──1xx──▶ rings ──2xx──▶ answered
 *                 ▲        └── the trunk itself failed ──┐
 *                 └────────────── the next one ◀─────────┘      any other refusal, or no trunk left: ended
 */
import { ringMsMax, type E164, type LegEndCause, type LegId, type LineId } from '@denwaban/core';
import { MediaError } from '../../media/contract.js';
import type { MediaReplies } from '../../media/protocol.js';
import type { OutgoingEnd } from '../../sip/contract.js';
import type { CallingOut, CanCallOut, PlacedCall } from './calling-out.js';
import { asDialled } from './dialled-number.js';
import type { FarEnd, FarEndListener } from './far-end.js';
import type { AudioWish } from './sip-audio.js';
import { byeReason, createSipLeg, type SipLeg, type SipLegOptions } from './sip-leg.js';
import { isWorthAnother } from './trunk-choice.js';
import type { TrunkRests } from './trunk-rest.js';
import type { TransferMeans } from './transfer.js';

export interface SipCalleeOptions extends Omit<SipLegOptions, 'wish' | 'transfer'> {
  leg: LegId;
  to: E164;
  /** In the order in which to try. */
  trunks: readonly CanCallOut[];
  calling: CallingOut;
  wish(trunk: CanCallOut): AudioWish;
  transfer(trunk: CanCallOut): TransferMeans | null;
  rests: Pick<TrunkRests, 'ended' | 'works'>;
  /** The line that it will be joined with. */
  near: LineId | null;
  /** The call is over before its media leg was there: it can go. */
  closeMedia(): void;
}

export interface SipCallee {
  readonly far: FarEnd;
  /** Calls. `told` hears what becomes of it. */
  begin(told: FarEndListener): void;
}

export function callBySip(options: SipCalleeOptions): SipCallee {
  const { leg, media, log, calling } = options;
  let over = false;
  let told: FarEndListener | null = null;
  let port: MediaReplies['open-rtp'] | null = null;
  let trying: { call: PlacedCall; sip: SipLeg } | null = null;
  /** Our end of the audio has moved since the offer: told as soon as somebody has answered it. */
  let moved = false;

  const end = (cause: Exclude<LegEndCause, 'media-lost'>): void => {
    if (over) return;
    over = true;
    told?.ended(cause);
  };

  function tryBy(trunk: CanCallOut | undefined, rest: readonly CanCallOut[]): void {
    if (trunk === undefined || port === null) return end('unreachable');
    const to = asDialled(options.to, trunk.outbound.numberFormat ?? 'e164');
    if (to === null) return end('unknown-number');
    const late: { call: PlacedCall | null } = { call: null };
    // What there is to listen to is known before there is a call to speak of.
    const standing = {
      get source() {
        return late.call?.source ?? null;
      },
      hangUp: (cause: string) => late.call?.hangUp(cause),
      snapshot: () => late.call?.snapshot() ?? null,
      reoffer: (sdp: string) => late.call?.reoffer(sdp),
    };
    const { wish, transfer, ...common } = options;
    const sip = createSipLeg(standing, null, { ...common, wish: wish(trunk), transfer: transfer(trunk) });
    sip.opened(port);
    const offer = sip.audio.describe(null);
    if (offer === null) return end('failed');
    let rang = false;
    const isOver = () => over || trying?.sip !== sip;
    const order = { to, callerId: null, callerName: null, withheld: false, offer, ringMsMax };
    late.call = calling.place(trunk, order, {
      ...sip.session(standing),
      onSent: (farewell) => void (over || sip.note(farewell)),
      onProgress(status, early) {
        rang = true;
        options.rests.works(trunk.id);
        if (isOver()) return;
        told?.rings(early !== null && sip.aim(early, standing), status === 180);
      },
      onAnswered(answer) {
        options.rests.works(trunk.id);
        if (isOver()) return late.call?.hangUp(byeReason('normal'));
        const dialog = JSON.stringify(standing.snapshot());
        sip.note(dialog);
        if (!sip.aim(answer, standing)) {
          end('failed');
          return standing.hangUp(byeReason('not-acceptable'));
        }
        sip.told = told;
        told?.answered(dialog, trunk.id);
        if (moved) sip.tellWhere();
      },
      onEnded(cause, status, _reason, retryAfterS) {
        options.rests.ended(trunk.id, cause, status, retryAfterS);
        if (sip.told !== null) {
          if (sip.current === standing && !sip.holds(ending(cause))) sip.finish(ending(cause));
          return;
        }
        if (isOver()) return;
        log.info({ leg, trunk: trunk.id, cause, status }, 'exchange: a trunk did not take a call of ours');
        if (isWorthAnother(cause, status, rang) && rest.length > 0) tryBy(rest[0], rest.slice(1));
        else end(causeOf(cause, status));
      },
    });
    trying = { call: late.call, sip };
  }

  async function open(): Promise<void> {
    const near = options.near === null ? {} : { near: options.near };
    port = await media.request({ type: 'open-rtp', leg, remote: null, ...near });
    if (over) return options.closeMedia(); // given up while the port was being opened
    const [first, ...rest] = options.trunks;
    tryBy(first, rest);
  }

  const far: FarEnd = {
    // Said to callers; who is called is told nothing.
    ring() {},
    answer() {},
    end(reached, cause) {
      over = true;
      if (trying === null) return;
      const standing = trying.sip.close(byeReason(cause));
      (reached === 'placed' ? trying.call : standing).hangUp(byeReason(cause));
    },
    async reanchor() {
      if (trying === null) throw new MediaError('failed', 'the call has not left yet');
      moved ||= trying.sip.told === null;
      await trying.sip.reanchor();
    },
  };
  return {
    far,
    begin(listener) {
      told = listener;
      // Nobody to call by needs no port.
      if (options.trunks.length === 0) return end('unreachable');
      open().catch((problem: unknown) => {
        log.error({ leg, problem: String(problem) }, 'exchange: no media leg for a call of ours');
        end('failed');
      });
    },
  };
}

/** How an answered call ended. */
const ending = (cause: OutgoingEnd) => (cause === 'hung-up' ? 'hung-up' : 'failed');

/** Why nobody answered, for the person who called. */
export function causeOf(end: OutgoingEnd, status: number | null): Exclude<LegEndCause, 'media-lost'> {
  if (end === 'no-answer') return 'no-answer';
  if (end === 'failed') return 'failed';
  if (end !== 'refused' || status === null) return 'unreachable';
  return byStatus[status] ?? 'unreachable';
}
const byStatus: Readonly<Record<number, 'busy' | 'no-answer' | 'declined' | 'unknown-number'>> = {
  486: 'busy',
  600: 'busy',
  408: 'no-answer',
  480: 'no-answer',
  603: 'declined',
  607: 'declined', // unwanted (RFC 8197)
  404: 'unknown-number',
  410: 'unknown-number',
  484: 'unknown-number',
  604: 'unknown-number',
};
