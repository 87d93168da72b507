import { expect, test } from 'vitest';
import { lately } from './lately.js';

function counted() {
  let reads = 0;
  const read = lately((text: string) => {
    reads += 1;
    return text === '' ? null : text.length;
  });
  return { read, reads: () => reads };
}

test('what was read lately is not read again, nothing and false included', () => {
  const { read, reads } = counted();
  expect([read('abc'), read(''), read('abc'), read('')]).toEqual([3, null, 3, null]);
  expect(reads()).toBe(2);
});

test('strangers make it forget, but not grow', () => {
  const { read, reads } = counted();
  read('abc');
  for (let i = 0; i < 500; i++) read(`other ${i}`);
  read('abc');
  expect(reads()).toBe(502);
});

test('a text of more than 200 characters is read each time', () => {
  const { read, reads } = counted();
  for (const length of [200, 200, 201, 201]) expect(read('a'.repeat(length))).toBe(length);
  expect(reads()).toBe(3);
});
