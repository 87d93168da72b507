/** Brings a database to the version this code was written for. Every migration pending runs in one transaction. */
import type pg from 'pg';
import type { Log, Progress } from '../log.js';
import { StartError } from '../start-error.js';
import { firstCall } from './0001-first-call.js';
import { callsOut } from './0002-calls-out.js';
import { rowsFollow } from './0003-rows-follow.js';
import { recordAsJson } from './0004-record-as-json.js';

export interface Migration {
  version: number;
  name: string;
  up: string;
}

/** In order. A migration that has landed is never edited: the next one mends it. */
export const migrations: readonly Migration[] = [firstCall, callsOut, rowsFollow, recordAsJson];

/** Any number, as long as nobody else takes it: held while migrating, so that two nodes do not migrate at once. */
const lockKey = 0x64656e77;

/** @throws StartError `data-newer` when the database was written by a newer Denwaban */
export async function migrate(
  client: pg.ClientBase,
  options: { log: Log; onProgress?: Progress | undefined; migrations?: readonly Migration[] },
): Promise<void> {
  const known = options.migrations ?? migrations;
  const ours = known.at(-1)?.version ?? 0;
  await client.query('BEGIN');
  try {
    await client.query('SELECT pg_advisory_xact_lock($1)', [lockKey]);
    await client.query(
      'CREATE TABLE IF NOT EXISTS schema_version (version integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())',
    );
    const { rows } = await client.query<{ version: number }>(
      'SELECT coalesce(max(version), 0) AS version FROM schema_version',
    );
    const found = rows[0]?.version ?? 0;
    if (found > ours) {
      throw new StartError(
        'data-newer',
        `The data was written by a newer Denwaban (schema ${found}; this one knows ${ours}). Start the newer Denwaban again, or use another DENWABAN_DATA_DIR or DATABASE_URL.`,
      );
    }
    for (const migration of known.filter((one) => one.version > found)) {
      options.onProgress?.(`Migrating the database to version ${migration.version}`);
      await client.query(migration.up);
      await client.query('INSERT INTO schema_version (version, name) VALUES ($1, $2)', [
        migration.version,
        migration.name,
      ]);
      options.log.info({ version: migration.version, name: migration.name }, 'Migrated the database');
    }
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}
