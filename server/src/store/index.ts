/** The data side of the server. `openStore` connects, migrates, seeds the demo and hands out everything that reads or writes. */
import type { Directory } from '@denwaban/core';
import type { DemoInfo } from '@denwaban/core/wire';
import { findCustomer, listCustomers } from '../directory/customer-list.js';
import { importCustomers } from '../directory/import.js';
import { demoCompany, demoInfo } from '../directory/demo.js';
import { findByNumber } from '../directory/find-by-number.js';
import { normalise } from '../directory/normalise.js';
import type { CompanyNumber, Store } from '../services.js';
import { asStartError, checkDatabase, codeOf, describe, makeClient, makePool } from './connection.js';
import { conversationReads } from './conversation-reads.js';
import { openJournal, type JournalTrouble } from './journal.js';
import type { Log, Progress } from './log.js';
import { migrate } from './migrations/migrate.js';
import { loadPeople, type StoredPeople } from './people.js';
import { makeQueries } from './schema.js';
import { seedDemo } from './seed-demo.js';
import { openSessions } from './sessions.js';

export { startPostgres, type EmbeddedPostgres } from './postgres/embedded-postgres.js';
export { StartError, type StartErrorCode } from './start-error.js';
export type { JournalTrouble } from './journal.js';

export interface StoreOptions {
  /** DATABASE_URL, or the `url` of startPostgres. */
  url: string;
  /** Recordings lie below it. */
  dataDir: string;
  /** Seed the demo company when the database is empty. */
  demo: boolean;
  log: Log;
  onProgress?: Progress;
  onTrouble?(trouble: JournalTrouble): void;
}

export interface OpenStore extends Store {
  people: StoredPeople;
  directory: Directory;
  /** What GET demo answers; null when the database does not hold the demo company. */
  demo(sip: { host: string; port: number }): DemoInfo | null;
}

/** @throws StartError with the one line that the person at the terminal needs */
export async function openStore(options: StoreOptions): Promise<OpenStore> {
  const { url, log, onProgress } = options;
  await checkDatabase(url);
  const company = demoCompany();
  const client = makeClient(url);
  await client.connect();
  try {
    await migrate(client, { log, onProgress });
    if (options.demo && (await seedDemo(client, company))) log.info({}, 'Seeded the demo company');
  } catch (error) {
    throw passesAsStartError(error) ? asStartError(error, describe(url)) : error;
  } finally {
    await client.end();
  }

  const pool = makePool(url);
  const people = await loadPeople(pool);
  const db = makeQueries(pool);
  const journal = openJournal({
    url,
    teamOf: people.teamOf,
    onTrouble(trouble) {
      if (trouble.kind === 'stalled')
        log.error({ ...trouble, database: describe(url) }, 'The database does not take events; trying again');
      else if (trouble.kind === 'recovered') log.info(trouble, 'The database takes events again');
      else log.error(trouble, 'A conversation cannot be shown as it stands; its events are safe');
      options.onTrouble?.(trouble);
    },
  });
  const isDemo = company.people.every((one) => people.byId(one.id)?.email === one.email);

  return {
    journal,
    people,
    directory: { normalise: (written) => normalise(written), findByNumber: (number) => findByNumber(pool, number) },
    sessions: openSessions(pool),
    conversations: conversationReads({ db, people, dataDir: options.dataDir, upToDate: (id) => journal.upToDate(id) }),
    customers: {
      list: (query) => listCustomers(db, people, query),
      get: (id) => findCustomer(db, people, id),
      import: (csv, dryRun) => importCustomers({ url, people, csv, dryRun }),
    },
    async numbers() {
      const { rows } = await pool.query<CompanyNumber>('SELECT e164 AS number, name FROM number ORDER BY e164');
      return rows;
    },
    async healthy() {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<boolean>((resolve) => {
        timer = setTimeout(() => resolve(false), 1_000);
      });
      const answer = pool.query('SELECT 1').then(
        () => true,
        () => false,
      );
      return Promise.race([answer, late]).finally(() => clearTimeout(timer));
    },
    demo: (sip) => (isDemo ? demoInfo(company, sip) : null),
    async close() {
      await journal.close();
      await db.destroy();
    },
  };
}

/** Full or forbidden: somebody can mend it. Anything else that a migration dies of is a fault of ours. */
const passesAsStartError = (error: unknown): boolean => ['53100', '42501'].includes(codeOf(error));
