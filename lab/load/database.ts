/** A database of its own for one benchmark, with the product's settings: fsync on, nothing tuned for the run. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { createDatabase } from '../../server/src/store/connection.js';
import { silentLog } from '../../server/src/store/log.js';
import { migrate } from '../../server/src/store/migrations/migrate.js';
import { startPostgres } from '../../server/src/store/postgres/embedded-postgres.js';

export async function withDatabase<T>(use: (url: string, client: pg.Client, pid: number) => Promise<T>): Promise<T> {
  const dataDir = mkdtempSync(join(tmpdir(), 'denwaban-bench-'));
  const postgres = await startPostgres({ dataDir, log: silentLog });
  const client = new pg.Client({ connectionString: postgres.url });
  try {
    await createDatabase(postgres.url);
    await client.connect();
    await migrate(client, { log: silentLog });
    return await use(postgres.url, client, postgres.pid);
  } finally {
    await client.end().catch(() => undefined);
    await postgres.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}
