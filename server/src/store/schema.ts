/** The tables as kysely sees them. Times come back as Date, arrays as arrays, jsonb parsed. */
import type { AgentId, Conversation, ConversationId, CustomerId, E164, TeamId } from '@denwaban/core';
import type { PresenceView, Role } from '@denwaban/core/wire';
import { Kysely, PostgresDialect, type ColumnType, type Generated } from 'kysely';
import type pg from 'pg';

export interface Schema {
  team: { id: TeamId; name: string };
  agent: {
    id: AgentId;
    email: string;
    name: string;
    kana: string | null;
    role: Role;
    team: TeamId | null;
    password_hash: string;
    says: Generated<'available' | 'away'>;
    reason: PresenceView['reason'];
    says_since: Generated<Date>;
    created_at: Generated<Date>;
  };
  number: { e164: E164; name: string };
  customer: {
    id: CustomerId;
    name: string;
    kana: string | null;
    company: string | null;
    owner: AgentId | null;
    team: TeamId | null;
    sort_key: string;
    search_text: string;
    search: string;
    created_at: Generated<Date>;
    updated_at: Generated<Date>;
  };
  customer_phone: { e164: E164; customer: CustomerId; position: number };
  conversation: {
    id: ConversationId;
    seq: number;
    status: string;
    channel: string;
    started_at: Date;
    ended_at: Date | null;
    closed_at: Date | null;
    direction: string;
    by: AgentId | null;
    from: E164 | null;
    to: E164;
    customer: CustomerId | null;
    owner: AgentId | null;
    team: TeamId | null;
    agents: string[];
    seen_by: string[];
    end: string | null;
    ended_by: string | null;
    wait_ms: number;
    ring_ms: number;
    talk_ms: number;
    hold_ms: number;
    wrap_up_ms: number;
    disposition: string | null;
    recording: string | null;
    search_text: string;
    search: string;
    /** The record; null in rows that a release before wrote: then it is in `record`. */
    folded: ColumnType<Conversation | null, string, string>;
    record: ColumnType<Conversation | null, string, string>;
  };
}

export const makeQueries = (pool: pg.Pool): Kysely<Schema> =>
  new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
