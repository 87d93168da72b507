/**
 * One phone among the tabs of a browser. The first tab holds a Web Lock; the others wait for it and become the phone when it
 * goes. A click takes it over: the lock is stolen, and the tab that had it is told.
 */
export interface PhoneLock {
  /** @param changed told `true` when this tab becomes the phone, `false` when another is it */
  start(changed: (held: boolean) => void): void;
  takeOver(): void;
  stop(): void;
}

export function phoneLock(name: string, locks: LockManager | undefined): PhoneLock {
  let tell: (held: boolean) => void = () => undefined;
  let release: (() => void) | null = null;
  let waiting: AbortController | null = null;
  let stopped = false;

  const hold = () =>
    new Promise<void>((resolve) => {
      // Granted after we had gone: a page that is no phone must not keep the lock from one that is.
      if (stopped) return resolve();
      release = resolve;
      tell(true);
    });
  const lost = () => {
    release = null;
    if (stopped) return;
    tell(false);
    queue();
  };
  const queue = () => {
    waiting = new AbortController();
    locks?.request(name, { signal: waiting.signal }, hold).catch(lostUnlessWithdrawn(waiting.signal));
  };
  const lostUnlessWithdrawn = (signal: AbortSignal) => () => {
    if (!signal.aborted) lost();
  };

  return {
    start(changed) {
      tell = changed;
      if (!locks) {
        tell(true); // no locks without https: the server still knows one line per agent
        return;
      }
      locks
        .request(name, { ifAvailable: true }, (lock) => {
          if (lock) return hold();
          tell(false);
          queue();
          return undefined;
        })
        .catch(lost);
    },
    takeOver() {
      if (release) return;
      waiting?.abort();
      locks?.request(name, { steal: true }, hold).catch(lost);
    },
    stop() {
      stopped = true;
      waiting?.abort();
      release?.();
      release = null;
    },
  };
}
