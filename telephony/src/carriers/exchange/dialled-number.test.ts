import { whyNotCall, type E164 } from '@denwaban/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { asDialled } from './dialled-number.js';

const japan = { countryCode: '81', internationalPrefix: '010' };
const germany = { countryCode: '49', internationalPrefix: '00' };

test.each([
  ['+81312345678', 'e164', '+81312345678'],
  ['+81312345678', 'e164-bare', '81312345678'],
  ['+81312345678', japan, '0312345678'],
  ['+819012345678', japan, '09012345678'],
  ['+81120123456', japan, '0120123456'],
  ['+14155550100', japan, '01014155550100'],
  ['+8201012345678', japan, '0108201012345678'],
  ['+81312345678', germany, '0081312345678'],
  ['+4930123456', germany, '030123456'],
] as const)('[TRK17] %s in the form %o is dialled %s', (number, format, dialled) =>
  expect(asDialled(number as E164, format)).toBe(dialled),
);

test.each([
  ['+811014155550100', japan],
  ['+81003314155', japan],
  ['+490014155550', germany],
] as const)('[OUT7] %s has no national form: it would lead out of the country', (number, format) =>
  expect(asDialled(number as E164, format)).toBeNull(),
);

test('[OUT7] what may be called in Japan alone is dialled inside Japan, whatever the figures', () => {
  const figures = fc.array(fc.constantFrom(...'0123456789'), { minLength: 1, maxLength: 13 });
  // Half of them begin as a way out does: chance alone would seldom hit on one.
  const tail = fc.tuple(fc.constantFrom('', '0', '10', '010', '00', '110', '18'), figures);
  let called = 0;
  fc.assert(
    fc.property(tail, ([head, rest]) => {
      const number = `+81${head}${rest.join('')}` as E164;
      if (whyNotCall(number, number, ['+81']) !== null) return;
      called += 1;
      expect(asDialled(number, japan)).toMatch(/^0(?!10)[1-9]\d{8,9}$/);
    }),
    { numRuns: 2_000 },
  );
  expect(called).toBeGreaterThan(50);
});
