/** How late the turns of this process come: what admission goes by. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** @returns how late our turns came since it was last asked, ms: nine of ten were no later */
export function watchLateness(): () => number {
  const grainMs = 10;
  const delays = monitorEventLoopDelay({ resolution: grainMs });
  delays.enable();
  return () => {
    const lateMs = Math.max(0, delays.percentile(90) / 1e6 - grainMs);
    delays.reset();
    return lateMs;
  };
}
