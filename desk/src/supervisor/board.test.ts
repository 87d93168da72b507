import type { AgentView, BoardMessage, PresenceState } from '@denwaban/core/wire';
import { expect, test } from 'vitest';
import { boardRows } from './board-rows.js';
import { BoardStore } from './board-store.js';

const agent = (id: string, state: PresenceState, team = 'a', name = id): AgentView => ({
  id,
  name,
  kana: null,
  role: 'agent',
  team: { id: team, name: `Team ${team}` },
  presence: { says: 'available', reason: null, state, since: 0 },
});
const message = (full: boolean, ...agents: AgentView[]): BoardMessage => ({
  type: 'board',
  seq: 1,
  now: 0,
  full,
  agents,
  waiting: [],
});

test('a change tells the tile of that person and no other', () => {
  const board = new BoardStore(() => undefined);
  board.take(message(true, agent('anna', 'available'), agent('ken', 'away')));
  const told: string[] = [];
  board.subscribeAgent('anna', () => told.push('anna'));
  board.subscribeAgent('ken', () => told.push('ken'));
  board.take(message(false, agent('ken', 'talking')));
  expect(told).toEqual(['ken']);
  expect(board.agent('ken')?.presence.state).toBe('talking');
});

test('the counts follow every change, and somebody who left is counted no more', () => {
  const board = new BoardStore(() => undefined);
  board.take(message(true, agent('anna', 'available'), agent('ken', 'away')));
  board.take(message(false, agent('ken', 'available')));
  expect(board.summary().counts).toMatchObject({ available: 2, away: 0 });
  board.take(message(true, agent('anna', 'talking')));
  expect(board.summary()).toMatchObject({ people: 1, counts: { available: 0, talking: 1 } });
  expect(board.agent('ken')).toBeUndefined();
});

test('a hundred changes renew the list once, a second later', () => {
  const later: (() => void)[] = [];
  const board = new BoardStore((_, run) => later.push(run));
  board.take(message(true, agent('anna', 'available')));
  let renewed = 0;
  board.subscribeList(() => renewed++);
  for (let n = 0; n < 100; n++) board.take(message(false, agent('anna', n % 2 ? 'talking' : 'available')));
  expect(renewed).toBe(0);
  for (const run of later) run();
  expect(renewed).toBe(1);
});

test('a listener that was taken away is not told', () => {
  const board = new BoardStore(() => undefined);
  board.take(message(true, agent('anna', 'available')));
  let told = 0;
  const stop = board.subscribeAgent('anna', () => told++);
  stop();
  board.take(message(false, agent('anna', 'away')));
  expect(told).toBe(0);
});

test('who is not there at all comes after those who are', () => {
  const rows = boardRows([agent('a', 'offline'), agent('b', 'away')], { state: null, name: '', ownTeam: null }, 4);
  expect(rows[1]).toMatchObject({ ids: ['b', 'a'] });
});

const everybody = { state: null, name: '', ownTeam: null };

test("one's own team comes first, then the others by name; people stand by name whatever they do", () => {
  const agents = [agent('z', 'talking', 'a'), agent('b', 'away', 'b'), agent('y', 'available', 'a')];
  const rows = boardRows(agents, { ...everybody, ownTeam: 'b' }, 2);
  expect(rows.map((row) => (row.kind === 'team' ? row.id : row.ids))).toEqual(['b', ['b'], 'a', ['y', 'z']]);
});

test('every person stands in exactly one row, however many columns there are', () => {
  const agents = Array.from({ length: 53 }, (_, n) => agent(`p${n}`, 'available', String(n % 3)));
  for (const columns of [1, 2, 7, 60]) {
    const ids = boardRows(agents, everybody, columns).flatMap((row) => (row.kind === 'people' ? row.ids : []));
    expect(ids.toSorted()).toEqual(agents.map((one) => one.id).toSorted());
  }
});

test('names are found in any script', () => {
  const agents = [
    { ...agent('1', 'available', 'a', '山田 太郎'), kana: 'ヤマダ タロウ' },
    agent('2', 'available', 'a', 'Anna'),
  ];
  const found = (name: string) =>
    boardRows(agents, { ...everybody, name }, 4).flatMap((row) => (row.kind === 'people' ? row.ids : []));
  expect(found('やまだ')).toEqual(['1']);
  expect(found('ＡＮＮＡ')).toEqual(['2']);
  expect(found('太郎')).toEqual(['1']);
  expect(boardRows(agents, { ...everybody, name: 'nobody' }, 4)).toEqual([]);
});
