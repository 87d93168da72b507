import { fold, type Conversation, type ConversationEvent } from '@denwaban/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededChance } from '../directory/chance.js';
import { makeClient } from './connection.js';
import { openJournal, type JournalOptions, type JournalTrouble, type OpenJournal } from './journal.js';
import { silentLog } from './log.js';
import { migrate, migrations } from './migrations/migrate.js';
import { ask } from './testing/ask.js';
import { cast, tell, type Chapter } from './testing/stories.js';
import { startTestCluster, type TestCluster } from './testing/test-database.js';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startTestCluster();
});
afterAll(() => cluster.stop());

const people = cast(1);
const never = 3_600_000;
const stories = (seed: number, count: number, until: 'closed' | 'anywhere' = 'closed') => {
  const chance = seededChance(seed);
  return Array.from({ length: count }, (_, i) =>
    tell(chance, people, Date.UTC(2026, 10, 22) + i * 1_000, until).filter((chapter) => chapter.events.length > 0),
  );
};
const journalOn = (url: string, options: Partial<JournalOptions> = {}) =>
  openJournal({ url, teamOf: () => people.teams[0] ?? null, backOffMs: () => 5, rowsAfterMs: never, ...options });
const append = (journal: OpenJournal, chapter: Chapter) => journal.append(chapter.events, chapter.record);
const lastOf = (chapters: readonly Chapter[]) => chapters.at(-1)?.record as Conversation;

const rowsOf = async (url: string) =>
  (await ask<{ record: Conversation }>(url, 'SELECT folded AS record FROM conversation ORDER BY id')).map(
    (row) => row.record,
  );
const unsettledOf = async (url: string) =>
  (await ask<{ id: string }>(url, 'SELECT id FROM conversation_unsettled ORDER BY id')).map((row) => row.id);
const byId = (a: Conversation, b: Conversation) => (a.id < b.id ? -1 : 1);

test('[JNL1] [JNL4] events are acknowledged before their row is there, and a reader who waits finds it', async () => {
  const url = await cluster.database();
  const journal = journalOn(url);
  const told = stories(2, 12, 'anywhere');
  await Promise.all(told.flat().map((chapter) => append(journal, chapter)));
  expect(await rowsOf(url)).toEqual([]);
  await journal.upToDate();
  expect(await rowsOf(url)).toEqual(told.map(lastOf).toSorted(byId));
  await journal.close();
});

test('[JNL4] nobody has to ask: a row follows its events by itself, and so does the next state', async () => {
  const url = await cluster.database();
  const journal = journalOn(url, { rowsAfterMs: 1 });
  const chapters = stories(3, 1)[0] as Chapter[];
  for (const chapter of chapters) {
    await append(journal, chapter);
    await expect.poll(() => rowsOf(url), { interval: 5 }).toEqual([chapter.record]);
  }
  await journal.close();
});

test('[JNL4] who reads one conversation waits for its row, and for no other', async () => {
  const url = await cluster.database();
  const journal = journalOn(url);
  const told = stories(15, 70).map((chapters) => chapters[0] as Chapter);
  await Promise.all(told.map((chapter) => append(journal, chapter)));
  await journal.upToDate(told[64]?.record.id);
  expect(await rowsOf(url)).toContainEqual(told[64]?.record);
  expect(await rowsOf(url)).toHaveLength(1);
  await journal.upToDate();
  expect(await rowsOf(url)).toHaveLength(told.length);
  await journal.close();
});

test('[JNL4] who reads one conversation is not content with an older state that is on its way', async () => {
  const url = await cluster.database();
  const journal = journalOn(url);
  const [older, newer] = stories(17, 1)[0] as [Chapter, Chapter];
  const client = makeClient(url);
  await client.connect();
  await append(journal, older);
  await client.query('BEGIN; LOCK TABLE conversation IN SHARE MODE');
  const everything = journal.upToDate();
  await append(journal, newer);
  const held = () => client.query('SELECT 1 FROM pg_locks WHERE NOT granted').then(({ rowCount }) => rowCount);
  await expect.poll(held, { interval: 5 }).toBe(1);
  let isTold = false;
  const one = journal.upToDate(newer.record.id).then(() => (isTold = true));
  // Lets the older state through, and no more.
  await client.query('COMMIT; BEGIN; LOCK TABLE conversation IN SHARE MODE');
  expect((await client.query('SELECT folded FROM conversation')).rows).toEqual([{ folded: older.record }]);
  expect(isTold).toBe(false);
  await client.query('COMMIT');
  await one;
  expect((await client.query('SELECT folded FROM conversation')).rows).toEqual([{ folded: newer.record }]);
  await everything;
  await client.end();
  await journal.close();
});

test('[JNL4] a row that the process before did not get to is made from the events, before anybody reads it', async () => {
  const url = await cluster.database();
  const died = journalOn(url);
  const chance = seededChance(4);
  const told = stories(4, 40, 'anywhere');
  for (const chapters of told) {
    const written = chance.below(chapters.length + 1);
    for (const [i, chapter] of chapters.entries()) {
      if (i === written) await died.upToDate();
      await append(died, chapter);
    }
  }
  const expected = told.map(lastOf).toSorted(byId);
  expect(await rowsOf(url)).not.toEqual(expected);

  const next = journalOn(url);
  await next.upToDate();
  expect(await rowsOf(url)).toEqual(expected);
  const open = expected.filter((record) => record.closedAt === null);
  expect((await next.open()).toSorted(byId)).toEqual(open);
  await next.close();
  await died.close();
});

test('[JNL4] what is open is found at a start, whether or not its row was ever written', async () => {
  const url = await cluster.database();
  const died = journalOn(url);
  const told = stories(5, 30, 'anywhere');
  await Promise.all(told.flat().map((chapter) => append(died, chapter)));
  const open = told.map(lastOf).filter((record) => record.closedAt === null);
  expect(open.length).toBeGreaterThan(3);
  const next = journalOn(url);
  expect((await next.open()).toSorted(byId)).toEqual(open.toSorted(byId));
  await next.close();
  await died.close();
});

test('what is closed and written is not looked at again, and an event that comes after it is not lost either', async () => {
  const url = await cluster.database();
  const journal = journalOn(url);
  const [first, second] = stories(6, 2) as [Chapter[], Chapter[]];
  for (const chapter of first) await append(journal, chapter);
  expect(await unsettledOf(url)).toEqual([lastOf(first).id]);
  await journal.upToDate();
  await append(journal, second[0] as Chapter);
  expect(await unsettledOf(url)).toEqual([lastOf(second).id]);

  const closed = lastOf(first);
  const late = {
    type: 'fax.heard',
    v: 1,
    conversation: closed.id,
    seq: closed.seq + 1,
    at: closed.closedAt,
  } as ConversationEvent;
  const record = fold(closed, [late]) as Conversation;
  await journal.append([late], record);
  expect(await unsettledOf(url)).toEqual([closed.id, lastOf(second).id].toSorted());
  const next = journalOn(url);
  await next.upToDate();
  expect(await rowsOf(url)).toContainEqual(record);
  await next.close();
  await journal.close();
});

test('an event that comes while its conversation is being taken for settled keeps it unsettled', async () => {
  const url = await cluster.database();
  const journal = journalOn(url);
  for (const [i, chapters] of stories(7, 30).entries()) {
    for (const chapter of chapters) await append(journal, chapter);
    const closed = lastOf(chapters);
    const reading = journal.upToDate();
    for (let turn = 0; turn < i; turn++) await Promise.resolve();
    if (i % 3 === 0) await reading;
    const other = stories(100 + i, 1)[0]?.[0] as Chapter;
    const moved = { type: 'fax.heard', v: 1, conversation: closed.id, seq: closed.seq + 1, at: closed.closedAt };
    const late = moved as ConversationEvent;
    const settling = append(journal, other);
    for (let turn = 0; turn < i; turn++) await Promise.resolve();
    await Promise.all([settling, journal.append([late], fold(closed, [late]) as Conversation), reading]);
    // Whatever was taken for settled meanwhile goes out with the next events.
    await append(journal, stories(200 + i, 1)[0]?.[0] as Chapter);
    expect(await unsettledOf(url)).toContain(closed.id);
  }
  await journal.close();
});

test('[JNL4] a process that ends slowly does not put an older row in the place of a newer', async () => {
  const url = await cluster.database();
  const [first, ...others] = stories(12, 1)[0] as [Chapter, ...Chapter[]];
  const slow = journalOn(url);
  await append(slow, first);
  const next = journalOn(url);
  expect(await next.open()).toEqual([first.record]);
  for (const chapter of others) await append(next, chapter);
  await next.upToDate();
  await slow.close();
  expect(await rowsOf(url)).toEqual([others.at(-1)?.record]);
  await next.close();
});

test('closing leaves no row behind', async () => {
  const url = await cluster.database();
  const journal = journalOn(url);
  const told = stories(8, 80, 'anywhere');
  await Promise.all(told.flat().map((chapter) => append(journal, chapter)));
  await journal.close();
  expect(await rowsOf(url)).toEqual(told.map(lastOf).toSorted(byId));
});

test('[JNL3] a row that the database will never take stops no other, and its events are kept', async () => {
  const url = await cluster.database();
  await ask(url, `ALTER TABLE conversation ADD CHECK (status <> 'closed')`);
  const trouble: JournalTrouble[] = [];
  const journal = journalOn(url, { onTrouble: (one) => void trouble.push(one) });
  const told = stories(9, 12, 'anywhere');
  await Promise.all(told.flat().map((chapter) => append(journal, chapter)));
  const closed = told.map(lastOf).filter((record) => record.closedAt !== null);
  expect(closed.length).toBeGreaterThan(0);
  await journal.upToDate();
  expect(await rowsOf(url)).toEqual(
    told
      .map(lastOf)
      .filter((record) => record.closedAt === null)
      .toSorted(byId),
  );
  expect(trouble.map((one) => one.kind === 'row-refused' && one.conversation).toSorted()).toEqual(
    closed.map((record) => record.id).toSorted(),
  );
  for (const chapters of told) {
    expect(await journal.events(lastOf(chapters).id)).toEqual(chapters.flatMap((chapter) => chapter.events));
  }
  await journal.close();
  // Once the database is mended, the next start makes them.
  await ask(url, `ALTER TABLE conversation DROP CONSTRAINT conversation_status_check`);
  const next = journalOn(url);
  await next.upToDate();
  expect(await rowsOf(url)).toEqual(told.map(lastOf).toSorted(byId));
  await next.close();
});

test('[JNL3] a row that cannot be made stops no other, and the next start tries again', async () => {
  const url = await cluster.database();
  const trouble: JournalTrouble[] = [];
  const teamOf = () => {
    throw new Error('planted');
  };
  const journal = journalOn(url, { teamOf, onTrouble: (one) => void trouble.push(one) });
  const told = stories(13, 6);
  await Promise.all(told.flat().map((chapter) => append(journal, chapter)));
  await journal.upToDate();
  const refused = trouble.map((one) => one.kind === 'row-refused' && one.conversation);
  expect(refused.length).toBeGreaterThan(0);
  await append(journal, stories(14, 1)[0]?.[0] as Chapter);
  expect(await unsettledOf(url)).toEqual(expect.arrayContaining(refused));
  await journal.close();
  const next = journalOn(url);
  await next.upToDate();
  expect(await rowsOf(url)).toEqual(expect.arrayContaining(told.map(lastOf)));
  await next.close();
});

test('a reader is told when the database is away, and the row is written when it is back', async () => {
  const url = await cluster.database();
  const journal = journalOn(url);
  const chapters = stories(10, 1)[0] as Chapter[];
  await append(journal, chapters[0] as Chapter);
  await journal.upToDate();
  await append(journal, chapters[1] as Chapter);
  const admin = makeClient(cluster.url);
  await admin.connect();
  const name = new URL(url.replace('@/', '@x/')).pathname.slice(1);
  await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
  await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
  await expect(journal.upToDate()).rejects.toThrow();
  await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
  await admin.end();
  await expect.poll(() => rowsOf(url), { interval: 5 }).toEqual([chapters[1]?.record]);
  await journal.close();
});

test('conversations that a release before wrote are found open, and only those', async () => {
  const url = await cluster.blank();
  const client = makeClient(url);
  await client.connect();
  await migrate(client, { log: silentLog, migrations: migrations.slice(0, 2) });
  const told = stories(11, 20, 'anywhere').map(lastOf);
  for (const record of told) {
    await client.query(
      `INSERT INTO conversation (id, seq, status, channel, started_at, closed_at, "to", agents, seen_by, wait_ms, ring_ms, talk_ms,
         hold_ms, wrap_up_ms, search_text, search, record)
       VALUES ($1, $2, $3, 'voice', now(), to_timestamp($4::float8 / 1000), '', '{}', '{}', 0, 0, 0, 0, 0, '', '', $5)`,
      [record.id, record.seq, record.status, record.closedAt, JSON.stringify(record)],
    );
  }
  await migrate(client, { log: silentLog });
  await client.end();
  const journal = journalOn(url);
  expect((await journal.open()).toSorted(byId)).toEqual(told.filter((one) => one.closedAt === null).toSorted(byId));
  await journal.close();
});
