import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose_gc');
const collect = runInNewContext('gc') as () => void;

/** What this process holds once all that nobody holds is gone, C's memory included. */
function heldBytes(): number {
  collect();
  collect();
  return process.memoryUsage().rss;
}

/**
 * By how much this process holds more after each of two rounds, in bytes: the smaller of the two. What leaks does so each time;
 * what V8 takes for itself now and then, it does not take twice.
 */
export async function grownBytes(round: () => void | Promise<void>): Promise<number> {
  const held = [heldBytes()];
  for (let n = 0; n < 2; n++) {
    await round();
    held.push(heldBytes());
  }
  return Math.min(...held.slice(1).map((bytes, n) => bytes - held[n]!));
}
