/**
 * The user agent as a carrier sees it. `net/sip-endpoint.ts` implements it over UDP, TCP and TLS sockets on top of the sans-IO
 * engine of this folder; carriers never touch a message, a transaction or a socket.
 */
import type { SdpAudio } from '../sdp/contract.js';
import type { GuestAccount } from './agent/guests.js';
import type { OpenReferral } from './agent/refer.js';
import type { RegistrationNews } from './agent/registrar.js';
import type { SessionTimer } from './agent/session-timer.js';
import type { Dialog } from './dialog.js';
import type { Credentials } from './digest/authorizer.js';
import type { Hop, TlsDemand, TlsIdentity, TlsPeer } from './ports.js';
import type { Target } from './resolve.js';

export type SipTransport = 'udp' | 'tcp' | 'tls';

/** Where a request came from, as the socket saw it. */
export interface SipSource {
  transport: SipTransport;
  address: string;
  port: number;
}

/** `code`: 300–399 of RFC 3261 §20.43. */
export interface SdpWarning {
  code: number;
  text: string;
}

/** An INVITE that opens a dialog towards us. Every method may be called at any time; late ones are no-ops. */
export interface IncomingCall {
  /** Unique per dialog attempt in this process. */
  readonly id: string;
  readonly source: SipSource;
  /** User part of the Request-URI, percent-decoded, `;` parameters of the user part removed. */
  readonly to: string;
  /** User part of To: a carrier that knows us by an account puts the number that was dialled here. */
  readonly addressed?: string | null;
  /** Asserted identity when the trunk is trusted to give one (P-Asserted-Identity, RFC 3325), otherwise From; null when anonymous. */
  readonly from: string | null;
  readonly fromName: string | null;
  /** The caller's offer; null when the INVITE came without SDP (then we offer in the 200). */
  readonly offer: SdpAudio | null;
  /** 180 Ringing, repeated by the engine as RFC 3261 §13.3.1.1 asks (every minute). */
  ring(): void;
  /** 200 OK with our SDP, retransmitted until ACK. `onAnswered` follows when it was sent; `onEnded('failed')` when no ACK came (64·T1). */
  answer(sdp: string): void;
  /**
   * A final refusal, 300–699. `retryAfterS` becomes a Retry-After header; `warning` one that says what is wrong with the SDP (RFC 3261
   * §20.43).
   */
  refuse(status: number, reason: string, retryAfterS?: number, warning?: SdpWarning): void;
  /** BYE in a confirmed dialog, 480 before an answer. `cause` becomes a Reason header (RFC 3326). */
  hangUp(cause: string): void;
  /**
   * The final answer (503) with which another process can end this INVITE after ours died unanswered: for `sendFarewell`. Null:
   * it is answered.
   */
  farewell(): string | null;
  /** Once answered: has our new description to the far end, by re-INVITE; `onReoffered` follows. The latest one counts. */
  reoffer(sdp: string): void;
  /** All that is needed to take the call up in another process after ours died: JSON-safe. */
  snapshot(): DialogSnapshot | null;
}

export interface DialogSnapshot extends Dialog {
  source: SipSource;
  /** Missing in those of earlier releases: the source says it. */
  trunk?: string;
  /** Missing in those of earlier releases: their far ends are refreshed by nobody and by re-INVITE. */
  session?: {
    /** The INVITE was ours. */
    weCalled: boolean;
    /** The far end takes UPDATE. */
    allowsUpdate: boolean;
    timer: SessionTimer | null;
  };
  /** Missing: the far end waits for no outcome of a REFER. */
  referral?: OpenReferral;
}

/** What is told of an answered call, whoever placed it. */
export interface SessionListener {
  /**
   * A re-INVITE or UPDATE with SDP: return our answer, or null to refuse with 488. Without SDP `offer` is null: return our offer;
   * this also comes when we have to refresh the session ourselves.
   */
  onReoffer(offer: SdpAudio | null): string | null;
  /** A DTMF digit by SIP INFO (application/dtmf-relay or application/dtmf). */
  onDigit(digit: string): void;
  /** The far end's SDP where a 200 of ours carried the offer. */
  onAcknowledged?(answer: SdpAudio | null): void;
  /** What the far end says to a description that we sent. Null: it refused, and all stays as it was. */
  onReoffered?(answer: SdpAudio | null): void;
  /**
   * REFER: the far end asks us to call somebody in its place. True takes it on: `progress` is told how that goes, and what becomes
   * of this call is ours to say. Otherwise, as without this, it is refused with 403.
   */
  onRefer?(wish: ReferWish, progress: ReferProgress): boolean;
  /**
   * An INVITE with Replaces, of the same trunk, is to take the place of this call. It has been told of to nobody else: return its
   * listener, or null to refuse it with 403. Whoever takes it on hangs this call up.
   */
  onReplaced?(call: IncomingCall): CallListener | null;
  /** `snapshot()` says something else now: the far end moved, the session timer changed, a REFER came or was dealt with. */
  onChanged?(): void;
}

export interface ReferWish {
  /** A sip: or tel: address, without anything that it wants put into the INVITE. */
  target: string;
  /** The call at the target that ours is to replace, as the header has it (RFC 3891); null: a plain transfer. */
  replaces: string | null;
  /** Referred-By as it stood there (RFC 3892). */
  referredBy: string | null;
}

export interface ReferProgress {
  /** Passed on as they are; the first from 200 on is the last. */
  tell(status: number, reason: string): void;
}

export interface CallListener extends SessionListener {
  onAnswered(): void;
  /**
   * ACK arrived. `answer` is the far end's SDP when our 200 carried the offer. Of a re-INVITE only that case is told: the far
   * end's new address is then known only now.
   */
  onAcknowledged(answer: SdpAudio | null): void;
  /** Exactly once in every life, and the last that is heard: after our own `hangUp` ('hung-up') and `refuse` ('failed') too. */
  onEnded(cause: 'hung-up' | 'cancelled' | 'failed'): void;
}

/** A call that we place. */
export interface CallRequest {
  trunk: string;
  /** In order of preference; the next is tried when one does not answer, cannot be reached or says 503. */
  hops: readonly Hop[];
  /** How long a hop may say nothing at all, not even 100; missing: 64·T1, 32 s. What it says later is cancelled, or ended. */
  hopMs?: number;
  /** For whoever asks on the way; null: a 401 or 407 is a refusal. */
  credentials: Credentials | null;
  /** Whom to ring: a sip: or tel: address. */
  to: string;
  /** Who we say calls: a sip: address for From. */
  from: string;
  displayName: string | null;
  /** The same for those who trust us (RFC 3325). `preferred`: to a carrier that decides itself. */
  identity: { header: 'asserted' | 'preferred'; uri: string } | null;
  /** The number is withheld: From is anonymous, and `Privacy: id` asks those who know the identity to keep it (RFC 3323). */
  withheld: boolean;
  /** Our description. */
  offer: string;
  /** How long it may ring; then `cancelled` by us, told as 'no-answer'. */
  ringMsMax: number;
  /** The call at the far end that this one takes the place of (RFC 3891), as a REFER has it. */
  replaces?: string | null;
  /** Sent along, as they are; none that the engine writes itself. */
  headers?: readonly { name: string; value: string }[];
}

/** An INVITE of ours and what comes of it. Every method may be called at any time; late ones are no-ops. */
export interface OutgoingCall {
  readonly id: string;
  /** Whence the last word about it came; null before the first. */
  readonly source: SipSource | null;
  /** BYE in an answered call, CANCEL before. `cause` becomes a Reason header of the BYE. */
  hangUp(cause: string): void;
  reoffer(sdp: string): void;
  /** Null until it is answered. */
  snapshot(): DialogSnapshot | null;
}

/**
 * Why a call of ours ended. `refused`: with `status`. `no-answer`: it rang for as long as it may. `unreachable`: no hop answered.
 * `failed`: an answer that cannot be used, an expired session.
 */
export type OutgoingEnd = 'hung-up' | 'cancelled' | 'refused' | 'no-answer' | 'unreachable' | 'failed';

export interface OutgoingListener extends SessionListener {
  /**
   * The INVITE goes out: to the first hop (told before `call` returns), to another one, or again with a password. `farewell`: the
   * CANCEL with which another process can end it after ours died unanswered, for `sendFarewell`.
   */
  onSent?(farewell: string): void;
  /**
   * 180 and the like. `early`: the far end sends audio before it answers (a tone, an announcement); null: ring-back is ours. A
   * forked call may ring at several places, each with a word of its own; the latest counts.
   */
  onProgress(status: number, early: SdpAudio | null): void;
  /** Answered, and acknowledged. */
  onAnswered(answer: SdpAudio): void;
  /**
   * Exactly once in every life, and the last that is heard. `status`: the final one, if there was any; `reason`: its words;
   * `retryAfterS`: for how long it wants to be left alone.
   */
  onEnded(cause: OutgoingEnd, status: number | null, reason: string | null, retryAfterS: number | null): void;
}

export interface SipEndpointHandlers {
  /** Is this source one of ours? Null: refuse quietly (rate-limited 403, logged once per source). The string names the trunk. */
  trunkOf(source: SipSource): string | null;
  /** A new call from a trunk. Return the listener of its life. */
  onCall(call: IncomingCall, trunk: string): CallListener;
  /** What we answer when the trunk asks for a password within a call. */
  credentialsOf?(trunk: string): Credentials | null;
  /** The name that this trunk knows us by, for Contact; null or missing: the address at which it reaches us. */
  contactHostOf?(trunk: string): string | null;
  /** Who may call in from anywhere with a password, and the realm that asks for it. */
  guests?: {
    realm: string;
    algorithms: readonly ('SHA-256' | 'MD5')[];
    accounts: readonly GuestAccount[];
  } | null;
  /** May far ends of this trunk speak from there, whether or not another one lists the address, too? */
  isAt?(trunk: string, source: SipSource): boolean;
  /** Is this still a trunk of ours? Asked of calls that a process before this one left. */
  isTrunk?(trunk: string): boolean;
  /** Whose certificate to expect at an address over TLS, when a request within a call goes there. */
  tlsPeerOf?(address: string): TlsPeer | null;
  /** What a far end that connects from there over TLS has to show; null: nothing. */
  tlsDemandOf?(address: string): TlsDemand | null;
}

/** A far end as it is configured. Its name is looked up for each use: carriers move. */
export interface FarServer extends Target {
  /** How its certificate is judged, and which one it is shown, where it is reached over TLS; null: as usual, and none. */
  tls: { ca: string | null; verify: boolean; own?: TlsIdentity } | null;
}

export interface RegisterRequest {
  /** In the order in which they are asked. */
  servers: readonly FarServer[];
  /** `sip:user@domain` is the address that is registered. */
  user: string;
  domain: string;
  credentials: Credentials;
  expiresS: number;
  /** Seconds between the line ends that keep the way back open; null for none. */
  keepAliveS: number | null;
  contactHost?: string | null;
}

export interface AskRequest {
  server: FarServer;
  method: 'OPTIONS' | 'REGISTER';
  /** Of the request line. */
  uri: string;
  /** From and To of a REGISTER; null: we ask as ourselves. */
  about: string | null;
  credentials: Credentials | null;
  contactHost?: string | null;
}

export type Answer =
  | { answered: true; status: number; reason: string; contacts: number }
  | { answered: false; because: 'timeout' | 'transport' | 'no-address' };

/** What keeps a trunk alive from our side. */
export interface SipUpkeep {
  /** Where a far end is now, in the order in which to try. Never rejects; empty when its name leads nowhere. */
  hopsOf(server: FarServer): Promise<Hop[]>;
  /** Keeps our address with a registrar until told to stop. `told` hears of each change. */
  register(
    request: RegisterRequest,
    told: (news: RegistrationNews) => void,
  ): {
    /** Takes the address back. Resolves when that was answered, or after a moment. */
    stop(): Promise<void>;
    /** Leaves the address to the process that comes next. */
    leave(): void;
  };
  /** Asks by OPTIONS whether a far end is there. `told` hears of each change. @returns what ends it */
  probe(
    request: { server: FarServer; intervalS: number; contactHost?: string | null },
    told: (status: 'up' | 'down') => void,
  ): () => void;
  /** One question outside any call; a REGISTER of this kind has no Contact, and so changes nothing (RFC 3261 §10.2.3). */
  ask(request: AskRequest): Promise<Answer>;
  /** Line ends to this hop, again and again. @returns what ends it */
  keepOpen(hop: Hop, everyS: number): () => void;
}

export interface SipEndpoint extends SipUpkeep {
  /** Binds UDP and TCP. What is to be sent before waits for it. @throws Error with `code` EADDRINUSE and the like */
  start(): Promise<void>;
  /**
   * Takes up an answered call of a process before this one, as far end and we left it: its requests reach the listener, and
   * ours reach it. Call it before `start`, so that a BYE which the far end repeats finds its dialog.
   *
   * @returns false when nobody of ours is at the snapshot's source, or the call is known already
   */
  adopt(dialog: DialogSnapshot, take: (call: IncomingCall) => CallListener): boolean;
  /** Places a call. What becomes of it is told after this returns, never before. */
  call(request: CallRequest, listener: OutgoingListener): OutgoingCall;
  /** Sends a BYE for a dialog of a process that died. Resolves when it was answered or gave up. */
  endOrphan(dialog: DialogSnapshot, cause: string): Promise<void>;
  /**
   * Sends what a process that died left for this case: an answer to its caller, a CANCEL to whom it called; an answer of theirs that
   * crosses it is ended. Anything else is nothing.
   */
  sendFarewell(farewell: string): void;
  /** Hangs up what is open (unless it is to live on), waits for transactions at most `graceMs`, closes the sockets. */
  stop(graceMs: number, calls?: 'hang-up' | 'live-on'): Promise<void>;
  readonly counts: { dialogs: number; transactions: number };
}
