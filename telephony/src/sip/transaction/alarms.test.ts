import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FakeTimers } from '../testing/world.js';
import { Alarm, Alarms, latenessMs } from './alarms.js';

function setUp() {
  const timers = new FakeTimers();
  return { timers, alarms: new Alarms(timers, () => timers.now) };
}

test('each rings when it is due and no sooner, a long one a little later, whatever was set and called off around it', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('set' as const), who: fc.nat(7), ms: fc.constantFrom(0, 500, 1_000, 5_000, 32_000) }),
    fc.record({ do: fc.constant('cancel' as const), who: fc.nat(7) }),
    fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1, 250, 500, 4_000, 33_000) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { timers, alarms } = setUp();
      const due = new Map<number, { at: number; lastAt: number }>();
      const all = Array.from({ length: 8 }, (_, who) => {
        const rung = (): void => {
          const { at, lastAt } = due.get(who)!;
          expect(timers.now).toBeGreaterThanOrEqual(at);
          expect(timers.now).toBeLessThanOrEqual(lastAt);
          due.delete(who);
        };
        return new Alarm({ rung }, 'A');
      });
      for (const one of steps) {
        if (one.do === 'pass') timers.advance(one.ms);
        else if (one.do === 'cancel') {
          alarms.cancel(all[one.who]!);
          due.delete(one.who);
        } else {
          alarms.set(all[one.who]!, one.ms);
          const at = timers.now + one.ms;
          due.set(one.who, { at, lastAt: at + latenessMs(one.ms) });
        }
        for (const { lastAt } of due.values()) expect(lastAt).toBeGreaterThanOrEqual(timers.now);
      }
      timers.advance(40_000);
      expect([due.size, timers.pending]).toEqual([0, 0]);
    }),
  );
});

test('many of one length have one timer of the process between them, and none when the last is called off', () => {
  const { timers, alarms } = setUp();
  const cancels = Array.from({ length: 50 }, () => alarms.after(500, () => undefined));
  alarms.after(5_000, () => undefined);
  expect(timers.pending).toBe(2);
  for (const cancel of cancels) cancel();
  expect(timers.pending).toBe(1);
});

test('what lingers is ended together, twice a second, and what is to be sent again at its time', () => {
  const { timers, alarms } = setUp();
  const rung = { long: new Set<number>(), short: new Set<number>() };
  for (let n = 0; n < 1_000; n++) {
    alarms.after(32_000, () => rung.long.add(timers.now));
    alarms.after(500, () => rung.short.add(timers.now));
    timers.advance(1);
  }
  timers.advance(33_000);
  expect(rung.short.size).toBe(1_000);
  expect([...rung.long]).toEqual([32_000, 32_500, 33_000]);
});

test('whoever is rung may set another and call others off, also of the same length', () => {
  const { timers, alarms } = setUp();
  const rung: string[] = [];
  alarms.after(500, () => {
    rung.push(`first ${timers.now}`);
    second();
    alarms.after(500, () => rung.push(`third ${timers.now}`));
  });
  const second = alarms.after(500, () => rung.push('second'));
  timers.advance(2_000);
  expect(rung).toEqual(['first 500', 'third 1000']);
});

test('one that fails costs the others nothing', () => {
  const { timers, alarms } = setUp();
  let rung = 0;
  alarms.after(500, () => {
    throw new Error('a failure of ours');
  });
  alarms.after(500, () => (rung += 1));
  expect(() => timers.advance(500)).toThrow('a failure of ours');
  timers.advance(1);
  expect([rung, timers.pending]).toEqual([1, 0]);
});
