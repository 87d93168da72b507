/**
 * Callers who come from anywhere and prove by a password whose trunk they are (RFC 3261 §22, RFC 8760). Nothing is kept for those
 * who have not proven it, beyond a few counts; names cannot be found out, by bytes or by time.
 */
import { createHmac } from 'node:crypto';
import { header, headerValues, type SipHeader, type SipRequest } from '../message.js';
import type { Chance, SipLog } from '../ports.js';
import { secretOf } from '../digest/compute.js';
import { challengeFor, NonceCounts, verify, type DigestRealm } from '../digest/server.js';

export interface GuestAccount {
  trunk: string;
  username: string;
  password: string;
}

export type GuestVerdict =
  | { let: 'in'; trunk: string }
  /** Asked for the password: the same words for whoever asks and whatever was wrong. */
  | { let: 'ask'; headers: SipHeader[] }
  | { let: 'out' };

export interface GuestLimits {
  nonceMs: number;
  /** Wrong passwords of one name from one address, until it is locked out for `lockMs`. */
  tries: number;
  lockMs: number;
  /** How long an address that has proven itself may speak as often as any trunk. */
  friendMs: number;
  entries: number;
}

export const defaultGuestLimits: GuestLimits = {
  nonceMs: 60_000,
  tries: 5,
  lockMs: 900_000,
  friendMs: 3_600_000,
  entries: 5_000,
};

export class Guests {
  readonly #realm: Omit<DigestRealm, 'key'>;
  readonly #key: Uint8Array;
  readonly #chance: Chance;
  readonly #log: SipLog;
  readonly #limits: GuestLimits;
  readonly #counts: NonceCounts;
  readonly #accounts = new Map<string, { trunk: string; secrets: Record<'SHA-256' | 'MD5', string> }>();
  /** By name and address. */
  readonly #wrong = new Map<string, { count: number; until: number; said: boolean }>();
  readonly #friends = new Map<string, number>();

  constructor(options: {
    realm: string;
    /** Old phones give up when they see SHA-256, though MD5 stands beside it: for them it can be left out. */
    algorithms: readonly ('SHA-256' | 'MD5')[];
    accounts: readonly GuestAccount[];
    chance: Chance;
    log: SipLog;
    limits?: Partial<GuestLimits>;
  }) {
    const { realm, algorithms, accounts, chance, log } = options;
    this.#limits = { ...defaultGuestLimits, ...options.limits };
    this.#realm = { realm, nonceMs: this.#limits.nonceMs, algorithms };
    this.#key = chance(32);
    this.#chance = chance;
    this.#log = log;
    this.#counts = new NonceCounts(this.#limits.nonceMs);
    for (const { trunk, username, password } of accounts) {
      const secret = (algorithm: 'SHA-256' | 'MD5') => secretOf(algorithm, username, realm, password);
      this.#accounts.set(username, { trunk, secrets: { 'SHA-256': secret('SHA-256'), MD5: secret('MD5') } });
    }
  }

  /** Has somebody there proven who they are, not long ago? */
  knows(address: string, now: number): boolean {
    return (this.#friends.get(address) ?? 0) > now;
  }

  /** Judges an INVITE from an address that is on nobody's list. */
  judge(request: SipRequest, address: string, now: number): GuestVerdict {
    // A nonce is worth something only where it was sent to: it proves that the sender hears us.
    const realm = { ...this.#realm, key: createHmac('sha256', this.#key).update(address).digest() };
    const credentials = headerValues(request, 'authorization');
    const attempt = { method: request.method, uri: request.uri, body: request.body, credentials };
    const verdict = verify(
      realm,
      attempt,
      (user, algorithm) => this.#accounts.get(user)?.secrets[algorithm] ?? null,
      now,
    );
    const ask = (stale: boolean): GuestVerdict => ({
      let: 'ask',
      headers: challengeFor(realm, now, this.#chance, stale).map((value) => ({ name: 'www-authenticate', value })),
    });
    if (verdict.ok) {
      const { trunk } = this.#accounts.get(verdict.user) ?? { trunk: '' };
      if (this.#isLocked(verdict.user, address, now)) return { let: 'out' };
      // A count that was used is a copy of somebody's request: the nonce is over, the password was not at fault.
      if (!this.#counts.accept(verdict.nonce, verdict.count, now)) return ask(true);
      this.#wrong.delete(keyOf(verdict.user, address));
      remember(this.#friends, address, now + this.#limits.friendMs, this.#limits.entries);
      return { let: 'in', trunk };
    }
    if (verdict.because === 'missing') return ask(false);
    if (verdict.because === 'stale') return ask(true);
    const user = /username="((?:[^"\\]|\\.){0,128})"/i.exec(header(request, 'authorization') ?? '')?.[1] ?? '';
    return this.#failed(user, address, now) ? { let: 'out' } : ask(false);
  }

  #isLocked(user: string, address: string, now: number): boolean {
    const known = this.#wrong.get(keyOf(user, address));
    return known !== undefined && known.until > now && known.count >= this.#limits.tries;
  }

  /** @returns true when this name has been tried too often from there */
  #failed(user: string, address: string, now: number): boolean {
    const key = keyOf(user, address);
    const known = this.#wrong.get(key);
    const count = (known !== undefined && known.until > now ? known.count : 0) + 1;
    const said = known?.said === true && known.until > now;
    const locked = count > this.#limits.tries;
    // Once a lock, and without the name: people type passwords there.
    if (locked && !said) this.#log.warn({ address, tries: count }, 'sip: wrong passwords, locked out');
    const until = locked && known !== undefined ? Math.max(known.until, now) : now + this.#limits.lockMs;
    remember(this.#wrong, key, { count, until, said: said || locked }, this.#limits.entries);
    return locked;
  }
}

const keyOf = (user: string, address: string): string => `${address}\n${user}`;

/** The oldest goes when there are too many. */
function remember<Value>(map: Map<string, Value>, key: string, value: Value, most: number): void {
  map.delete(key);
  if (map.size >= most) for (const oldest of [...map.keys()].slice(0, Math.ceil(most / 20))) map.delete(oldest);
  map.set(key, value);
}
