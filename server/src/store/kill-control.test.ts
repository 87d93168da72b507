import { execFileSync, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { fold, upcast, type Conversation, type ConversationEvent } from '@denwaban/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededChance } from '../directory/chance.js';
import { openJournal } from './journal.js';
import { ask } from './testing/ask.js';
import { startTestCluster, type TestCluster } from './testing/test-database.js';

const seed = 20_262;
const rounds = 5;
/** Beside our node_modules, so that what is not bundled is found. */
const built = fileURLToPath(new URL(`../../dist/kill-control-${process.pid}`, import.meta.url));

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startTestCluster();
  const config = fileURLToPath(new URL('testing/writing-process.vite.config.ts', import.meta.url));
  const vite = fileURLToPath(new URL('../../../node_modules/.bin/vite', import.meta.url));
  execFileSync(process.execPath, [vite, 'build', '-c', config, '--outDir', built, '--logLevel', 'error']);
});
afterAll(async () => {
  rmSync(built, { recursive: true, force: true });
  await cluster.stop();
});

test(`[JNL1] [JNL4] seed ${seed}: the process that writes is killed at ${rounds} moments, and the next one finds every event in its row`, async () => {
  const chance = seededChance(seed);
  const url = await cluster.database();
  const acknowledged = new Map<string, number>();
  let caughtUp = 0;
  for (let round = 0; round < rounds; round++) {
    await writeUntilKilled(url, round, 40 + chance.below(300), acknowledged);
    const before = await rowsOf(url);
    const journal = openJournal({ url, teamOf: () => null });
    const open = await journal.open();
    await journal.upToDate();
    const stories = await storiesOf(url);
    for (const [id, seq] of acknowledged) expect(stories.get(id)?.seq ?? 0).toBeGreaterThanOrEqual(seq);
    expect(await rowsOf(url)).toEqual(stories);
    const alive = [...stories.values()].filter((record) => record.closedAt === null);
    expect(new Map(open.map((record) => [record.id, record]))).toEqual(new Map(alive.map((one) => [one.id, one])));
    for (const [id, record] of stories) if (before.get(id)?.seq !== record.seq) caughtUp++;
    await journal.close();
  }
  // Otherwise nothing was proven: it was never killed between an event and its row.
  expect(caughtUp).toBeGreaterThan(rounds);
});

async function writeUntilKilled(url: string, round: number, acknowledgements: number, to: Map<string, number>) {
  const child = spawn(process.execPath, [`${built}/writing-process.js`, url, String(round + 1)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const signal = new Promise((resolve) => child.once('exit', (_code, how) => resolve(how)));
  let left = acknowledgements;
  for await (const line of createInterface({ input: child.stdout })) {
    const [id = '', seq] = line.split(' ');
    to.set(id, Number(seq));
    // What it still says after this was acknowledged as well.
    if (--left === 0) child.kill('SIGKILL');
  }
  expect(await signal).toBe('SIGKILL');
}

async function rowsOf(url: string): Promise<Map<string, Conversation>> {
  const rows = await ask<{ record: Conversation }>(url, 'SELECT folded AS record FROM conversation');
  return new Map(rows.map(({ record }) => [record.id, record]));
}

/** Every conversation's events, folded. */
async function storiesOf(url: string): Promise<Map<string, Conversation>> {
  const rows = await ask<ConversationEvent & { facts: object; at: never; time: number }>(
    url,
    `SELECT conversation, seq, type, v, facts, (extract(epoch FROM at) * 1000)::float8 AS time FROM conversation_event
     ORDER BY conversation, seq`,
  );
  const stories = new Map<string, Conversation>();
  for (const { conversation, seq, type, v, facts, time } of rows) {
    const event = upcast({ type, v, conversation, seq, at: time, ...facts });
    stories.set(conversation, fold(stories.get(conversation) ?? null, [event]) as Conversation);
  }
  return stories;
}
