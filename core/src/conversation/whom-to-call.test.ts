import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { E164 } from '../ids.js';
import { whyNotCall } from './whom-to-call.js';

const e164 = (number: string) => number as E164;
const japan = ['+81'];

describe('whom an agent may call', () => {
  test.each([
    ['+81312345678', japan, null],
    ['+14155550123', japan, 'number-not-allowed'],
    ['+14155550123', ['+81', '+1415'], null],
    ['+14165550123', ['+81', '+1415'], 'number-not-allowed'],
    ['+882161234567', ['+'], null],
    ['+81312345678', [], 'number-not-allowed'],
  ] as const)('[OUT7] %s with %o: %s', (number, prefixes, answer) => {
    expect(whyNotCall(number, e164(number), prefixes)).toBe(answer);
  });
  test('[OUT7] what is no telephone number is said to be none, before anything about prefixes', () => {
    expect(whyNotCall('Anna', null, [])).toBe('no-number');
    expect(whyNotCall('', null, ['+'])).toBe('no-number');
  });
  test.each([
    '110',
    '118',
    '119',
    '911',
    '112',
    '999',
    '１１０',
    '1 1 0',
    ' 119# ',
    'tel:110',
    '+81 110',
    '+81119',
    '184110',
    '186-119',
  ])('[OUT7] %s is an emergency number, wherever calls may go', (written) => {
    expect(whyNotCall(written, null, ['+'])).toBe('emergency-number');
    expect(whyNotCall(written, e164('+81110'), ['+'])).toBe('emergency-number');
  });
  test.each([
    ['0118112345', '+81118112345'], // Sapporo begins so
    ['+81 11 911 2345', '+81119112345'],
    ['0311112222', '+81311112222'],
    ['18446744073', '+18446744073'], // a toll-free number of North America, not 184 before one
  ])('[OUT7] %s is none', (written, number) => {
    expect(whyNotCall(written, e164(number), ['+'])).toBeNull();
  });
  test.each([
    '+811014155550100',
    '+81106771234',
    '+81102471234',
    '+81003301014155550100',
    '+810312345678',
    '+811840312345678',
  ])('[OUT7] %s is no way out of the country: a carrier that dials 0 for +81 would call abroad', (number) => {
    expect(whyNotCall(number, e164(number), japan)).toBe('no-number');
    expect(whyNotCall(number, e164(number), ['+'])).toBe('no-number');
  });
  test.each(['+81312345678', '+819012345678', '+81120444444', '+818001234567', '+815012345678', '+81111234567'])(
    '[OUT7] %s is an ordinary one',
    (number) => {
      expect(whyNotCall(number, e164(number), japan)).toBeNull();
    },
  );
  test('[OUT7] whatever is written, only a number with an allowed beginning is ever called', () => {
    const prefix = fc.stringMatching(/^\+[1-9]\d{0,4}$/);
    const number = fc.stringMatching(/^\+[1-9]\d{6,14}$/).map(e164);
    fc.assert(
      fc.property(fc.string(), number, fc.array(prefix), (written, to, prefixes) => {
        const answer = whyNotCall(written, to, prefixes);
        if (answer === null) expect(prefixes.some((one) => to.slice(0, one.length) === one)).toBe(true);
        if (prefixes.some((one) => to.startsWith(one)))
          expect([null, 'emergency-number', 'no-number']).toContain(answer);
      }),
    );
  });
});
