/** The agents: what each says, which desks and which line they have, and what follows from it. Their calls come from the conversations. */
import {
  type AgentId,
  type AgentFacts,
  type EpochMs,
  type FloorAgent,
  type FloorIndex,
  type LineId,
  type TeamId,
  presenceState,
  indexFloor,
  whyNot,
} from '@denwaban/core';
import type { AgentView, AwayReason, PresenceView } from '@denwaban/core/wire';
import type { DeskListener, Person } from '../services.js';
import type { Engaged } from './living.js';

export interface RosterAgent {
  person: Person;
  says: 'available' | 'away';
  reason: AwayReason | null;
  desks: Set<DeskListener>;
  /** Which desk opened the line, and whether its heartbeat comes back. */
  line: { id: LineId; desk: DeskListener; proven: boolean } | null;
  state: PresenceView['state'];
  since: EpochMs;
  /** When they last became free by their own doing; an offer that fell through does not count. */
  idleSince: EpochMs;
  /** Since when the audio path or the last desk is missing though a call or an offer needs it; null: all is well. */
  missingSince: EpochMs | null;
  /** Their call outlived a process of ours: until then they may stay away. */
  backBy: EpochMs | null;
}

/** Holds the line of an agent whose desk is still on its way back. */
export const noDesk: DeskListener = { state() {}, lineLost() {} };

export interface Roster {
  get(id: AgentId): RosterAgent | null;
  all(): Iterable<RosterAgent>;
  /** Works out anew what is so. @returns true when the state changed */
  refresh(agent: RosterAgent, engaged: Engaged | null, now: EpochMs): boolean;
  /** As routing sees everybody, now: a `refresh` changes it. */
  readonly floor: FloorIndex;
}

/** @param onFloor routing sees this agent otherwise than before */
export function createRoster(
  people: readonly Person[],
  now: EpochMs,
  onFloor: (agent: FloorAgent) => void = () => {},
): Roster {
  const agents = new Map<AgentId, RosterAgent>();
  for (const person of people) {
    agents.set(person.id, {
      person,
      says: person.says,
      reason: person.reason,
      desks: new Set(),
      line: null,
      state: 'offline',
      since: now,
      idleSince: now,
      missingSince: null,
      backBy: null,
    });
  }
  const floor = keptFloor(people.map(({ id, team }) => ({ id, team, whyNot: whyNot('offline'), since: now })));

  function show(agent: RosterAgent): void {
    const before = floor.byId.get(agent.person.id);
    if (before === undefined) return;
    const because = whyNot(agent.state);
    if (because === before.whyNot && agent.idleSince === before.since) return;
    const after = { id: before.id, team: before.team, whyNot: because, since: agent.idleSince };
    floor.replace(before, after);
    onFloor(after);
  }
  return {
    get: (id) => agents.get(id) ?? null,
    all: () => agents.values(),
    refresh(agent, engaged, at) {
      const facts: AgentFacts = {
        says: agent.says,
        connected: agent.desks.size > 0,
        proven: agent.line?.proven === true,
        engaged,
      };
      const state = presenceState(facts);
      const needed = engaged === 'talking' || engaged === 'offered';
      const missing = needed && !(facts.proven && (facts.connected || engaged === 'talking'));
      agent.missingSince = missing ? (agent.missingSince ?? at) : null;
      const changed = state !== agent.state;
      if (changed) {
        if (state === 'available' && agent.state !== 'offered') agent.idleSince = at;
        agent.state = state;
        agent.since = at;
      }
      show(agent);
      return changed;
    },
    floor,
  };
}

/** Routing may hold what it was shown: whoever changes is replaced. roster.test.ts holds it against `indexFloor`. */
function keptFloor(list: FloorAgent[]): FloorIndex & { replace(before: FloorAgent, after: FloorAgent): void } {
  const byId = new Map(list.map((one) => [one.id, one]));
  const places = new Map(list.map(({ id }, place) => [id, place]));
  const byTeam = new Map<TeamId, FloorAgent[]>();
  for (const [team, members] of indexFloor(list).byTeam) byTeam.set(team, [...members]);
  const free = new Set<FloorAgent>();
  return {
    agents: list,
    byId,
    byTeam,
    free,
    replace(before, after) {
      list[places.get(after.id) ?? list.length] = after;
      byId.set(after.id, after);
      const team = after.team === null ? undefined : byTeam.get(after.team);
      if (team !== undefined) team[team.indexOf(before)] = after;
      free.delete(before);
      if (after.whyNot === null) free.add(after);
    },
  };
}

export const presenceView = (agent: RosterAgent): PresenceView => ({
  says: agent.says,
  reason: agent.says === 'away' ? agent.reason : null,
  state: agent.state,
  since: agent.since,
});

export function agentView(agent: RosterAgent): AgentView {
  const { id, name, kana, role, team, teamName } = agent.person;
  return {
    id,
    name,
    kana,
    role,
    team: team === null ? null : { id: team, name: teamName ?? '' },
    presence: presenceView(agent),
  };
}
