/**
 * One call of ours before its answer: the INVITE over several hops, the places where it rings, and which of them answers first
 * (RFC 3261 §13.2, §9.1). Afterwards it is a session.
 *
 *     calling ──1xx──▶ ringing, at one place or several ──2xx──▶ ACK, (session.ts); a later 2xx of another place: ACK, BYE
 *        └── 300–699, silence: ended          └── given up: CANCEL, ended; a 2xx that crosses it: ACK, BYE
 *
 * A 3xx is a refusal: where a call of ours goes is never for the far end to say (toll fraud).
 */
import type { CallRequest, OutgoingCall, OutgoingEnd, OutgoingListener } from '../contract.js';
import { dialogAsClient, dialogWithoutContact, type Dialog } from '../dialog.js';
import { fromWire, type SipResponse } from '../message.js';
import { mintCallId, mintTag } from '../mint.js';
import { tagOf } from '../name-address.js';
import type { Essentials } from '../parse.js';
import { cancelOf } from '../requests.js';
import type { ClientTransaction } from '../transaction/client.js';
import { sessionOf } from './body.js';
import type { Call } from './call.js';
import type { AgentCore } from './core.js';
import { DialogLink } from './dialog-link.js';
import { EarlyDialog } from './early-dialog.js';
import { writeFarewell } from './farewell.js';
import { inviteOf, isCallable } from './invite.js';
import { nothing } from '../ports.js';
import { sendOutside, type OutsideRequest, type OutsideUser } from './outside.js';
import type { Session, SessionCall } from './session.js';
import { readRetryAfter } from './retry-after.js';
import { minSeS, readMinSe, timerOfAnswer } from './session-timer.js';
import { Teller } from './teller.js';

/** A far end may fork, but whoever names more dialogs than this only wants our memory. */
const earlyMax = 20;

export class OutboundCall implements OutgoingCall, Call, OutsideUser, SessionCall {
  readonly id: string;
  readonly callId: string;
  readonly trunk: string;
  readonly #core: AgentCore;
  readonly #request: CallRequest;
  readonly #teller: Teller<OutgoingListener>;
  /** By the tag of its place. Lists, for there is hardly ever more than one of each, and the call lingers for half a minute. */
  #early: { tag: string; place: EarlyDialog }[] = [];
  /** What sends the ACK of a 2xx again, by the tag of its place. */
  #acknowledge: { tag: string; again: () => void }[] = [];
  #outside: OutsideRequest | null = null;
  #by: ClientTransaction | null = null;
  #session: Session | null = null;
  #told = false;
  /** No word about the INVITE is to come any more. */
  #settled = false;
  #minS = minSeS;
  #tooShort = 0;
  #cancelRingLimit = nothing;
  /** Where we called; each with what ends that its words are expected. */
  #called: { address: string; unexpect: () => void }[] = [];

  constructor(core: AgentCore, request: CallRequest) {
    this.#core = core;
    this.#request = request;
    this.trunk = request.trunk;
    this.id = mintTag(core.chance);
    this.callId = mintCallId(core.chance);
    this.#teller = new Teller(core.log, this.id);
  }

  attach(listener: OutgoingListener): void {
    this.#teller.attach(listener);
  }

  /** @param busy we take no more calls */
  start(busy: boolean): void {
    if (busy || !isCallable(this.#request)) {
      this.#settled = true;
      this.#cancelRingLimit = this.#core.timers.after(0, () => this.#end('failed', null, null));
      return;
    }
    this.#cancelRingLimit = this.#core.timers.after(this.#request.ringMsMax, () => this.#giveUp('no-answer'));
    this.#send(this.#request.hops);
  }

  sessionWith(remoteTag: string): Session | undefined {
    if (this.#session !== null && remoteTag === this.#session.link.dialog.remoteTag) return this.#session;
    return this.#earlyAt(remoteTag)?.session;
  }

  isWith(address: string): boolean {
    return this.#called.some((place) => place.address === address);
  }

  hangUp(cause: string): void {
    if (this.#session === null) this.#giveUp('cancelled');
    else this.#session.hangUp(cause);
  }

  hangUpNow(cause: string): void {
    this.hangUp(cause);
  }

  reoffer(sdp: string): void {
    this.#session?.reoffer(sdp);
  }

  get source() {
    if (this.#by === null) return null;
    const { transport, address, port } = this.#by.hop;
    return { transport, address, port };
  }

  over(cause: 'hung-up' | 'cancelled' | 'failed'): void {
    this.#end(cause, null, null);
  }

  snapshot() {
    return this.#session?.snapshot() ?? null;
  }

  stop(): void {
    this.#stopRinging();
    this.#session?.stop();
    this.#forgetPlaces();
  }

  #send(hops: CallRequest['hops'], cseq?: number): void {
    const ids = { callId: this.callId, fromTag: this.id };
    this.#outside = sendOutside(
      this.#core,
      {
        hops,
        credentials: this.#request.credentials,
        cseq,
        hopMs: this.#request.hopMs,
        request: (hop) => {
          const { address } = hop;
          if (!this.isWith(address))
            this.#called = [...this.#called, { address, unexpect: this.#core.expect(address) }];
          return inviteOf(this.#request, ids, this.#minS, this.#core.contact(this.trunk, hop, null));
        },
      },
      this,
    );
  }

  onSent({ request, hop }: ClientTransaction): void {
    this.#teller.tell((listener) => {
      if (listener.onSent !== undefined) listener.onSent(writeFarewell(hop, cancelOf(request), this.trunk));
    });
  }

  onFailed(): void {
    this.#failed('unreachable', null, null);
  }

  onLate(response: SipResponse, read: Essentials, by: ClientTransaction): void {
    this.#taken(response, read, by, true);
  }

  onResponse(response: SipResponse, read: Essentials, by: ClientTransaction): void {
    const { status } = response;
    if (this.#by !== by) this.#forgetPlaces(); // they rang for a try that is over
    this.#by = by;
    if (status <= 100) return;
    if (status < 200) this.#progress(response, read, by);
    else if (status < 300) this.#taken(response, read, by);
    else if (status === 422 && !this.#told && this.#tooShort++ < 2) this.#longer(response, by);
    else this.#failed('refused', status, fromWire(response.reason), readRetryAfter(response));
  }

  #progress(response: SipResponse, read: Essentials, by: ClientTransaction): void {
    const dialog = dialogAsClient(by.request, response, read);
    let place = dialog === null ? undefined : this.#earlyAt(dialog.remoteTag);
    if (dialog !== null && place === undefined && this.#early.length < earlyMax) {
      place = this.#place(dialog, by);
      this.#early = [...this.#early, { tag: dialog.remoteTag, place }];
    }
    if (place?.hear(response) === false || this.#told || this.#session !== null) return;
    const session = place === undefined ? sessionOf(response) : null;
    const audio = place?.audio ?? (session !== null && session.ok ? session.audio : null);
    this.#teller.tell((listener) => listener.onProgress(response.status, audio));
  }

  /** @param late by an address that we had given up: another is being asked by now */
  #taken(response: SipResponse, read: Essentials, by: ClientTransaction, late = false): void {
    const tag = tagOf(read.to) ?? '';
    const known = this.#acknowledge.find((one) => one.tag === tag);
    if (known !== undefined) return known.again(); // a copy: our ACK was lost or crossed it (§13.2.2.4)
    if (this.#acknowledge.length >= earlyMax) return;
    const dialog = dialogAsClient(by.request, response, read) ?? dialogWithoutContact(by.request, read);
    const place = this.#earlyAt(tag) ?? this.#place(dialog, by);
    const { session } = place;
    const { link } = session;
    // Target and routes are those of the 2xx (§13.2.2.4); what was numbered meanwhile stays.
    const { localCseq, remoteCseq } = link.dialog;
    dialog.localCseq = Math.max(localCseq, dialog.localCseq);
    dialog.remoteCseq = remoteCseq;
    link.dialog = dialog;
    const credentials = by.request.headers.filter(
      ({ name }) => name === 'authorization' || name === 'proxy-authorization',
    );
    const again = link.acknowledge({ cseq: read.cseq.number, credentials });
    this.#acknowledge = [...this.#acknowledge, { tag, again }];
    if (late) return link.bye('nobody waits any more');
    this.#settled = true;
    const said = sessionOf(response);
    const audio = said === null ? place.audio : said.ok ? said.audio : null;
    if (this.#told || this.#session !== null || audio === null) {
      // Somebody else was first, nobody waits any more, or there is nowhere to send audio to.
      link.bye(audio === null ? 'Q.850;cause=88;text="Incompatible destination"' : 'nobody waits any more');
      if (this.#session !== null) return;
      if (this.#told) this.#forget();
      else this.#end('failed', response.status, null);
      return;
    }
    this.#session = session;
    this.#early = this.#early.filter((one) => one.place !== place);
    this.#forgetPlaces();
    this.#stopRinging();
    session.heed(response);
    session.clock.start(timerOfAnswer(response));
    session.confirmed();
    this.#teller.tell((listener) => listener.onAnswered(audio));
  }

  /** RFC 4028 §7.4: the same call again, with an interval that suits them. */
  #longer(response: SipResponse, by: ClientTransaction): void {
    this.#minS = Math.max(this.#minS, readMinSe(response));
    const at = this.#request.hops.findIndex(({ address, port }) => address === by.hop.address && port === by.hop.port);
    this.#send(this.#request.hops.slice(Math.max(at, 0)), (this.#outside?.cseq ?? 0) + 1);
  }

  #place(dialog: Dialog, by: ClientTransaction): EarlyDialog {
    const { transport, address, port, connection } = by.hop;
    const peer = { transport, address, port, connection };
    const link = new DialogLink(this.#core, dialog, peer, this.trunk, this.#request.credentials);
    return new EarlyDialog(this.#core, dialog.localCseq, {
      id: this.id,
      trunk: this.trunk,
      link,
      teller: this.#teller,
      call: this,
    });
  }

  /** Before the answer. The far end may still answer: then it is told that nobody is there. */
  #giveUp(cause: 'cancelled' | 'no-answer'): void {
    if (this.#told || this.#session !== null) return;
    this.#outside?.cancel();
    this.#end(cause, null, null);
  }

  #failed(cause: OutgoingEnd, status: number | null, reason: string | null, retryAfterS: number | null = null): void {
    this.#settled = true;
    if (this.#told) this.#forget();
    else if (this.#session === null) this.#end(cause, status, reason, retryAfterS);
  }

  #end(cause: OutgoingEnd, status: number | null, reason: string | null, retryAfterS: number | null = null): void {
    if (this.#told) return;
    this.#told = true;
    this.#session = null; // the INVITE's transaction lingers, and we with it: our dialog need not
    this.#stopRinging();
    if (this.#settled) this.#forget();
    this.#teller.last((listener) => listener.onEnded(cause, status, reason, retryAfterS));
  }

  #forget(): void {
    this.#forgetPlaces();
    for (const { unexpect } of this.#called) unexpect();
    this.#called = [];
    this.#core.forget(this);
  }

  #stopRinging(): void {
    this.#cancelRingLimit();
    this.#cancelRingLimit = nothing;
  }

  #forgetPlaces(): void {
    for (const { place } of this.#early) place.session.stop();
    this.#early = [];
  }

  #earlyAt(tag: string): EarlyDialog | undefined {
    return this.#early.find((one) => one.tag === tag)?.place;
  }
}
