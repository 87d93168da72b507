import { epochMs } from '@denwaban/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createAgenda } from './agenda.js';

test('whatever is set, changed and taken away: the earliest is at hand, and what is due comes out in its order', () => {
  const change = fc.record({ key: fc.nat(12), at: fc.option(fc.nat(60)), take: fc.option(fc.nat(60), { freq: 4 }) });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 80 }), (changes) => {
      const agenda = createAgenda<number>();
      const plain = new Map<number, number>();
      for (const { key, at, take } of changes) {
        agenda.set(key, at === null ? null : epochMs(at));
        if (at === null) plain.delete(key);
        else plain.set(key, at);
        if (take !== null) {
          const due = [...plain].filter(([, one]) => one <= take);
          const taken = agenda.take(epochMs(take));
          expect(taken.toSorted((a, b) => a - b)).toEqual(due.map(([one]) => one).toSorted((a, b) => a - b));
          const times = taken.map((one) => plain.get(one) ?? -1);
          expect(times).toEqual(times.toSorted((a, b) => a - b));
          for (const one of taken) plain.delete(one);
        }
        expect(agenda.next()).toBe(plain.size === 0 ? null : Math.min(...plain.values()));
      }
    }),
  );
});
