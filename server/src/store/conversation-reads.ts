/** Conversations as the screens read them: only what the viewer may see, newest first, each with names instead of ids. */
import {
  accessFacts,
  customerNumber,
  durations,
  epochMs,
  gradeOf,
  mayHear,
  upcastRecord,
  whoTalked,
  type AgentId,
  type Conversation,
  type ConversationId,
  type TeamId,
} from '@denwaban/core';
import type { ConversationDetail, ConversationQuery, ConversationSummary } from '@denwaban/core/wire';
import { sql, type Expression, type Kysely, type SqlBool } from 'kysely';
import { normalise } from '../directory/normalise.js';
import { textQuery } from '../directory/search-text.js';
import { locateRecording } from '../recordings/files.js';
import { Refusal, type ConversationReads, type Viewer } from '../services.js';
import { within } from './patience.js';
import type { StoredPeople } from './people.js';
import { dispositionOf } from './projection.js';
import type { Schema } from './schema.js';

export interface ConversationReadsOptions {
  db: Kysely<Schema>;
  people: Pick<StoredPeople, 'byId' | 'teams' | 'teamOf'>;
  dataDir: string;
  /** Resolves when the rows hold everything that happened, or the row of `conversation` does. */
  upToDate(conversation?: ConversationId): Promise<void>;
  now?(): number;
}

/** Who reads waits so long for rows that are still to be written, and no longer: a database that hangs keeps them for ever. */
const readMs = 5_000;

export function conversationReads(options: ConversationReadsOptions): ConversationReads {
  const { db, people, dataDir, now = Date.now } = options;
  const upToDate = (id?: ConversationId) =>
    within(options.upToDate(id), readMs, () => new Refusal('unavailable', 'the database does not answer'));

  async function visible(by: Viewer, id: ConversationId): Promise<Conversation | null> {
    await upToDate(id);
    const row = await db
      .selectFrom('conversation as c')
      .select(recordSql)
      .where('c.id', '=', id)
      .where(seenBy(by))
      .executeTakeFirst();
    return row === undefined ? null : upcastRecord(row.record);
  }

  return {
    async list(by, query) {
      let select = db
        .selectFrom('conversation as c')
        .select(recordSql)
        .where(seenBy(by))
        .orderBy('c.started_at', 'desc')
        .orderBy('c.id', 'desc')
        .limit(query.limit + 1);
      for (const condition of conditions(query)) select = select.where(condition);
      await upToDate();
      const rows = await select.execute();
      const items = rows.slice(0, query.limit).map((row) => summary(upcastRecord(row.record), by, people, now()));
      const last = rows[query.limit - 1]?.record;
      return { items, next: rows.length > query.limit && last ? `${last.startedAt}.${last.id}` : null };
    },
    async get(by, id) {
      const record = await visible(by, id);
      return record && detail(record, by, people, now());
    },
    async recording(by, id) {
      const record = await visible(by, id);
      if (!record?.recording || !mayHear(by, accessFacts(record, people.teamOf))) return null;
      const path = await locateRecording(dataDir, record.recording);
      return path === null ? null : { path, finished: record.recording.path !== null };
    },
  };
}

const recordSql = sql<Conversation>`coalesce(c.folded, c.record::json)`.as('record');

/** core's maySee in SQL; a test holds the two together. */
export function seenBy(by: Viewer): Expression<SqlBool> {
  if (by.role !== 'agent') return sql<boolean>`true`;
  const who = [by.id, ...(by.team === null ? [] : [by.team])];
  return sql<boolean>`c.seen_by && ${who}::text[]`;
}

/** Every filter of the query and its cursor. @throws Refusal for what cannot be understood */
function conditions(query: ConversationQuery): Expression<SqlBool>[] {
  const wanted: Expression<SqlBool>[] = [];
  if (query.from !== undefined) wanted.push(sql<boolean>`c.started_at >= ${time(query.from)}`);
  if (query.until !== undefined) wanted.push(sql<boolean>`c.started_at < ${time(query.until)}`);
  if (query.customer !== undefined) wanted.push(sql<boolean>`c.customer = ${query.customer}`);
  if (query.agent !== undefined) {
    // Whoever talked or placed the call may see it: that is what there is an index for.
    wanted.push(
      sql<boolean>`c.seen_by @> ARRAY[${query.agent}]::text[] AND (${query.agent} = ANY (c.agents) OR c."by" = ${query.agent})`,
    );
  }
  if (query.direction !== undefined) wanted.push(sql<boolean>`c.direction = ${query.direction}`);
  // Agents' ids lie in the same array, but none looks like a team's.
  if (query.team !== undefined) wanted.push(sql<boolean>`c.seen_by @> ARRAY[${query.team}]::text[]`);
  if (query.status !== undefined) wanted.push(sql<boolean>`c.status = ${query.status}`);
  if (query.end !== undefined) wanted.push(sql<boolean>`c."end" = ${query.end}`);
  if (query.number !== undefined) {
    const number = normalise(query.number);
    if (number === null) throw new Refusal('no-number', 'number');
    wanted.push(
      sql<boolean>`(c."from" = ${number} AND c.direction = 'inbound' OR c."to" = ${number} AND c.direction = 'outbound')`,
    );
  }
  if (query.q !== undefined && query.q.trim() !== '') {
    const text = textQuery(query.q);
    wanted.push(text === null ? sql<boolean>`false` : sql<boolean>`c.search @@ ${text.tsquery}::tsquery`);
    for (const word of text?.words ?? []) wanted.push(sql<boolean>`strpos(c.search_text, ${word}) > 0`);
  }
  if (query.cursor !== undefined) {
    const parts = /^(\d{1,15})\.(cv_[0-9a-z]{1,40})$/.exec(query.cursor);
    if (!parts) throw new Refusal('bad-request', 'cursor');
    wanted.push(sql<boolean>`(c.started_at, c.id) < (${time(Number(parts[1]))}, ${parts[2]})`);
  }
  return wanted;
}

const time = (ms: number) => sql`to_timestamp(${ms}::double precision / 1000)`;

type Names = ConversationReadsOptions['people'];

function summary(record: Conversation, by: Viewer, people: Names, now: number): ConversationSummary {
  const person = (id: AgentId) => named(people, id);
  return {
    id: record.id,
    status: record.status,
    channel: record.channel,
    startedAt: record.startedAt,
    endedAt: record.ended?.at ?? null,
    direction: record.direction,
    by: record.by && named(people, record.by),
    customerNumber: customerNumber(record),
    from: record.from,
    fromRaw: record.fromRaw,
    to: record.to,
    toName: record.toName,
    customer: record.customer,
    owner: record.owner && person(record.owner),
    team: record.team && teamNamed(people, record.team),
    agents: whoTalked(record).map(person),
    end: record.ended?.end ?? null,
    endedBy: record.ended?.by ?? null,
    endCause: record.ended?.cause ?? null,
    ...durations(record, epochMs(now)),
    disposition: dispositionOf(record),
    hasRecording: record.recording !== null && mayHear(by, accessFacts(record, people.teamOf)),
  };
}

function detail(record: Conversation, by: Viewer, people: Names, now: number): ConversationDetail {
  const person = (id: AgentId) => named(people, id);
  const brief = summary(record, by, people, now);
  return {
    ...brief,
    segments: record.segments.map(({ kind, agent, startedAt, endedAt }) => ({
      kind,
      agent: agent && person(agent),
      startedAt,
      endedAt,
    })),
    offers: record.offers.map(({ agent, target, offeredAt, ringingAt, closedAt, outcome }) => ({
      agent: person(agent),
      target,
      offeredAt,
      ringingAt,
      closedAt,
      outcome,
    })),
    trace: record.trace.map((one) => ({
      at: one.at,
      step: one.step,
      target: one.target,
      what: one.what,
      agent: one.agent && person(one.agent),
      because: one.because,
      passedOver: one.passedOver.map(({ agent, because }) => ({ agent: person(agent), because })),
    })),
    fax: record.faxAt !== undefined,
    lines: (record.lines ?? []).map(({ agent, since, spanMs, mean, worst }) => ({
      agent: agent && person(agent),
      since,
      spanMs,
      grade: gradeOf(mean.mos),
      worstGrade: gradeOf(worst.mos),
      mean,
      worst,
    })),
    wrapUps: record.wrapUps.map(({ agent, startedAt, endedAt, because, disposition, note }) => ({
      agent: person(agent),
      startedAt,
      endedAt,
      because,
      disposition,
      note,
    })),
    recording:
      brief.hasRecording && record.recording
        ? {
            id: record.recording.id,
            startedAt: record.recording.startedAt,
            durationMs: record.recording.durationMs,
            finished: record.recording.path !== null,
          }
        : null,
  };
}

/** Somebody who has left the company keeps their id for a name. */
const named = (people: Names, id: AgentId) => ({ id, name: people.byId(id)?.name ?? id });
const teamNamed = (people: Names, id: TeamId) => ({
  id,
  name: people.teams().find((team) => team.id === id)?.name ?? id,
});
