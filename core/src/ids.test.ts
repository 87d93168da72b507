import fc from 'fast-check';
import { expect, test } from 'vitest';
import { epochMs, idTime, isId, mintId } from './ids.js';

const chance = fc.uint8Array({ minLength: 10, maxLength: 10 });

test('ids sort by the time they were minted, whatever the chance', () => {
  const time = fc.integer({ min: 0, max: 2 ** 47 });
  fc.assert(
    fc.property(time, time, chance, chance, (a, b, x, y) => {
      fc.pre(a < b);
      expect(mintId('cv', epochMs(a), x) < mintId('cv', epochMs(b), y)).toBe(true);
    }),
  );
});
test('80 bits of chance: different bytes give different ids', () => {
  fc.assert(
    fc.property(chance, chance, (x, y) => {
      fc.pre(x.join() !== y.join());
      expect(mintId('cv', epochMs(5), x)).not.toBe(mintId('cv', epochMs(5), y));
    }),
  );
});
test('an id says what it is', () => {
  const id = mintId('cv', epochMs(1_700_000_000_000), new Uint8Array(10));
  expect(id).toMatch(/^cv_[0-9a-z]{26}$/);
  expect(isId('cv', id)).toBe(true);
  expect(isId('ag', id)).toBe(false);
  expect(isId('cv', 'cv_../../x')).toBe(false);
});
test('an id tells when it was minted', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 47 }), chance, (at, bytes) => {
      expect(idTime(mintId('rc', epochMs(at), bytes))).toBe(at);
    }),
  );
  expect(idTime('rc_short')).toBeNaN();
});
