import { expect, test } from 'vitest';
import { foldText, lexemes, searchText, textQuery } from './search-text.js';

test.each([
  ['ﾜﾀﾅﾍﾞ', 'わたなべ'],
  ['ワタナベ　リン', 'わたなべりん'],
  ['渡辺 凛', '渡辺凛'],
  ['Ｃｈｌｏé  O’Brien', 'chloe o brien'],
  ['株式会社 ABC', '株式会社abc'],
  ['ガギグ パピプ ヴ', 'がぎぐぱぴぷゔ'],
  ['サーバー', 'さーばー'],
  ['\u{20BB7}野家', '\u{20BB7}野家'],
])('%s is searched as %s', (written, folded) => {
  expect(foldText(written)).toBe(folded);
  expect(foldText(folded)).toBe(folded);
});

test('every character begins a lexeme, so a single one is found by prefix', () => {
  expect(lexemes('渡辺凛')).toEqual(['渡辺', '辺凛', '凛 ']);
  expect(lexemes('a bc')).toEqual(['a ', 'bc', 'c ']);
  expect(lexemes('')).toEqual([]);
});

test('a question is pairs to narrow by and words to be sure of', () => {
  expect(textQuery('ワタナベ 凛')).toEqual({ tsquery: "'わた' & 'たな' & 'なべ' & '凛':*", words: ['わたなべ', '凛'] });
  expect(textQuery(' … ')).toBeNull();
  expect(searchText(['渡辺 凛', null, ' ', 'ABC'])).toBe('渡辺凛\nabc');
});
