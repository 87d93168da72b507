import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Conversation, ConversationEvent } from '@denwaban/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededChance } from '../directory/chance.js';
import { makeClient } from './connection.js';
import { openJournal, type JournalOptions, type JournalTrouble, type OpenJournal } from './journal.js';
import { ask } from './testing/ask.js';
import { cast, tell, type Chapter } from './testing/stories.js';
import { startTestCluster, type TestCluster } from './testing/test-database.js';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startTestCluster();
});
afterAll(() => cluster.stop());

const people = cast(1);
const start = Date.UTC(2026, 10, 22);
const stories = (seed: number, count: number, until: 'closed' | 'anywhere' = 'closed') => {
  const chance = seededChance(seed);
  return Array.from({ length: count }, (_, i) => tell(chance, people, start + i * 1_000, until));
};
const journalOn = (url: string, options: Partial<JournalOptions> = {}) =>
  openJournal({ url, teamOf: () => people.teams[0] ?? null, backOffMs: () => 5, ...options });
const append = (journal: OpenJournal, chapter: Chapter) => journal.append(chapter.events, chapter.record);

test('[JNL1] [JNL2] what was appended is what is read, event by event and as the record', async () => {
  const url = await cluster.database();
  const journal = journalOn(url);
  const told = stories(2, 20);
  await Promise.all(told.flat().map((chapter) => append(journal, chapter)));
  for (const chapters of told) {
    const last = chapters.at(-1)?.record as Conversation;
    expect(await journal.events(last.id)).toEqual(chapters.flatMap((chapter) => chapter.events));
  }
  await journal.upToDate();
  const rows = await ask<{ record: Conversation; started_at: Date; agents: string[] }>(
    url,
    'SELECT folded AS record, started_at, agents FROM conversation ORDER BY id',
  );
  expect(rows.map((row) => row.record)).toEqual(told.map((chapters) => chapters.at(-1)?.record));
  expect(rows.map((row) => row.started_at.getTime())).toEqual(rows.map((row) => row.record.startedAt));
  await journal.close();
});

test('open() gives the conversations that are not closed, as they stand', async () => {
  const url = await cluster.database();
  const journal = journalOn(url);
  const told = stories(3, 30, 'anywhere');
  await Promise.all(told.flat().map((chapter) => append(journal, chapter)));
  await journal.close();
  const open = told
    .map((chapters) => chapters.at(-1)?.record as Conversation)
    .filter((record) => record.closedAt === null)
    .toSorted((a, b) => a.startedAt - b.startedAt || (a.id < b.id ? -1 : 1));
  expect(open.length).toBeGreaterThan(0);
  const again = journalOn(url);
  expect(await again.open()).toEqual(open);
  await again.close();
});

test('what is appended the moment another append is told of its commit is not left waiting', async () => {
  const url = await cluster.database();
  const journal = journalOn(url);
  /** The next append comes 0 to 9 turns of the microtask queue after the last: one of them is while the writer goes idle. */
  for (const [i, chapters] of stories(5, 30).entries()) {
    await append(journal, chapters[0] as Chapter);
    for (let turn = 0; turn < i % 10; turn++) await Promise.resolve();
  }
  await journal.close();
});

test('many appends share a commit', async () => {
  const url = await cluster.database();
  const journal = journalOn(url);
  const told = stories(4, 100).map((chapters) => chapters[0] as Chapter);
  await append(journal, told[0] as Chapter);
  const before = (await ask<{ n: string }>(url, 'SELECT pg_current_xact_id()::text AS n'))[0]?.n;
  await Promise.all(told.slice(1).map((chapter) => append(journal, chapter)));
  const after = (await ask<{ n: string }>(url, 'SELECT pg_current_xact_id()::text AS n'))[0]?.n;
  expect(Number(after) - Number(before)).toBeLessThanOrEqual(4);
  await journal.close();
});

test('[JNL2] an event that does not follow the one before it is refused, and nothing of it is stored', async () => {
  const url = await cluster.database();
  const journal = journalOn(url);
  const [first, second, third] = stories(5, 1)[0] as [Chapter, Chapter, Chapter];
  await append(journal, first);
  await expect(append(journal, third)).rejects.toMatchObject({ code: 'hole' });
  await expect(append(journal, first)).rejects.toMatchObject({ code: 'hole' });
  await append(journal, second);
  await append(journal, third);
  expect(await journal.events(first.record.id)).toHaveLength(third.record.seq);
  await journal.close();
});

test('[JNL3] a row that the database will never take is rejected alone, with what follows it in its conversation', async () => {
  const url = await cluster.database();
  const journal = journalOn(url);
  const [good, bad] = stories(6, 2) as [Chapter[], Chapter[]];
  const poisoned = bad.map((chapter, i): Chapter => {
    if (i !== 1) return chapter;
    const [event, ...rest] = chapter.events as [ConversationEvent, ...ConversationEvent[]];
    return { ...chapter, events: [{ ...event, v: 70_000 as never }, ...rest] }; // beyond smallint
  });
  const outcomes = await Promise.allSettled([...good, ...poisoned].map((chapter) => append(journal, chapter)));
  expect(outcomes.slice(0, good.length).every((one) => one.status === 'fulfilled')).toBe(true);
  expect(outcomes.slice(good.length).map((one) => one.status)).toEqual(
    poisoned.map((_, i) => (i === 0 ? 'fulfilled' : 'rejected')),
  );
  expect(await journal.events(bad[0]?.record.id as never)).toEqual(bad[0]?.events);
  // The engine may mend what it said and go on from where the disk stands.
  await append(journal, bad[1] as Chapter);
  await journal.close();
});

test('characters that jsonb refuses do not stop a call', async () => {
  const url = await cluster.database();
  const journal = journalOn(url);
  const chapter = stories(7, 1)[0]?.[0] as Chapter;
  const strange = `a${String.fromCharCode(0)}b${String.fromCharCode(0xd800)}c`;
  const events = chapter.events.map((event) => ({ ...event, fromRaw: strange }) as ConversationEvent);
  await journal.append(events, { ...chapter.record, fromRaw: strange });
  expect((await journal.events(chapter.record.id))[0]).toMatchObject({ fromRaw: 'ab\ufffdc' });
  await journal.close();
});

test('[JNL3] a database that goes away is waited for, in order, and said so once', async () => {
  const url = await cluster.database();
  const told: JournalTrouble[] = [];
  const journal = journalOn(url, { onTrouble: (trouble) => void told.push(trouble) });
  const chapters = stories(8, 10).flat();
  const admin = makeClient(cluster.url);
  await admin.connect();
  const name = new URL(url.replace('@/', '@x/')).pathname.slice(1);
  await append(journal, chapters[0] as Chapter);
  await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
  await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
  const waiting = Promise.all(chapters.slice(1).map((chapter) => append(journal, chapter)));
  await expect.poll(() => told.length).toBe(1);
  await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
  await waiting;
  await admin.end();
  expect(told.map((one) => one.kind)).toEqual(['stalled', 'recovered']);
  for (const id of new Set(chapters.map((chapter) => chapter.record.id))) {
    const events = chapters.filter((chapter) => chapter.record.id === id).flatMap((chapter) => chapter.events);
    expect(await journal.events(id)).toEqual(events);
  }
  await journal.close();
});

test('[JNL2] an acknowledgement lost on the way is asked after, and nothing is stored twice', async () => {
  const url = await cluster.database();
  const target = decodeURIComponent(new URL(url.replace('@/', '@x/')).searchParams.get('host') ?? '');
  const folder = mkdtempSync('/tmp/denwaban-cut-');
  let cut = false;
  const proxy = createServer((near) => {
    const far = connect(`${target}/.s.PGSQL.5432`);
    near.on('data', (data) => far.write(data));
    far.on('data', (data) => {
      if (cut) {
        cut = false; // the server has answered, so it has committed; the answer is lost
        near.destroy();
        far.destroy();
      } else near.write(data);
    });
    for (const side of [near, far]) side.on('error', () => {}).on('close', () => (near.destroy(), far.destroy()));
  });
  await new Promise<void>((resolve) => proxy.listen(`${folder}/.s.PGSQL.5432`, resolve));
  const journal = journalOn(url.replace(encodeURIComponent(target), encodeURIComponent(folder)));
  const chapters = stories(10, 3).flat();
  await append(journal, chapters[0] as Chapter);
  cut = true;
  await Promise.all(chapters.slice(1).map((chapter) => append(journal, chapter)));
  expect(cut).toBe(false);
  for (const id of new Set(chapters.map((chapter) => chapter.record.id))) {
    const events = chapters.filter((chapter) => chapter.record.id === id).flatMap((chapter) => chapter.events);
    expect(await journal.events(id)).toEqual(events);
  }
  await journal.close();
  await new Promise((resolve) => proxy.close(resolve));
  rmSync(folder, { recursive: true });
});

test('closing gives up on a database that stays away, and tells those who waited', async () => {
  const journal = journalOn('postgresql://x@127.0.0.1:1/x');
  const waiting = append(journal, stories(9, 1)[0]?.[0] as Chapter);
  const rejected = expect(waiting).rejects.toMatchObject({ code: 'closed' });
  await journal.close(30);
  await rejected;
  await expect(append(journal, stories(9, 1)[0]?.[0] as Chapter)).rejects.toMatchObject({ code: 'closed' });
});
