/** The journal's statements, on a connection of its own so that nothing else stands in the way of a phone call. */
import {
  type Conversation,
  type ConversationEvent,
  type ConversationId,
  type EpochMs,
  upcast,
  upcastRecord,
} from '@denwaban/core';
import type pg from 'pg';
import { makeClient } from './connection.js';
import { toJsonb } from './json.js';
import type { Waiting } from './journal.js';
import type { ConversationRow } from './projection.js';

/** A statement that takes longer than this is taken for lost with its connection, and asked about on a new one. */
const statementMs = 15_000;

export interface JournalTable {
  /** One transaction, one round trip. */
  write(batch: readonly Waiting[]): Promise<void>;
  /** True when `batch` is stored already. It is stored whole or not at all, so its first event tells. */
  holds(batch: readonly Waiting[]): Promise<boolean>;
  open(): Promise<Conversation[]>;
  events(conversation: ConversationId): Promise<ConversationEvent[]>;
  /** Lets the connection go; the next statement makes a new one. */
  disconnect(): void;
}

export function journalTable(url: string, rowOf: (record: Conversation, at: EpochMs) => ConversationRow): JournalTable {
  let client: pg.Client | null = null;

  async function connection(): Promise<pg.Client> {
    if (client) return client;
    const fresh = makeClient(url, statementMs);
    fresh.once('end', () => {
      if (client === fresh) client = null;
    });
    await fresh.connect();
    return (client = fresh);
  }

  return {
    async write(batch) {
      // Of several appends to one conversation the last row says all.
      const latest = new Map(batch.map((one) => [one.conversation, one]));
      const rows = Array.from(latest.values(), ({ record, at }) => rowOf(record, at));
      const values = [`[${batch.map((one) => one.events).join(',')}]`, toJsonb(rows)];
      await (await connection()).query({ name: 'journal-append', text: appendSql, values });
    },
    async holds(batch) {
      const one = batch[0];
      if (!one) return true;
      const found = await (
        await connection()
      ).query<{ same: boolean }>(holdsSql, [one.conversation, one.first, `[${one.events}]`]);
      return found.rows[0]?.same ?? false;
    },
    async open() {
      const found = await (
        await connection()
      ).query<{ record: Conversation }>(
        'SELECT record FROM conversation WHERE closed_at IS NULL ORDER BY started_at, id',
      );
      return found.rows.map((row) => upcastRecord(row.record));
    },
    async events(conversation) {
      const found = await (
        await connection()
      ).query<{ seq: number; at: Date; type: string; v: number; facts: object }>({
        name: 'journal-events',
        text: 'SELECT seq, at, type, v, facts FROM conversation_event WHERE conversation = $1 ORDER BY seq',
        values: [conversation],
      });
      return found.rows.map(({ seq, at, type, v, facts }) =>
        upcast({ type, v, conversation, seq, at: at.getTime(), ...facts }),
      );
    },
    disconnect() {
      const old = client;
      client = null;
      // Not awaited: a server that has gone does not answer a farewell either.
      void old?.end().catch(() => {});
    },
  };
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
  ['record', 'jsonb'],
];
const names = columns.map(([name]) => name);
const selects = columns.map(([name, , select]) => select ?? `r.${name}`);
const types = columns.filter(([, type]) => type !== '').map(([name, type]) => `${name} ${type}`);
const updates = names.filter((name) => name !== 'id').map((name) => `${name} = excluded.${name}`);

const appendSql = `
  WITH appended AS (
    INSERT INTO conversation_event (conversation, seq, at, type, v, facts)
    SELECT e.conversation, e.seq, to_timestamp(e.at / 1000), e.type, e.v, e.facts
    FROM jsonb_to_recordset($1::jsonb)
      AS e(conversation text, seq integer, at double precision, type text, v smallint, facts jsonb)
  )
  INSERT INTO conversation (${names.join(', ')})
  SELECT ${selects.join(', ')}
  FROM jsonb_to_recordset($2::jsonb) AS r(${types.join(', ')}, lexemes text[])
  ON CONFLICT (id) DO UPDATE SET ${updates.join(', ')}
  WHERE conversation.seq < excluded.seq`;

const holdsSql = `
  SELECT e.facts = (given.events -> 0 -> 'facts') AND e.type = (given.events -> 0 ->> 'type') AS same
  FROM (SELECT $3::jsonb AS events) AS given
  JOIN conversation_event e ON e.conversation = $1 AND e.seq = $2`;
