import { errorCatalogue } from '@denwaban/core/wire';
import { expect, test } from 'vitest';
import { en } from './en.js';
import { ja } from './ja.js';
import { chooseLocale, fill, isWordKey, translator } from './words.js';

const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).toSorted();

test('both languages have the same words, and none is empty', () => {
  expect(Object.keys(en).toSorted()).toEqual(Object.keys(ja).toSorted());
  for (const text of [...Object.values(ja), ...Object.values(en)]) expect(text.trim()).not.toBe('');
});

test('a word has the same places for values in both languages', () => {
  for (const [key, text] of Object.entries(ja))
    expect([key, places(en[key as keyof typeof en])]).toEqual([key, places(text)]);
});

test('the Japanese words are Japanese: what has no kana or kanji is a name, a figure or only places', () => {
  const foreign = Object.entries(ja).filter(
    ([, text]) => !/[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u.test(text),
  );
  expect(foreign.map(([key]) => key)).toEqual([
    'language.en',
    'line.figures',
    'offer.notification-body',
    'trace.passed-over',
  ]);
});

test('the English words are English: only the Japanese language is named in itself', () => {
  const foreign = Object.entries(en).filter(([, text]) =>
    /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u.test(text),
  );
  expect(foreign.map(([key]) => key)).toEqual(['language.ja']);
});

test('every error code of the catalogue has words, so that no person is shown a code', () => {
  for (const code of Object.keys(errorCatalogue)) expect(isWordKey(`error.${code}`), code).toBe(true);
});

test('values are put into their places; a place without a value stays visible', () => {
  expect(translator('ja')('offer.seconds-left', { n: 3 })).toBe('あと 3 秒');
  expect(translator('en')('offer.seconds-left', { n: 3 })).toBe('3 s left');
  expect(fill('{a} and {b}', { a: '{b}' })).toBe('{b} and {b}');
});

test('a key from outside is only a word when the dictionary itself has it', () => {
  expect(isWordKey('error.toString')).toBe(false);
  expect(isWordKey('toString')).toBe(false);
});

test('the stored language wins, then the browser, then Japanese', () => {
  expect(chooseLocale('en', ['ja-JP'])).toBe('en');
  expect(chooseLocale(null, ['de-DE', 'en-US', 'ja'])).toBe('en');
  expect(chooseLocale('xx', ['ja-JP', 'en'])).toBe('ja');
  expect(chooseLocale(null, ['de', 'jam-JM'])).toBe('ja');
});
