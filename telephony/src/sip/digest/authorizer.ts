/**
 * One account towards one hop: answers its 401 and 407, and remembers what it was asked (RFC 3261 §22.2–22.3).
 *
 * A right answer is refused only when its nonce is too old (`stale`). Any other challenge after our answer means that the password
 * is wrong: to go on guessing would lock the account.
 */
import { headerValues, type SipHeader, type SipRequest, type SipResponse } from '../message.js';
import type { Chance } from '../ports.js';
import { answerChallenge, chooseChallenge, type Challenge } from './client.js';
import { parseDigest } from './header.js';

export interface Credentials {
  username: string;
  password: string;
  /** Nobody but this realm is told; null or missing: whoever asks. */
  realm?: string | null;
}

interface Asked {
  /** Which header answers it. */
  name: 'authorization' | 'proxy-authorization';
  challenge: Challenge;
  /** Of this nonce. */
  count: number;
}

/** A chain of proxies may ask one after the other; whoever asks for more is not worth the effort. */
const realmsMax = 4;
/** Nonces that run out again and again are a broken clock at the far end. */
const staleMax = 3;

export class Authorizer {
  readonly #credentials: Credentials | null;
  readonly #chance: Chance;
  /** Made when somebody asks: hardly anybody does, and every request outside and every dialog has an authorizer. */
  #asked: Map<string, Asked> | null = null;
  #nonces: Set<string> | null = null;
  #staleLeft = staleMax;

  constructor(credentials: Credentials | null, chance: Chance) {
    this.#credentials = credentials;
    this.#chance = chance;
  }

  /** @returns true when another try with `headersFor` may succeed */
  learn(response: SipResponse): boolean {
    const proxy = response.status === 407;
    if (this.#credentials === null || (!proxy && response.status !== 401)) return false;
    const name = proxy ? 'proxy-authorization' : 'authorization';
    const values = headerValues(response, proxy ? 'proxy-authenticate' : 'www-authenticate');
    const asked = (this.#asked ??= new Map<string, Asked>());
    const nonces = (this.#nonces ??= new Set<string>());
    let news = false;
    let stale = false;
    for (const realm of new Set(values.map((value) => parseDigest(value)?.get('realm')))) {
      const challenge = chooseChallenge(values.filter((value) => parseDigest(value)?.get('realm') === realm));
      const mine = this.#credentials.realm ?? challenge?.realm;
      if (challenge === null || challenge.realm !== mine) continue;
      const key = `${name}\n${challenge.realm}`;
      const before = asked.get(key);
      if (before !== undefined) {
        if (!challenge.stale || nonces.has(challenge.nonce)) return false;
        stale = true;
      } else if (asked.size >= realmsMax) return false;
      asked.set(key, { name, challenge, count: 0 });
      nonces.add(challenge.nonce);
      news = true;
    }
    if (stale && this.#staleLeft-- <= 0) return false;
    return news;
  }

  /** Answers to all that was asked so far; none before the first challenge. */
  headersFor(request: SipRequest): SipHeader[] {
    if (this.#asked === null) return [];
    const { username: user, password } = this.#credentials ?? { username: '', password: '' };
    return [...this.#asked.values()].map((asked) => {
      asked.count += 1;
      const cnonce = Buffer.from(this.#chance(8)).toString('hex');
      const value = answerChallenge(asked.challenge, { user, password }, request, asked.count, cnonce);
      return { name: asked.name, value };
    });
  }
}
