/** Answering a 401 or 407 (RFC 3261 §22, RFC 7616 §3.4). Pure: the count per nonce is kept by the caller. */
import { toWire } from '../message.js';
import { algorithmOf, algorithms, digestResponse, secretOf, type Algorithm } from './compute.js';
import { formatDigest, parseDigest } from './header.js';

export interface Challenge {
  realm: string;
  nonce: string;
  opaque: string | null;
  algorithm: Algorithm;
  /** Null: the server is of RFC 2069. */
  qop: 'auth' | 'auth-int' | null;
  /** Our answer was right but its nonce too old: worth one more try with the same password. */
  stale: boolean;
}

/**
 * The strongest challenge that we can answer among WWW-Authenticate or Proxy-Authenticate values. RFC 8760 §2.4 lets the server
 * put its favourite first; ours is the strongest, so that nobody on the way can talk us down by reordering.
 */
export function chooseChallenge(values: readonly string[]): Challenge | null {
  let best: Challenge | null = null;
  for (const value of values) {
    const params = parseDigest(value);
    const realm = params?.get('realm');
    const nonce = params?.get('nonce');
    const algorithm = algorithmOf(params?.get('algorithm') ?? null);
    if (params === null || realm === undefined || nonce === undefined || algorithm === null) continue;
    const qops = params.get('qop')?.toLowerCase().split(',');
    const offered = qops?.map((one) => one.trim()); // a pattern that eats spaces costs the square of a row of them
    const qop = offered === undefined ? null : offered.includes('auth') ? 'auth' : 'auth-int';
    if (qop === 'auth-int' && offered?.includes('auth-int') !== true) continue;
    const stale = params.get('stale')?.toLowerCase() === 'true';
    const challenge: Challenge = { realm, nonce, opaque: params.get('opaque') ?? null, algorithm, qop, stale };
    if (best === null || algorithms.indexOf(algorithm) < algorithms.indexOf(best.algorithm)) best = challenge;
  }
  return best;
}

/**
 * The value of Authorization or Proxy-Authorization.
 *
 * @param count how often this nonce was used, this time included: 1 for the first
 * @param cnonce fresh, unguessable
 */
export function answerChallenge(
  challenge: Challenge,
  account: { user: string; password: string },
  request: { method: string; uri: string; body: string },
  count: number,
  cnonce: string,
): string {
  const { realm, nonce, algorithm, qop, opaque } = challenge;
  const nc = count.toString(16).padStart(8, '0');
  const user = toWire(account.user);
  const secret = secretOf(algorithm, user, realm, account.password);
  const response = digestResponse({ algorithm, secret, nonce, qop, nc, cnonce, ...request });
  const params: [string, string][] = [
    ['username', user],
    ['realm', realm],
    ['nonce', nonce],
    ['uri', request.uri],
    ['response', response],
    ['algorithm', algorithm],
  ];
  if (opaque !== null) params.push(['opaque', opaque]);
  if (qop !== null) params.push(['qop', qop], ['nc', nc]);
  if (qop !== null || algorithm.endsWith('-sess')) params.push(['cnonce', cnonce]);
  return formatDigest(params, 'credentials');
}
