/**
 * What toll thieves write where a number belongs: whatever the dress, nobody is called abroad, at an emergency number, or at
 * another number than the one that stands there. The house allows its own country, as it comes out of the box.
 */
import { whyNotCall } from '@denwaban/core';
import { expect, test } from 'vitest';
import { normalise } from './normalise.js';

const wide = (text: string) => text.replace(/[!-~]/g, (one) => String.fromCharCode(one.charCodeAt(0) + 0xfee0));
const spaced = (text: string, between: string) => [...text].join(between);

/** Ways to write one number. `n` begins with + and the country code. */
const dresses: ((n: string) => string)[] = [
  (n) => n,
  (n) => wide(n),
  (n) => n.replace('+', '010'),
  (n) => wide(n.replace('+', '010')),
  (n) => n.replace('+', '0033010'),
  (n) => n.replace('+', '0077 010 '),
  (n) => n.replace('+', '00'),
  (n) => n.replace('+', '%2B'),
  (n) => n.replace('+', '++'),
  (n) => n.replace('+', '+ '),
  (n) => n.replace('+', ' \u200b+'),
  (n) => n.replace('+', '\u202e+'),
  (n) => `tel:${n}`,
  (n) => `sip:${n}@carrier.example`,
  (n) => `sips:${n}@evil.example;user=phone`,
  (n) => `<sip:${n}@127.0.0.1>`,
  (n) => `${n};ext=9011`,
  (n) => `${n};phone-context=+1`,
  (n) => `${n},,,9011#`,
  (n) => `${n}#31#`,
  (n) => `*31#${n}`,
  (n) => `#31#${n}`,
  (n) => `184${n.slice(1)}`,
  (n) => `186-${n}`,
  (n) => `184 010 ${n.slice(1)}`,
  (n) => spaced(n, ' '),
  (n) => spaced(n, '-'),
  (n) => spaced(n, '.'),
  (n) => `(${n})`,
  (n) => `${n}\r\nRoute: <sip:evil.example>`,
  (n) => `${n}\0`,
  (n) => `${n}@evil.example`,
  (n) => `${n}%40evil.example`,
  (n) => `${n} ext 123`,
  (n) => `${n}x123`,
  (n) => `+81${n}`,
  (n) => `+810${n.slice(1)}`,
  (n) => `+81 10 ${n.slice(1)}`,
  (n) => `+81 0033 010 ${n.slice(1)}`,
  (n) => `+81;${n}`,
  (n) => `+81312345678;${n}`,
  (n) => `+81,${n}`,
];
/** Dear and far: satellite, shared cost, islands with dear numbers, America's premium, an ordinary one abroad. */
const abroad = [
  '+8816123456789',
  '+88212345678',
  '+25377123456',
  '+19005551234',
  '+18095551234',
  '+14155550100',
  '+447700900123',
];
const emergencies = ['110', '118', '119', '112', '911', '999'];
const domestic = ['+81312345678', '+819012345678', '+81120444444'];

const judged = (written: string) => {
  const number = normalise(written);
  return { number, because: whyNotCall(written, number, ['+81']) };
};
const dressed = (numbers: readonly string[]) =>
  numbers.flatMap((n) => dresses.map((dress) => ({ n, written: dress(n) })));

test(`[OUT7] ${dressed(abroad).length} ways to write a number abroad: none is called`, () => {
  const called = dressed(abroad).filter(({ written }) => judged(written).because === null);
  // «+81312345678;…» is a number of this country, and what comes behind it goes nowhere.
  expect(called.filter(({ written }) => judged(written).number !== '+81312345678')).toEqual([]);
});

test('[OUT7] an emergency number in any dress is not called', () => {
  for (const n of emergencies) {
    for (const written of [
      n,
      wide(n),
      `+81${n}`,
      `+81 ${n}`,
      `184${n}`,
      `tel:${n}`,
      spaced(n, ' '),
      `${n}#`,
      `${n};ext=1`,
    ]) {
      expect(judged(written).because, written).not.toBeNull();
    }
  }
});

test('[OUT7] whatever hangs on a number of this country, it is called or nobody is', () => {
  const plain = dresses.slice(0, 35);
  for (const n of domestic) {
    for (const dress of plain) {
      const { number, because } = judged(dress(n));
      if (because === null) expect(number, dress(n)).toBe(n);
      // Nothing of what was written reaches the request: plus and digits, no more.
      if (number !== null) expect(number).toMatch(/^\+[1-9]\d{6,14}$/);
    }
    expect(judged(n).because).toBeNull();
  }
});
