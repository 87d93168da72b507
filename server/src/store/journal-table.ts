/** The journal's statements, on a connection of its own so that nothing else stands in the way of a phone call. */
import {
  type Conversation,
  type ConversationEvent,
  type ConversationId,
  fold,
  upcast,
  upcastRecord,
} from '@denwaban/core';
import { toJsonb } from './json.js';
import { ownClient } from './own-client.js';
import type { Waiting } from './journal.js';

/** What changes in the table of the unsettled conversations together with a batch of events. */
export interface Marks {
  /** Not in it yet, as far as we know. */
  begun: readonly ConversationId[];
  /** Closed, and the row says so. */
  settled: readonly ConversationId[];
}

/** A conversation that is open, or whose row may be behind. */
export interface Unsettled {
  id: ConversationId;
  /** What its events fold to; null when they do not: written by a newer release, or by hand. */
  record: Conversation | null;
  /** When its last event happened, if the row lacks that. */
  rowLacks: ConversationEvent['at'] | null;
}

export interface JournalTable {
  /** One transaction, one round trip. */
  write(batch: readonly Waiting[], marks: Marks): Promise<void>;
  /** True when `batch` is stored already. It is stored whole or not at all, so its first event tells. */
  holds(batch: readonly Waiting[]): Promise<boolean>;
  unsettled(): Promise<Unsettled[]>;
  events(conversation: ConversationId): Promise<ConversationEvent[]>;
  /** Lets the connection go; the next statement makes a new one. */
  disconnect(): void;
}

export function journalTable(url: string): JournalTable {
  const client = ownClient(url);
  return {
    async write(batch, { begun, settled }) {
      const events = columnsOf(batch.flatMap((one) => one.events));
      const query =
        begun.length === 0 && settled.length === 0
          ? { name: 'journal-append', text: appendSql, values: events }
          : {
              name: 'journal-append-and-mark',
              text: appendAndMarkSql,
              values: [...events, list(begun), list(settled)],
            };
      await (await client.get()).query(query);
    },
    async holds(batch) {
      const event = batch[0]?.events[0];
      if (!event) return true;
      const { conversation, seq, type } = event;
      const values = [conversation, seq, type, factsOf(event)];
      const found = await (await client.get()).query<{ same: boolean }>(holdsSql, values);
      return found.rows[0]?.same ?? false;
    },
    async unsettled() {
      const found = await (
        await client.get()
      ).query<{ id: ConversationId; record: Conversation | null; events: Stored[] | null }>(unsettledSql);
      return found.rows.map(({ id, record, events }): Unsettled => {
        const later = (events ?? []).map((event) => asEvent(id, event));
        const rowLacks = later.at(-1)?.at ?? null;
        try {
          return { id, record: fold(record && upcastRecord(record), later), rowLacks };
        } catch {
          return { id, record: null, rowLacks };
        }
      });
    },
    async events(conversation) {
      const found = await (
        await client.get()
      ).query<Stored>({ name: 'journal-events', text: eventsSql, values: [conversation] });
      return found.rows.map((event) => asEvent(conversation, event));
    },
    disconnect: () => client.disconnect(),
  };
}

interface Stored {
  seq: number;
  /** Epoch ms. */
  at: number;
  type: string;
  v: number;
  facts: object;
}

const asEvent = (conversation: ConversationId, { seq, at, type, v, facts }: Stored) =>
  upcast({ type, v, conversation, seq, at, ...facts });

/** One array a column, and the facts a line each: JSON of everything would cost the database a quarter more to take apart. */
function columnsOf(events: readonly ConversationEvent[]): string[] {
  return [
    list(events.map((event) => event.conversation)),
    list(events.map((event) => event.seq)),
    list(events.map((event) => event.at)),
    list(events.map((event) => event.type)),
    list(events.map((event) => event.v)),
    // JSON escapes every line break in a string, so none is left in it.
    events.map(factsOf).join('\n'),
  ];
}

/** Ids, types and numbers need no quotes. */
const list = (values: readonly (string | number)[]) => `{${values.join(',')}}`;

function factsOf({ conversation: _1, seq: _2, at: _3, type: _4, v: _5, ...facts }: ConversationEvent): string {
  return toJsonb(facts);
}

const appendSql = `
  INSERT INTO conversation_event (conversation, seq, at, type, v, facts)
  SELECT e.conversation, e.seq, to_timestamp(e.at / 1000), e.type, e.v, e.facts::jsonb
  FROM ROWS FROM (
    unnest($1::text[]), unnest($2::integer[]), unnest($3::float8[]), unnest($4::text[]), unnest($5::smallint[]),
    string_to_table($6, E'\\n')
  ) AS e(conversation, seq, at, type, v, facts)`;

const appendAndMarkSql = `
  WITH begun AS (
    INSERT INTO conversation_unsettled (id) SELECT unnest($7::text[]) ON CONFLICT DO NOTHING
  ), settled AS (
    DELETE FROM conversation_unsettled WHERE id = ANY ($8::text[])
  ) ${appendSql}`;

const holdsSql = `
  SELECT facts = $4::jsonb AND type = $3 AS same FROM conversation_event WHERE conversation = $1 AND seq = $2`;

const atSql = '(extract(epoch FROM at) * 1000)::float8';

const eventsSql = `
  SELECT seq, ${atSql} AS at, type, v, facts FROM conversation_event WHERE conversation = $1 ORDER BY seq`;

const unsettledSql = `
  SELECT u.id, coalesce(c.folded, c.record::json) AS record, (
      SELECT jsonb_agg(jsonb_build_object('seq', seq, 'at', ${atSql}, 'type', type, 'v', v, 'facts', facts) ORDER BY seq)
      FROM conversation_event WHERE conversation = u.id AND seq > coalesce(c.seq, 0)
    ) AS events
  FROM conversation_unsettled u LEFT JOIN conversation c ON c.id = u.id
  ORDER BY u.id`;
