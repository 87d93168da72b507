import { expect, test } from 'vitest';
import { decodeCsv } from './read-csv.js';

test('a list in UTF-8 is read as that, its mark at the beginning left out', () => {
  const marked = new Uint8Array([0xef, 0xbb, 0xbf, ...new TextEncoder().encode('name\n山田')]);
  expect(decodeCsv(marked)).toEqual({ text: 'name\n山田', encoding: 'UTF-8' });
});

test('a list that Excel saved in Shift_JIS is read too', () => {
  const bytes = new Uint8Array([0x6e, 0x0a, 0x8e, 0x52, 0x93, 0x63, 0xd4, 0xcf]); // n, 山田, ﾔﾏ
  expect(decodeCsv(bytes)).toEqual({ text: 'n\n山田ﾔﾏ', encoding: 'Shift_JIS' });
});
