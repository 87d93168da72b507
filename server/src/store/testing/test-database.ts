/** A real PostgreSQL for a test file: one cluster in memory, and a migrated database of its own for every test that asks. */
import { rmSync } from 'node:fs';
import { makeClient } from '../connection.js';
import { silentLog } from '../log.js';
import { migrate } from '../migrations/migrate.js';
import { startPostgres } from '../postgres/embedded-postgres.js';
import { keepAsTemplate, makeDataDir } from './prepared.js';

export interface TestCluster {
  /** An empty installation folder of this cluster's. */
  dataDir: string;
  pid: number;
  /** Of the database that PostgreSQL was started with; not migrated. */
  url: string;
  /** A new database, migrated and otherwise empty. @returns its URL */
  database(): Promise<string>;
  /** A new database, holding nothing at all. */
  blank(): Promise<string>;
  stop(): Promise<void>;
}

export async function startTestCluster(settings: Record<string, string> = { fsync: 'off' }): Promise<TestCluster> {
  await keepAsTemplate();
  const dataDir = makeDataDir();
  const postgres = await startPostgres({ dataDir, log: silentLog, settings });
  const urlOf = (name: string) => postgres.url.replace('/denwaban?', `/${name}?`);
  let made = 0;
  let template: Promise<unknown> | null = null;

  async function administer(statement: string): Promise<void> {
    const client = makeClient(urlOf('postgres'));
    await client.connect();
    try {
      await client.query(statement);
    } finally {
      await client.end();
    }
  }
  async function makeTemplate(): Promise<void> {
    await administer('CREATE DATABASE template_denwaban STRATEGY file_copy');
    const client = makeClient(urlOf('template_denwaban'));
    await client.connect();
    try {
      await migrate(client, { log: silentLog });
    } finally {
      await client.end();
    }
  }

  return {
    dataDir,
    pid: postgres.pid,
    url: postgres.url,
    async database() {
      await (template ??= makeTemplate());
      const name = `test_${++made}`;
      await administer(`CREATE DATABASE ${name} TEMPLATE template_denwaban STRATEGY file_copy`);
      return urlOf(name);
    },
    async blank() {
      const name = `test_${++made}`;
      await administer(`CREATE DATABASE ${name} STRATEGY file_copy`);
      return urlOf(name);
    },
    async stop() {
      await postgres.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
