/** Notes while they are being written: kept per conversation in this tab, so that a reload loses nothing. */
import type { Disposition } from '@denwaban/core/wire';
import { useCallback, useSyncExternalStore } from 'react';

export interface Draft {
  note: string;
  disposition: Disposition | null;
}

const empty: Draft = { note: '', disposition: null };
const keyOf = (conversation: string) => `denwaban.draft.${conversation}`;
const listeners = new Set<() => void>();
const cache = new Map<string, Draft>();

export function readDraft(conversation: string): Draft {
  const known = cache.get(conversation);
  if (known) return known;
  let read = empty;
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(keyOf(conversation)) ?? 'null');
    if (stored && typeof stored === 'object') read = { ...empty, ...stored };
  } catch {
    // Unreadable or forbidden: begin with an empty note.
  }
  cache.set(conversation, read);
  return read;
}

export function writeDraft(conversation: string, draft: Draft): void {
  cache.set(conversation, draft);
  try {
    sessionStorage.setItem(keyOf(conversation), JSON.stringify(draft));
  } catch {
    // Full or forbidden: the note lives as long as the page.
  }
  for (const listener of listeners) listener();
}

export function dropDraft(conversation: string): void {
  cache.delete(conversation);
  try {
    sessionStorage.removeItem(keyOf(conversation));
  } catch {
    // Nothing was stored then.
  }
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export function useDraft(conversation: string): [Draft, (change: Partial<Draft>) => void] {
  const draft = useSyncExternalStore(subscribe, () => readDraft(conversation));
  const change = useCallback(
    (part: Partial<Draft>) => writeDraft(conversation, { ...readDraft(conversation), ...part }),
    [conversation],
  );
  return [draft, change];
}

/** True while something was written that is not with the server yet. */
export const useHasDrafts = () =>
  useSyncExternalStore(subscribe, () =>
    [...cache.values()].some((draft) => draft.note !== '' || draft.disposition !== null),
  );
