import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import type { Conversation, ConversationEvent } from '@denwaban/core';
import { expect, test } from 'vitest';
import { seededChance } from '../directory/chance.js';
import { makeClient } from './connection.js';
import { openJournal } from './journal.js';
import { silentLog } from './log.js';
import { migrate } from './migrations/migrate.js';
import { startPostgres, type EmbeddedPostgres } from './postgres/embedded-postgres.js';
import { keepAsTemplate, makeDataDir } from './testing/prepared.js';
import { cast, tell } from './testing/stories.js';

const seed = 20_261;
const rounds = 4;

test(`[JNL1] [JNL2] seed ${seed}: PostgreSQL is killed at ${rounds} moments of a busy floor, and nothing acknowledged is lost`, async () => {
  const chance = seededChance(seed);
  await keepAsTemplate();
  const dataDir = makeDataDir();
  // fsync off: what a killed process leaves is in the kernel's hands already.
  const start = () => startPostgres({ dataDir, log: silentLog, settings: { fsync: 'off' } });
  let postgres = await start();
  const client = makeClient(postgres.url);
  await client.connect();
  await migrate(client, { log: silentLog });
  await client.end();

  const acknowledged = new Map<string, ConversationEvent[]>();
  const last = new Map<string, Conversation>();
  let acknowledgements = 0;
  let busy = true;
  let toldAt = Date.UTC(2026, 10, 22);
  const people = cast(seed);
  const journal = openJournal({ url: postgres.url, teamOf: () => null, backOffMs: () => 5, rowsAfterMs: 5 });
  const line = async () => {
    while (busy) {
      for (const { events, record } of tell(chance, people, (toldAt += 1_000))) {
        await journal.append(events, record);
        acknowledged.set(record.id, [...(acknowledged.get(record.id) ?? []), ...events]);
        last.set(record.id, record);
        acknowledgements++;
      }
    }
  };
  const lines = Array.from({ length: 8 }, line);

  for (let round = 0; round < rounds; round++) {
    const until = acknowledgements + 50 + chance.below(300);
    await expect.poll(() => acknowledgements >= until, { interval: 1, timeout: 15_000 }).toBe(true);
    await killAll(postgres);
    postgres = await start();
  }
  busy = false;
  await Promise.all(lines);

  expect(acknowledgements).toBeGreaterThan(rounds * 50);
  for (const [id, events] of acknowledged) expect(await journal.events(id as never)).toEqual(events);
  await journal.upToDate();
  const reader = makeClient(postgres.url);
  await reader.connect();
  const { rows } = await reader.query<{ record: Conversation }>('SELECT folded AS record FROM conversation');
  expect(new Map(rows.map((row) => [row.record.id, row.record]))).toEqual(last);
  await reader.end();
  await journal.close();
  await postgres.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

/** The postmaster and every process of its, at once: none gets to finish anything. */
async function killAll(postgres: EmbeddedPostgres): Promise<void> {
  const gone = new Promise((resolve) => postgres.onExit(resolve));
  const parentOf = (pid: string) => {
    try {
      return Number(/\) \w (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]);
    } catch {
      return 0;
    }
  };
  const children = existsSync('/proc/self/stat')
    ? readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(name) === postgres.pid)
    : [];
  for (const pid of [postgres.pid, ...children.map(Number)]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // A back end that saw its postmaster die was quicker.
    }
  }
  await gone;
}
