/**
 * The user agent as a carrier sees it. `net/sip-endpoint.ts` implements it over UDP, TCP and TLS sockets on top of the sans-IO
 * engine of this folder; carriers never touch a message, a transaction or a socket.
 */
import type { SdpAudio } from '../sdp/contract.js';
import type { Dialog } from './dialog.js';

export type SipTransport = 'udp' | 'tcp' | 'tls';

/** Where a request came from, as the socket saw it. */
export interface SipSource {
  transport: SipTransport;
  address: string;
  port: number;
}

/** An INVITE that opens a dialog towards us. Every method may be called at any time; late ones are no-ops. */
export interface IncomingCall {
  /** Unique per dialog attempt in this process. */
  readonly id: string;
  readonly source: SipSource;
  /** User part of the Request-URI, percent-decoded, `;` parameters of the user part removed. */
  readonly to: string;
  /** Asserted identity when the trunk is trusted to give one (P-Asserted-Identity, RFC 3325), otherwise From; null when anonymous. */
  readonly from: string | null;
  readonly fromName: string | null;
  /** The caller's offer; null when the INVITE came without SDP (then we offer in the 200). */
  readonly offer: SdpAudio | null;
  /** 180 Ringing, repeated by the engine as RFC 3261 §13.3.1.1 asks (every minute). */
  ring(): void;
  /** 200 OK with our SDP, retransmitted until ACK. `onAnswered` follows when it was sent; `onEnded('failed')` when no ACK came (64·T1). */
  answer(sdp: string): void;
  /** A final refusal, 300–699. `retryAfterS` becomes a Retry-After header. */
  refuse(status: number, reason: string, retryAfterS?: number): void;
  /** BYE in a confirmed dialog, 480 before an answer. `cause` becomes a Reason header (RFC 3326). */
  hangUp(cause: string): void;
  /** All that is needed to take the call up in another process after ours died: JSON-safe. */
  snapshot(): DialogSnapshot | null;
}

export interface DialogSnapshot extends Dialog {
  source: SipSource;
}

export interface CallListener {
  onAnswered(): void;
  /**
   * ACK arrived. `answer` is the far end's SDP when our 200 carried the offer. Of a re-INVITE only that case is told: the far
   * end's new address is then known only now.
   */
  onAcknowledged(answer: SdpAudio | null): void;
  /** Exactly once in every life, and the last that is heard: after our own `hangUp` ('hung-up') and `refuse` ('failed') too. */
  onEnded(cause: 'hung-up' | 'cancelled' | 'failed'): void;
  /** A re-INVITE or UPDATE with SDP: return our answer, or null to refuse with 488. Without SDP `offer` is null: return our offer. */
  onReoffer(offer: SdpAudio | null): string | null;
  /** A DTMF digit by SIP INFO (application/dtmf-relay or application/dtmf). */
  onDigit(digit: string): void;
}

export interface SipEndpointHandlers {
  /** Is this source one of ours? Null: refuse quietly (rate-limited 403, logged once per source). The string names the trunk. */
  trunkOf(source: SipSource): string | null;
  /** A new call from a trunk. Return the listener of its life. */
  onCall(call: IncomingCall, trunk: string): CallListener;
}

export interface SipEndpoint {
  /** Binds UDP and TCP. What is to be sent before waits for it. @throws Error with `code` EADDRINUSE and the like */
  start(): Promise<void>;
  /**
   * Takes up an answered call of a process before this one, as far end and we left it: its requests reach the listener, and
   * ours reach it. Call it before `start`, so that a BYE which the far end repeats finds its dialog.
   *
   * @returns false when nobody of ours is at the snapshot's source, or the call is known already
   */
  adopt(dialog: DialogSnapshot, take: (call: IncomingCall) => CallListener): boolean;
  /** Sends a BYE for a dialog of a process that died. Resolves when it was answered or gave up. */
  endOrphan(dialog: DialogSnapshot, cause: string): Promise<void>;
  /** Hangs up what is open (unless it is to live on), waits for transactions at most `graceMs`, closes the sockets. */
  stop(graceMs: number, calls?: 'hang-up' | 'live-on'): Promise<void>;
  readonly counts: { dialogs: number; transactions: number };
}
