import fc from 'fast-check';
import { expect, test } from 'vitest';
import { normalise } from './normalise.js';
import { phonePrefix } from './phone-prefix.js';

test.each([
  ['03-1234-5678'],
  ['0312345678'],
  ['03 1234 5678'],
  ['(03) 1234-5678'],
  ['０３−１２３４−５６７８'],
  ['０３（１２３４）５６７８'],
  ['03‐1234‐5678'],
  ['03ー1234ー5678'],
  ['03–1234—5678'],
  ['+81312345678'],
  ['+81-3-1234-5678'],
  ['＋８１　３　１２３４　５６７８'],
  ['+81 (0)3 1234 5678'],
  ['81312345678'],
  ['010-81-3-1234-5678'],
  ['0033-010-81-3-1234-5678'],
  ['00 81 3 1234 5678'],
  ['tel:+81-3-1234-5678'],
  ['tel:0312345678;phone-context=+81'],
  ['sip:+81312345678@203.0.113.5:5060;user=phone'],
  ['<sip:0312345678@example.jp>'],
  ['03-1234-5678 (内線 12)'],
  ['03-1234-5678 ext. 12'],
  [' 03-1234-5678\n'],
])('%s is +81312345678', (written) => {
  expect(normalise(written)).toBe('+81312345678');
});

test.each([
  ['090-1234-5678', '+819012345678'],
  ['050-1234-5678', '+815012345678'],
  ['0120-444-444', '+81120444444'],
  ['011-234-5678', '+81112345678'], // Sapporo, not the way out of North America
  ['+1 (202) 555-0123', '+12025550123'],
  ['010 1 202 555 0123', '+12025550123'],
  ['+44 20 7946 0123', '+442079460123'],
])('%s is %s', (written, number) => {
  expect(normalise(written)).toBe(number);
});

test.each([
  [''],
  ['110'],
  ['1234'],
  ['anonymous'],
  ['+'],
  ['+0312345678'],
  ['03-1234'],
  ['山田'],
  ['1 and 2'],
  ['0'.repeat(300)],
  ['+81'],
  ['03-1234-5678-9012-3456'],
])('%j is no number to call', (written) => {
  expect(normalise(written)).toBeNull();
});

test('a number in E.164 form stays itself, and nothing makes it throw', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[+0-9０-９ ()ー-]{1,20}$/u)), (written) => {
      const number = normalise(written);
      if (number !== null) {
        expect(number).toMatch(/^\+[1-9]\d{6,14}$/);
        expect(normalise(number)).toBe(number);
      }
    }),
    { numRuns: 2_000 },
  );
});

test('the beginning of a number is found in any form too', () => {
  expect(phonePrefix('０３-12')).toBe('+81312');
  expect(phonePrefix('+81 3')).toBe('+813');
  expect(phonePrefix('0120')).toBe('+81120');
  expect(phonePrefix('010-1-202')).toBe('+1202');
  expect(phonePrefix('81312')).toBe('+81312');
  expect(phonePrefix('03')).toBeNull();
  expect(phonePrefix('3M 1234')).toBeNull();
});
