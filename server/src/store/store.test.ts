import { epochMs, fold, upcast, type AgentId, type Conversation, type ConversationId, type E164 } from '@denwaban/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { demoCompany, demoPassword } from '../directory/demo.js';
import { checkDatabase, makeClient } from './connection.js';
import { openStore, type OpenStore } from './index.js';
import { silentLog } from './log.js';
import { migrate, migrations } from './migrations/migrate.js';
import { startTestCluster, type TestCluster } from './testing/test-database.js';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startTestCluster();
});
afterAll(() => cluster.stop());

const open = (url: string, demo = true): Promise<OpenStore> =>
  openStore({ url, dataDir: cluster.dataDir, demo, log: silentLog });

test('an empty database gets the demo company, the second start finds it and leaves it alone', async () => {
  const url = await cluster.blank();
  const first = await open(url);
  expect(first.people.all()).toHaveLength(12);
  expect(first.people.teams()).toHaveLength(3);
  expect(await first.numbers()).toHaveLength(4);
  expect(await first.healthy()).toBe(true);
  const info = first.demo({ host: '127.0.0.1', port: 5060 });
  expect(info?.customers).toHaveLength(300);
  expect(await first.people.verify('SATO@denwaban.example ', info?.password ?? '')).toMatchObject({ role: 'admin' });
  const ken = first.people.byEmail('ken@denwaban.example');
  await first.people.saveSays(ken?.id as AgentId, 'away', 'lunch', epochMs(1_700_000_000_123));
  await first.close();

  const second = await open(url);
  expect(second.people.all()).toHaveLength(12);
  expect(second.people.byEmail('ken@denwaban.example')).toMatchObject({
    says: 'away',
    reason: 'lunch',
    saysSince: 1_700_000_000_123,
  });
  await second.close();
});

test('a database that holds anything is never seeded', async () => {
  const url = await cluster.database();
  const client = makeClient(url);
  await client.connect();
  await client.query(`INSERT INTO number (e164, name) VALUES ('+81312345678', 'x')`);
  await client.end();
  const store = await open(url);
  expect(store.people.all()).toEqual([]);
  expect(store.demo({ host: '', port: 1 })).toBeNull();
  await store.close();
});

test('without demo an empty database stays empty', async () => {
  const store = await open(await cluster.database(), false);
  expect(store.people.all()).toEqual([]);
  expect((await store.customers.list({ limit: 10 })).items).toEqual([]);
  await store.close();
});

test('a caller is found by any of their numbers, with owner and team', async () => {
  const store = await open(await cluster.database());
  for (const customer of demoCompany().customers.slice(0, 30)) {
    for (const phone of customer.phones) {
      expect(await store.directory.findByNumber(phone)).toEqual({
        customer: customer.id,
        name: customer.name,
        kana: customer.kana,
        owner: customer.owner,
        team: customer.team,
      });
    }
  }
  expect(await store.directory.findByNumber('+81999999999' as E164)).toBeNull();
  await store.close();
});

test('passwords: right, wrong, and unknown addresses', async () => {
  const store = await open(await cluster.database());
  expect(await store.people.verify('ken@denwaban.example', demoPassword)).toMatchObject({ name: 'Ken Watanabe-Hill' });
  expect(await store.people.verify('ken@denwaban.example', 'guess')).toBeNull();
  expect(await store.people.verify('nobody@denwaban.example', demoPassword)).toBeNull();
  await store.close();
});

test('a database of a newer version is refused with the mend', async () => {
  const url = await cluster.database();
  const client = makeClient(url);
  await client.connect();
  await client.query(`INSERT INTO schema_version (version, name) VALUES (9999, 'from the future')`);
  await client.end();
  await expect(open(url)).rejects.toMatchObject({ code: 'data-newer', line: expect.stringContaining('DATABASE_URL') });
});

test('a database that is not there is told apart by what mends it', async () => {
  await expect(open('postgresql://u:secret@127.0.0.1:1/x')).rejects.toMatchObject({
    code: 'database-unreachable',
    line: expect.stringMatching(/^(?!.*secret).*127\.0\.0\.1:1\/x/),
  });
  await expect(open(cluster.url.replace('/denwaban?', '/nowhere?'))).rejects.toMatchObject({
    code: 'database-missing',
  });
  await expect(open(cluster.url.replace('denwaban@', 'stranger@'))).rejects.toMatchObject({ code: 'database-refused' });
  await expect(open('mysql://x')).rejects.toMatchObject({ code: 'database-unreachable' });
});

test('a database too old, or that stores another alphabet, is refused', async () => {
  await expect(checkDatabase(cluster.url, 99)).rejects.toMatchObject({
    code: 'database-too-old',
    line: expect.stringContaining('needs 99'),
  });
  const client = makeClient(cluster.url);
  await client.connect();
  await client.query(`CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' LOCALE_PROVIDER libc TEMPLATE template0`);
  await client.end();
  await expect(open(cluster.url.replace('/denwaban?', '/latin?'))).rejects.toMatchObject({ code: 'database-encoding' });
});

test('a migration that fails leaves the database as it was', async () => {
  const client = makeClient(await cluster.database());
  await client.connect();
  const newest = migrations.at(-1)?.version ?? 0;
  const broken = [
    ...migrations,
    { version: newest + 1, name: 'broken', up: 'CREATE TABLE half (a int); SELECT nonsense' },
  ];
  await expect(migrate(client, { log: silentLog, migrations: broken })).rejects.toMatchObject({ code: '42703' });
  const { rows } = await client.query(
    `SELECT to_regclass('half') AS half, max(version) AS version FROM schema_version`,
  );
  expect(rows).toEqual([{ half: null, version: newest }]);
  await client.end();
});

test('two that start at once on an empty database migrate and seed it once', async () => {
  const url = await cluster.blank();
  const stores = await Promise.all([open(url), open(url), open(url)]);
  for (const store of stores) expect(store.people.all()).toHaveLength(12);
  await Promise.all(stores.map((store) => store.close()));
});

test('[CNV2] conversations of a release before calls out are read as calls that came in', async () => {
  const url = await cluster.blank();
  const client = makeClient(url);
  await client.connect();
  await migrate(client, { log: silentLog, migrations: migrations.slice(0, 1) });
  const facts = {
    leg: 'lg_1',
    carrier: 'exchange',
    trunk: null,
    from: '+81312345678',
    fromRaw: null,
    to: '+81345670000',
  };
  const started = {
    type: 'conversation.started',
    v: 2,
    conversation: 'cv_1',
    seq: 1,
    at: 1_000,
    toName: 'Main',
    ...facts,
  };
  const { direction: _1, by: _2, ...record } = fold(null, [upcast({ ...started, v: 1 })]) as Conversation;
  await client.query(
    `INSERT INTO conversation_event VALUES ('cv_1', 1, to_timestamp(1), 'conversation.started', 1, $1)`,
    [JSON.stringify({ ...facts, toName: 'Main' })],
  );
  await client.query(
    `INSERT INTO conversation (id, seq, status, channel, started_at, "from", "to", agents, seen_by, wait_ms, ring_ms, talk_ms,
       hold_ms, wrap_up_ms, search_text, search, record)
     VALUES ('cv_1', 1, 'arriving', 'voice', to_timestamp(1), '+81312345678', '+81345670000', '{}', '{}', 0, 0, 0, 0, 0, '', '', $1)`,
    [JSON.stringify(record)],
  );
  await client.end();

  const store = await open(url, false);
  const expected = fold(null, [upcast({ ...started, v: 1 })]);
  expect(await store.journal.open()).toEqual([expected]);
  expect(fold(null, await store.journal.events('cv_1' as ConversationId))).toEqual(expected);
  const boss = { id: 'ag_boss' as AgentId, role: 'supervisor' as const, team: null };
  const list = await store.conversations.list(boss, { direction: 'inbound', number: '0312345678', limit: 5 });
  expect(list.items).toMatchObject([{ id: 'cv_1', direction: 'inbound', by: null, customerNumber: '+81312345678' }]);
  await store.close();
});
