import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  accessFacts,
  customerNumber,
  maySee,
  type AgentId,
  type Conversation,
  type RecordingId,
  type TeamId,
} from '@denwaban/core';
import { conversationDetail, conversationList, conversationQuery, type ConversationSummary } from '@denwaban/core/wire';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { seededChance } from '../directory/chance.js';
import { recordingPath, recordingsDir } from '../recordings/files.js';
import type { ConversationReads, Person, Viewer } from '../services.js';
import { makePool } from './connection.js';
import { conversationReads } from './conversation-reads.js';
import { openJournal } from './journal.js';
import { makeQueries } from './schema.js';
import { cast, tell } from './testing/stories.js';
import { startTestCluster, type TestCluster } from './testing/test-database.js';

const people = cast(42);
/** Two to a team; the last has none. */
const teamOf = (agent: AgentId): TeamId | null => people.teams[Math.floor(people.agents.indexOf(agent) / 2)] ?? null;
const names = {
  byId: (id: AgentId) => ({ id, name: `name of ${id}`, team: teamOf(id) }) as Person,
  teams: () => people.teams.map((id) => ({ id, name: `team ${id}` })),
  teamOf,
};
const boss: Viewer = { id: 'ag_boss' as AgentId, role: 'supervisor', team: null };
const start = Date.UTC(2026, 10, 1);

let cluster: TestCluster;
let reads: ConversationReads;
let records: Conversation[];
let end: () => Promise<void>;

beforeAll(async () => {
  cluster = await startTestCluster();
  const url = await cluster.database();
  const chance = seededChance(7);
  const told = Array.from({ length: 120 }, (_, i) =>
    tell(chance, people, start + Math.floor(i / 2) * 60_000, i < 100 ? 'closed' : 'anywhere'),
  );
  const journal = openJournal({ url, teamOf });
  await Promise.all(told.flat().map(({ events, record }) => journal.append(events, record)));
  await journal.close();
  records = told
    .map((chapters) => chapters.at(-1)?.record as Conversation)
    .toSorted((a, b) => b.startedAt - a.startedAt || (a.id < b.id ? 1 : -1));
  const pool = makePool(url);
  const db = makeQueries(pool);
  reads = conversationReads({
    db,
    people: names,
    dataDir: cluster.dataDir,
    upToDate: async () => {},
    now: () => start + 86_400_000,
  });
  end = () => db.destroy();
});
afterAll(async () => {
  await end();
  await cluster.stop();
});

const ask = (by: Viewer, query: object = {}) => reads.list(by, conversationQuery.parse({ limit: 200, ...query }));
const ids = (items: readonly (ConversationSummary | Conversation)[]) => items.map((one) => one.id);

test('[ACC1] the list holds exactly what core says the viewer may see, newest first', async () => {
  const viewers: Viewer[] = [
    boss,
    ...people.agents.map((id): Viewer => ({ id, role: 'agent', team: teamOf(id) })),
    ...people.agents.map((id): Viewer => ({ id, role: 'agent', team: null })),
    { id: 'ag_new' as AgentId, role: 'agent', team: null },
  ];
  let hidden = 0;
  for (const viewer of viewers) {
    const expected = records.filter((record) => maySee(viewer, accessFacts(record, teamOf)));
    hidden += records.length - expected.length;
    expect(ids((await ask(viewer)).items)).toEqual(ids(expected));
    for (const record of records.slice(0, 20)) {
      const detail = await reads.get(viewer, record.id);
      expect(detail?.id ?? null).toBe(maySee(viewer, accessFacts(record, teamOf)) ? record.id : null);
    }
  }
  expect(hidden).toBeGreaterThan(100);
});

test('pages meet without a gap or an overlap, also where two began in the same millisecond', async () => {
  const seen: string[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await ask(boss, { limit: 7, cursor });
    expect(page.items.length).toBeLessThanOrEqual(7);
    seen.push(...ids(page.items));
    if (page.next === null) break;
    cursor = page.next;
  }
  expect(seen).toEqual(ids(records));
});

test.each<[string, (record: Conversation) => object, (record: Conversation, like: Conversation) => boolean]>([
  ['customer', (r) => ({ customer: r.customer?.id }), (r, like) => r.customer?.id === like.customer?.id],
  ['agent', (r) => ({ agent: talker(r) }), (r, like) => talkers(r).includes(talker(like)) || r.by === talker(like)],
  ['direction', (r) => ({ direction: r.direction }), (r, like) => r.direction === like.direction],
  ['direction out', () => ({ direction: 'outbound' }), (r) => r.direction === 'outbound'],
  ['team', (r) => ({ team: r.team }), (r, like) => accessFacts(r, teamOf).teams.includes(like.team as TeamId)],
  ['number', (r) => ({ number: national(r) }), (r, like) => customerNumber(r) === customerNumber(like)],
  ['status', (r) => ({ status: r.status }), (r, like) => r.status === like.status],
  ['end', (r) => ({ end: r.ended?.end }), (r, like) => r.ended?.end === like.ended?.end],
  ['from', (r) => ({ from: r.startedAt }), (r, like) => r.startedAt >= like.startedAt],
  ['until', (r) => ({ until: r.startedAt }), (r, like) => r.startedAt < like.startedAt],
  ['q in a name', () => ({ q: 'タナカ' }), (r) => r.customer?.kana === 'タナカ タロウ'],
  ['q in a note', () => ({ q: '請求書' }), (r) => r.wrapUps.some((one) => one.note?.includes('請求書'))],
  [
    'q of two places',
    () => ({ q: 'INVOICE たなか' }),
    (r) => r.customer !== null && r.wrapUps.some((one) => one.note?.includes('invoice')),
  ],
])('filter %s', async (_name, query, fits) => {
  const like = records.find((r) => r.customer && r.team && r.ended && talkers(r).length > 0) as Conversation;
  const expected = records.filter((record) => fits(record, like));
  expect(expected.length).toBeGreaterThan(0);
  expect(expected.length).toBeLessThan(records.length);
  expect(ids((await ask(boss, query(like))).items)).toEqual(ids(expected));
});
const national = (record: Conversation) => `0${customerNumber(record)?.slice(3)}`;
const talkers = (record: Conversation) => accessFacts(record, teamOf).talked;
const talker = (record: Conversation) => talkers(record)[0] as AgentId;

test('[OUT6] a customer is found by their number whoever called, and our own number finds nobody', async () => {
  for (const record of records.filter((one) => one.direction === 'outbound').slice(0, 5)) {
    const found = (await ask(boss, { number: national(record) })).items;
    expect(ids(found)).toContain(record.id);
    const item = found.find((one) => one.id === record.id);
    expect(item).toMatchObject({ direction: 'outbound', customerNumber: record.to, by: { id: record.by } });
  }
  expect((await ask(boss, { number: '0450-000-100' })).items).toEqual([]);
});

test('a number that is none, and a cursor that is none, are refused by name', async () => {
  await expect(ask(boss, { number: 'x' })).rejects.toMatchObject({ code: 'no-number' });
  await expect(ask(boss, { cursor: "1'; --" })).rejects.toMatchObject({ code: 'bad-request' });
});

test('every answer fits its schema and names people', async () => {
  const list = await ask(boss);
  conversationList.parse(list);
  for (const record of records) conversationDetail.parse(await reads.get(boss, record.id));
  const talked = list.items.find((one) => one.agents.length > 0);
  expect(talked?.agents[0]?.name).toBe(`name of ${talked?.agents[0]?.id}`);
});

test('[ACC2] a recording is handed only to those who may hear it, and only from the recordings folder', async () => {
  const record = records.find((one) => one.recording && talkers(one).length > 0) as Conversation;
  const id = record.recording?.id as RecordingId;
  expect(await reads.recording(boss, record.id)).toBeNull(); // no file yet
  const file = recordingPath(cluster.dataDir, id);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, 'RIFF');
  expect(await reads.recording(boss, record.id)).toEqual({ path: file, finished: false });
  const agent = (id_: AgentId): Viewer => ({ id: id_, role: 'agent', team: teamOf(id_) });
  expect(await reads.recording(agent(talker(record)), record.id)).not.toBeNull();
  const mate = people.agents.find((one) => !talkers(record).includes(one) && teamOf(one) === teamOf(talker(record)));
  expect(await reads.get(agent(mate as AgentId), record.id)).toMatchObject({ hasRecording: false, recording: null });
  expect(await reads.recording(agent(mate as AgentId), record.id)).toBeNull();

  const other = records.find((one) => one.recording && one.id !== record.id) as Conversation;
  const link = recordingPath(cluster.dataDir, other.recording?.id as RecordingId);
  mkdirSync(path.dirname(link), { recursive: true });
  symlinkSync('/etc/hostname', link);
  expect(await reads.recording(boss, other.id)).toBeNull();
  expect(recordingsDir(cluster.dataDir)).toBe(path.join(cluster.dataDir, 'recordings'));
});

test('who reads while rows cannot be written is told after five seconds, and not kept', async () => {
  vi.useFakeTimers();
  try {
    const stuck = conversationReads({
      db: makeQueries(makePool('postgresql://x@127.0.0.1:1/x')), // never asked
      people: names,
      dataDir: cluster.dataDir,
      upToDate: () => new Promise(() => {}),
    });
    const told = expect(stuck.get(boss, records[0]!.id)).rejects.toMatchObject({ code: 'unavailable' });
    const listed = expect(stuck.list(boss, conversationQuery.parse({}))).rejects.toMatchObject({ code: 'unavailable' });
    await vi.advanceTimersByTimeAsync(5_000);
    await Promise.all([told, listed]);
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
