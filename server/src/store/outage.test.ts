/** What a reader gets over HTTP while the database is away and rows are still to be written. */
import type { AgentId } from '@denwaban/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededChance } from '../directory/chance.js';
import { codedError } from '../http/errors.js';
import { sato } from '../http/testing/fakes.js';
import { openHouse, type House } from '../http/testing/house.js';
import { makeClient, makePool } from './connection.js';
import { conversationReads } from './conversation-reads.js';
import { openJournal, type OpenJournal } from './journal.js';
import { makeQueries } from './schema.js';
import { cast, tell, type Chapter } from './testing/stories.js';
import { startTestCluster, type TestCluster } from './testing/test-database.js';

const people = cast(1);
const names = { byId: (_id: AgentId) => null, teams: () => [], teamOf: () => null };
let cluster: TestCluster;
let url: string;
let journal: OpenJournal;
let house: House;
let closePool: () => Promise<void>;

beforeAll(async () => {
  cluster = await startTestCluster();
  url = await cluster.database();
  journal = openJournal({ url, teamOf: () => null, backOffMs: () => 5, rowsAfterMs: 3_600_000 });
  const db = makeQueries(makePool(url));
  closePool = () => db.destroy();
  house = await openHouse();
  const upToDate: typeof journal.upToDate = (id) => journal.upToDate(id);
  Object.assign(house.store, { conversations: conversationReads({ db, people: names, dataDir: '/', upToDate }) });
});
afterAll(async () => {
  await house.close();
  await journal.close();
  await closePool();
  await cluster.stop();
});

test('a list, a conversation and a recording are refused with 503 and when to ask again, then there', async () => {
  const [first, second] = tell(seededChance(3), people, Date.UTC(2026, 10, 22), 'closed') as [Chapter, Chapter];
  const { id } = first.record;
  const paths = ['/api/v1/conversations', `/api/v1/conversations/${id}`];
  const cookie = await house.cookieOf(sato);
  const get = (path: string) => house.fetch(path, { headers: { cookie } });
  await journal.append(first.events, first.record);
  for (const path of paths) expect((await get(path)).status).toBe(200);
  await journal.append(second.events, second.record);

  const admin = makeClient(cluster.url);
  await admin.connect();
  const name = new URL(url.replace('@/', '@x/')).pathname.slice(1);
  await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
  await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
  for (const path of [...paths, `/api/v1/conversations/${id}/recording`]) {
    const response = await get(path);
    expect(response.status, path).toBe(503);
    expect(response.headers.get('retry-after'), path).toBe('2');
    expect(await response.json(), path).toMatchObject({ code: 'unavailable', detail: 'the database does not answer' });
  }
  await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
  await admin.end();
  await expect.poll(async () => (await get(paths[1] as string)).status).toBe(200);
  expect(await (await get(paths[1] as string)).json()).toMatchObject({ id, status: second.record.status });
});

test('a database that takes a statement and does not answer is away as well', async () => {
  const client = makeClient(url, 20);
  await client.connect();
  const error: unknown = await client.query('SELECT pg_sleep(0.2)').catch((reason: unknown) => reason);
  expect(codedError(error).code).toBe('unavailable');
  await client.end();
});
