import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { verifyPassword } from '../auth/passwords.js';
import { makeClient } from '../store/connection.js';
import { silentLog } from '../store/log.js';
import { startPostgres } from '../store/postgres/embedded-postgres.js';
import { parse, runCompany } from './company.js';

describe('company: the words of the command', () => {
  test.each([
    [['number', 'abc', 'Main'], /no telephone number/],
    [['person', 'nobody', 'A Name'], /no e-mail address/],
    [['person', 'a@b.example', 'A Name', '--role', 'king'], /no role "king"/],
    [['person', 'a@b.example'], /npm run company/],
    [['person', 'a@b.example', 'A Name', '--colour', 'red'], /npm run company/],
    [[], /npm run company/],
  ])('%j is refused before a database is touched', (args, words) => {
    expect(() => parse(args)).toThrow(words);
  });
});

describe('company: on a data folder', () => {
  let dataDir: string;
  const said: string[] = [];
  beforeAll(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'denwaban-company-'));
    vi.spyOn(process.stdout, 'write').mockImplementation((line) => said.push(String(line)) > 0);
  });
  afterAll(async () => {
    vi.restoreAllMocks();
    await rm(dataDir, { recursive: true, force: true });
  });
  const company = (...args: string[]) => {
    said.length = 0;
    return runCompany(args, { DENWABAN_DATA_DIR: dataDir, DENWABAN_DEMO: 'off' });
  };

  test('a person is made once, with a password that is told once and stored as a hash', async () => {
    expect(await company('person', 'Boss@Example.com', '山田', '花子', '--role', 'admin', '--team', 'サポート')).toBe(
      0,
    );
    const password = /Password: (\S{16})/.exec(said.join(''))?.[1] ?? '';
    expect(password).not.toBe('');
    expect(await company('person', 'boss@example.com', '山田 花子', '--role', 'supervisor')).toBe(0);
    expect(said.join('')).not.toContain('Password');
    expect(await company('number', '045-000-0100', '代表')).toBe(0);
    expect(await company('list')).toBe(0);
    expect(said.join('')).toBe('boss@example.com  山田 花子  supervisor  サポート\n+81450000100  代表\n');

    const postgres = await startPostgres({ dataDir, log: silentLog });
    const client = makeClient(postgres.url);
    await client.connect();
    const { rows } = await client.query<{ password_hash: string }>('SELECT password_hash FROM agent');
    await client.end();
    await postgres.stop();
    expect(rows).toHaveLength(1);
    expect(await verifyPassword(rows[0]?.password_hash ?? null, password)).toBe(true);
  }, 60_000);
});
