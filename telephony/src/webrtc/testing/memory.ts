import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose_gc');
const collect = runInNewContext('gc') as () => void;

/** What this process holds once all that nobody holds is gone, C's memory included. */
export function heldBytes(): number {
  collect();
  collect();
  return process.memoryUsage().rss;
}
