/** Connections to PostgreSQL, ours or the company's own, and what their failures mean. */
import pg from 'pg';
import { StartError } from './start-error.js';

/** Oldest PostgreSQL that a DATABASE_URL may lead to. */
const oldestVersion = 16;

const common = { application_name: 'denwaban', keepAlive: true, connectionTimeoutMillis: 5_000 } as const;

export function makePool(url: string, max = 8): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, ...common, max, idleTimeoutMillis: 60_000, query_timeout: 20_000 });
  // An idle connection that breaks is replaced at the next query; without a listener it would end the process.
  pool.on('error', () => {});
  return pool;
}

/** @param queryMs a query that takes longer fails; the connection is then of no more use */
export function makeClient(url: string, queryMs?: number): pg.Client {
  const client = new pg.Client({
    connectionString: url,
    ...common,
    ...(queryMs === undefined ? {} : { query_timeout: queryMs }),
  });
  client.on('error', () => {});
  return client;
}

/** The five characters of an SQLSTATE, an errno name, or ''. */
export const codeOf = (error: unknown): string => {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
};

/**
 * True when the statement itself is at fault (its data, a constraint, a limit, the schema) and would fail at any time. Whatever
 * ends the connection, and whatever else there is (server away, starting, full, read-only after a switch-over), may pass.
 */
export function isRefusal(error: unknown): boolean {
  const severity = (error as { severity?: unknown } | null)?.severity;
  return severity === 'ERROR' && /^(21|22|23|42|54)/.test(codeOf(error));
}

/** Connects once and checks that the database will do. @throws StartError */
export async function checkDatabase(url: string, oldest = oldestVersion): Promise<void> {
  const where = describe(url);
  const client = makeClient(url);
  try {
    await client.connect();
    const { rows } = await client.query<{ version: number; encoding: string }>(
      `SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding`,
    );
    const major = Math.floor((rows[0]?.version ?? 0) / 10_000);
    if (major < oldest) {
      throw new StartError(
        'database-too-old',
        `The database at ${where} is PostgreSQL ${major}. Denwaban needs ${oldest} or newer; upgrade it or set another DATABASE_URL.`,
      );
    }
    if (rows[0]?.encoding !== 'UTF8') {
      throw new StartError(
        'database-encoding',
        `The database at ${where} stores ${rows[0]?.encoding ?? 'another encoding'}. Create one with ENCODING 'UTF8' and name it in DATABASE_URL.`,
      );
    }
  } catch (error) {
    throw error instanceof StartError ? error : asStartError(error, where);
  } finally {
    await client.end().catch(() => {});
  }
}

/** Creates the database that the embedded cluster's URL names, the first time. */
export async function createDatabase(url: string): Promise<void> {
  const wanted = new pg.Client({ connectionString: url }).database;
  const client = makeClient(url.replace(/\/denwaban\?/, '/postgres?'));
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [wanted]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(wanted ?? 'denwaban')}`);
  } finally {
    await client.end();
  }
}

/** @param where the database, for people */
export function asStartError(error: unknown, where: string): StartError {
  const code = codeOf(error);
  const options = { cause: error };
  if (code === '53100') {
    return new StartError(
      'disk-full',
      `The disk of the database at ${where} is full. Free some and start again.`,
      options,
    );
  }
  if (code === '42501') {
    return new StartError(
      'database-refused',
      `The user of DATABASE_URL may not create tables at ${where}. Make it the owner of the database, or GRANT it CREATE.`,
      options,
    );
  }
  if (code === '28P01' || code === '28000') {
    return new StartError(
      'database-refused',
      `The database at ${where} refuses the user or password of DATABASE_URL. Correct them there.`,
      options,
    );
  }
  if (code === '3D000') {
    return new StartError(
      'database-missing',
      `There is no such database at ${where}. Create it (CREATE DATABASE … ENCODING 'UTF8'), or correct DATABASE_URL.`,
      options,
    );
  }
  const why = code || (error instanceof Error ? error.message : String(error));
  return new StartError(
    'database-unreachable',
    `The database at ${where} does not answer (${why}). Start it, or correct DATABASE_URL.`,
    options,
  );
}

/** Host, port and database of a URL, for people. Never its password. */
export function describe(url: string): string {
  try {
    const { host, port, database, user } = new pg.Client({ connectionString: url });
    return host.startsWith('/')
      ? `${host} (${database ?? ''})`
      : `${host}:${port}/${database ?? ''} (user ${user ?? '?'})`;
  } catch {
    return 'DATABASE_URL (it is no postgresql:// address)';
  }
}
