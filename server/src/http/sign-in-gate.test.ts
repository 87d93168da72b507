import { describe, expect, test } from 'vitest';
import { SignInGate, signInRules, type Attempt } from './sign-in-gate.js';

const minute = 60_000;

function gate() {
  let now = 1_000_000;
  const it = new SignInGate(() => now);
  const begin = (email: string, source = 'office') => it.begin(email, source);
  return {
    pass: (ms: number) => {
      now += ms;
    },
    begin,
    /** What a wrong password meets: 0 when it was looked at, else the wait. */
    wrong: (email: string, source?: string) => {
      const attempt = begin(email, source);
      if ('waitMs' in attempt) return attempt.waitMs;
      attempt.wrong();
      return 0;
    },
    right: (email: string, source?: string) => {
      const attempt = begin(email, source);
      if ('waitMs' in attempt) return attempt.waitMs;
      attempt.right();
      return 0;
    },
  };
}
const times = <Value>(n: number, make: () => Value): Value[] => Array.from({ length: n }, make);

describe('one person from one place', () => {
  test('five wrong passwords are free; then the pause doubles from 30 s to 10 min', () => {
    const { wrong, pass } = gate();
    expect(times(5, () => wrong('a'))).toEqual([0, 0, 0, 0, 0]);
    const pauses = times(7, () => {
      const pause = wrong('a');
      pass(pause);
      expect(wrong('a')).toBe(0);
      return pause / 1000;
    });
    expect(pauses).toEqual([30, 60, 120, 240, 480, 600, 600]);
  });

  test('a pause is over when it is over, and not a millisecond before', () => {
    const { wrong, right, pass } = gate();
    times(5, () => wrong('a'));
    pass(29_999);
    expect(right('a')).toBe(1);
    pass(1);
    expect(right('a')).toBe(0);
  });

  test('fifteen quiet minutes forget it, and so does the right password', () => {
    const { wrong, right, pass } = gate();
    times(4, () => wrong('a'));
    expect(right('a')).toBe(0);
    expect(times(5, () => wrong('a'))).toEqual([0, 0, 0, 0, 0]);
    pass(signInRules.forgetMs);
    expect(times(5, () => wrong('a'))).toEqual([0, 0, 0, 0, 0]);
  });

  test('somebody else, and the same person from elsewhere, are not held up', () => {
    const { wrong, right } = gate();
    times(6, () => wrong('a'));
    expect(right('b')).toBe(0);
    expect(right('a', 'home')).toBe(0);
  });

  test('a hundred at the same moment are five tries', () => {
    const { begin } = gate();
    const attempts = times(100, () => begin('a'));
    expect(attempts.filter((attempt) => !('waitMs' in attempt))).toHaveLength(5);
  });

  test('one line for the log per pause that begins', () => {
    const { begin } = gate();
    const first = times(5, () => (begin('a') as Attempt).wrong());
    expect(first).toEqual([false, false, false, false, true]);
  });

  test('what could not be looked at counts as nothing', () => {
    const { begin } = gate();
    times(50, () => (begin('a') as Attempt).unknown());
    expect(begin('a')).not.toHaveProperty('waitMs');
  });
});

describe('one place', () => {
  test('thirty wrong passwords for many people, then one every two seconds', () => {
    const { wrong, pass } = gate();
    let n = 0;
    expect(times(40, () => wrong(`user${n++}`)).filter((wait) => wait === 0)).toHaveLength(30);
    pass(minute);
    expect(times(40, () => wrong(`user${n++}`)).filter((wait) => wait === 0)).toHaveLength(30);
  });

  test('a guesser in the office does not lock out those who sign in there', () => {
    const { wrong, right } = gate();
    expect(right('anna')).toBe(0);
    let n = 0;
    times(100, () => wrong(`user${n++}`));
    expect(right('ken')).toBeGreaterThan(0);
    expect(right('ken')).toBeLessThanOrEqual(2_000);
    expect(right('anna')).toBe(0);
  });

  test('three hundred people who sign in at nine o’clock are all let in', () => {
    const { right } = gate();
    let n = 0;
    expect(new Set(times(300, () => right(`agent${n++}`)))).toEqual(new Set([0]));
  });
});
