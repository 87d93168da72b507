/**
 * One call towards us, before its answer: the INVITE and what becomes of it (RFC 3261 §13.3). Afterwards it is a session.
 *
 *     offered ──answer──▶ (session.ts)
 *        └── refuse, CANCEL (487), Expires, BYE, no PRACK ──▶ ended
 *
 * `onEnded` comes exactly once in every life, whoever ended it.
 */
import type { SdpAudio } from '../../sdp/contract.js';
import type { CallListener, IncomingCall, SdpWarning, SipSource } from '../contract.js';
import { dialogAsServer } from '../dialog.js';
import { header, headerTokens, toBody, type SipHeader, type SipRequest } from '../message.js';
import { nothing } from '../ports.js';
import { responseTo } from '../responses.js';
import { parseNumber } from '../syntax.js';
import { userOf } from '../uri.js';
import { hopOfAnswer, type ServerTransaction } from '../transaction/server.js';
import type { Call } from './call.js';
import { callerOf, dialledIn } from './caller.js';
import type { AgentCore } from './core.js';
import { DialogLink } from './dialog-link.js';
import { writeFarewell } from './farewell.js';
import { ReliableAnswers } from './reliable-answers.js';
import { allowHeader, sdpHeader, supportedHeader } from './rules.js';
import { Session, type BeforeAnswer, type SessionCall } from './session.js';
import { answerTimer } from './session-timer.js';
import { Teller } from './teller.js';

const ringAgainMs = 60_000;

export class InboundCall implements IncomingCall, Call, BeforeAnswer, SessionCall {
  readonly id: string;
  readonly callId: string;
  readonly source: SipSource;
  readonly to: string;
  readonly addressed: string | null;
  readonly from: string | null;
  readonly fromName: string | null;
  readonly offer: SdpAudio | null;
  readonly trunk: string;
  readonly session: Session;
  readonly #core: AgentCore;
  /** Null once it is answered: it is large, and the call may last. */
  #invite: ServerTransaction | null;
  readonly #teller: Teller<CallListener>;
  /** Null: the caller wants no reliable answers, or could not read ours (an INVITE without an offer would need one in them). */
  readonly #reliable: ReliableAnswers | null;
  /** Nothing between 100 and the final answer may be said. */
  readonly #mute: boolean;
  #offered = true;
  #cancelRing = nothing;
  #cancelExpiry = nothing;
  readonly #ended: () => void;
  /** Until the answer. */
  readonly unsettled = 'theirs';

  constructor(
    core: AgentCore,
    invite: ServerTransaction,
    trunk: string,
    localTag: string,
    offer: SdpAudio | null,
    ended: () => void,
  ) {
    const { request, read, arrival } = invite;
    this.#core = core;
    this.#invite = invite;
    this.#ended = ended;
    this.trunk = trunk;
    this.id = localTag;
    this.source = { transport: arrival.transport, address: arrival.address, port: arrival.port };
    this.to = dialledIn(request);
    this.addressed = userOf(read.to.uri);
    const caller = callerOf(request, read.from);
    this.from = caller.number;
    this.fromName = caller.name;
    this.offer = offer;
    const host = arrival.address.includes(':') ? `[${arrival.address}]` : arrival.address;
    const fallback = `sip:${host}:${arrival.port};transport=${arrival.transport}`;
    const dialog = dialogAsServer(request, read, localTag, core.firstCseq(), fallback);
    this.callId = dialog.callId;
    this.#teller = new Teller(core.log, localTag);
    const required = headerTokens(request, 'require').includes('100rel');
    const wanted = required || headerTokens(request, 'supported').includes('100rel');
    this.#reliable =
      wanted && offer !== null ? new ReliableAnswers(core, read.cseq.number, () => this.#unheard()) : null;
    this.#mute = required && offer === null;
    this.session = new Session(core, {
      id: localTag,
      trunk,
      link: new DialogLink(core, dialog, arrival, trunk, core.credentialsOf(trunk)),
      weCalled: false,
      teller: this.#teller,
      early: this,
      call: this,
    });
    this.session.heed(request);
    invite.onFailed = (because) => {
      core.log.debug({ call: this.id, because }, 'sip: INVITE transaction failed');
      // A refusal whose ACK never came needs nothing more; a 1xx that could not be sent means nobody is there.
      if (this.#offered) this.session.end('failed');
    };
    const expires = parseNumber(header(request, 'expires') ?? '', 3_600);
    if (expires !== null && expires > 0) {
      this.#cancelExpiry = core.timers.after(expires * 1_000, () => this.onCancel());
    }
  }

  onBye(): void {
    this.onCancel();
  }

  prack(request: SipRequest): number {
    return this.#reliable?.prack(request) ?? 481;
  }

  over(cause: 'hung-up' | 'cancelled' | 'failed'): void {
    this.#offered = false;
    this.#quiet();
    this.#ended();
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

  ring(): void {
    if (!this.#offered || this.#mute) return;
    this.#cancelRing();
    if (this.#reliable === null) this.#respond(180, null);
    else this.#reliable.send((headers) => this.#respond(180, null, headers));
    this.#cancelRing = this.#core.timers.after(ringAgainMs, () => this.ring());
  }

  answer(sdp: string): void {
    const invite = this.#invite;
    if (!this.#offered || invite === null) return;
    this.#offered = false;
    this.#invite = null;
    this.#quiet();
    const { request, via, arrival, read } = invite;
    const agreed = answerTimer(request);
    const timer = agreed === 'too-short' ? { timer: null, headers: [] } : agreed; // refused before it came here
    const response = responseTo(request, via, 200, null, {
      toTag: this.id,
      headers: [
        this.#core.contact(this.trunk, arrival, request),
        allowHeader,
        supportedHeader,
        ...timer.headers,
        ...this.#core.serverHeaders,
        sdpHeader,
      ],
      body: toBody(sdp),
      recordRoute: true,
    });
    this.session.clock.start(timer.timer);
    this.session.answered(read.cseq.number, this.offer === null, () => invite.respond(response));
    invite.respond(response);
    this.#teller.tell((listener) => listener.onAnswered());
  }

  refuse(status: number, reason: string, retryAfterS?: number, warning?: SdpWarning): void {
    if (!this.#offered) return;
    const code = Number.isInteger(status) && status >= 300 && status <= 699 ? status : 500;
    const headers: SipHeader[] = [];
    if (retryAfterS !== undefined && retryAfterS >= 0) {
      headers.push({ name: 'retry-after', value: String(Math.min(Math.ceil(retryAfterS), 86_400)) });
    }
    if (warning !== undefined && warning.code >= 300 && warning.code <= 399) {
      // Who warns is said by a pseudonym: our inner addresses are nobody's business.
      const text = warning.text.replaceAll(/[^ -~]|["\\]/g, '');
      headers.push({ name: 'warning', value: `${Math.floor(warning.code)} denwaban "${text}"` });
    }
    this.#respond(code, reason, headers);
    this.session.end('failed');
  }

  hangUp(cause: string): void {
    if (!this.#offered) return this.session.hangUp(cause);
    this.#respond(480, null);
    this.session.end('hung-up');
  }

  hangUpNow(cause: string): void {
    if (this.#offered) this.hangUp(cause);
    else this.session.hangUpNow(cause);
  }

  farewell(): string | null {
    if (this.#invite === null) return null;
    const { request, via, arrival } = this.#invite;
    const headers = [{ name: 'retry-after', value: '2' }, ...this.#core.serverHeaders];
    return writeFarewell(hopOfAnswer(via, arrival), responseTo(request, via, 503, null, { toTag: this.id, headers }));
  }

  reoffer(sdp: string): void {
    this.session.reoffer(sdp);
  }

  snapshot() {
    return this.session.snapshot();
  }

  stop(): void {
    this.#quiet();
    this.session.stop();
  }

  /** §9.2. The CANCEL itself has been answered; once we have answered the INVITE it comes too late. */
  onCancel(): void {
    if (!this.#offered) return;
    this.#respond(487, null);
    this.session.end('cancelled');
  }

  #unheard(): void {
    if (!this.#offered) return;
    this.#respond(504, null);
    this.session.end('failed');
  }

  #quiet(): void {
    this.#cancelRing();
    this.#cancelExpiry();
    this.#cancelRing = this.#cancelExpiry = nothing;
    this.#reliable?.stop();
  }

  #respond(status: number, reason: string | null, headers: readonly SipHeader[] = []): void {
    const invite = this.#invite;
    if (invite === null) return;
    const { request, via, arrival } = invite;
    const early = status < 200;
    const contact = early ? [this.#core.contact(this.trunk, arrival, request), allowHeader] : [];
    const parts = {
      toTag: this.id,
      headers: [...contact, ...headers, ...this.#core.serverHeaders],
      recordRoute: early,
    };
    invite.respond(responseTo(request, via, status, reason, parts));
  }
}
