/** Which trunk a call out takes, and whether another is worth a try when it came to nothing. Pure. */
import type { OutgoingEnd } from '../../sip/contract.js';
import { defaultPriority, type Trunk } from './trunk.js';

export type TrunkStatus = 'up' | 'unknown' | 'down';

/**
 * Trunks that can call out, in the order to try: by priority, those of one priority as they are written. One that is down comes
 * after all that are not, whatever its priority: what we know of it may be old, and a last try costs less than a refused call.
 *
 * @param wanted only this one, if it is given
 */
export function outboundOrder(
  trunks: readonly Trunk[],
  statusOf: (trunk: Trunk) => TrunkStatus,
  wanted: string | null = null,
): Trunk[] {
  const able = trunks.filter((trunk) => trunk.outbound !== undefined && (wanted === null || trunk.id === wanted));
  const ranked = able.map((trunk, at) => ({
    trunk,
    rank: [statusOf(trunk) === 'down' ? 1 : 0, trunk.priority ?? defaultPriority, at] as const,
  }));
  ranked.sort((a, b) => a.rank[0] - b.rank[0] || a.rank[1] - b.rank[1] || a.rank[2] - b.rank[2]);
  return ranked.map(({ trunk }) => trunk);
}

/**
 * May the next trunk reach whom this one did not? Only when this one itself failed. What the called person's side says (busy, no
 * such number, declined) would be said again, and their phone would ring a second time.
 *
 * @param rang something was heard of the person called before: what is refused now is refused by them
 */
export function isWorthAnother(end: OutgoingEnd, status: number | null, rang = false): boolean {
  if (end === 'unreachable') return true;
  if (end !== 'refused' || status === null) return false;
  // Codecs and encryption that this network does not take may be taken elsewhere (RFC 3261 §21.4.26), and each trunk offers its
  // own. 606 says the same of the person, wherever they are asked for (§21.6).
  if (status === 488) return !rang;
  // A password that is wrong, a proxy without a way on, overload; not 480, 486, 404 and 6xx, which speak of the person called.
  return [401, 403, 407, 408, 500, 501, 502, 503, 504].includes(status);
}
