/** A caller on a SIP trunk: INVITE, its media leg, and what becomes of both until the exchange knows the leg. */
import type { EpochMs, HangUpCause, LegId } from '@denwaban/core';
import { createHash } from 'node:crypto';
import { MediaError, type MediaClient } from '../../media/contract.js';
import type { RtpRemote } from '../../media/protocol.js';
import { answerSdp, offerSdp, type SdpAudio, type SdpOurs } from '../../sdp/index.js';
import type { CallListener, DialogSnapshot, IncomingCall } from '../../sip/contract.js';
import type { FarEnd, FarEndListener } from './far-end.js';
import type { Log } from './log.js';

export interface SipCallerOptions {
  leg: LegId;
  media: Pick<MediaClient, 'request'>;
  now(): EpochMs;
  log: Log;
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

/** @returns what we want to send to, in the far end's first choice of codec; null when there is nothing in common */
export function remoteOf(audio: SdpAudio): RtpRemote | null {
  const codec = audio.codecs[0];
  if (codec === undefined || audio.port === 0 || audio.secure) return null;
  const { address, port, dtmfPayloadType, ptimeMs, direction } = audio;
  return { address, port, codec, dtmfPayloadType, ptimeMs, direction };
}

function endCall(call: IncomingCall, answered: boolean, cause: HangUpCause): void {
  if (answered) return call.hangUp(reasons[cause]);
  const [status, reason] = refusals[cause];
  if (cause === 'overloaded') call.refuse(status, reason, retryAfterS);
  else call.refuse(status, reason);
}

/**
 * Digits for the `o=` line: unlike those of any other leg, and the same in whichever process (RFC 4566 §5.2: at most 63 bits,
 * for those who read them as a number).
 */
function sessionIdOf(leg: LegId): string {
  return String(createHash('sha256').update(leg).digest().readBigUInt64BE() >> 2n);
}

/** A caller who rings in, or one who was answered by a process before this one. */
export function takeSipCall(call: IncomingCall, options: NewSipCall | LeftSipCall): CallListener {
  const { leg, media, log } = options;
  let over = false;
  let told: FarEndListener | null = null;
  let ours: SdpOurs | null = null;
  const sessionId = sessionIdOf(leg);

  const aim = (audio: SdpAudio): boolean => {
    const remote = remoteOf(audio);
    if (remote === null) return false;
    media
      .request({ type: 'aim-rtp', leg, remote })
      .catch((problem: unknown) => log.warn({ leg, problem: String(problem) }, 'media: re-aim failed'));
    return true;
  };
  /** Each description of ours has a version above the last (RFC 3264 §8). */
  const describe = (offer: SdpAudio | null): string | null => {
    if (ours === null) return null;
    ours = { ...ours, version: ours.version + 1 };
    return offer === null ? offerSdp(ours) : answerSdp(offer, ours);
  };
  const far: FarEnd = {
    ring: () => call.ring(),
    answer() {
      const sdp = describe(call.offer);
      if (sdp !== null) call.answer(sdp);
    },
    end(reached, cause) {
      over = true;
      endCall(call, reached === 'answering' || reached === 'answered', cause);
    },
  };

  async function open({ arrived, stillborn }: NewSipCall): Promise<void> {
    const remote = call.offer === null ? null : remoteOf(call.offer);
    const { address, port } = await media.request({ type: 'open-rtp', leg, remote });
    if (over) return stillborn(); // cancelled while the port was being opened
    ours = { address, port, sessionId, version: 0 };
    told = arrived(far);
  }
  function begin(fresh: NewSipCall): void {
    const refuse = (cause: HangUpCause): void => {
      over = true;
      endCall(call, false, cause);
      fresh.stillborn();
    };
    if (call.offer !== null && remoteOf(call.offer) === null) return refuse('not-acceptable');
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
    ours = { ...options.rtp, sessionId, version: Math.floor(options.now() / 1_000) };
    told = options.takenUp(far);
  } else begin(options);

  return {
    onAnswered() {
      const dialog = call.snapshot();
      told?.answered(dialog === null ? null : JSON.stringify(dialog));
    },
    onAcknowledged(answer) {
      // An answer comes when our 200 carried the offer, to the first INVITE or a later one; without a codec of ours nobody could
      // hear. Of a call that was taken up the process before this one has heard the first answer.
      const settled = call.offer !== null || 'rtp' in options;
      if (over || (answer === null ? settled : aim(answer))) return;
      over = true;
      endCall(call, true, 'not-acceptable');
      told?.ended('failed');
    },
    onEnded(cause) {
      if (over) return;
      over = true;
      told?.ended(cause);
    },
    onReoffer(offer) {
      if (over || (offer !== null && !aim(offer))) return null;
      return describe(offer);
    },
    onDigit: (digit) => told?.digit(digit),
  };
}

/** @returns the dialog that a token of `leg.answered` stands for, or null when it is none of ours */
export function readToken(token: string): DialogSnapshot | null {
  try {
    const value: unknown = JSON.parse(token);
    return isSnapshot(value) ? value : null;
  } catch {
    return null;
  }
}

function isSnapshot(value: unknown): value is DialogSnapshot {
  if (!isRecord(value) || !isRecord(value['source'])) return false;
  const { source, routeSet, localCseq, remoteCseq } = value;
  const texts = ['callId', 'localUri', 'localTag', 'remoteUri', 'remoteTag', 'remoteTarget'];
  return (
    texts.every((key) => typeof value[key] === 'string') &&
    Array.isArray(routeSet) &&
    routeSet.every((route) => typeof route === 'string') &&
    typeof localCseq === 'number' &&
    (remoteCseq === null || typeof remoteCseq === 'number') &&
    ['udp', 'tcp', 'tls'].includes(source['transport'] as string) &&
    typeof source['address'] === 'string' &&
    typeof source['port'] === 'number'
  );
}
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
