/** When we ask a registrar, whom, and how long we wait: time is a number here. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  idle,
  stepRegistration,
  type Registration,
  type RegistrationAction,
  type RegistrationInput,
} from './registration.js';

function machine(servers = 1, random = 0.5, expiresS = 600) {
  let state = idle(expiresS);
  const setting = { servers, expiresS, nowMs: 0, random: () => random };
  const feed = (...inputs: RegistrationInput[]): RegistrationAction[] => {
    let actions: RegistrationAction[] = [];
    for (const input of inputs) [state, actions] = stepRegistration(state, input, setting);
    return actions;
  };
  return {
    feed,
    setting,
    get state(): Registration {
      return state;
    },
  };
}
const start = { type: 'start' } as const;
const granted = (expiresS: number): RegistrationInput => ({ type: 'granted', expiresS });
const refused = (status: number, retryAfterS: number | null = null): RegistrationInput => ({
  type: 'refused',
  status,
  retryAfterS,
});
const waitOf = (actions: RegistrationAction[]) => (actions[0]?.do === 'wait' ? actions[0].ms : NaN);

describe('[TRK8] a registration', () => {
  test('is asked for, holds for what the registrar gave, and is refreshed between 75 and 90 % of that', () => {
    for (const [random, ms] of [
      [0, 90_000],
      [0.999_999, 108_000],
    ] as const) {
      const one = machine(1, random);
      expect(one.feed(start)).toEqual([{ do: 'ask', server: 0, expiresS: 600 }]);
      expect(waitOf(one.feed(granted(120)))).toBeCloseTo(ms, -1);
      expect(one.state).toMatchObject({ status: 'registered', untilMs: 120_000, because: null });
      expect(one.feed({ type: 'timer' })).toEqual([{ do: 'ask', server: 0, expiresS: 600 }]);
    }
  });

  test('that is too brief is asked for once more, for as long as the registrar wants', () => {
    const one = machine();
    expect(one.feed(start, { type: 'too-brief', minExpiresS: 3_600 })).toEqual([
      { do: 'ask', server: 0, expiresS: 3_600 },
    ]);
    expect(one.feed({ type: 'too-brief', minExpiresS: 3_600 })[0]?.do).toBe('wait');
    expect(one.state.because).toEqual({ status: 423 });
  });

  test('is asked of the next server at once when one is silent, broken or overloaded, and of the first again after a wait', () => {
    const one = machine(2);
    expect(one.feed(start, { type: 'failed', because: 'timeout' })).toEqual([{ do: 'ask', server: 1, expiresS: 600 }]);
    expect(waitOf(one.feed(refused(503)))).toBe(3_000);
    expect(one.feed({ type: 'timer' })).toEqual([{ do: 'ask', server: 0, expiresS: 600 }]);
    one.feed({ type: 'failed', because: 'transport' });
    one.feed(granted(60));
    expect(one.state).toMatchObject({ status: 'registered', server: 1 });
    expect(one.feed({ type: 'timer' })).toEqual([{ do: 'ask', server: 1, expiresS: 600 }]);
  });

  test('that is refused is not asked of another server, and waits from a minute up to half an hour', () => {
    const one = machine(2, 0.999_999);
    const waits: number[] = [];
    one.feed(start);
    for (let count = 0; count < 8; count++) {
      waits.push(Math.round(waitOf(one.feed(refused(403))) / 1_000));
      one.feed({ type: 'timer' });
    }
    expect(waits).toEqual([60, 120, 240, 480, 960, 1_800, 1_800, 1_800]);
    expect(one.state.server).toBe(0);
  });

  test('waits at least as long as the registrar asks, but never more than half an hour or so', () => {
    const one = machine();
    expect(waitOf(one.feed(start, refused(503, 120)))).toBeGreaterThanOrEqual(120_000);
    const two = machine();
    expect(waitOf(two.feed(start, refused(503, 999_999)))).toBeLessThan(2_000_000);
  });

  test('whose connection broke, or whose address turned out to be another, is asked for anew soon', () => {
    const one = machine();
    one.feed(start, granted(600));
    const ms = waitOf(one.feed({ type: 'flow-lost' }));
    expect(ms).toBeGreaterThan(100);
    expect(ms).toBeLessThan(2_100);
    one.feed({ type: 'timer' }, granted(600));
    expect(one.feed({ type: 'moved' })).toEqual([{ do: 'ask', server: 0, expiresS: 600 }]);
  });

  test('[TRK9] ends when the house does, if it stands; and whatever comes after that is nothing', () => {
    const one = machine();
    one.feed(start, granted(600));
    expect(one.feed({ type: 'stop' })).toEqual([{ do: 'ask', server: 0, expiresS: 0 }]);
    expect(one.feed({ type: 'timer' })).toEqual([]);
    expect(one.feed({ type: 'failed', because: 'timeout' })).toEqual([{ do: 'left' }]);
    expect(one.feed(start)).toEqual([]);
    const two = machine();
    expect(two.feed(start, { type: 'stop' })).toEqual([{ do: 'left' }]);
  });

  test('whatever comes in whatever order, there is always a wait, a question or an end', () => {
    const input: fc.Arbitrary<RegistrationInput> = fc.oneof(
      fc.constantFrom<RegistrationInput>({ type: 'timer' }, { type: 'flow-lost' }, { type: 'moved' }),
      fc.nat(4_000).map(granted),
      fc.integer({ min: 300, max: 699 }).map((status) => refused(status)),
      fc.nat(100_000).map((minExpiresS): RegistrationInput => ({ type: 'too-brief', minExpiresS })),
      fc
        .constantFrom('timeout', 'transport', 'no-address')
        .map((because): RegistrationInput => ({ type: 'failed', because })),
    );
    fc.assert(
      fc.property(fc.array(input, { maxLength: 40 }), fc.integer({ min: 1, max: 4 }), (inputs, servers) => {
        const one = machine(servers);
        one.feed(start);
        let open: 'asking' | 'waiting' = 'asking';
        for (const each of inputs) {
          // A runner brings an outcome only while it asks, and a timer only while it waits.
          const outcome = ['granted', 'refused', 'too-brief', 'failed'].includes(each.type);
          if (outcome !== (open === 'asking')) continue;
          const actions = one.feed(each);
          if (actions.length > 0) open = actions[0]?.do === 'ask' ? 'asking' : 'waiting';
          expect(one.state.status === 'asking').toBe(open === 'asking');
          for (const action of actions) {
            if (action.do === 'wait') expect(action.ms).toBeGreaterThan(0);
            if (action.do === 'ask') expect(action.server).toBeLessThan(servers);
          }
        }
      }),
    );
  });
});
