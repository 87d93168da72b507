/** Delivers events in order and never from inside a command: whoever commands is never called back half-way through. */
import type { LegId, PhoneEvent } from '@denwaban/core';
import type { Log } from './log.js';

export interface EventQueue {
  push(event: PhoneEvent): void;
  listen(listener: (event: PhoneEvent) => void): () => void;
  /** Delivers what waits, now. */
  flush(): void;
}

/** News of a leg that was hung up while the news waited is no news; of its end, it is. */
export function isNews(event: PhoneEvent, lives: (leg: LegId) => boolean): boolean {
  switch (event.type) {
    case 'leg.answered':
    case 'leg.ringing':
    case 'leg.moved':
    case 'leg.dtmf':
      return lives(event.leg);
    case 'leg.joined':
    case 'leg.join-failed':
      return lives(event.customer);
    default:
      return true;
  }
}

/** @param wanted asked at delivery: false drops the event */
export function createEventQueue(wanted: (event: PhoneEvent) => boolean, log: Log): EventQueue {
  const listeners = new Set<(event: PhoneEvent) => void>();
  const waiting: PhoneEvent[] = [];
  let delivering = false;

  function flush(): void {
    if (delivering) return;
    delivering = true;
    try {
      for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) {
        if (!wanted(event)) continue;
        for (const listener of listeners) {
          try {
            listener(event);
          } catch (problem) {
            // One listener's bug must cost neither the others nor the calls.
            log.error({ event: event.type, problem: String(problem) }, 'exchange: a listener failed');
          }
        }
      }
    } finally {
      delivering = false;
    }
  }
  return {
    flush,
    push(event) {
      waiting.push(event);
      if (waiting.length === 1 && !delivering) queueMicrotask(flush);
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
