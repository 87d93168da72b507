/**
 * Timers that keep their time in a hidden tab. Chromium slows a hidden page's own timers to one a second and, after five
 * minutes, to one a minute; a Worker's are left alone (measured: 200 of 200 ticks).
 */
export interface Timers {
  /** @returns a function that takes the timer away again; harmless when it has fired */
  after(delayMs: number, run: () => void): () => void;
  every(periodMs: number, run: () => void): () => void;
}

/** The page's own timers: for tests, and where a Worker cannot start. */
export const pageTimers: Timers = {
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  every(periodMs, run) {
    const timer = setInterval(run, periodMs);
    return () => clearInterval(timer);
  },
};

let shared: Timers | undefined;

/** One Worker serves the whole page. */
export function steadyTimers(): Timers {
  return (shared ??= startWorker() ?? pageTimers);
}

function startWorker(): Timers | null {
  let worker: Worker;
  try {
    worker = new Worker(new URL('./steady-timers.worker.ts', import.meta.url), { type: 'module' });
  } catch {
    return null;
  }
  const waiting = new Map<number, { run: () => void; once: boolean }>();
  let last = 0;
  worker.onmessage = (event: MessageEvent<number>) => {
    const timer = waiting.get(event.data);
    if (!timer) return;
    if (timer.once) waiting.delete(event.data);
    timer.run();
  };
  const begin = (ms: number, run: () => void, once: boolean) => {
    const id = ++last;
    waiting.set(id, { run, once });
    worker.postMessage({ id, ms, once });
    return () => {
      if (waiting.delete(id)) worker.postMessage({ id, ms: null, once });
    };
  };
  return {
    after: (delayMs, run) => begin(delayMs, run, true),
    every: (periodMs, run) => begin(periodMs, run, false),
  };
}
