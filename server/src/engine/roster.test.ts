import { type AgentId, epochMs, type FloorAgent, indexFloor, type LineId, type TeamId } from '@denwaban/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Person } from '../services.js';
import { createRoster, noDesk } from './roster.js';

const people = Array.from({ length: 6 }, (_, i): Person => {
  const team = i === 5 ? null : (`tm_${i % 2}` as TeamId);
  const common = { role: 'agent', email: '', name: '', kana: null, teamName: null, reason: null } as const;
  return { id: `ag_${i}` as AgentId, team, says: 'away', saysSince: epochMs(0), ...common };
});

const change = fc.record({
  agent: fc.nat(5),
  says: fc.constantFrom('available', 'away'),
  line: fc.boolean(),
  engaged: fc.constantFrom(null, null, 'offered', 'talking', 'wrap-up'),
  again: fc.boolean(),
});

test('whatever becomes of the agents: the floor that is kept is the one that a look at all of them makes, and whoever changes is told', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const told: FloorAgent[] = [];
      const roster = createRoster(people, epochMs(0), (agent) => told.push(agent));
      changes.forEach(({ agent: i, says, line, engaged, again }, n) => {
        const agent = roster.get(people[i]!.id)!;
        const before = [...roster.floor.agents];
        agent.says = says;
        agent.desks.add(noDesk);
        agent.line = line ? { id: 'ln_1' as LineId, desk: noDesk, proven: true } : null;
        if (again && says === 'available') agent.idleSince = epochMs(1_000 + n);
        roster.refresh(agent, engaged, epochMs(1_000 + n));

        const { agents, byId, byTeam, free } = roster.floor;
        const plain = indexFloor(agents);
        expect([byId, byTeam]).toEqual([plain.byId, plain.byTeam]);
        // The order of those who are free is nobody's business: routing puts them into its own.
        expect(new Set(free)).toEqual(plain.free);
        const now = agents[i]!;
        expect(now.whyNot === null).toBe(agent.state === 'available');
        expect(now.since).toBe(agent.idleSince);
        const changed = agents.filter((one, place) => one !== before[place]);
        expect(changed).toEqual(told.splice(0));
      });
    }),
  );
});
