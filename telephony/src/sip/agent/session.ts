/**
 * What calls of both directions share once there is a dialog (RFC 3261 §12–15): the far end's requests in it, our own, the answers
 * that wait for an ACK, session timers, and the end. What comes before the answer: inbound-call.ts, outbound-call.ts.
 *
 *     early ──2xx of ours──▶ unacknowledged ──ACK──▶ confirmed ──BYE either way──▶ ended
 *       │                         └── no ACK in 64·T1: BYE, 'failed'
 *       └──2xx of theirs, ACK of ours──▶ confirmed
 */
import type { DialogSnapshot, SessionListener } from '../contract.js';
import { receiveInDialog, type Dialog } from '../dialog.js';
import { headerTokens, toBody, type SipHeader, type SipMessage, type SipRequest } from '../message.js';
import type { Essentials } from '../parse.js';
import type { Arrival } from '../ports.js';
import { responseTo } from '../responses.js';
import type { ServerTransaction } from '../transaction/server.js';
import { AnswerRepeater } from './answer-repeater.js';
import { digitOf, sessionOf } from './body.js';
import type { AgentCore } from './core.js';
import type { DialogLink } from './dialog-link.js';
import { OwnOffers, type OfferHost } from './own-offers.js';
import { Referrals, type OpenReferral } from './refer.js';
import { acceptHeader, allowHeader, sdpHeader } from './rules.js';
import { answerTimer, SessionClock, type Clocked, type SessionTimer } from './session-timer.js';
import type { Tells } from './teller.js';

/** What the call around the session decides as long as it is not answered. */
export interface BeforeAnswer {
  /** Whose offer has no answer yet; null: both sides know where to send. */
  readonly unsettled: 'ours' | 'theirs' | null;
  onBye(): void;
}

export interface SessionParts {
  readonly id: string;
  readonly trunk: string;
  readonly link: DialogLink;
  readonly weCalled: boolean;
  readonly teller: Tells<SessionListener>;
  readonly early: BeforeAnswer | null;
  readonly call: SessionCall;
}

/** The call that the session belongs to. */
export interface SessionCall {
  /** Acknowledges an answer of ours that was to be (RFC 3262). @returns the status to answer it with */
  prack?(request: SipRequest): number;
  over(cause: 'hung-up' | 'cancelled' | 'failed'): void;
}

export class Session implements OfferHost, Clocked {
  readonly id: string;
  readonly trunk: string;
  readonly link: DialogLink;
  readonly weCalled: boolean;
  readonly teller: Tells<SessionListener>;
  readonly clock: SessionClock;
  allowsUpdate = false;
  readonly #core: AgentCore;
  readonly #early: BeforeAnswer | null;
  readonly #call: SessionCall;
  readonly #own: OwnOffers;
  /** Made when there is one. */
  #referrals: Referrals | null = null;
  #status: 'early' | 'unacknowledged' | 'confirmed' | 'ended';
  /** A 2xx of ours whose ACK is outstanding. `offered`: it carried our offer. */
  #unacked: { cseq: number; first: boolean; offered: boolean; repeater: AnswerRepeater } | null = null;
  /** A hang-up that waits for the ACK: BYE may not overtake it (§15). */
  #endAfterAck: string | null = null;
  /** What a snapshot said when the listener last heard of it. */
  #known: Facts | null = null;

  constructor(core: AgentCore, parts: SessionParts) {
    this.#core = core;
    this.#early = parts.early;
    this.#call = parts.call;
    ({ id: this.id, trunk: this.trunk, link: this.link, weCalled: this.weCalled, teller: this.teller } = parts);
    this.#status = parts.early === null ? 'confirmed' : 'early';
    this.clock = new SessionClock(core.timers, this);
    this.#own = new OwnOffers(core, this);
  }

  get free(): boolean {
    return this.#status === 'confirmed' && this.#unacked === null;
  }
  /** Answered, whether or not the ACK is here. */
  get established(): boolean {
    return this.#status === 'unacknowledged' || this.#status === 'confirmed';
  }
  get over(): boolean {
    return this.#status === 'ended';
  }

  /** Our 2xx to the INVITE goes out, by `resend` again and again until its ACK. */
  answered(cseq: number, offered: boolean, resend: () => void): void {
    this.#status = 'unacknowledged';
    this.#await(cseq, true, offered, resend);
    this.#known = this.#facts();
  }

  /** Their 2xx to our INVITE was acknowledged, or a process before this one left the call. */
  confirmed(): void {
    this.#status = 'confirmed';
    this.#known = this.#facts();
  }

  /** The far end learns that nothing comes of what the process before this one was doing for it. */
  referralLost(referral: OpenReferral): void {
    this.#referring().lost(referral, this.link);
  }

  /** Has a description of ours to the far end; `onReoffered` brings its answer. */
  reoffer(sdp: string): void {
    if (!this.over) this.#own.offer(sdp);
  }

  hangUp(cause: string): void {
    if (this.#status === 'unacknowledged') this.#endAfterAck ??= cause;
    else this.hangUpNow(cause);
  }

  /** Also where there is no time to wait for an ACK that may never come. */
  hangUpNow(cause: string): void {
    if (this.over) return;
    this.link.bye(cause);
    this.end('hung-up');
  }

  refresh(): void {
    this.#own.refresh();
  }

  expired(): void {
    this.lost('session timer expired');
  }

  lost(because: string): void {
    if (this.over) return;
    this.link.bye(`SIP;cause=408;text="${because}"`);
    this.end('failed');
  }

  /** Silent: whoever ends it so has told the far end. */
  end(cause: 'hung-up' | 'cancelled' | 'failed'): void {
    if (this.over) return;
    this.stop();
    this.#status = 'ended';
    this.#call.over(cause);
  }

  /** No timer of this session fires any more. */
  stop(): void {
    this.clock.stop();
    this.#own.stop();
    this.#unacked?.repeater.stop();
    this.#referrals?.stop();
  }

  snapshot(): DialogSnapshot | null {
    if (this.#status !== 'unacknowledged' && this.#status !== 'confirmed') return null;
    const { dialog, peer } = this.link;
    const snapshot: DialogSnapshot = {
      callId: dialog.callId,
      localUri: dialog.localUri,
      localTag: dialog.localTag,
      remoteUri: dialog.remoteUri,
      remoteTag: dialog.remoteTag,
      remoteTarget: dialog.remoteTarget,
      routeSet: dialog.routeSet.slice(),
      localCseq: dialog.localCseq,
      remoteCseq: dialog.remoteCseq,
      source: { transport: peer.transport, address: peer.address, port: peer.port },
      trunk: this.trunk,
      session: { weCalled: this.weCalled, allowsUpdate: this.allowsUpdate, timer: this.clock.timer },
    };
    const referral = this.#referrals?.open ?? null;
    if (referral !== null) snapshot.referral = referral;
    return snapshot;
  }

  /** Takes note of what a message of the far end says it can. */
  heed(message: SipMessage): void {
    const allow = headerTokens(message, 'allow');
    if (allow.length > 0) this.allowsUpdate = allow.includes('update');
  }

  changed(): void {
    const before = this.#known;
    if (before === null) return;
    const now = this.#facts();
    if (saySame(before, now)) return;
    this.#known = now;
    this.teller.tell((listener) => listener.onChanged?.());
  }

  onAck(request: SipRequest, read: Essentials, arrival: Arrival): void {
    const unacked = this.#unacked;
    // One more comes for each copy of our 200 that went out.
    if (this.over || unacked === null || read.cseq.number !== unacked.cseq) return;
    this.link.peer = arrival;
    unacked.repeater.stop();
    this.#unacked = null;
    this.#status = 'confirmed';
    if (unacked.first || unacked.offered) {
      const session = sessionOf(request);
      const audio = session !== null && session.ok ? session.audio : null;
      this.teller.tell((listener) => listener.onAcknowledged?.(audio));
    }
    if (this.#endAfterAck !== null) this.hangUp(this.#endAfterAck);
    else this.#own.go();
  }

  /** A request of the far end with our tags. */
  onRequest(transaction: ServerTransaction): void {
    const { request, read, arrival } = transaction;
    if (this.over) return this.reply(transaction, 481);
    const next = receiveInDialog(this.link.dialog, request, read.cseq.number);
    if (next === null) return this.reply(transaction, 500);
    if (request.method === 'INVITE' || request.method === 'UPDATE') return this.#reoffered(transaction, next);
    this.link.moveTo(next, arrival);
    switch (request.method) {
      case 'BYE':
        this.reply(transaction, 200);
        if (this.#status === 'early') this.#early?.onBye();
        else this.end('hung-up');
        return;
      case 'INFO':
        return this.#info(transaction);
      case 'PRACK':
        return this.reply(transaction, this.#call.prack?.(request) ?? 481);
      case 'REFER':
        return this.#referring().take(this, transaction, this.#status === 'confirmed');
      case 'OPTIONS':
        return this.reply(transaction, 200, [allowHeader, acceptHeader]);
      default:
        this.reply(transaction, 405, [allowHeader]);
    }
  }

  reply(transaction: ServerTransaction, status: number, headers: readonly SipHeader[] = []): void {
    const all = [...headers, ...this.#core.serverHeaders];
    transaction.respond(responseTo(transaction.request, transaction.via, status, null, { headers: all }));
  }

  #info(transaction: ServerTransaction): void {
    const digit = digitOf(transaction.request);
    if (digit === undefined && transaction.request.body.length > 0) {
      const accept: SipHeader = { name: 'accept', value: 'application/dtmf-relay, application/dtmf' };
      return this.reply(transaction, 415, [accept]);
    }
    if (digit === null) return this.reply(transaction, 400);
    this.reply(transaction, 200);
    if (digit !== undefined && this.#status !== 'early') this.teller.tell((listener) => listener.onDigit(digit));
  }

  #reoffered(transaction: ServerTransaction, next: Dialog): void {
    const { request, read, arrival } = transaction;
    const invite = request.method === 'INVITE';
    const unsettled = this.#status === 'early' ? (this.#early?.unsettled ?? null) : null;
    if (invite || request.body.length > 0) {
      // Ours is on its way: neither may be answered before the other (§14.2; RFC 3311 §5.2).
      const open = this.#own.unsettled || unsettled === 'ours' || (!invite && this.#unacked?.offered === true);
      if (open) return this.reply(transaction, 491);
      // One offer at a time: the one before is not settled yet.
      const early = invite && this.#status === 'early';
      const first = this.#unacked?.first === true && !invite;
      if (unsettled === 'theirs' || early || (this.#unacked !== null && !first)) {
        return this.reply(transaction, 500, [{ name: 'retry-after', value: String(this.#core.upTo(10)) }]);
      }
    }
    const session = sessionOf(request);
    if (session !== null && !session.ok) return this.reply(transaction, 488);
    const agreed = answerTimer(request);
    const timer = agreed === 'too-short' ? { timer: null, headers: [] } : agreed; // refused before it came here
    const headers = [this.#core.contact(this.trunk, arrival, request), allowHeader, ...timer.headers];
    if (!invite && session === null) {
      this.#moved(request, next, arrival, timer.timer);
      return this.reply(transaction, 200, headers);
    }
    const ours = this.teller.ask((listener) => listener.onReoffer(session === null ? null : session.audio));
    // A refusal leaves everything as it was, the far end's address included (§14.2).
    if (ours === null) return this.reply(transaction, 488);
    this.#moved(request, next, arrival, timer.timer);
    const response = responseTo(request, transaction.via, 200, null, {
      headers: [...headers, ...this.#core.serverHeaders, sdpHeader],
      body: toBody(ours),
      recordRoute: true,
    });
    if (invite) this.#await(read.cseq.number, false, session === null, () => transaction.respond(response));
    transaction.respond(response);
  }

  #moved(request: SipRequest, dialog: Dialog, arrival: Arrival, timer: SessionTimer | null): void {
    this.link.moveTo(dialog, arrival);
    this.heed(request);
    // Before the answer no timer runs; what was agreed on in it counts.
    if (this.#status !== 'early') this.clock.start(timer);
    this.changed();
  }

  #referring(): Referrals {
    return (this.#referrals ??= new Referrals(this.#core, () => this.changed()));
  }

  #await(cseq: number, first: boolean, offered: boolean, resend: () => void): void {
    // §13.3.1.4: when no ACK comes in 64·T1 the dialog is confirmed all the same, and ended by BYE.
    const repeater = new AnswerRepeater(this.#core.timers, this.#core.times, resend, () => this.lost('no ACK'));
    this.#unacked = { cseq, first, offered, repeater };
  }

  #facts(): Facts {
    const { dialog, peer } = this.link;
    return {
      remoteTarget: dialog.remoteTarget,
      peer,
      timer: this.clock.timer,
      referral: this.#referrals?.open ?? null,
    };
  }
}

/** What of a snapshot changes in the life of a session, but for the numbers of requests. */
interface Facts {
  remoteTarget: string;
  peer: Arrival;
  timer: SessionTimer | null;
  referral: OpenReferral | null;
}

function saySame(a: Facts, b: Facts): boolean {
  const { peer: from, timer: was, referral: open } = a;
  const { peer: to, timer, referral } = b;
  return (
    a.remoteTarget === b.remoteTarget &&
    (from === to || (from.transport === to.transport && from.address === to.address && from.port === to.port)) &&
    was?.intervalS === timer?.intervalS &&
    was?.refresher === timer?.refresher &&
    (open === null) === (referral === null) &&
    open?.id === referral?.id
  );
}
