/** A call that was answered by a process before this one: nothing but a session, from the first moment on. */
import type { CallListener, DialogSnapshot, IncomingCall, SipSource } from '../contract.js';
import { parseSipUri } from '../uri.js';
import type { Call } from './call.js';
import type { AgentCore } from './core.js';
import { DialogLink } from './dialog-link.js';
import { Session, type SessionCall } from './session.js';
import { Teller } from './teller.js';

/** So long, at most, until the first refresh of a call taken up: nobody knows when the last one was, and all come at once. */
const firstRefreshMsMax = 30_000;

export class AdoptedCall implements IncomingCall, Call, SessionCall {
  readonly id: string;
  readonly callId: string;
  readonly trunk: string;
  readonly source: SipSource;
  readonly to: string;
  readonly from = null;
  readonly fromName = null;
  readonly offer = null;
  readonly session: Session;
  readonly #core: AgentCore;
  readonly #teller: Teller<CallListener>;

  constructor(core: AgentCore, snapshot: DialogSnapshot, trunk: string) {
    const { source, session, referral, trunk: _, ...dialog } = snapshot;
    this.#core = core;
    this.id = dialog.localTag;
    this.callId = dialog.callId;
    this.trunk = trunk;
    this.source = source;
    this.to = parseSipUri(dialog.localUri)?.user ?? '';
    this.#teller = new Teller(core.log, this.id);
    const ahead = { ...dialog, localCseq: Math.max(dialog.localCseq, core.laterCseq()) };
    // A TCP connection of the dead process is gone; numbers from 0 are those of this one.
    const peer = { ...source, connection: null };
    this.session = new Session(core, {
      id: this.id,
      trunk,
      link: new DialogLink(core, ahead, peer, trunk, core.credentialsOf(trunk)),
      weCalled: session?.weCalled ?? false,
      teller: this.#teller,
      early: null,
      call: this,
    });
    this.session.allowsUpdate = session?.allowsUpdate ?? false;
    const timer = session?.timer ?? null;
    if (timer !== null) {
      const refreshMs = core.upTo(Math.min(firstRefreshMsMax, timer.intervalS * 250));
      this.session.clock.start(timer, refreshMs);
    }
    this.session.confirmed();
    if (referral !== undefined) this.session.referralLost(referral);
  }

  over(cause: 'hung-up' | 'cancelled' | 'failed'): void {
    this.#core.forget(this);
    this.#teller.last((listener) => listener.onEnded(cause));
  }

  attach(listener: CallListener): void {
    this.#teller.attach(listener);
  }
  sessionWith(remoteTag: string): Session | undefined {
    return remoteTag === this.session.link.dialog.remoteTag ? this.session : undefined;
  }
  isWith(address: string): boolean {
    return address === this.source.address;
  }
  // What belongs to a call not yet answered is nothing here.
  ring(): void {}
  answer(): void {}
  refuse(): void {}
  hangUp(cause: string): void {
    this.session.hangUp(cause);
  }
  hangUpNow(cause: string): void {
    this.session.hangUpNow(cause);
  }
  farewell(): null {
    return null;
  }

  reoffer(sdp: string): void {
    this.session.reoffer(sdp);
  }
  snapshot() {
    return this.session.snapshot();
  }
  stop(): void {
    this.session.stop();
  }
}
