/**
 * `npm run company -- …`: who works here and which numbers are ours, for an installation without the demo company.
 *
 *     person <e-mail> <name> [--role agent|supervisor|admin] [--team <name>] [--kana <reading>] [--new-password]
 *     number <number> <name>
 *     list
 *
 * Works on the data folder while Denwaban is stopped, or on DATABASE_URL at any time; a running Denwaban reads it at its next start.
 * Doing the same twice changes nothing.
 */
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { epochMs, mintId } from '@denwaban/core';
import { role as roleSchema } from '@denwaban/core/wire';
import type pg from 'pg';
import { z } from 'zod';
import { hashPassword } from '../auth/passwords.js';
import { normalise } from '../directory/normalise.js';
import { readSettings } from '../settings.js';
import { checkDatabase, makeClient } from '../store/connection.js';
import { silentLog } from '../store/log.js';
import { migrate } from '../store/migrations/migrate.js';
import { startPostgres } from '../store/postgres/embedded-postgres.js';
import { StartError } from '../store/start-error.js';

const usage = `npm run company -- person <e-mail> <name> [--role agent|supervisor|admin] [--team <name>] [--kana <reading>] [--new-password]
npm run company -- number <number> <name>
npm run company -- list`;

/** What the command was told could not be done; the message is for the person at the terminal. */
class Mistake extends Error {}

const mint = (kind: 'ag' | 'tm') => mintId(kind, epochMs(Date.now()), randomBytes(10));

/** @returns the exit code */
export async function runCompany(args: string[], env: NodeJS.ProcessEnv): Promise<number> {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const complain = (line: string): void => void process.stderr.write(`${line}\n`);
  try {
    const change = parse(args);
    const result = readSettings(env, path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..'));
    if (!result.ok) throw new Mistake(result.problems.join('\n'));
    const { databaseUrl, dataDir } = result.settings;
    const own = databaseUrl === null ? await startPostgres({ dataDir, log: silentLog }) : null;
    try {
      const url = own?.url ?? databaseUrl ?? '';
      await checkDatabase(url);
      const client = makeClient(url);
      await client.connect();
      try {
        await migrate(client, { log: silentLog });
        for (const line of await change(client)) say(line);
      } finally {
        await client.end();
      }
    } finally {
      await own?.stop();
    }
    return 0;
  } catch (error) {
    if (error instanceof StartError) complain(error.line);
    else if (error instanceof Mistake) complain(error.message);
    else throw error;
    return 1;
  }
}

type Change = (client: pg.Client) => Promise<string[]>;

/** Everything that can be wrong with the words is told before a database is touched. */
export function parse(args: string[]): Change {
  let parsed;
  try {
    parsed = parseArgs({
      args,
      allowPositionals: true,
      options: {
        role: { type: 'string', default: 'agent' },
        team: { type: 'string' },
        kana: { type: 'string' },
        'new-password': { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new Mistake(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
  const [what, first = '', ...rest] = parsed.positionals;
  const name = rest.join(' ').trim();
  if (what === 'list' && first === '') return list;
  if (what === 'number' && first !== '' && name !== '') {
    const number = normalise(first);
    if (number === null) throw new Mistake(`"${first}" is no telephone number.`);
    return (client) => saveNumber(client, number, name);
  }
  if (what === 'person' && first !== '' && name !== '') {
    const email = z.email().safeParse(first.trim().toLowerCase());
    if (!email.success) throw new Mistake(`"${first}" is no e-mail address.`);
    const role = roleSchema.safeParse(parsed.values.role);
    if (!role.success) throw new Mistake(`There is no role "${parsed.values.role}": agent, supervisor or admin.`);
    const { team = null, kana = null } = parsed.values;
    return (client) =>
      savePerson(client, {
        email: email.data,
        name,
        role: role.data,
        team,
        kana,
        newPassword: parsed.values['new-password'],
      });
  }
  throw new Mistake(usage);
}

async function list(client: pg.Client): Promise<string[]> {
  const people = await client.query<{ email: string; name: string; role: string; team: string | null }>(
    'SELECT a.email, a.name, a.role, t.name AS team FROM agent a LEFT JOIN team t ON t.id = a.team ORDER BY t.name, a.email',
  );
  const numbers = await client.query<{ e164: string; name: string }>('SELECT e164, name FROM number ORDER BY e164');
  return [
    ...people.rows.map((one) => `${one.email}  ${one.name}  ${one.role}  ${one.team ?? '-'}`),
    ...numbers.rows.map((one) => `${one.e164}  ${one.name}`),
  ];
}

async function saveNumber(client: pg.Client, number: string, name: string): Promise<string[]> {
  await client.query(
    'INSERT INTO number (e164, name) VALUES ($1, $2) ON CONFLICT (e164) DO UPDATE SET name = excluded.name',
    [number, name],
  );
  return [`${number} is "${name}".`];
}

interface PersonChange {
  email: string;
  name: string;
  role: string;
  team: string | null;
  kana: string | null;
  newPassword: boolean;
}

async function savePerson(client: pg.Client, person: PersonChange): Promise<string[]> {
  const { email, name, role, kana } = person;
  const team = person.team === null ? null : await teamOf(client, person.team);
  const known = (await client.query<{ id: string }>('SELECT id FROM agent WHERE email = $1', [email])).rows[0];
  const password = known === undefined || person.newPassword ? randomBytes(12).toString('base64url') : null;
  if (known === undefined) {
    await client.query(
      `INSERT INTO agent (id, email, name, kana, role, team, password_hash, says, reason, says_since)
       VALUES ($1, $2, $3, $4, $5, $6, $7, 'away', 'other', now())`,
      [mint('ag'), email, name, kana, role, team, await hashPassword(password ?? '')],
    );
  } else {
    await client.query(
      'UPDATE agent SET name = $2, kana = coalesce($3, kana), role = $4, team = coalesce($5, team) WHERE id = $1',
      [known.id, name, kana, role, team],
    );
    if (password !== null) {
      await client.query('UPDATE agent SET password_hash = $2 WHERE id = $1', [known.id, await hashPassword(password)]);
      // Whoever knew the old one is out.
      await client.query('DELETE FROM session WHERE agent = $1', [known.id]);
    }
  }
  return [`${email} can sign in (${role}).`, ...(password === null ? [] : [`Password: ${password}`])];
}

async function teamOf(client: pg.Client, name: string): Promise<string> {
  const known = (await client.query<{ id: string }>('SELECT id FROM team WHERE name = $1', [name])).rows[0];
  if (known !== undefined) return known.id;
  const id = mint('tm');
  await client.query('INSERT INTO team (id, name) VALUES ($1, $2)', [id, name]);
  return id;
}
