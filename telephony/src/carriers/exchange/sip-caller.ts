/** A caller on a SIP trunk: INVITE, its media leg, and what becomes of both until the exchange knows the leg. */
import type { HangUpCause } from '@denwaban/core';
import { MediaError } from '../../media/contract.js';
import type { CallListener, IncomingCall, SdpWarning } from '../../sip/contract.js';
import type { FarEnd, FarEndListener } from './far-end.js';
import { byeReason, createSipLeg, type SipLegOptions } from './sip-leg.js';

export interface NewSipCall extends SipLegOptions {
  /** False: new calls get 503. */
  open: boolean;
  /** The media leg stands: the caller may be told of. @returns who is to hear of the rest */
  arrived(far: FarEnd): FarEndListener;
  /** The caller came to nothing before anybody was told. */
  stillborn(): void;
}

export interface LeftSipCall extends SipLegOptions {
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
const retryAfterS = 5;

function endCall(call: IncomingCall, answered: boolean, cause: HangUpCause, warning?: SdpWarning): void {
  if (answered) return call.hangUp(byeReason(cause));
  const [status, reason] = refusals[cause];
  if (cause === 'overloaded') call.refuse(status, reason, retryAfterS);
  else call.refuse(status, reason, undefined, warning);
}

/** A caller who rings in, or one who was answered by a process before this one. */
export function takeSipCall(call: IncomingCall, options: NewSipCall | LeftSipCall): CallListener {
  const { leg, media, log } = options;
  const sip = createSipLeg(call, call.farewell() ?? JSON.stringify(call.snapshot()), options);
  const { audio } = sip;
  const far: FarEnd = {
    ring: () => call.ring(),
    answer() {
      const sdp = audio.describe(call.offer);
      if (sdp !== null) call.answer(sdp);
    },
    reanchor: () => sip.reanchor(),
    end(reached, cause) {
      const standing = sip.close(byeReason(cause));
      if (standing === call) endCall(call, reached === 'answering' || reached === 'answered', cause);
      else standing.hangUp(byeReason(cause));
    },
  };

  async function open({ arrived, stillborn }: NewSipCall): Promise<void> {
    await sip.open(call.offer === null ? null : audio.remoteOf(call.offer));
    if (sip.over) return stillborn(); // cancelled while the port was being opened
    sip.told = arrived(far);
  }
  function begin(fresh: NewSipCall): void {
    const refuse = (cause: HangUpCause, warning?: SdpWarning): void => {
      sip.over = true;
      endCall(call, false, cause, warning);
      fresh.stillborn();
    };
    if (call.offer !== null && audio.remoteOf(call.offer) === null) {
      return refuse('not-acceptable', audio.whyNot(call.offer));
    }
    if (!fresh.open) return refuse('overloaded');
    open(fresh).catch((problem: unknown) => {
      log.error({ leg, problem: String(problem) }, 'exchange: no media leg for a caller');
      if (sip.over) return fresh.stillborn();
      const busy = problem instanceof MediaError && (problem.code === 'no-port' || problem.code === 'unreachable');
      refuse(busy ? 'overloaded' : 'failed');
    });
  }

  if ('rtp' in options) {
    // Seconds as the version: above every one of a process before this one.
    sip.opened(options.rtp, Math.floor(options.now() / 1_000));
    media.request({ type: 'keys-of', leg }).then(
      (known) => audio.keys(known),
      (problem: unknown) => log.warn({ leg, problem: String(problem) }, 'media: no keys of a leg that was taken up'),
    );
    sip.told = options.takenUp(far);
  } else begin(options);

  return {
    ...sip.session(call),
    onAnswered() {
      const dialog = call.snapshot();
      if (dialog !== null) sip.note(JSON.stringify(dialog));
      sip.told?.answered(dialog === null ? null : JSON.stringify(dialog));
    },
    onAcknowledged(answer) {
      // An answer comes when our 200 carried the offer, to the first INVITE or a later one; without a codec of ours nobody could
      // hear. Of a call that was taken up the process before this one has heard the first answer.
      const settled = call.offer !== null || 'rtp' in options;
      if (sip.over || sip.current !== call || (answer === null ? settled : sip.aim(answer, call))) return;
      endCall(call, true, 'not-acceptable');
      sip.finish('failed');
    },
    onEnded(cause) {
      if (sip.current === call && !sip.holds(cause)) sip.finish(cause);
    },
  };
}
