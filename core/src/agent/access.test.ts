import { expect, test } from 'vitest';
import type { AgentId, TeamId } from '../ids.js';
import { type AccessFacts, mayHear, maySee } from './access.js';

const ag = (name: string) => `ag_${name}` as AgentId;
const tm = (name: string) => `tm_${name}` as TeamId;
const facts: AccessFacts = { offered: [ag('ken'), ag('anna')], by: null, talked: [ag('anna')], teams: [tm('sales')] };
const agent = (name: string, team: TeamId | null = null) => ({ id: ag(name), role: 'agent' as const, team });

test('[ACC1] an agent sees what was offered to them, what they talked in, and what is their team’s', () => {
  expect(maySee(agent('ken'), facts)).toBe(true);
  expect(maySee(agent('anna'), facts)).toBe(true);
  expect(maySee(agent('mika', tm('sales')), facts)).toBe(true);
  expect(maySee(agent('mika', tm('support')), facts)).toBe(false);
  expect(maySee(agent('mika'), { ...facts, teams: [] })).toBe(false);
});

test('[ACC2] an agent hears only conversations that they talked in', () => {
  expect(mayHear(agent('anna'), facts)).toBe(true);
  expect(mayHear(agent('ken'), facts)).toBe(false);
  expect(mayHear(agent('mika', tm('sales')), facts)).toBe(false);
});

test('[ACC1] [ACC2] supervisors and admins see and hear all', () => {
  for (const role of ['supervisor', 'admin'] as const) {
    const viewer = { id: ag('boss'), role, team: null };
    expect(maySee(viewer, { offered: [], by: null, talked: [], teams: [] })).toBe(true);
    expect(mayHear(viewer, facts)).toBe(true);
  }
});

test('[ACC1] [ACC2] who placed a call sees it, answered or not, and hears only what they said', () => {
  const placed: AccessFacts = { offered: [], by: ag('ken'), talked: [], teams: [tm('sales')] };
  expect(maySee(agent('ken'), placed)).toBe(true);
  expect(maySee(agent('mika', tm('sales')), placed)).toBe(true);
  expect(maySee(agent('anna'), placed)).toBe(false);
  expect(mayHear(agent('ken'), placed)).toBe(false);
  expect(mayHear(agent('ken'), { ...placed, talked: [ag('ken')] })).toBe(true);
});
