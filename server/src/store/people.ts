/** Everybody who can sign in, held in memory: a few hundred rows that every call and every screen asks for. */
import type { AgentId, EpochMs, TeamId } from '@denwaban/core';
import type { PresenceView, Role } from '@denwaban/core/wire';
import type pg from 'pg';
import { verifyPassword } from '../auth/passwords.js';
import type { People, Person } from '../services.js';

export interface StoredPeople extends People {
  /** Reads them again: after an import, or when another node changed them. */
  reload(): Promise<void>;
  teamOf(agent: AgentId): TeamId | null;
}

interface Row {
  id: AgentId;
  email: string;
  name: string;
  kana: string | null;
  role: Role;
  team: TeamId | null;
  team_name: string | null;
  password_hash: string;
  says: 'available' | 'away';
  reason: PresenceView['reason'];
  says_since: Date;
}

export async function loadPeople(pool: pg.Pool): Promise<StoredPeople> {
  let people: Person[] = [];
  let byId = new Map<string, Person>();
  let byEmail = new Map<string, Person>();
  let hashes = new Map<string, string>();
  let teams: { id: TeamId; name: string }[] = [];

  async function reload(): Promise<void> {
    const [agents, groups] = await Promise.all([
      pool.query<Row>(
        `SELECT a.id, a.email, a.name, a.kana, a.role, a.team, t.name AS team_name, a.password_hash, a.says, a.reason, a.says_since
         FROM agent a LEFT JOIN team t ON t.id = a.team ORDER BY a.id`,
      ),
      pool.query<{ id: TeamId; name: string }>('SELECT id, name FROM team ORDER BY id'),
    ]);
    teams = groups.rows;
    people = agents.rows.map((row) => ({
      id: row.id,
      email: row.email,
      name: row.name,
      kana: row.kana,
      role: row.role,
      team: row.team,
      teamName: row.team_name,
      says: row.says,
      reason: row.reason,
      saysSince: row.says_since.getTime() as EpochMs,
    }));
    byId = new Map(people.map((person) => [person.id, person]));
    byEmail = new Map(people.map((person) => [person.email, person]));
    hashes = new Map(agents.rows.map((row) => [row.id, row.password_hash]));
  }
  await reload();

  return {
    reload,
    all: () => people,
    byId: (id) => byId.get(id) ?? null,
    byEmail: (email) => byEmail.get(email.trim().toLowerCase()) ?? null,
    teams: () => teams,
    teamOf: (agent) => byId.get(agent)?.team ?? null,
    async verify(email, password) {
      const person = byEmail.get(email.trim().toLowerCase()) ?? null;
      const matches = await verifyPassword(person && (hashes.get(person.id) ?? null), password);
      return matches ? person : null;
    },
    async saveSays(id, says, reason, at) {
      const person = byId.get(id);
      if (!person) return;
      await pool.query({
        name: 'agent-says',
        text: 'UPDATE agent SET says = $2, reason = $3, says_since = $4 WHERE id = $1',
        values: [id, says, reason, new Date(at)],
      });
      Object.assign(person, { says, reason, saysSince: at });
    },
  };
}
