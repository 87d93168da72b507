/** Who is there, as the server tells it: everybody once, then who changed. Pure. */
import type { AgentView, ColleaguesMessage } from '@denwaban/core/wire';

export interface Colleagues {
  version: string;
  agents: readonly AgentView[];
}

/** @returns what is so after this message, or null when something between is missing and everybody must be asked for anew */
export function takeColleagues(before: Colleagues | null, message: ColleaguesMessage): Colleagues | null {
  const { version, since, agents } = message;
  if (since === null) return { version, agents };
  if (before === null || before.version !== since) return null;
  const changed = new Map(agents.map((agent) => [agent.id, agent]));
  const kept = before.agents.map((agent) => {
    const now = changed.get(agent.id);
    changed.delete(agent.id);
    return now ?? agent;
  });
  return { version, agents: [...kept, ...changed.values()] };
}
