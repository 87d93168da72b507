/** One leg hears another without being heard there: an agent, the network's own sound before an answer. */
import type { Leg } from './leg.js';
import type { Player } from './player.js';
import { playersOf } from './players.js';
import type { MediaRequest } from './protocol.js';
import type { Sounds } from './sounds.js';

/** What is heard in place of somebody who says nothing. */
export interface Meanwhile {
  player(): Player;
  /** Also when they have fallen silent, not only before their first word. */
  again: boolean;
  /** Monotonic: from when on they may speak. */
  sinceMs: number;
}

/** So long may they be silent: networks pause, but seldom for longer before the next packet. */
const silentMs = 2_000;

/** @param heardMs monotonic time of their newest packet; NaN before the first */
export function isDue({ again, sinceMs }: Meanwhile, heardMs: number, nowMs: number): boolean {
  const spoke = heardMs > sinceMs;
  return (again || !spoke) && nowMs - (spoke ? heardMs : sinceMs) >= silentMs;
}

/** Carries out `listen`. @throws MediaError */
export async function listen(
  { leg, to, meanwhile }: Extract<MediaRequest, { type: 'listen' }>,
  sounds: Sounds,
  need: (leg: string) => Leg,
  sinceMs: number,
): Promise<null> {
  const player = meanwhile === undefined ? null : await playersOf(sounds, meanwhile.sound);
  need(leg).listen(need(to), player === null ? null : { player, again: meanwhile?.again === true, sinceMs });
  return null;
}
