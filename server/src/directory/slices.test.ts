import { expect, test } from 'vitest';
import { chunks, makeBreather } from './slices.js';

test('work gives way once its slice is used up, and not before', async () => {
  let now = 0;
  const breathe = makeBreather(8, () => now);
  let others = 0;
  const row = async (ms: number) => {
    setImmediate(() => others++);
    now += ms;
    await breathe();
  };
  await row(3);
  await row(4);
  expect(others).toBe(0);
  await row(1);
  expect(others).toBe(3);
  await row(7);
  expect(others).toBe(3);
});

test('chunks hold everything once, in order', () => {
  expect([...chunks([1, 2, 3, 4, 5], 2)]).toEqual([[1, 2], [3, 4], [5]]);
  expect([...chunks([], 2)]).toEqual([]);
});
