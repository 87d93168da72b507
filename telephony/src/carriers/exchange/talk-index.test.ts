import type { AgentId, LegId, LineId } from '@denwaban/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CustomerLeg } from './leg.js';
import { placedLeg } from './placed-leg.js';
import { createTalkIndex } from './talk-index.js';

const few = <Id extends string>(prefix: string) => fc.constantFrom(...[1, 2, 3].map((n) => `${prefix}_${n}` as Id));
const talk = fc.record({
  agentLeg: few<LegId>('la'),
  agent: few<AgentId>('ag'),
  line: fc.option(few<LineId>('ln')),
  held: fc.constant(null),
});
const state: fc.Arbitrary<CustomerLeg | null> = fc.oneof(
  fc.constant(null),
  fc.constant({ status: 'alone', reached: 'ringing' } as const),
  fc.constant({ status: 'ended' } as const),
  few<AgentId>('ag').map((agent) => placedLeg(agent)),
  talk.map((with_) => ({ status: 'joining', reached: 'ringing', talk: with_, bridgedAt: null }) as const),
  talk.map((with_) => ({ status: 'joined', reached: 'answered', talk: with_ }) as const),
);

test('what is looked up is what a walk through all legs finds, whatever became of them', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(few<LegId>('lg'), state), { maxLength: 30 }), (changes) => {
      const index = createTalkIndex();
      const all = new Map<LegId, CustomerLeg>();
      for (const [id, next] of changes) {
        index.note(id, next);
        if (next === null) all.delete(id);
        else all.set(id, next);
        const walk = (is: (leg: CustomerLeg) => boolean) =>
          [...all].flatMap(([leg, of]) => (is(of) ? [leg] : [])).toSorted();
        for (const n of [1, 2, 3]) {
          const [agent, line] = [`ag_${n}` as AgentId, `ln_${n}` as LineId];
          const theirs = (leg: CustomerLeg) =>
            (leg.status === 'placed' ? leg.agent : 'talk' in leg && leg.talk.agent) === agent;
          expect(index.ofAgent(agent).toSorted()).toEqual(walk(theirs));
          expect(index.ofLine(line).toSorted()).toEqual(walk((leg) => 'talk' in leg && leg.talk.line === line));
        }
      }
    }),
  );
});
