import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FakeTimers } from '../testing/world.js';
import { Alarm, Alarms } from './alarms.js';

function setUp() {
  const timers = new FakeTimers();
  return { timers, alarms: new Alarms(timers, () => timers.now) };
}

test('each rings when it is due and only then, whatever was set and called off around it', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('set' as const), who: fc.nat(7), ms: fc.constantFrom(0, 500, 1_000, 5_000, 32_000) }),
    fc.record({ do: fc.constant('cancel' as const), who: fc.nat(7) }),
    fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1, 250, 500, 4_000, 33_000) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { timers, alarms } = setUp();
      const due = new Map<number, number>();
      const all = Array.from({ length: 8 }, (_, who) => {
        return new Alarm({ rung: () => (expect(due.get(who)).toBe(timers.now), due.delete(who)) }, 'A');
      });
      for (const one of steps) {
        if (one.do === 'pass') timers.advance(one.ms);
        else if (one.do === 'cancel') {
          alarms.cancel(all[one.who]!);
          due.delete(one.who);
        } else {
          alarms.set(all[one.who]!, one.ms);
          due.set(one.who, timers.now + one.ms);
        }
        for (const at of due.values()) expect(at).toBeGreaterThanOrEqual(timers.now);
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
