/**
 * Whether the far end of a trunk is there, as OPTIONS tells (RFC 3261 §11). Pure. One lost packet is no outage, and one answer in
 * an outage is no recovery: either takes two in a row; only the very first answer counts at once.
 */
export interface Reachable {
  status: 'unknown' | 'up' | 'down';
  /** Outcomes in a row that speak against `status`. */
  against: number;
}

export type Probe = { answered: true; status: number } | { answered: false };

export const unknown: Reachable = { status: 'unknown', against: 0 };
const enough = 2;
/** In doubt it is asked again sooner. */
const soonMs = 5_000;

/**
 * Any answer shows that somebody is there, a refusal too: many carriers answer OPTIONS with 403 or 404. Only «no service» (503),
 * and a proxy's word that nobody is behind it (408, 504), do not.
 */
export function isThere(probe: Probe): boolean {
  return probe.answered && ![408, 503, 504].includes(probe.status);
}

/** @returns the state, and when to ask again, ms */
export function stepReachable(now: Reachable, probe: Probe, intervalMs: number): [Reachable, number] {
  const there = isThere(probe);
  if (there === (now.status === 'up') && now.status !== 'unknown') return [{ ...now, against: 0 }, intervalMs];
  if (there && now.status === 'unknown') return [{ status: 'up', against: 0 }, intervalMs];
  const against = now.against + 1;
  if (against >= enough) return [{ status: there ? 'up' : 'down', against: 0 }, intervalMs];
  return [{ ...now, against }, Math.min(soonMs, intervalMs)];
}
