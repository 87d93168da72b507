/** The far end asks us to call somebody in its place (RFC 3515), and is told how that goes. */
import type { ReferProgress, ReferWish, SessionListener } from '../contract.js';
import { header, headerValues, toWire, type SipHeader, type SipRequest } from '../message.js';
import { parseNameAddress } from '../name-address.js';
import { param } from '../syntax.js';
import { formatSipUri, parseSipUri } from '../uri.js';
import type { AgentCore } from './core.js';
import type { ServerTransaction } from '../transaction/server.js';
import type { DialogLink } from './dialog-link.js';
import type { Tells } from './teller.js';

/** How long a far end is told, at most; a call of ours rings shorter. */
const expiresS = 180;

/** @returns null when it cannot be done: no one address, none that can be called, or another method than INVITE */
export function readRefer(request: SipRequest): ReferWish | null {
  const [only, ...more] = headerValues(request, 'refer-to');
  const address = only === undefined || more.length > 0 ? null : parseNameAddress(only);
  if (address === null) return null;
  const referredBy = header(request, 'referred-by');
  if (/^tel:\+?[0-9*#().-]+$/i.test(address.uri)) return { target: address.uri, replaces: null, referredBy };
  const uri = parseSipUri(address.uri);
  const method = uri === null ? null : param(uri.params, 'method');
  if (uri === null || (method !== null && method.toUpperCase() !== 'INVITE')) return null;
  const params = uri.params.filter(({ name }) => name !== 'method');
  const target = formatSipUri({ ...uri, params, headers: null });
  const replaces = uri.headers === null ? null : replacesWithin(uri.headers);
  // Of all that an address may ask to be put into the INVITE, only this has a meaning between us (§19.1.5 of RFC 3261).
  return replaces === undefined ? null : { target, replaces, referredBy };
}

/** `?Replaces=id%40host%3Bto-tag%3D1%3Bfrom-tag%3D2`. Undefined: it cannot be read. */
function replacesWithin(headers: string): string | null | undefined {
  for (const pair of headers.split('&')) {
    const equals = pair.indexOf('=');
    if (pair.slice(0, equals).toLowerCase() !== 'replaces') continue;
    try {
      const value = decodeURIComponent(pair.slice(equals + 1));
      return /^[\x21-\x7e]+$/.test(value) && value.includes(';') ? value : undefined;
    } catch {
      return undefined;
    }
  }
  return null;
}

/** A REFER of whose outcome the far end was not told yet. `id`: its CSeq; null in the first of a dialog (§2.4.6). */
export interface OpenReferral {
  id: number | null;
}

/** What this needs of its session. */
interface Referred {
  readonly link: DialogLink;
  readonly teller: Tells<SessionListener>;
  reply(transaction: ServerTransaction, status: number, headers?: readonly SipHeader[]): void;
}

export class Referrals {
  readonly #core: AgentCore;
  readonly #changed: () => void;
  #latest: Referral | null = null;

  /** @param changed `open` says something else now */
  constructor(core: AgentCore, changed: () => void) {
    this.#core = core;
    this.#changed = changed;
  }

  get open(): OpenReferral | null {
    return this.#latest === null || this.#latest.over ? null : { id: this.#latest.id };
  }

  /** Of one that a process before this one took on nothing more will come: the far end may try again, or go on as it is. */
  lost({ id }: OpenReferral, link: DialogLink): void {
    this.#latest = new Referral(this.#core, link, id, this.#changed);
    this.#latest.tell(503, 'Service Unavailable');
    this.#latest.begin();
  }

  take(session: Referred, transaction: ServerTransaction, confirmed: boolean): void {
    const wish = readRefer(transaction.request);
    if (wish === null) return session.reply(transaction, 400);
    if (!confirmed) return session.reply(transaction, 403);
    // One at a time: two would both take this call's place.
    if (this.#latest?.over === false) return session.reply(transaction, 491);
    const id = this.#latest === null ? null : transaction.read.cseq.number;
    const referral = new Referral(this.#core, session.link, id, this.#changed);
    const taken = session.teller.ask((listener) => listener.onRefer?.(wish, referral) ?? false);
    if (taken !== true) {
      referral.stop();
      return session.reply(transaction, 403);
    }
    this.#latest = referral;
    session.reply(transaction, 202, [this.#core.contact(session.link.trunk, transaction.arrival, transaction.request)]);
    referral.begin();
    this.#changed();
  }

  stop(): void {
    this.#latest?.stop();
  }
}

/** Tells the far end by NOTIFY, one after the other: over UDP a later one must not overtake an earlier one. */
class Referral implements ReferProgress {
  readonly #core: AgentCore;
  readonly #link: DialogLink;
  readonly id: number | null;
  readonly #onOver: () => void;
  readonly #cancelExpiry: () => void;
  #next: { status: number; reason: string } | null = { status: 100, reason: 'Trying' };
  /** Nothing goes out before the REFER itself was answered. */
  #busy = true;
  #over = false;

  constructor(core: AgentCore, link: DialogLink, id: number | null, onOver: () => void) {
    this.#core = core;
    this.#link = link;
    this.id = id;
    this.#onOver = onOver;
    this.#cancelExpiry = core.timers.after(expiresS * 1_000, () => {
      this.stop();
      onOver();
    });
  }

  get over(): boolean {
    return this.#over && this.#next === null;
  }

  /** The 202 is out. */
  begin(): void {
    this.#busy = false;
    this.#send();
  }

  tell(status: number, reason: string): void {
    if (this.#over) return;
    this.#next = { status, reason };
    if (status >= 200) {
      this.#over = true;
      this.#cancelExpiry();
    }
    this.#send();
  }

  stop(): void {
    this.#over = true;
    this.#next = null;
    this.#cancelExpiry();
  }

  #send(): void {
    const next = this.#next;
    if (next === null || this.#busy) return;
    this.#next = null;
    this.#busy = true;
    const state = next.status >= 200 ? 'terminated;reason=noresource' : `active;expires=${expiresS}`;
    const done = (heard: boolean) => {
      this.#busy = false;
      // Who does not want to know is not told more (RFC 6665 §4.2.2).
      if (heard) this.#send();
      else this.stop();
    };
    this.#link.ask({
      method: 'NOTIFY',
      headers: [
        this.#core.contact(this.#link.trunk, this.#link.peer, null),
        { name: 'event', value: this.id === null ? 'refer' : `refer;id=${this.id}` },
        { name: 'subscription-state', value: state },
        { name: 'content-type', value: 'message/sipfrag;version=2.0' },
      ],
      body: `SIP/2.0 ${next.status} ${toWire(next.reason)}\r\n`,
      onFinal: ({ status }) => done(status < 300),
      onFailed: () => done(false),
    });
    if (this.#over) this.#onOver();
  }
}
