/** What a running transaction needs of its surroundings, and its timers. */
import type { Timers, Wire } from '../ports.js';
import type { Setting, Timer } from './timers.js';

export interface Run {
  wire: Wire;
  timers: Timers;
  setting: Setting;
}

/** Timers of one transaction by letter. There are at most three at a time, so a list beats a map. */
export class Clock {
  readonly #timers: Timers;
  #running: { timer: Timer; cancel: () => void }[] = [];

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  set(timer: Timer, ms: number, fire: () => void): void {
    this.cancel(timer);
    const cancel = this.#timers.after(ms, () => {
      this.#running = this.#running.filter((entry) => entry.timer !== timer);
      fire();
    });
    this.#running.push({ timer, cancel });
  }

  cancel(timer: Timer): void {
    const at = this.#running.findIndex((entry) => entry.timer === timer);
    if (at >= 0) this.#running.splice(at, 1)[0]?.cancel();
  }

  stop(): void {
    for (const { cancel } of this.#running) cancel();
    this.#running = [];
  }
}
