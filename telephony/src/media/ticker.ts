/**
 * One 20 ms clock for everything that plays. It runs only while somebody is on it, and it follows the monotonic clock: a late
 * turn is made up by more than one call, so that sound neither slows down nor drifts.
 */
export const frameMs = 20;
/** After a longer stall (a suspended machine) the lost time is skipped, not played in a burst. */
const catchUpFrames = 5;

export interface Ticker {
  /** Calls `frame` at once and then every 20 ms until the returned function is called. */
  add(frame: (nowMs: number) => void): () => void;
}

/** @param onFailure hears of a frame that threw: whoever it belongs to is taken off, the others play on */
export function createTicker(now: () => number, onFailure: (error: unknown) => void): Ticker {
  const members = new Set<(nowMs: number) => void>();
  let timer: NodeJS.Timeout | null = null;
  let dueMs = 0;

  const turn = (): void => {
    timer = null;
    let nowMs = now();
    if (nowMs - dueMs > catchUpFrames * frameMs) dueMs = nowMs;
    while (dueMs <= nowMs) {
      for (const frame of members) {
        try {
          frame(nowMs);
        } catch (error) {
          members.delete(frame);
          onFailure(error);
        }
      }
      dueMs += frameMs;
      nowMs = now();
    }
    arm();
  };
  const arm = (): void => {
    if (members.size === 0 || timer !== null) return;
    // Rounded up: a timer that fires a fraction early would find nothing due and come back a millisecond later.
    timer = setTimeout(turn, Math.max(1, Math.ceil(dueMs - now())));
  };

  return {
    add(frame) {
      // Wrapped, so that the same function may be added twice.
      const member = (nowMs: number): void => frame(nowMs);
      const nowMs = now();
      frame(nowMs);
      if (members.size === 0) dueMs = nowMs + frameMs;
      members.add(member);
      arm();
      return () => {
        members.delete(member);
        if (members.size === 0 && timer !== null) {
          clearTimeout(timer);
          timer = null;
        }
      };
    },
  };
}
