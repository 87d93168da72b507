/** The smallest external store: one immutable view, replaced when something changes. React reads it with `useView`. */
import { useSyncExternalStore } from 'react';

export interface Readable<View> {
  get(): View;
  subscribe(listener: () => void): () => void;
}

export class Store<View extends object> implements Readable<View> {
  #view: View;
  readonly #listeners = new Set<() => void>();

  constructor(view: View) {
    this.#view = view;
  }

  readonly get = (): View => this.#view;

  /** Replaces fields. Nothing is told when all of them are what they were. */
  set(change: Partial<View>): void {
    const keys = Object.keys(change) as (keyof View)[];
    if (keys.every((key) => Object.is(change[key], this.#view[key]))) return;
    this.#view = { ...this.#view, ...change };
    for (const listener of [...this.#listeners]) listener();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
}

/** Draws again only when what `pick` takes out of the view changes; `pick` must not make new objects. */
export function useView<View extends object, Part>(store: Readable<View>, pick: (view: View) => Part): Part {
  return useSyncExternalStore(store.subscribe, () => pick(store.get()));
}
