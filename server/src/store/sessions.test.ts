import type { AgentId } from '@denwaban/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePool } from './connection.js';
import { openSessions, sessionMs } from './sessions.js';
import { startTestCluster, type TestCluster } from './testing/test-database.js';

let cluster: TestCluster;
let pool: ReturnType<typeof makePool>;
let now = Date.UTC(2026, 10, 22);
const anna = 'ag_anna' as AgentId;
beforeAll(async () => {
  cluster = await startTestCluster();
  pool = makePool(await cluster.database());
  await pool.query(
    `INSERT INTO agent (id, email, name, role, password_hash) VALUES ('${anna}', 'a@x', 'Anna', 'agent', 'x')`,
  );
});
afterAll(async () => {
  await pool.end();
  await cluster.stop();
});
const sessions = () => openSessions(pool, () => now);

test('a session is found by its secret until it is ended', async () => {
  const secret = await sessions().begin(anna);
  expect(secret).toMatch(/^[\w-]{43}$/);
  expect(await sessions().find(secret)).toBe(anna);
  expect(await sessions().find(`${secret.slice(0, -1)}${secret.endsWith('A') ? 'Q' : 'A'}`)).toBeNull();
  expect(await sessions().find('')).toBeNull();
  await sessions().end(secret);
  expect(await sessions().find(secret)).toBeNull();
});

test('the secret itself is not in the database', async () => {
  const secret = await sessions().begin(anna);
  const { rows } = await pool.query<{ all: string }>('SELECT string_agg(session::text, $1) AS all FROM session', [' ']);
  expect(rows[0]?.all).toContain(anna);
  expect(rows[0]?.all).not.toContain(secret);
  expect(rows[0]?.all).not.toContain(Buffer.from(secret, 'base64url').toString('hex'));
});

test('use keeps a session alive; twelve hours without end it, and the next sign-in clears it away', async () => {
  const used = await sessions().begin(anna);
  const left = await sessions().begin(anna);
  now += sessionMs - 1;
  expect(await sessions().find(used)).toBe(anna);
  now += 1;
  expect(await sessions().find(left)).toBeNull();
  now += sessionMs - 2;
  expect(await sessions().find(used)).toBe(anna);
  await sessions().begin(anna);
  const { rows } = await pool.query<{ n: number }>('SELECT count(*)::int AS n FROM session WHERE expires_at <= $1', [
    new Date(now),
  ]);
  expect(rows[0]?.n).toBe(0);
});
