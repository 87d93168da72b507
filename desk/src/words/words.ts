/** The dictionary: `t('offer.seconds-left', { n: 3 })`. A key that does not exist, or a value that is not given, does not compile. */
import { en } from './en.js';
import { ja, type WordKey } from './ja.js';

export type Locale = 'ja' | 'en';
export type { WordKey };

const books: Record<Locale, Record<WordKey, string>> = { ja, en };

type Places<Text extends string> = Text extends `${string}{${infer Place}}${infer Rest}` ? Place | Places<Rest> : never;
type ValuesOf<Key extends WordKey> = { [Place in Places<(typeof ja)[Key]>]: string | number };
type Arguments<Key extends WordKey> = [Places<(typeof ja)[Key]>] extends [never] ? [] : [ValuesOf<Key>];

export type Translate = <Key extends WordKey>(key: Key, ...values: Arguments<Key>) => string;

/** Puts values into the places of a text. Values are plain text: React escapes them when it draws them. */
export function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (whole, place: string) => String(values[place] ?? whole));
}

export function translator(locale: Locale): Translate {
  return (key, ...values) => fill(books[locale][key], values[0] ?? {});
}

/** True when `key` is a word of ours; for codes that come from the server and may be newer than this desk. */
export function isWordKey(key: string): key is WordKey {
  return Object.hasOwn(ja, key);
}

/** The language to begin with: the stored choice, else the browser's first language that we speak, else Japanese. */
export function chooseLocale(stored: string | null, languages: readonly string[]): Locale {
  if (stored === 'ja' || stored === 'en') return stored;
  for (const language of languages) {
    if (/^ja\b/i.test(language)) return 'ja';
    if (/^en\b/i.test(language)) return 'en';
  }
  return 'ja';
}
