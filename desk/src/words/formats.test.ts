import { expect, test } from 'vitest';
import { fold, initial } from './kana.js';
import { plainDigits, showNumber } from './phone-number.js';
import { clockTime, dayKey, dayStart, shortDate, span, timer } from './time.js';

test.each([
  ['+81312345678', '03-1234-5678'],
  ['+81612345678', '06-1234-5678'],
  ['+81450000100', '045-000-0100'],
  ['+81422123456', '042-212-3456'],
  ['+81120000456', '0120-000-456'],
  ['+819012345678', '090-1234-5678'],
  ['+815012345678', '050-1234-5678'],
  ['+81164123456', '0164-12-3456'],
  ['+14155550123', '+1 415 555 0123'],
  ['+442071838750', '+44 207 183 8750'],
  ['0312345678', '0312345678'],
  ['anonymous', 'anonymous'],
])('%s is shown as %s', (number, shown) => {
  expect(showNumber(number)).toBe(shown);
});

test('a shown number has the digits of the number: grouping never loses one', () => {
  for (let digits = 100_000_000; digits < 1_000_000_000; digits += 1_234_567) {
    expect(showNumber(`+81${digits}`).replace(/\D/g, '')).toBe(`0${digits}`);
  }
});

test('full-width digits and every kind of dash become plain ones', () => {
  expect(plainDigits('０９０−１２３４‐５６７８')).toBe('090-1234-5678');
  expect(plainDigits('＋８１　３')).toBe('+81 3');
});

test('the same name in any script folds to the same letters', () => {
  expect(fold('ﾔﾏﾀﾞ ﾀﾛｳ')).toBe(fold('やまだ　たろう'));
  expect(fold('ヤマダ太郎')).not.toBe(fold('ヤマタ太郎'));
  expect(fold('Ａｎｎａ Schmidt')).toBe('annaschmidt');
});

test('the first letter of a name is one whole character', () => {
  expect(initial('𠮷田')).toBe('𠮷');
  expect(initial(' anna')).toBe('A');
  expect(initial('')).toBe('?');
});

test('a timer shows hours only when there are some, and never runs backwards', () => {
  expect(timer(207_999)).toBe('03:27');
  expect(timer(3_729_000)).toBe('1:02:09');
  expect(timer(-5)).toBe('00:00');
});

test('short spans keep a tenth of a second, long ones do not', () => {
  expect(span(2_740, 'ja')).toBe('2.7秒');
  expect(span(0, 'ja')).toBe('0秒');
  expect(span(9_990, 'en')).toBe('10 s');
  expect(span(207_000, 'ja')).toBe('3分27秒');
  expect(span(207_000, 'en')).toBe('3 min 27 s');
  expect(span(7_500_000, 'en')).toBe('2 h 5 min');
});

const tokyo = 'Asia/Tokyo';
const justAfterMidnight = Date.UTC(2026, 10, 22, 15, 0, 30); // 00:00:30 on the 23rd in Tokyo

test('times are those of the place, not of UTC', () => {
  expect(clockTime(justAfterMidnight, 'ja', tokyo)).toBe('00:00');
  expect(dayKey(justAfterMidnight, tokyo)).toBe('2026-11-23');
  expect(dayKey(justAfterMidnight - 31_000, tokyo)).toBe('2026-11-22');
  expect(shortDate(justAfterMidnight, 'ja', tokyo)).toBe('11月23日(月)');
});

test('a day begins at its midnight, also where the clocks go forward that night', () => {
  expect(dayStart(justAfterMidnight, tokyo)).toBe(justAfterMidnight - 30_000);
  expect(dayStart(dayStart(justAfterMidnight, tokyo), tokyo)).toBe(justAfterMidnight - 30_000);
});
