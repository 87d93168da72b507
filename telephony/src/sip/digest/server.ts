/**
 * Challenging, and judging what comes back (RFC 3261 §22, RFC 7616 §3, RFC 8760).
 *
 * A nonce carries its own birth and a seal, so nothing is kept for those who never answer; only the counts of nonces that were
 * answered rightly are kept, until they expire. An unknown user costs the same arithmetic as a wrong password and is answered
 * the same: names cannot be found out by asking.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { fromWire } from '../message.js';
import type { Chance } from '../ports.js';
import { algorithmOf, digestResponse } from './compute.js';
import { formatDigest, parseDigest } from './header.js';

export interface DigestRealm {
  realm: string;
  /** Seals the nonces: 32 random bytes, of this process. */
  key: Uint8Array;
  nonceMs: number;
  /** Offered in this order; MD5 only where old phones must be let in. */
  algorithms: readonly ('SHA-256' | 'MD5')[];
}

export type Verdict =
  | { ok: true; user: string; nonce: string; count: number }
  /** `stale`: the nonce is over or was not ours; challenge anew with stale=true, the password was not judged. */
  | { ok: false; because: 'missing' | 'malformed' | 'stale' | 'replayed' | 'wrong' };

/** One header value per algorithm, of WWW-Authenticate or Proxy-Authenticate. */
export function challengeFor(realm: DigestRealm, now: number, chance: Chance, stale: boolean): string[] {
  const nonce = mintNonce(realm, now, chance);
  return realm.algorithms.map((algorithm) => {
    const params: [string, string][] = [
      ['realm', realm.realm],
      ['nonce', nonce],
      ['qop', 'auth'],
      ['algorithm', algorithm],
    ];
    if (stale) params.push(['stale', 'true']);
    return formatDigest(params, 'challenge');
  });
}

export interface Attempt {
  method: string;
  /** The Request-URI as it came. */
  uri: string;
  body: string;
  /** Every Authorization (or Proxy-Authorization) value. */
  credentials: readonly string[];
}

/** As long as anybody's, so that who is unknown costs as much to the microsecond. Nobody gets in by it. */
const nobodys = { 'SHA-256': '0'.repeat(64), MD5: '0'.repeat(32) } as const;

/**
 * Judges a request. The caller then asks `NonceCounts.accept` whether the count is new, and only then lets it in.
 *
 * @param secretFor what `secretOf` gave for this user and algorithm, or null for nobody
 */
export function verify(
  realm: DigestRealm,
  attempt: Attempt,
  secretFor: (user: string, algorithm: 'SHA-256' | 'MD5') => string | null,
  now: number,
): Verdict {
  let seen: Map<string, string> | null = null;
  for (const value of attempt.credentials) {
    const params = parseDigest(value);
    if (params?.get('realm') === realm.realm) seen = params;
  }
  if (seen === null) return { ok: false, because: attempt.credentials.length === 0 ? 'missing' : 'malformed' };
  const text = (name: string): string => seen.get(name) ?? '';
  const algorithm = algorithmOf(seen.get('algorithm') ?? null);
  const [user, nonce, uri, response, nc, cnonce] = ['username', 'nonce', 'uri', 'response', 'nc', 'cnonce'].map(text);
  const count = /^[0-9a-f]{8}$/i.test(nc ?? '') ? Number.parseInt(nc ?? '', 16) : 0;
  // Only what we offered: qop without a count, or a weaker algorithm, would be somebody's downgrade.
  const offered = realm.algorithms.find((one) => one === algorithm);
  if (!user || !nonce || !uri || !cnonce || !response || offered === undefined || count < 1) {
    return { ok: false, because: 'malformed' };
  }
  // The digest covers its own `uri`, which is worth nothing unless it is the one that was asked for (RFC 7616 §3.4.6).
  if (text('qop').toLowerCase() !== 'auth' || uri !== attempt.uri) return { ok: false, because: 'malformed' };
  if (!isFresh(realm, nonce, now)) return { ok: false, because: 'stale' };
  const known = secretFor(fromWire(user), offered);
  const secret = known ?? nobodys[offered];
  const { method, body } = attempt;
  const right = digestResponse({
    algorithm: offered,
    secret,
    method,
    uri,
    nonce,
    qop: 'auth',
    nc: nc ?? '',
    cnonce,
    body,
  });
  const same = equal(right, response.toLowerCase());
  return same && known !== null ? { ok: true, user: fromWire(user), nonce, count } : { ok: false, because: 'wrong' };
}

/** Nonce counts that were used (RFC 7616 §3.4: a count seen before is a replay). Bounded; forgets what has expired. */
export class NonceCounts {
  readonly #nonceMs: number;
  readonly #max: number;
  readonly #highest = new Map<string, { count: number; until: number }>();

  constructor(nonceMs: number, max = 10_000) {
    this.#nonceMs = nonceMs;
    this.#max = max;
  }

  /** False: this count, or a higher one, was used. Requests over UDP may overtake each other; the loser asks again. */
  accept(nonce: string, count: number, now: number): boolean {
    const known = this.#highest.get(nonce);
    if (known !== undefined) {
      if (count <= known.count) return false;
      known.count = count;
      return true;
    }
    for (const [old, { until }] of this.#highest) {
      if (until > now && this.#highest.size < this.#max) break;
      this.#highest.delete(old);
    }
    this.#highest.set(nonce, { count, until: now + this.#nonceMs });
    return true;
  }

  get size(): number {
    return this.#highest.size;
  }
}

/** time (8 bytes) ‖ chance (8) ‖ seal (16), base64url. */
function mintNonce(realm: DigestRealm, now: number, chance: Chance): string {
  const body = Buffer.alloc(16);
  body.writeDoubleBE(now, 0);
  body.set(chance(8), 8);
  return Buffer.concat([body, seal(realm, body)]).toString('base64url');
}

function isFresh(realm: DigestRealm, nonce: string, now: number): boolean {
  const bytes = Buffer.from(nonce, 'base64url');
  if (bytes.length !== 32 || bytes.toString('base64url') !== nonce) return false;
  const body = bytes.subarray(0, 16);
  if (!timingSafeEqual(bytes.subarray(16), seal(realm, body))) return false;
  const age = now - body.readDoubleBE(0);
  return age >= 0 && age < realm.nonceMs;
}

function seal(realm: DigestRealm, body: Uint8Array): Buffer {
  return createHmac('sha256', realm.key).update(realm.realm).update('\0').update(body).digest().subarray(0, 16);
}

function equal(a: string, b: string): boolean {
  const left = Buffer.from(a, 'latin1');
  const right = Buffer.from(b, 'latin1');
  return left.length === right.length && timingSafeEqual(left, right);
}
