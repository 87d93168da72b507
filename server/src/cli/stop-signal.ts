/** How the supervisor is told to end: a signal, or the end of the `npm start` that it belongs to. */
import { readFileSync } from 'node:fs';

export interface StopSignal {
  /** Resolves when somebody asked us to end. */
  asked: Promise<void>;
  isAsked(): boolean;
  release(): void;
}

/** Ctrl-C can arrive twice (from the terminal, and passed on by npm); a person's second one comes later. */
const sameSignalMs = 700;
const parentCheckMs = 250;

/** @param onImpatience a person asked a second time: end at once */
export function awaitStop(onImpatience: () => void): StopSignal {
  let resolve: () => void;
  const asked = new Promise<void>((done) => (resolve = done));
  let askedAt: number | null = null;
  const ask = (): void => {
    if (askedAt === null) {
      askedAt = Date.now();
      resolve();
    } else if (Date.now() - askedAt > sameSignalMs) onImpatience();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, ask);

  // `npm start` killed with -9 cannot tell us. Without it nobody could stop us from the terminal any more.
  const before = forebears();
  const watch = process.env['npm_lifecycle_event']
    ? setInterval(() => {
        if (askedAt === null && forebears() !== before) ask();
      }, parentCheckMs)
    : undefined;
  watch?.unref();

  return {
    asked,
    isAsked: () => askedAt !== null,
    release() {
      clearInterval(watch);
      for (const signal of signals) process.removeListener(signal, ask);
    },
  };
}

/** Our parent and its parent: npm puts a shell between itself and us. Beyond Linux the parent alone. */
function forebears(): string {
  const parent = process.ppid;
  try {
    const stat = readFileSync(`/proc/${parent}/stat`, 'utf8');
    return `${parent} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]}`;
  } catch {
    return String(parent);
  }
}
