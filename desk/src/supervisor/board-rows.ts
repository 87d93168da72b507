/** The board cut into rows for the virtual list: a heading per team, then its people side by side. Pure. */
import type { AgentView, PresenceState } from '@denwaban/core/wire';
import { fold } from '../words/index.js';

export type BoardRow =
  | { kind: 'team'; id: string; name: string | null; people: number }
  | { kind: 'people'; id: string; ids: string[] };

export interface BoardFilter {
  state: PresenceState | null;
  name: string;
  /** Shown first. */
  ownTeam: string | null;
}

const isOffline = (agent: AgentView) => agent.presence.state === 'offline';

/** @param columns how many tiles stand side by side, at least 1 */
export function boardRows(agents: readonly AgentView[], filter: BoardFilter, columns: number): BoardRow[] {
  const words = fold(filter.name);
  const teams = new Map<string, { name: string | null; agents: AgentView[] }>();
  for (const agent of agents) {
    if (filter.state && agent.presence.state !== filter.state) continue;
    if (words && !fold(agent.name).includes(words) && !fold(agent.kana ?? '').includes(words)) continue;
    const id = agent.team?.id ?? '';
    const team = teams.get(id) ?? { name: agent.team?.name ?? null, agents: [] };
    team.agents.push(agent);
    teams.set(id, team);
  }
  const order = [...teams].toSorted(
    ([a, one], [b, other]) =>
      Number(b === filter.ownTeam) - Number(a === filter.ownTeam) ||
      (one.name ?? '\uffff').localeCompare(other.name ?? '\uffff'),
  );
  const rows: BoardRow[] = [];
  for (const [id, team] of order) {
    rows.push({ kind: 'team', id, name: team.name, people: team.agents.length });
    // By name and not by state: people look for somebody where they were a moment ago. Who is not there at all comes last.
    const sorted = team.agents.toSorted(
      (a, b) =>
        Number(isOffline(a)) - Number(isOffline(b)) ||
        (a.kana ?? a.name).localeCompare(b.kana ?? b.name) ||
        (a.id < b.id ? -1 : 1),
    );
    for (let n = 0; n < sorted.length; n += columns) {
      const ids = sorted.slice(n, n + columns).map((agent) => agent.id);
      rows.push({ kind: 'people', id: ids[0] ?? '', ids });
    }
  }
  return rows;
}
