/**
 * One call towards us: the INVITE, its answer, the dialog, its end (RFC 3261 §13–15).
 *
 *     offered ──answer──▶ answered ──ACK──▶ confirmed ──BYE either way──▶ ended
 *        │                   └── no ACK in 64·T1: BYE, ended 'failed'
 *        └── refuse, CANCEL (487), Expires, BYE ──▶ ended
 *
 * `onEnded` comes exactly once in every life, whoever ended it.
 */
import type { SdpAudio } from '../../sdp/contract.js';
import type { CallListener, DialogSnapshot, IncomingCall, SipSource } from '../contract.js';
import { dialogAsServer, receiveInDialog, requestInDialog, type Dialog } from '../dialog.js';
import { header, toWire, type SipHeader, type SipRequest } from '../message.js';
import { tagOf } from '../name-address.js';
import { hopOf } from '../next-hop.js';
import type { Essentials } from '../parse.js';
import type { Arrival } from '../ports.js';
import { responseTo } from '../responses.js';
import { parseNumber } from '../syntax.js';
import { parseSipUri } from '../uri.js';
import type { ServerTransaction } from '../transaction/server.js';
import { AnswerRepeater } from './answer-repeater.js';
import { digitOf, sessionOf } from './body.js';
import { callerOf, dialledIn } from './caller.js';
import type { AgentCore } from './core.js';
import { acceptHeader, allowHeader } from './rules.js';

const sdpHeader: SipHeader = { name: 'content-type', value: 'application/sdp' };
const ringAgainMs = 60_000;

export class InboundCall implements IncomingCall {
  readonly id: string;
  readonly source: SipSource;
  readonly to: string;
  readonly from: string | null;
  readonly fromName: string | null;
  readonly offer: SdpAudio | null;
  readonly trunk: string;
  readonly inviteCseq: number;
  dialog: Dialog;
  #status: 'offered' | 'answered' | 'confirmed' | 'ended' = 'offered';
  readonly #core: AgentCore;
  /** Null: the call was answered by a process before this one. */
  readonly #invite: ServerTransaction | null;
  /** Where the far end's latest request came from. */
  #arrival: Arrival;
  #listener: CallListener | null = null;
  /** What happened before `onCall` returned its listener. */
  #untold: ((listener: CallListener) => void)[] = [];
  #cancelRing: () => void = () => {};
  #cancelExpiry: () => void = () => {};
  #repeater: AnswerRepeater | null = null;
  /** A hang-up that waits for the ACK: BYE may not overtake it (§15). */
  #endAfterAck: string | null = null;
  /** A re-INVITE whose ACK is outstanding; `offered`: our 200 carried the offer. */
  #reinvite: { cseq: number; offered: boolean; repeater: AnswerRepeater } | null = null;

  constructor(
    core: AgentCore,
    from: ServerTransaction | DialogSnapshot,
    trunk: string,
    localTag: string,
    offer: SdpAudio | null,
  ) {
    this.#core = core;
    this.trunk = trunk;
    this.id = localTag;
    if ('callId' in from) {
      const { source, ...dialog } = from;
      this.#invite = null;
      this.#status = 'confirmed';
      // A TCP connection of the dead process is gone; numbers from 0 are those of this one.
      this.#arrival = { ...source, connection: null };
      this.source = source;
      this.inviteCseq = dialog.remoteCseq ?? 0;
      this.to = parseSipUri(dialog.localUri)?.user ?? '';
      this.from = null;
      this.fromName = null;
      this.offer = null;
      this.dialog = { ...dialog, localCseq: Math.max(dialog.localCseq, core.laterCseq()) };
      return;
    }
    const invite = from;
    const { request, read, arrival } = invite;
    this.#invite = invite;
    this.#arrival = arrival;
    this.inviteCseq = read.cseq.number;
    this.source = { transport: arrival.transport, address: arrival.address, port: arrival.port };
    this.to = dialledIn(request);
    const caller = callerOf(request, read.from);
    this.from = caller.number;
    this.fromName = caller.name;
    this.offer = offer;
    const host = arrival.address.includes(':') ? `[${arrival.address}]` : arrival.address;
    const fallback = `sip:${host}:${arrival.port};transport=${arrival.transport}`;
    this.dialog = dialogAsServer(request, read, localTag, core.firstCseq(), fallback);
    invite.onFailed = (because) => {
      core.log.debug({ call: this.id, because }, 'sip: INVITE transaction failed');
      // A refusal whose ACK never came needs nothing more; a 1xx that could not be sent means nobody is there.
      if (this.#status === 'offered') this.#end('failed');
    };
    const expires = parseNumber(header(request, 'expires') ?? '', 3_600);
    if (expires !== null && expires > 0) {
      this.#cancelExpiry = core.timers.after(expires * 1_000, () => this.#terminate());
    }
  }

  attach(listener: CallListener): void {
    this.#listener = listener;
    const untold = this.#untold;
    this.#untold = [];
    for (const tell of untold) this.#tell(tell);
  }

  ring(): void {
    if (this.#status !== 'offered') return;
    this.#cancelRing();
    this.#respond(180, null);
    this.#cancelRing = this.#core.timers.after(ringAgainMs, () => this.ring());
  }

  answer(sdp: string): void {
    const invite = this.#invite;
    if (this.#status !== 'offered' || invite === null) return;
    this.#status = 'answered';
    this.#quiet();
    const { request, via, arrival } = invite;
    const response = responseTo(request, via, 200, null, {
      toTag: this.dialog.localTag,
      headers: [this.#core.contact(arrival, request), allowHeader, ...this.#core.serverHeaders, sdpHeader],
      body: Buffer.from(sdp, 'utf8'),
      recordRoute: true,
    });
    this.#repeater = this.#repeat(() => invite.respond(response));
    invite.respond(response);
    this.#tell((listener) => listener.onAnswered());
  }

  refuse(status: number, reason: string, retryAfterS?: number): void {
    if (this.#status !== 'offered') return;
    const code = Number.isInteger(status) && status >= 300 && status <= 699 ? status : 500;
    const headers: SipHeader[] = [];
    if (retryAfterS !== undefined && retryAfterS >= 0) {
      headers.push({ name: 'retry-after', value: String(Math.min(Math.ceil(retryAfterS), 86_400)) });
    }
    this.#respond(code, reason, headers);
    this.#end('failed');
  }

  hangUp(cause: string): void {
    if (this.#status === 'offered') {
      this.#respond(480, null);
      this.#end('hung-up');
    } else if (this.#status === 'answered') this.#endAfterAck ??= cause;
    else if (this.#status === 'confirmed') {
      this.#bye(cause);
      this.#end('hung-up');
    }
  }

  /** The process goes: no time to wait for an ACK that may never come. */
  hangUpNow(cause: string): void {
    if (this.#status !== 'answered') return this.hangUp(cause);
    this.#bye(cause);
    this.#end('hung-up');
  }

  snapshot(): DialogSnapshot | null {
    if (this.#status !== 'answered' && this.#status !== 'confirmed') return null;
    const { transport, address, port } = this.#arrival;
    return { ...this.dialog, routeSet: [...this.dialog.routeSet], source: { transport, address, port } };
  }

  /** §9.2. The CANCEL itself has been answered; once we have answered the INVITE it comes too late. */
  onCancel(): void {
    this.#terminate();
  }

  onAck(request: SipRequest, read: Essentials, arrival: Arrival): void {
    this.#arrival = arrival;
    const reinvite = this.#reinvite;
    if (reinvite !== null && read.cseq.number === reinvite.cseq) {
      reinvite.repeater.stop();
      this.#reinvite = null;
      if (reinvite.offered) this.#acknowledged(request);
      return;
    }
    // One more comes for each copy of our 200 that went out.
    if (this.#status !== 'answered' || read.cseq.number !== this.inviteCseq) return;
    this.#status = 'confirmed';
    this.#repeater?.stop();
    this.#acknowledged(request);
    if (this.#endAfterAck !== null) this.hangUp(this.#endAfterAck);
  }

  /** BYE, INFO, UPDATE, re-INVITE, OPTIONS with our tags. */
  onRequest(transaction: ServerTransaction): void {
    const { request, read, arrival } = transaction;
    const next = receiveInDialog(this.dialog, request, read.cseq.number);
    if (next === null) return this.#reply(transaction, 500);
    if (request.method === 'INVITE' || request.method === 'UPDATE') return this.#reoffered(transaction, next);
    this.dialog = next;
    this.#arrival = arrival;
    if (request.method === 'BYE') {
      this.#reply(transaction, 200);
      // Before an answer the caller's BYE ends the INVITE too (§15.1.2).
      if (this.#status === 'offered') this.#terminate();
      else this.#end('hung-up');
    } else if (request.method === 'INFO') this.#info(transaction);
    else if (request.method === 'OPTIONS') this.#reply(transaction, 200, [allowHeader, acceptHeader]);
    else this.#reply(transaction, 405, [allowHeader]);
  }

  #info(transaction: ServerTransaction): void {
    const digit = digitOf(transaction.request);
    if (digit === undefined && transaction.request.body.length > 0) {
      const accept: SipHeader = { name: 'accept', value: 'application/dtmf-relay, application/dtmf' };
      return this.#reply(transaction, 415, [accept]);
    }
    if (digit === null) return this.#reply(transaction, 400);
    this.#reply(transaction, 200);
    if (digit !== undefined && this.#status !== 'offered') this.#tell((listener) => listener.onDigit(digit));
  }

  #reoffered(transaction: ServerTransaction, next: Dialog): void {
    const { request, read, arrival } = transaction;
    const invite = request.method === 'INVITE';
    // One offer at a time (§14.2; RFC 3311 §5.2): the one before is not settled yet.
    const unsettled = this.#reinvite !== null || this.#status === 'offered' || (invite && this.#status === 'answered');
    if (unsettled && (invite || request.body.length > 0)) {
      return this.#reply(transaction, 500, [{ name: 'retry-after', value: String(this.#core.upTo(10)) }]);
    }
    const session = sessionOf(request);
    if (session !== null && !session.ok) return this.#reply(transaction, 488);
    const contact = this.#core.contact(arrival, request);
    if (!invite && session === null) {
      this.#moveTo(next, arrival);
      return this.#reply(transaction, 200, [contact, allowHeader]);
    }
    const ours = this.#ask((listener) => listener.onReoffer(session === null ? null : session.audio));
    // A refusal leaves everything as it was, the far end's address included (§14.2).
    if (ours === null) return this.#reply(transaction, 488);
    this.#moveTo(next, arrival);
    const response = responseTo(request, transaction.via, 200, null, {
      headers: [contact, allowHeader, ...this.#core.serverHeaders, sdpHeader],
      body: Buffer.from(ours, 'utf8'),
      recordRoute: true,
    });
    if (invite) {
      const repeater = this.#repeat(() => transaction.respond(response));
      this.#reinvite = { cseq: read.cseq.number, offered: session === null, repeater };
    }
    transaction.respond(response);
  }

  #moveTo(dialog: Dialog, arrival: Arrival): void {
    this.dialog = dialog;
    this.#arrival = arrival;
  }

  #repeat(resend: () => void): AnswerRepeater {
    // §13.3.1.4: when no ACK comes in 64·T1 the dialog is confirmed all the same, and ended by BYE.
    return new AnswerRepeater(this.#core.timers, this.#core.times, resend, () => {
      if (this.#status === 'ended') return;
      this.#bye('no ACK');
      this.#end('failed');
    });
  }

  #acknowledged(ack: SipRequest): void {
    const session = sessionOf(ack);
    const audio = session !== null && session.ok ? session.audio : null;
    this.#tell((listener) => listener.onAcknowledged(audio));
  }

  #terminate(): void {
    if (this.#status !== 'offered') return;
    this.#respond(487, null);
    this.#end('cancelled');
  }

  #bye(cause: string): void {
    const [dialog, request] = requestInDialog(this.dialog, 'BYE', [{ name: 'reason', value: reasonHeader(cause) }]);
    this.dialog = dialog;
    this.#core.sendRequest(request, hopOf(this.dialog, this.#arrival, this.#arrival.connection), {
      onResponse: () => {},
      onFailed: (because) => this.#core.log.debug({ call: this.id, because }, 'sip: BYE was not answered'),
    });
  }

  #end(cause: 'hung-up' | 'cancelled' | 'failed'): void {
    if (this.#status === 'ended') return;
    this.#status = 'ended';
    this.#quiet();
    this.#repeater?.stop();
    this.#reinvite?.repeater.stop();
    this.#core.forget(this);
    this.#tell((listener) => listener.onEnded(cause));
  }

  #quiet(): void {
    this.#cancelRing();
    this.#cancelExpiry();
  }

  #respond(status: number, reason: string | null, headers: SipHeader[] = []): void {
    if (this.#invite === null) return;
    const { request, via, arrival } = this.#invite;
    const early = status < 200;
    const contact = early ? [this.#core.contact(arrival, request), allowHeader] : [];
    const parts = {
      toTag: this.dialog.localTag,
      headers: [...contact, ...headers, ...this.#core.serverHeaders],
      recordRoute: early,
    };
    this.#invite.respond(responseTo(request, via, status, reason, parts));
  }

  #reply(transaction: ServerTransaction, status: number, headers: readonly SipHeader[] = []): void {
    const all = [...headers, ...this.#core.serverHeaders];
    transaction.respond(responseTo(transaction.request, transaction.via, status, null, { headers: all }));
  }

  #tell(call: (listener: CallListener) => void): void {
    if (this.#listener === null) this.#untold.push(call);
    else this.#ask((listener) => (call(listener), null));
  }

  /** What a listener throws must not reach the socket, nor leave the call half-done. */
  #ask<Answer>(question: (listener: CallListener) => Answer): Answer | null {
    if (this.#listener === null) return null;
    try {
      return question(this.#listener);
    } catch (error) {
      this.#core.log.error({ call: this.id, err: error }, 'sip: a call listener failed');
      return null;
    }
  }
}

/** Is this a request of the far end that we know? Its tag must be the one it began with (§12.2.2). */
export function isFromPeerOf(call: InboundCall, read: Essentials): boolean {
  return (tagOf(read.from) ?? '') === call.dialog.remoteTag;
}

/** A ready Reason value is passed on; other words become the text of an ordinary clearing (RFC 3326). */
export function reasonHeader(cause: string): string {
  const words = toWire(cause).slice(0, 200);
  if (/^(?:SIP|Q\.850)\s*;/i.test(words)) return words;
  return `Q.850;cause=16;text="${words.replace(/["\\]/g, '')}"`;
}
