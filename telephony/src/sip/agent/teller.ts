/** Speaks with a call's listener. What a listener throws must not reach the socket, nor leave the call half-done. */
import type { SipLog } from '../ports.js';

/** What those who only speak need of it. */
export interface Tells<Listener> {
  tell(news: (listener: Listener) => void): void;
  /** @returns null when there is no listener yet, or it failed */
  ask<Answer>(question: (listener: Listener) => Answer): Answer | null;
}

export class Teller<Listener> implements Tells<Listener> {
  readonly #log: SipLog;
  readonly #call: string;
  #listener: Listener | null = null;
  #over = false;
  /** What happened before there was a listener. */
  #untold: ((listener: Listener) => void)[] | null = null;

  constructor(log: SipLog, call: string) {
    this.#log = log;
    this.#call = call;
  }

  attach(listener: Listener): void {
    this.#listener = listener;
    const untold = this.#untold ?? [];
    this.#untold = null;
    for (const tell of untold) this.tell(tell);
  }

  /** Tells the end, and lets go: the INVITE's transaction lingers for half a minute, and would keep all that the listener keeps. */
  last(news: (listener: Listener) => void): void {
    this.tell((listener) => {
      this.#listener = null;
      this.#over = true;
      news(listener);
    });
  }

  tell(news: (listener: Listener) => void): void {
    if (this.#over) return;
    if (this.#listener === null) (this.#untold ??= []).push(news);
    else this.ask((listener) => (news(listener), null));
  }

  ask<Answer>(question: (listener: Listener) => Answer): Answer | null {
    if (this.#listener === null) return null;
    try {
      return question(this.#listener);
    } catch (error) {
      this.#log.error({ call: this.#call, err: error }, 'sip: a call listener failed');
      return null;
    }
  }
}
