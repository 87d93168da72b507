/**
 * Our own re-INVITEs and UPDATEs in a session (RFC 3261 §14.1, RFC 3311, RFC 4028 §7.4): one at a time, never across one of the far
 * end's, and again after a glare.
 *
 *     idle ──▶ sent ──2xx──▶ idle            491: again, after a wait that differs between the two sides
 *               ├── 408, 481, silence: the far end knows the call no more
 *               └── any other refusal: all stays as it was
 */
import { contactOf } from '../dialog.js';
import { headerTokens, noBody, toBody, type SipHeader, type SipResponse } from '../message.js';
import type { SessionListener } from '../contract.js';
import { sessionOf } from './body.js';
import { nothing } from '../ports.js';
import type { AgentCore } from './core.js';
import type { Asked, DialogLink } from './dialog-link.js';
import { allowHeader, sdpHeader, supportedHeader } from './rules.js';
import { patience } from '../transaction/timers.js';
import { minSeS, proposeTimer, readMinSe, timerOfAnswer, type SessionClock } from './session-timer.js';
import type { Tells } from './teller.js';

/** What this needs of its session. */
export interface OfferHost {
  readonly link: DialogLink;
  readonly clock: SessionClock;
  readonly teller: Tells<SessionListener>;
  /** Ours is the Call-ID: we wait longer in a glare (§14.1). */
  readonly weCalled: boolean;
  /** The far end takes UPDATE. */
  allowsUpdate: boolean;
  /** Established, and no offer of the far end is unsettled. */
  readonly free: boolean;
  readonly over: boolean;
  /** The far end knows the call no more, or is not there. */
  lost(because: string): void;
  changed(): void;
}

/** `refresh`: only to show that we live. */
type Wish = { sdp: string } | 'refresh';

export class OwnOffers {
  readonly #core: AgentCore;
  readonly #host: OfferHost;
  #wish: Wish | null = null;
  #sent: 'offer' | 'refresh' | null = null;
  #cancelRetry: (() => void) | null = null;
  #giveUp = nothing;
  #stopWaiting = nothing;
  #minS = minSeS;
  #tooShort = 0;

  constructor(core: AgentCore, host: OfferHost) {
    this.#core = core;
    this.#host = host;
  }

  /** An offer of ours is on its way: another one may not cross it. */
  get unsettled(): boolean {
    return this.#sent === 'offer';
  }

  /** The latest offer counts; one that is on its way is not called back. */
  offer(sdp: string): void {
    this.#wish = { sdp };
    this.go();
  }

  refresh(): void {
    if (this.#sent !== null) return;
    this.#wish ??= 'refresh';
    this.go();
  }

  stop(): void {
    this.#wish = null;
    this.#giveUp();
    this.#cancelRetry?.();
    this.#cancelRetry = null;
  }

  /** Called when what stood in the way may be over. */
  go(): void {
    const { link, clock, teller, allowsUpdate, free } = this.#host;
    const wish = this.#wish;
    if (wish === null || this.#sent !== null || this.#cancelRetry !== null || !free) return;
    this.#wish = null;
    const update = wish === 'refresh' && allowsUpdate;
    // A refresh by re-INVITE is an offer too; only the carrier knows what is to be said in it.
    const sdp = update ? null : wish === 'refresh' ? teller.ask((listener) => listener.onReoffer(null)) : wish.sdp;
    if (sdp === null && !update) return;
    const timer = clock.timer;
    const headers: SipHeader[] = [
      this.#core.contact(link.trunk, link.peer, null),
      allowHeader,
      supportedHeader,
      ...(timer === null ? [] : proposeTimer(timer.intervalS, this.#minS, timer.refresher)),
      ...(sdp === null ? [] : [sdpHeader]),
    ];
    this.#sent = sdp === null ? 'refresh' : 'offer';
    let acknowledge: (() => void) | null = null;
    const cancel = link.ask({
      method: update ? 'UPDATE' : 'INVITE',
      headers,
      body: sdp === null ? noBody : toBody(sdp),
      onFinal: (response, _, asked) => {
        const { status } = response;
        if (status >= 300) return this.#refused(response, wish);
        if (acknowledge !== null) return acknowledge();
        acknowledge = this.#taken(response, asked, { update, offered: sdp !== null });
      },
      onFailed: (because) => {
        this.#settled();
        if (this.#host.over) return;
        if (because === 'timeout') this.#host.lost('no answer within the session');
        else this.#failed(wish);
      },
    });
    // A far end that says "trying" and no more would keep the transaction, and us from every further offer, for ever.
    const late = this.#core.timers.after(patience(this.#core.times), cancel);
    this.#giveUp = () => {
      late();
      cancel();
    };
    this.#stopWaiting = late;
  }

  #settled(): void {
    this.#sent = null;
    this.#stopWaiting();
    this.#giveUp = nothing;
  }

  #taken(response: SipResponse, asked: Asked, sent: { update: boolean; offered: boolean }): () => void {
    const { link, clock, teller } = this.#host;
    this.#settled();
    this.#tooShort = 0;
    const remoteTarget = contactOf(response) ?? link.dialog.remoteTarget;
    link.dialog = { ...link.dialog, remoteTarget };
    const acknowledge = sent.update ? nothing : link.acknowledge(asked);
    if (this.#host.over) return acknowledge;
    if (headerTokens(response, 'allow').length > 0) {
      this.#host.allowsUpdate = headerTokens(response, 'allow').includes('update');
    }
    clock.start(timerOfAnswer(response));
    this.#host.changed();
    if (sent.offered) {
      const session = sessionOf(response);
      const audio = session !== null && session.ok ? session.audio : null;
      teller.tell((listener) => listener.onReoffered?.(audio));
    }
    this.go();
    return acknowledge;
  }

  #refused(response: SipResponse, wish: Wish): void {
    const { status } = response;
    this.#settled();
    if (this.#host.over) return;
    if (status === 408 || status === 481) return this.#host.lost(`refused with ${status} within the session`);
    if (status === 422 && this.#tooShort++ < 2) {
      this.#minS = Math.max(this.#minS, readMinSe(response));
      this.#wish ??= wish;
      return this.go();
    }
    if (status !== 491) return this.#failed(wish);
    this.#wish ??= wish;
    // §14.1: in steps of 10 ms, 2.1 to 4 s for whose Call-ID it is, 0 to 2 s for the other, so that they do not meet again.
    const waitMs = this.#host.weCalled ? 2_100 + 10 * this.#core.upTo(191) : 10 * this.#core.upTo(201);
    this.#cancelRetry = this.#core.timers.after(waitMs, () => {
      this.#cancelRetry = null;
      this.go();
    });
  }

  #failed(wish: Wish): void {
    if (wish !== 'refresh') this.#host.teller.tell((listener) => listener.onReoffered?.(null));
    this.go();
  }
}
