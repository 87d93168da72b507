/** Customers' legs by who is with them: looked up at each join and at each change of a line, however many calls are up. */
import type { AgentId, LegId, LineId } from '@denwaban/core';
import type { CustomerLeg } from './leg.js';

export interface TalkIndex {
  /** After each change of a leg; null: it is gone. */
  note(id: LegId, state: CustomerLeg | null): void;
  /** Those that this agent talks to, or called. A copy: it may be gone through while they change. */
  ofAgent(agent: AgentId): LegId[];
  /** Those that are talked to over this line. */
  ofLine(line: LineId): LegId[];
}

interface Keys {
  agent: AgentId | null;
  line: LineId | null;
}
const nobody: Keys = { agent: null, line: null };

export function createTalkIndex(): TalkIndex {
  const keys = new Map<LegId, Keys>();
  const byAgent = new Map<string, Set<LegId>>();
  const byLine = new Map<string, Set<LegId>>();

  function move(among: Map<string, Set<LegId>>, id: LegId, from: string | null, to: string | null): void {
    if (from === to) return;
    const left = from === null ? undefined : among.get(from);
    left?.delete(id);
    if (from !== null && left?.size === 0) among.delete(from);
    if (to === null) return;
    const joined = among.get(to);
    if (joined === undefined) among.set(to, new Set([id]));
    else joined.add(id);
  }

  return {
    note(id, state) {
      const before = keys.get(id) ?? nobody;
      const after = state === null ? nobody : keysOf(state);
      move(byAgent, id, before.agent, after.agent);
      move(byLine, id, before.line, after.line);
      if (after.agent === null) keys.delete(id);
      else keys.set(id, after);
    },
    ofAgent: (agent) => [...(byAgent.get(agent) ?? [])],
    ofLine: (line) => [...(byLine.get(line) ?? [])],
  };
}

function keysOf(state: CustomerLeg): Keys {
  if (state.status === 'placed') return { agent: state.agent, line: null };
  return 'talk' in state ? state.talk : nobody;
}
