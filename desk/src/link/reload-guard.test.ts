import { expect, test } from 'vitest';
import { mayReload } from './reload-guard.js';

test('a page reloads for a build it has not reloaded for yet', () => {
  expect(mayReload(null, 'b2', 0)).toBe(true);
  expect(mayReload({ build: 'b1', at: 0 }, 'b2', 1)).toBe(true);
});

test('a reload that did not bring the build is not tried again within a minute', () => {
  expect(mayReload({ build: 'b2', at: 1_000 }, 'b2', 60_999)).toBe(false);
  expect(mayReload({ build: 'b2', at: 1_000 }, 'b2', 61_000)).toBe(true);
});
