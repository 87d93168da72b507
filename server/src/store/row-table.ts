/** The statement that writes conversations' rows. */
import type pg from 'pg';
import { toJsonb } from './json.js';
import type { ConversationRow } from './projection.js';

/** One statement, one transaction. A row that is newer already stays as it is. */
export async function writeRows(client: pg.ClientBase, rows: readonly ConversationRow[]): Promise<void> {
  const copies = toJsonb(rows.map(({ record: _1, ...columns }) => columns));
  // A line each: JSON escapes every line break in a string, so none is left in it.
  const records = rows.map(({ record }) => toJsonb(record)).join('\n');
  await client.query({ name: 'conversation-rows', text: writeSql, values: [copies, records] });
}

/** Columns of the row, with the type each has in JSON. */
const columns: readonly [name: string, type: string, select?: string][] = [
  ['id', 'text'],
  ['seq', 'integer'],
  ['status', 'text'],
  ['channel', 'text'],
  ['started_at', 'double precision', 'to_timestamp(r.started_at / 1000)'],
  ['ended_at', 'double precision', 'to_timestamp(r.ended_at / 1000)'],
  ['closed_at', 'double precision', 'to_timestamp(r.closed_at / 1000)'],
  ['direction', 'text'],
  ['"by"', 'text'],
  ['"from"', 'text'],
  ['"to"', 'text'],
  ['customer', 'text'],
  ['owner', 'text'],
  ['team', 'text'],
  ['agents', 'text[]'],
  ['seen_by', 'text[]'],
  ['"end"', 'text'],
  ['ended_by', 'text'],
  ['wait_ms', 'integer'],
  ['ring_ms', 'integer'],
  ['talk_ms', 'integer'],
  ['hold_ms', 'integer'],
  ['wrap_up_ms', 'integer'],
  ['disposition', 'text'],
  ['recording', 'text'],
  ['search_text', 'text'],
  ['search', '', 'array_to_tsvector(r.lexemes)'],
  ['folded', '', 'r.folded::json'],
  // What a release before kept the record in.
  ['record', '', 'NULL'],
];
const names = columns.map(([name]) => name);
const selects = columns.map(([name, , select]) => select ?? `r.${name}`);
const copied = columns.filter(([, type]) => type !== '');
const types = copied.map(([name, type]) => `${name} ${type}`);
const typed = copied.map(([name]) => name);
const updates = names.filter((name) => name !== 'id').map((name) => `${name} = excluded.${name}`);

const writeSql = `
  INSERT INTO conversation (${names.join(', ')})
  SELECT ${selects.join(', ')}
  FROM ROWS FROM (
    jsonb_to_recordset($1::jsonb) AS (${types.join(', ')}, lexemes text[]), string_to_table($2, E'\\n')
  ) AS r(${[...typed, 'lexemes', 'folded'].join(', ')})
  ON CONFLICT (id) DO UPDATE SET ${updates.join(', ')}
  WHERE conversation.seq < excluded.seq`;
