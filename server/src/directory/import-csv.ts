/** A customer file as text to rows of cells: any of the usual separators, Japanese or English headings, each row with its number. */
import { Parser, type CsvError } from 'csv-parse';
import type { ImportResult } from '@denwaban/core/wire';
import { foldText } from './search-text.js';

export type ImportColumn = 'name' | 'kana' | 'company' | 'phones' | 'owner' | 'team';
export type ImportProblem = ImportResult['problems'][number];

export interface CsvRow {
  /** 1 is the first row after the headings. */
  row: number;
  /** Trimmed; a column that occurs several times (two numbers) has its cells joined by `;`. */
  cells: Map<ImportColumn, string>;
}

export interface CsvFile {
  columns: ReadonlySet<ImportColumn>;
  rows: CsvRow[];
  /** Rows after the headings, unreadable ones included. */
  rowCount: number;
  problems: ImportProblem[];
}

/** Headings that mean a column, folded, without spaces and digits at the end (電話番号2). */
const headings: Readonly<Record<ImportColumn, readonly string[]>> = {
  name: ['name', 'customer', 'customername', 'fullname', '氏名', '名前', 'お名前', '顧客名', '顧客', 'お客様名'],
  kana: [
    'kana',
    'namekana',
    'furigana',
    'reading',
    'フリガナ',
    'カナ',
    '氏名カナ',
    'カナ氏名',
    'よみ',
    'よみがな',
    '読み',
  ],
  company: ['company', 'companyname', 'organization', 'organisation', '会社', '会社名', '法人名', '勤務先', '企業名'],
  phones: [
    'phones',
    'phone',
    'phonenumber',
    'phonenumbers',
    'telephone',
    'tel',
    'mobile',
    '電話',
    '電話番号',
    '携帯',
    '携帯電話',
    '携帯番号',
    '携帯電話番号',
    '連絡先',
  ],
  owner: ['owneremail', 'owner', 'agent', '担当', '担当者', '担当者名', '担当者メール', '担当メール'],
  team: ['team', 'group', 'department', 'チーム', '担当チーム', '部署', '部門'],
};
const columnOf = new Map<string, ImportColumn>(
  Object.entries(headings).flatMap(([column, names]) =>
    names.map((name) => [headingKey(name), column as ImportColumn] as const),
  ),
);

/** Never throws for what a file may hold: what cannot be read is a problem of its row. */
export async function readCsv(csv: string, breathe: () => Promise<void>): Promise<CsvFile> {
  const text = csv.startsWith('\ufeff') ? csv.slice(1) : csv;
  const file: CsvFile = { columns: new Set(), rows: [], rowCount: 0, problems: [] };
  let columns: (ImportColumn | null)[] | null = null;
  const take = ({ record, error }: { record: string[]; error: CsvError | null }) => {
    if (!error && record.every((cell) => cell.trim() === '')) return; // what spreadsheets leave below the last row
    if (columns === null) {
      columns = record.map((heading) => columnOf.get(headingKey(heading)) ?? null);
      file.columns = new Set(columns.filter((column) => column !== null));
      for (const needed of ['name', 'phones'] as const) {
        if (!file.columns.has(needed))
          file.problems.push(problem(0, needed, 'unreadable-row', record.join(',').slice(0, 200)));
      }
      return;
    }
    file.rowCount++;
    if (error) file.problems.push(problem(file.rowCount, null, 'unreadable-row', error.code));
    else takeRow(file, columns, record);
  };

  for await (const one of records(text, separatorOf(text))) {
    take(one);
    await breathe();
  }
  if (columns === null) file.problems.push(problem(0, 'name', 'unreadable-row', null));
  return file;
}

function takeRow(file: CsvFile, columns: readonly (ImportColumn | null)[], record: readonly string[]): void {
  const row = file.rowCount;
  if (record.slice(columns.length).some((cell) => cell.trim() !== '')) {
    file.problems.push(problem(row, null, 'too-many-columns', record[columns.length] ?? null));
    return;
  }
  const cells = new Map<ImportColumn, string>();
  columns.forEach((column, i) => {
    if (column === null) return;
    const cell = (record[i] ?? '').trim();
    const before = cells.get(column);
    cells.set(column, before ? [before, cell].filter((part) => part !== '').join(';') : cell);
  });
  file.rows.push({ row, cells });
}

/** Feeds the parser a piece at a time and hands its records on as they come, so that neither side runs away with the thread. */
async function* records(text: string, delimiter: string): AsyncGenerator<{ record: string[]; error: CsvError | null }> {
  let ready: { record: string[]; error: CsvError | null }[] = [];
  const parser = new Parser({
    delimiter,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: 1_000_000,
  });
  const failures: CsvError[] = [];
  const push = (record: string[]) => void ready.push({ record, error: null });
  parser.on('data', push);
  parser.on('error', (error: CsvError) => void failures.push(error));
  for (let at = 0; at < text.length && failures.length === 0; at += 16_384) {
    parser.write(text.slice(at, at + 16_384));
    await new Promise((resolve) => setImmediate(resolve));
    const now = ready;
    ready = [];
    yield* now;
  }
  if (failures.length === 0) {
    await new Promise<void>((resolve) => {
      parser.once('end', resolve);
      parser.once('error', () => resolve());
      parser.end();
    });
  }
  yield* ready;
  for (const error of failures.slice(0, 1)) yield { record: [], error };
}

/** Comma, tab or semicolon: whichever the heading line has most of. */
function separatorOf(text: string): string {
  const line = text.slice(0, Math.min(text.length, 2_000)).split(/\r?\n/, 1)[0] ?? '';
  const count = (separator: string) => line.split(separator).length;
  return [',', '\t', ';'].toSorted((a, b) => count(b) - count(a))[0] ?? ',';
}

function headingKey(heading: string): string {
  return foldText(heading).replace(/[\s_]|\d+$/g, '');
}

export const problem = (
  row: number,
  column: string | null,
  code: ImportProblem['code'],
  value: string | null,
): ImportProblem => ({ row, column, code, value: value === null ? null : value.slice(0, 200) });
