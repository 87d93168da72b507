/** How far the disk is behind: with each word on it, what is asked of us waits as long. */
import type { Journal } from '@denwaban/core';

/** @param now milliseconds of a clock that never steps */
export function watchJournal(journal: Journal, now: () => number): { journal: Journal; behindMs(): number } {
  /** In the order they were given; they come on disk in about that order. */
  const waiting = new Set<{ since: number }>();
  return {
    journal: {
      append(events, record) {
        const one = { since: now() };
        waiting.add(one);
        const done = () => void waiting.delete(one);
        const appended = journal.append(events, record);
        appended.then(done, done);
        return appended;
      },
      open: () => journal.open(),
      events: (conversation) => journal.events(conversation),
    },
    behindMs() {
      for (const { since } of waiting) return now() - since;
      return 0;
    },
  };
}
