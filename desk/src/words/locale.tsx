/** The chosen language, for every component: `const { t, locale } = useWords()`. */
import { useSyncExternalStore } from 'react';
import { chooseLocale, translator, type Locale, type Translate } from './words.js';

const storedUnder = 'denwaban.locale';

function stored(): string | null {
  try {
    return localStorage.getItem(storedUnder);
  } catch {
    return null; // storage can be forbidden by policy; the browser's language then decides
  }
}

let words: { locale: Locale; t: Translate } = { locale: 'ja', t: translator('ja') };
const listeners = new Set<() => void>();

function apply(locale: Locale) {
  words = { locale, t: translator(locale) };
  document.documentElement.lang = locale;
  for (const listener of listeners) listener();
}

/** Call once before the first draw. */
export function startLocale(): void {
  apply(chooseLocale(stored(), navigator.languages));
  // Another tab switched: the desk and its board speak the same language.
  addEventListener('storage', (event) => {
    if (event.key === storedUnder) apply(chooseLocale(event.newValue, navigator.languages));
  });
}

export function setLocale(locale: Locale): void {
  try {
    localStorage.setItem(storedUnder, locale);
  } catch {
    // Kept for this page only.
  }
  apply(locale);
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const useWords = () => useSyncExternalStore(subscribe, () => words);
/** For code outside React: notifications and the title of the page. */
export const currentWords = () => words;
