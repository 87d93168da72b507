/** Rows of a customer file against what a customer has to be: a name, at least one number, an owner and a team that exist. */
import type { E164 } from '@denwaban/core';
import type { People } from '../services.js';
import { problem, type CsvFile, type CsvRow, type ImportProblem } from './import-csv.js';
import type { CustomerFields } from './customer-row.js';
import { normalise } from './normalise.js';
import { foldText } from './search-text.js';

export interface CheckedRow {
  row: number;
  /** Only the fields that the file has a column for. */
  fields: Partial<CustomerFields> & Pick<CustomerFields, 'name'>;
  phones: E164[];
}

const separators = /[;；、,\n/|]+/;

export async function checkRows(
  file: CsvFile,
  people: Pick<People, 'all' | 'byEmail' | 'teams'>,
  breathe: () => Promise<void>,
): Promise<{ rows: CheckedRow[]; problems: ImportProblem[] }> {
  const problems: ImportProblem[] = [];
  const rows: CheckedRow[] = [];
  const seen = new Set<E164>();
  const owners = ownerLookup(people);
  const teams = new Map(
    people.teams().flatMap((team) => [
      [team.id as string, team.id],
      [foldText(team.name), team.id],
    ]),
  );
  // The headings were useless: one problem says so, not one for every row.
  if (!file.columns.has('name') || !file.columns.has('phones')) return { rows, problems };

  for (const one of file.rows) {
    const found: ImportProblem[] = [];
    const name = one.cells.get('name') ?? '';
    if (name === '') found.push(problem(one.row, 'name', 'missing-name', null));
    const phones = phonesOf(one, seen, found);
    const fields: CheckedRow['fields'] = { name };
    if (file.columns.has('kana')) fields.kana = one.cells.get('kana') || null;
    if (file.columns.has('company')) fields.company = one.cells.get('company') || null;
    if (file.columns.has('owner')) fields.owner = named(one, 'owner', owners, 'unknown-owner', found);
    if (file.columns.has('team'))
      fields.team = named(one, 'team', (text) => teams.get(text) ?? teams.get(foldText(text)), 'unknown-team', found);
    if (found.length === 0) rows.push({ row: one.row, fields, phones });
    else problems.push(...found);
    await breathe();
  }
  return { rows, problems };
}

function phonesOf(one: CsvRow, seen: Set<E164>, found: ImportProblem[]): E164[] {
  const written = (one.cells.get('phones') ?? '')
    .split(separators)
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (written.length === 0) found.push(problem(one.row, 'phones', 'no-phone', null));
  const phones = new Set<E164>();
  for (const part of written) {
    const number = normalise(part);
    if (number === null) found.push(problem(one.row, 'phones', 'bad-phone', part));
    else if (seen.has(number) && !phones.has(number))
      found.push(problem(one.row, 'phones', 'duplicate-phone-in-file', part));
    else {
      phones.add(number);
      seen.add(number);
    }
  }
  return [...phones];
}

function named(
  one: CsvRow,
  column: 'owner' | 'team',
  lookup: (text: string) => string | undefined,
  code: 'unknown-owner' | 'unknown-team',
  found: ImportProblem[],
): string | null {
  const text = one.cells.get(column) ?? '';
  if (text === '') return null;
  const id = lookup(text);
  if (id === undefined) found.push(problem(one.row, column === 'owner' ? 'owner_email' : column, code, text));
  return id ?? null;
}

/** By e-mail address, or by name when only one person has it. */
function ownerLookup(people: Pick<People, 'all' | 'byEmail'>): (text: string) => string | undefined {
  const byName = new Map<string, string | null>();
  for (const person of people.all()) {
    const name = foldText(person.name);
    byName.set(name, byName.has(name) ? null : person.id);
  }
  return (text) => people.byEmail(text)?.id ?? byName.get(foldText(text)) ?? undefined;
}
