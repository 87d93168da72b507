import type { AgentView, ColleaguesMessage } from '@denwaban/core/wire';
import { expect, test } from 'vitest';
import { takeColleagues } from './colleagues.js';

const agent = (id: string, state: AgentView['presence']['state'] = 'away'): AgentView => ({
  ...{ id, name: id, kana: null, role: 'agent', team: null },
  presence: { says: 'away', reason: 'lunch', state, since: 0 },
});
const message = (version: string, since: string | null, ...agents: AgentView[]): ColleaguesMessage => ({
  ...{ type: 'colleagues', version, since, agents },
});
const everybody = { version: 'e.1', agents: [agent('a'), agent('b')] };

test('everybody replaces whatever was known', () => {
  const now = takeColleagues(everybody, message('f.0', null, agent('c')));
  expect(now).toEqual({ version: 'f.0', agents: [agent('c')] });
});

test('a change replaces who changed, adds who is new, and leaves the others the same objects', () => {
  const now = takeColleagues(everybody, message('e.2', 'e.1', agent('b', 'talking'), agent('c')));
  expect(now?.agents).toEqual([agent('a'), agent('b', 'talking'), agent('c')]);
  expect(now?.agents[0]).toBe(everybody.agents[0]);
  expect(now?.version).toBe('e.2');
});

test.each([
  ['a message is missing', everybody, 'e.2'],
  ['the server is another process', everybody, 'f.1'],
  ['nothing is known yet', null, 'e.1'],
])('%s: a change is not put on top of what it is no change of', (_why, before, since) => {
  expect(takeColleagues(before, message('e.3', since, agent('b')))).toBeNull();
});
