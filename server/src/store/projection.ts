/** The row of a conversation: the record itself, and beside it what is filtered, sorted, searched and reported by. */
import { accessFacts, durations, type AgentId, type Conversation, type EpochMs, type TeamId } from '@denwaban/core';
import { lexemes, searchText } from '../directory/search-text.js';

/** Times are epoch ms here; the journal's statement makes timestamps of them. */
export interface ConversationRow {
  id: string;
  seq: number;
  status: string;
  channel: string;
  started_at: number;
  ended_at: number | null;
  closed_at: number | null;
  direction: string;
  by: string | null;
  from: string | null;
  to: string;
  customer: string | null;
  owner: string | null;
  team: string | null;
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
  lexemes: string[];
  record: Conversation;
}

/** @param at when the last event happened: the end of what still lasts, as far as the row tells */
export function project(record: Conversation, at: EpochMs, teamOf: (agent: AgentId) => TeamId | null): ConversationRow {
  const access = accessFacts(record, teamOf);
  const lasted = durations(record, at);
  const text = searchText([
    record.customer?.name ?? null,
    record.customer?.kana ?? null,
    ...record.wrapUps.map((one) => one.note),
  ]);
  return {
    id: record.id,
    seq: record.seq,
    status: record.status,
    channel: record.channel,
    started_at: record.startedAt,
    ended_at: record.ended?.at ?? null,
    closed_at: record.closedAt,
    direction: record.direction,
    by: record.by,
    from: record.from,
    to: record.to,
    customer: record.customer?.id ?? null,
    owner: record.owner,
    team: record.team,
    agents: [...access.talked],
    seen_by: [
      ...new Set<string>([
        ...access.offered,
        ...(access.by === null ? [] : [access.by]),
        ...access.talked,
        ...access.teams,
      ]),
    ],
    end: record.ended?.end ?? null,
    ended_by: record.ended?.by ?? null,
    wait_ms: lasted.waitMs,
    ring_ms: lasted.ringMs,
    talk_ms: lasted.talkMs,
    hold_ms: lasted.holdMs,
    wrap_up_ms: lasted.wrapUpMs,
    disposition: dispositionOf(record),
    recording: record.recording?.id ?? null,
    search_text: text,
    lexemes: lexemes(text),
    record,
  };
}

/** What the last wrap-up that said one closed with. */
export const dispositionOf = (record: Pick<Conversation, 'wrapUps'>): string | null =>
  record.wrapUps.findLast((one) => one.disposition !== null)?.disposition ?? null;
