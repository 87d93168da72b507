/** Waiting between tries. Ends at once, and for good, when its time is over. */
export interface Patience {
  readonly isOver: boolean;
  pause(ms: number): Promise<void>;
  /** No pause lasts longer than `ms` from now. @returns takes it back, so that no timer is left behind */
  endAfter(ms: number): () => void;
}

/** Pause before try number `n` (from 1) after a failure that may pass. */
export type BackOff = (n: number) => number;
export const usualBackOffMs: BackOff = (n) => Math.min(2_000, 25 * 2 ** Math.min(n, 10));

export function makePatience(): Patience {
  let over = false;
  const pausing = new Set<() => void>();
  return {
    get isOver() {
      return over;
    },
    async pause(ms) {
      if (over) return;
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          pausing.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, ms);
        pausing.add(wake);
      });
    },
    endAfter(ms) {
      const timer = setTimeout(() => {
        over = true;
        for (const wake of pausing) wake();
      }, ms);
      return () => clearTimeout(timer);
    },
  };
}

/** What `promise` comes to, or the error of `late` when that takes longer than `ms`. */
export function within<T>(promise: Promise<T>, ms: number, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
