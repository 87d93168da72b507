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
import type { ClientTransaction } from '../transaction/client.js';
import type { AgentCore } from './core.js';

export interface Outside {
  /** In order of preference: resolved, ready to send to. */
  hops: readonly Hop[];
  /** Null: a 401 or 407 is a refusal like any other. */
  credentials: Credentials | null;
  /** The request towards a hop, without Via, CSeq and credentials. Call-ID and tags are the same in each. */
  request(hop: Hop): SipRequest;
  /** The first number; a series of requests of one Call-ID (REGISTER) counts on from the `cseq` of the one before. */
  cseq?: number;
  /** How long a hop may be silent before it counts as failed; without it as long as its transaction has patience (64·T1). */
  hopMs?: number;
}

export interface OutsideUser {
  /** Provisional answers of every try, and the final one; to an INVITE each 2xx. `by` is the try that was answered. */
  onResponse(response: SipResponse, read: Essentials, by: ClientTransaction): void;
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
  const { hops, credentials } = what;
  let cseq = (what.cseq ?? core.firstCseq()) - 1;
  let at = 0;
  let current: ClientTransaction | null = null;
  let authorizer = new Authorizer(credentials, core.chance);
  let cancelled = false;

  /** @returns false when there is no further hop */
  function next(): boolean {
    if (cancelled || at + 1 >= hops.length) return false;
    at += 1;
    authorizer = new Authorizer(credentials, core.chance);
    attempt();
    return true;
  }

  function attempt(): void {
    const hop = hops[at];
    if (hop === undefined) return void core.timers.after(0, () => user.onFailed('transport'));
    const bare = what.request(hop);
    const number = ++cseq;
    const headers = [...bare.headers, { name: 'cseq', value: `${number} ${bare.method}` }];
    const request = { ...bare, headers: [...headers, ...authorizer.headersFor(bare)] };
    /** Somebody's phone rings there: to try the next hop would ring another, or the same one twice. */
    let rings = false;
    // A try that was given up has no more to say.
    let givenUp = false;
    const isCurrent = () => number === cseq && !givenUp;
    const giveUp = () => {
      if (!isCurrent()) return;
      givenUp = true;
      if (!next()) user.onFailed('timeout');
    };
    const calm = what.hopMs === undefined ? () => {} : core.timers.after(what.hopMs, giveUp);
    const sent: ClientTransaction = core.sendRequest(request, hop, {
      onResponse(response, read) {
        const { status } = response;
        if (!isCurrent()) return;
        calm();
        if (status > 100 && status < 200) rings = true;
        if (status === 503 && !rings && next()) return;
        if (!cancelled && authorizer.learn(response)) return attempt();
        user.onResponse(response, read, sent);
      },
      onFailed(because) {
        calm();
        if (isCurrent() && !next()) user.onFailed(because);
      },
    });
    current = sent;
    user.onSent?.(sent);
  }

  attempt();
  return {
    get cseq() {
      return cseq;
    },
    cancel() {
      cancelled = true;
      current?.cancel();
    },
  };
}
