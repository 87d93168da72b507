import type { CustomerView } from '@denwaban/core/wire';
import { expect, test } from 'vitest';
import { optionsOf } from './search-option.js';

const anna: CustomerView = {
  ...{ id: 'cu_1', name: 'Anna', kana: null, company: null, owner: null, team: null },
  phones: ['+81312345678', '+819012345678'],
};

test('each customer is followed by their numbers', () => {
  expect(optionsOf([anna], 'anna').map(({ number }) => number)).toEqual([null, '+81312345678', '+819012345678']);
});

test('a number that nobody found has can be called as it was typed', () => {
  expect(optionsOf([], '０３−９９９９−０００１')).toEqual([{ customer: null, number: '0399990001' }]);
  expect(optionsOf([anna], '0399990001').at(-1)).toEqual({ customer: null, number: '0399990001' });
});

test('a number that a customer has is not offered twice', () => {
  expect(optionsOf([anna], '03-1234-5678')).toHaveLength(3);
});

test('the beginning of a number is a search, not somebody to call', () => {
  expect(optionsOf([], '0312')).toEqual([]);
  expect(optionsOf([], '佐藤')).toEqual([]);
});
