/** An endpoint for tests that rings and answers whatever calls: the far end of sipp. It has no media behind its SDP. */
import { answerSdp, offerSdp } from '../../sdp/index.js';
import type { IncomingCall, SessionListener, SipEndpoint, SipEndpointHandlers, SipSource } from '../../sip/contract.js';
import { createSipEndpoint, type SipEndpointOptions } from '../sip-endpoint.js';

export interface AutoAnswer {
  endpoint: SipEndpoint;
  /** How each call ended. */
  ends: Record<'hung-up' | 'cancelled' | 'failed', number>;
  digits: string[];
  counts: { calls: number; answered: number; acknowledged: number; reoffers: number };
  /** ACKs that brought an answer to our offer. */
  lateAnswers: number;
  /** Warnings and errors that were logged. */
  complaints: string[];
}

export interface AutoAnswerOptions {
  port: number;
  /** Time between ringing and the answer; null never answers. */
  answerAfterMs?: number | null;
  trunkOf?: (source: SipSource) => string | null;
  guests?: NonNullable<SipEndpointHandlers['guests']>;
  tlsDemandOf?: NonNullable<SipEndpointHandlers['tlsDemandOf']>;
  /** What our session descriptions name. */
  address?: string;
  /** Told of each new call. */
  onTrunk?: (trunk: string) => void;
  /** Hangs up by itself this long after the ACK. */
  hangUpAfterMs?: number;
  /** What a test wants to hear of within a call. */
  session?: (call: IncomingCall) => Partial<SessionListener>;
  endpoint?: Partial<SipEndpointOptions>;
}

export function createAutoAnswer(options: AutoAnswerOptions): AutoAnswer {
  const ours = { address: options.address ?? '127.0.0.1', port: 20_000, sessionId: '1', version: 1 };
  const ends = { 'hung-up': 0, cancelled: 0, failed: 0 };
  const counts = { calls: 0, answered: 0, acknowledged: 0, reoffers: 0 };
  const digits: string[] = [];
  const complaints: string[] = [];
  const complain = (facts: object, message: string) =>
    void complaints.push(
      `${message} ${JSON.stringify(facts, (_, value: unknown) => (value instanceof Error ? value.stack : value))}`,
    );

  const endpoint = createSipEndpoint({
    host: '127.0.0.1',
    port: options.port,
    publicAddress: '127.0.0.1',
    userAgent: null,
    log: { debug() {}, info() {}, warn: complain, error: complain },
    handlers: {
      trunkOf: options.trunkOf ?? (() => 'test'),
      ...(options.guests === undefined ? {} : { guests: options.guests }),
      ...(options.tlsDemandOf === undefined ? {} : { tlsDemandOf: options.tlsDemandOf }),
      onCall(call, trunk) {
        counts.calls++;
        options.onTrunk?.(trunk);
        const timers = new Set<NodeJS.Timeout>();
        const later = (ms: number, act: () => void) => void timers.add(setTimeout(act, ms));
        const pickUp = () => {
          const sdp = call.offer === null ? offerSdp(ours) : answerSdp(call.offer, ours);
          if (sdp === null) call.refuse(488, 'No audio in common');
          else call.answer(sdp);
        };
        call.ring();
        const { answerAfterMs = 0, hangUpAfterMs } = options;
        if (answerAfterMs === 0) pickUp();
        else if (answerAfterMs !== null) later(answerAfterMs, pickUp);
        return {
          onAnswered: () => void counts.answered++,
          onAcknowledged(answer) {
            counts.acknowledged++;
            if (answer !== null) far.lateAnswers++;
            if (hangUpAfterMs !== undefined) later(hangUpAfterMs, () => call.hangUp('test over'));
          },
          onEnded(cause) {
            ends[cause]++;
            for (const timer of timers) clearTimeout(timer);
          },
          onReoffer(offer) {
            counts.reoffers++;
            return offer === null ? offerSdp(ours) : answerSdp(offer, ours);
          },
          onDigit: (digit) => void digits.push(digit),
          ...options.session?.(call),
        };
      },
    },
    ...options.endpoint,
  });
  const far: AutoAnswer = { endpoint, ends, digits, counts, complaints, lateAnswers: 0 };
  return far;
}
