/**
 * What is due when: the earliest of many times is at hand, and only what is due is handed out. Each key has one time at most.
 *
 * A binary heap whose entries know their place, so that a time can be changed or taken away without a search: nearly every input of
 * every call does.
 */
import type { EpochMs } from '@denwaban/core';

export interface Agenda<Key> {
  /** In place of the time it had; null: none any more. */
  set(key: Key, at: EpochMs | null): void;
  /** The earliest of all; null: there is none. */
  next(): EpochMs | null;
  /** Takes out whose time has come, the earliest first. */
  take(now: EpochMs): Key[];
}

interface Entry<Key> {
  readonly key: Key;
  at: EpochMs;
  place: number;
}

export function createAgenda<Key>(): Agenda<Key> {
  const entries = new Map<Key, Entry<Key>>();
  const heap: Entry<Key>[] = [];

  function put(entry: Entry<Key>, place: number): void {
    heap[place] = entry;
    entry.place = place;
  }

  /** Moves up or down to where it belongs. */
  function settle(entry: Entry<Key>): void {
    let { place } = entry;
    for (let above = heap[(place - 1) >> 1]; place > 0 && above !== undefined && above.at > entry.at;) {
      const free = above.place;
      put(above, place);
      place = free;
      above = heap[(place - 1) >> 1];
    }
    for (;;) {
      const [left, right] = [heap[2 * place + 1], heap[2 * place + 2]];
      const below = right !== undefined && left !== undefined && right.at < left.at ? right : left;
      if (below === undefined || below.at >= entry.at) break;
      const free = below.place;
      put(below, place);
      place = free;
    }
    put(entry, place);
  }

  function remove(entry: Entry<Key>): void {
    entries.delete(entry.key);
    const last = heap.pop();
    if (last === undefined || last === entry) return;
    put(last, entry.place);
    settle(last);
  }

  return {
    set(key, at) {
      const entry = entries.get(key);
      if (at === null) {
        if (entry !== undefined) remove(entry);
      } else if (entry === undefined) {
        const fresh = { key, at, place: heap.length };
        entries.set(key, fresh);
        heap.push(fresh);
        settle(fresh);
      } else if (entry.at !== at) {
        entry.at = at;
        settle(entry);
      }
    },
    next: () => heap[0]?.at ?? null,
    take(now) {
      const due: Key[] = [];
      for (let first = heap[0]; first !== undefined && first.at <= now; first = heap[0]) {
        due.push(first.key);
        remove(first);
      }
      return due;
    },
  };
}
