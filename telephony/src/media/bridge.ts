import type { Leg } from './leg.js';

/** Two legs that hear each other. A held leg hears its music, the other one nothing; while either is held nothing is relayed. */
export interface Bridge {
  readonly a: Leg;
  readonly b: Leg;
  /** Since when: epoch and monotonic ms. */
  readonly at: number;
  readonly sinceMs: number;
  readonly held: Set<Leg>;
  /** Heard of before the two are apart. */
  readonly onEnd: (bridge: Bridge) => void;
}

/** Joins two legs; each leaves the bridge it was in, and whatever played to it stops. */
export function join(
  a: Leg,
  b: Leg,
  { at, sinceMs }: { at: number; sinceMs: number },
  onEnd: (bridge: Bridge) => void,
): Bridge {
  const bridge: Bridge = { a, b, at, sinceMs, held: new Set(), onEnd };
  for (const leg of [a, b]) {
    if (leg.bridge !== null) dissolve(leg.bridge);
    leg.play(null);
  }
  a.bridge = bridge;
  b.bridge = bridge;
  return bridge;
}

/** The two are apart. What plays to a held one goes on. */
export function dissolve(bridge: Bridge): void {
  bridge.onEnd(bridge);
  pauseRelay(bridge);
  bridge.a.bridge = null;
  bridge.b.bridge = null;
}

export function hold(bridge: Bridge, leg: Leg): void {
  bridge.held.add(leg);
  pauseRelay(bridge);
}

/** @returns whether the leg was held */
export function resume(bridge: Bridge, leg: Leg): boolean {
  return bridge.held.delete(leg);
}

function pauseRelay(bridge: Bridge): void {
  bridge.a.pauseRelay();
  bridge.b.pauseRelay();
}
