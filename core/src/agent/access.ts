/**
 * Who may see a conversation and hear its recording. SPEC.md §ACC. The store keeps the same facts on the conversation's row and
 * asks the same question in SQL; a test holds the two together.
 */
import type { Conversation } from '../conversation/conversation.js';
import type { AgentId, TeamId } from '../ids.js';

/** What access depends on, as it was when the conversation's last event was stored. */
export interface AccessFacts {
  /** Everybody it was offered to. */
  offered: readonly AgentId[];
  /** Who placed the call; null: the customer called. */
  by: AgentId | null;
  /** Everybody who talked, in order of their first word. */
  talked: readonly AgentId[];
  /** The owner's team and the teams of those who talked or placed the call. */
  teams: readonly TeamId[];
}

export interface AccessViewer {
  id: AgentId;
  role: 'agent' | 'supervisor' | 'admin';
  team: TeamId | null;
}

/** @param teamOf the team that somebody is in now */
export function accessFacts(record: Conversation, teamOf: (agent: AgentId) => TeamId | null): AccessFacts {
  const talked = whoTalked(record);
  const { by } = record;
  const placers = by === null ? [] : [by];
  const teams = [record.team, ...[...placers, ...talked].map(teamOf)].filter((team) => team !== null);
  return { offered: unique(record.offers.map((offer) => offer.agent)), by, talked, teams: unique(teams) };
}

/** Agents whose voice the customer heard, in order. */
export function whoTalked(record: Pick<Conversation, 'segments'>): AgentId[] {
  const talk = record.segments.filter((one) => one.kind === 'talk');
  return unique(talk.map((one) => one.agent).filter((agent) => agent !== null));
}

/** Supervisors and admins see all; others what was offered to them, what they placed or talked in, and what is their team's. [ACC1] */
export function maySee(viewer: AccessViewer, facts: AccessFacts): boolean {
  if (viewer.role !== 'agent') return true;
  if (facts.by === viewer.id || facts.offered.includes(viewer.id) || facts.talked.includes(viewer.id)) return true;
  return viewer.team !== null && facts.teams.includes(viewer.team);
}

/** Supervisors and admins hear all; others only what they said themselves. [ACC2] */
export function mayHear(viewer: AccessViewer, facts: AccessFacts): boolean {
  return viewer.role !== 'agent' || facts.talked.includes(viewer.id);
}

const unique = <Item>(items: readonly Item[]): Item[] => [...new Set(items)];
