/**
 * A request outside any dialog, seen through to its outcome: the next hop is tried when one does not answer, cannot be reached or
 * is overloaded (RFC 3263 §4.3), and whoever asks for a password is answered. Each try has its own branch and CSeq.
 *
 *     hop 1 ── transport, timeout, 503 ──▶ hop 2 ── … ──▶ the last one's word is final
 *       └── 401, 407: once more to the same hop, and to no other
 */
import { Authorizer, type Credentials } from '../digest/authorizer.js';
import type { SipRequest, SipResponse } from '../message.js';
import type { Essentials } from '../parse.js';
import type { Hop } from '../ports.js';
import type { ClientTransaction, ClientUser } from '../transaction/client.js';
import type { AgentCore } from './core.js';

export interface Outside {
  /** In order of preference: resolved, ready to send to. */
  hops: readonly Hop[];
  /** Null: a 401 or 407 is a refusal like any other. */
  credentials: Credentials | null;
  /** The request towards a hop, made anew, without Via, CSeq and credentials. Call-ID and tags are the same in each. */
  request(hop: Hop): SipRequest;
  /** The first number; a series of requests of one Call-ID (REGISTER) counts on from the `cseq` of the one before. */
  cseq?: number | undefined;
  /** How long a hop may be silent before it counts as failed; without it as long as its transaction has patience (64·T1). */
  hopMs?: number | undefined;
}

export interface OutsideUser {
  /** Provisional answers of every try, and the final one; to an INVITE each 2xx. `by` is the try that was answered. */
  onResponse(response: SipResponse, read: Essentials, by: ClientTransaction): void;
  /** INVITE only: a hop that was given up for its silence has answered after all (2xx). */
  onLate?(response: SipResponse, read: Essentials, by: ClientTransaction): void;
  /** A try goes out. */
  onSent?(by: ClientTransaction): void;
  /** The last hop did not answer, or could not be reached; at once when there is none. */
  onFailed(because: 'timeout' | 'transport'): void;
}

export interface OutsideRequest {
  /** Of the latest try. */
  readonly cseq: number;
  /** INVITE only: no further hop is tried, and the present one is sent a CANCEL. The outcome is told as ever. */
  cancel(): void;
}

type Core = Pick<AgentCore, 'sendRequest' | 'firstCseq' | 'chance' | 'timers'>;

export function sendOutside(core: Core, what: Outside, user: OutsideUser): OutsideRequest {
  const tries = new Tries(core, what, user);
  tries.attempt();
  return tries;
}

class Tries implements OutsideRequest {
  cseq: number;
  readonly #core: Core;
  readonly #what: Outside;
  readonly #user: OutsideUser;
  #at = 0;
  #current: ClientTransaction | null = null;
  #authorizer: Authorizer;
  #cancelled = false;

  constructor(core: Core, what: Outside, user: OutsideUser) {
    this.#core = core;
    this.#what = what;
    this.#user = user;
    this.cseq = (what.cseq ?? core.firstCseq()) - 1;
    this.#authorizer = new Authorizer(what.credentials, core.chance);
  }

  cancel(): void {
    this.#cancelled = true;
    this.#current?.cancel();
  }

  attempt(): void {
    const hop = this.#what.hops[this.#at];
    if (hop === undefined) return void this.#core.timers.after(0, () => this.#user.onFailed('transport'));
    const request = this.#what.request(hop);
    const number = ++this.cseq;
    const credentials = this.#authorizer.headersFor(request);
    request.headers.push({ name: 'cseq', value: `${number} ${request.method}` }, ...credentials);
    const one = new Try(this, number, this.#authorizer);
    if (this.#what.hopMs !== undefined) one.calm = this.#core.timers.after(this.#what.hopMs, () => this.#giveUp(one));
    const sent = this.#core.sendRequest(request, hop, one);
    one.sent = sent;
    this.#current = sent;
    this.#user.onSent?.(sent);
  }

  /** A try that was given up, or followed by another, has no more to say. */
  isCurrent(one: Try): boolean {
    return one.number === this.cseq && !one.givenUp;
  }

  answered(one: Try, response: SipResponse, read: Essentials): void {
    if (response.status === 503 && !one.rings && this.#next()) return;
    if (!this.#cancelled && one.authorizer.learn(response)) return this.attempt();
    if (one.sent !== null) this.#user.onResponse(response, read, one.sent);
  }

  failed(because: 'timeout' | 'transport'): void {
    if (!this.#next()) this.#user.onFailed(because);
  }

  late({ sent }: Try, response: SipResponse, read: Essentials): void {
    if (sent !== null) this.#user.onLate?.(response, read, sent);
  }

  #giveUp(one: Try): void {
    if (!this.isCurrent(one)) return;
    one.givenUp = true;
    one.sent?.cancel(); // should it be there after all, it is not to ring
    this.failed('timeout');
  }

  /** @returns false when there is no further hop */
  #next(): boolean {
    if (this.#cancelled || this.#at + 1 >= this.#what.hops.length) return false;
    this.#at += 1;
    this.#authorizer = new Authorizer(this.#what.credentials, this.#core.chance);
    this.attempt();
    return true;
  }
}

/** One hop asked once. */
class Try implements ClientUser {
  readonly number: number;
  readonly authorizer: Authorizer;
  readonly #tries: Tries;
  sent: ClientTransaction | null = null;
  /** Somebody's phone rings there: to try the next hop would ring another, or the same one twice. */
  rings = false;
  givenUp = false;
  calm: (() => void) | null = null;

  constructor(tries: Tries, number: number, authorizer: Authorizer) {
    this.#tries = tries;
    this.number = number;
    this.authorizer = authorizer;
  }

  onResponse(response: SipResponse, read: Essentials): void {
    const { status } = response;
    if (!this.#tries.isCurrent(this)) {
      if (this.givenUp && status >= 200 && status < 300) this.#tries.late(this, response, read);
      return;
    }
    this.calm?.();
    if (status > 100 && status < 200) this.rings = true;
    this.#tries.answered(this, response, read);
  }

  onFailed(because: 'timeout' | 'transport'): void {
    this.calm?.();
    if (this.#tries.isCurrent(this)) this.#tries.failed(because);
  }
}
