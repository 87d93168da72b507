/**
 * Customers from a CSV file, keyed by telephone number: a row whose number we know is that customer. Everything is read and
 * checked first; with one problem in it nothing is written. Works in slices, so that calls go on beside a large file.
 *
 * An empty cell empties its field; a column that the file has not leaves the field alone. Numbers are added, never taken away.
 */
import { epochMs, mintId } from '@denwaban/core';
import type { ImportResult } from '@denwaban/core/wire';
import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import type { People } from '../services.js';
import { makeClient } from '../store/connection.js';
import { checkRows, type CheckedRow } from './import-check.js';
import { readCsv } from './import-csv.js';
import { customerRow, saveCustomersSql, savePhonesSql, type CustomerFields } from './customer-row.js';
import { chunks, makeBreather } from './slices.js';

export interface ImportRequest {
  url: string;
  people: Pick<People, 'all' | 'byEmail' | 'teams'>;
  csv: string;
  dryRun: boolean;
}

/** Two imports at once would each see the other's customers missing. */
const lockKey = 0x696d706f;

interface Stored extends CustomerFields {
  e164: string;
}
type Change = { kind: 'created' | 'updated' | 'unchanged'; fields: CustomerFields; newPhones: string[] };

export async function importCustomers({ url, people, csv, dryRun }: ImportRequest): Promise<ImportResult> {
  const breathe = makeBreather();
  const file = await readCsv(csv, breathe);
  const checked = await checkRows(file, people, breathe);
  const problems = [...file.problems, ...checked.problems];
  const client = makeClient(url);
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock($1)', [lockKey]);
    const changes: Change[] = [];
    const claimed = new Map<string, number>();
    for (const slice of chunks(checked.rows, 1_000)) {
      const known = await findKnown(client, slice);
      for (const row of slice) {
        const change = decide(row, known, claimed, problems);
        if (change) changes.push(change);
        await breathe();
      }
    }
    if (!dryRun && problems.length === 0) await write(client, changes, breathe);
    await client.query('COMMIT');
    const count = (kind: Change['kind']) => changes.filter((one) => one.kind === kind).length;
    return {
      dryRun,
      rows: file.rowCount,
      created: count('created'),
      updated: count('updated'),
      unchanged: count('unchanged'),
      problems: problems.toSorted((a, b) => a.row - b.row),
    };
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  } finally {
    await client.end().catch(() => {});
  }
}

async function findKnown(client: pg.Client, rows: readonly CheckedRow[]): Promise<Map<string, Stored>> {
  const { rows: found } = await client.query<Stored>({
    name: 'import-known',
    text: `SELECT p.e164, c.id, c.name, c.kana, c.company, c.owner, c.team
           FROM customer_phone p JOIN customer c ON c.id = p.customer WHERE p.e164 = ANY($1::text[])`,
    values: [rows.flatMap((row) => row.phones)],
  });
  return new Map(found.map((one) => [one.e164, one]));
}

/** What a row means for the database. @param claimed row number by customer that an earlier row of the file is about */
function decide(
  row: CheckedRow,
  known: ReadonlyMap<string, Stored>,
  claimed: Map<string, number>,
  problems: ImportResult['problems'],
): Change | null {
  const owners = new Map<string, Stored>();
  for (const phone of row.phones) {
    const stored = known.get(phone);
    if (stored) owners.set(stored.id, stored);
  }
  const [stored] = owners.values();
  if (!stored) {
    const fields = { kana: null, company: null, owner: null, team: null, ...row.fields, id: newId() };
    return { kind: 'created', fields, newPhones: row.phones };
  }
  if (owners.size > 1 || claimed.has(stored.id)) {
    const value = row.phones.find((phone) => known.has(phone)) ?? null;
    problems.push({ row: row.row, column: 'phones', code: 'phone-belongs-to-another', value });
    return null;
  }
  claimed.set(stored.id, row.row);
  const { e164: _, ...before } = stored;
  const fields: CustomerFields = { ...before, ...row.fields };
  const newPhones = row.phones.filter((phone) => !known.has(phone));
  const same = newPhones.length === 0 && keys.every((key) => fields[key] === before[key]);
  return { kind: same ? 'unchanged' : 'updated', fields, newPhones };
}

const keys = ['name', 'kana', 'company', 'owner', 'team'] as const;

async function write(client: pg.Client, changes: readonly Change[], breathe: () => Promise<void>): Promise<void> {
  const news = changes.filter((one) => one.kind !== 'unchanged');
  // The database writes one slice while the next is made ready.
  let writing: Promise<unknown> = Promise.resolve();
  for (const slice of chunks(news, 1_000)) {
    const rows: string[] = [];
    for (const one of slice) {
      rows.push(JSON.stringify(customerRow(one.fields)));
      await breathe();
    }
    const phones = slice.flatMap((one) =>
      one.newPhones.map((e164, position) => ({
        e164,
        customer: one.fields.id,
        // Behind those that the customer has already.
        position: one.kind === 'created' ? position : 100 + position,
      })),
    );
    await writing;
    writing = Promise.all([
      client.query({ name: 'import-customers', text: saveCustomersSql, values: [`[${rows.join(',')}]`] }),
      client.query({ name: 'import-phones', text: savePhonesSql, values: [JSON.stringify(phones)] }),
    ]);
    writing.catch(() => {}); // awaited above, or below
  }
  await writing;
}

/** For as many customers at once is chance drawn: a call for each costs more than anything else about a row. */
const drawn = 1_000;
const idBytes = 10;
let chance = Buffer.alloc(0);
function newId(): string {
  if (chance.length < idBytes) chance = randomBytes(drawn * idBytes);
  const bytes = chance.subarray(0, idBytes);
  chance = chance.subarray(idBytes);
  return mintId('cu', epochMs(Date.now()), bytes);
}
