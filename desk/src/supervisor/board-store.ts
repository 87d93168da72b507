/**
 * The floor as the board knows it: one entry per person, each with listeners of its own, so that a change draws one tile. The
 * list itself (who is shown, in which order) is told of at most once a second.
 */
import type { AgentView, BoardMessage, PresenceState } from '@denwaban/core/wire';

export type Counts = Record<PresenceState, number>;

export interface BoardSummary {
  counts: Counts;
  people: number;
  waiting: BoardMessage['waiting'];
}

const noCounts = (): Counts => ({
  offline: 0,
  away: 0,
  connecting: 0,
  available: 0,
  offered: 0,
  talking: 0,
  'wrap-up': 0,
});

const listEveryMs = 1_000;

export class BoardStore {
  readonly #agents = new Map<string, AgentView>();
  readonly #listeners = new Map<string, Set<() => void>>();
  readonly #listListeners = new Set<() => void>();
  readonly #summaryListeners = new Set<() => void>();
  readonly #later: (delayMs: number, run: () => void) => void;
  #list: readonly AgentView[] = [];
  #listStale = false;
  #summary: BoardSummary = { counts: noCounts(), people: 0, waiting: [] };

  /** @param later runs something after a delay; given by tests, else the page's own timer */
  constructor(later: (delayMs: number, run: () => void) => void = (ms, run) => void setTimeout(run, ms)) {
    this.#later = later;
  }

  /** Takes a message of the server: everybody (`full`), or those who changed. */
  take(message: BoardMessage): void {
    const { counts } = this.#summary;
    const next = { ...counts };
    if (message.full) {
      const here = new Set(message.agents.map((agent) => agent.id));
      for (const [id, gone] of this.#agents) {
        if (here.has(id)) continue;
        next[gone.presence.state] -= 1;
        this.#agents.delete(id);
      }
    }
    for (const agent of message.agents) {
      const before = this.#agents.get(agent.id);
      if (before) next[before.presence.state] -= 1;
      next[agent.presence.state] += 1;
      this.#agents.set(agent.id, agent);
      for (const listener of this.#listeners.get(agent.id) ?? []) listener();
    }
    this.#summary = { counts: next, people: this.#agents.size, waiting: message.waiting };
    for (const listener of this.#summaryListeners) listener();
    if (message.full || this.#list.length !== this.#agents.size) this.#renewList();
    else if (!this.#listStale) {
      this.#listStale = true;
      this.#later(listEveryMs, () => this.#listStale && this.#renewList());
    }
  }

  #renewList(): void {
    this.#listStale = false;
    this.#list = [...this.#agents.values()];
    for (const listener of this.#listListeners) listener();
  }

  readonly agent = (id: string): AgentView | undefined => this.#agents.get(id);
  readonly list = (): readonly AgentView[] => this.#list;
  readonly summary = (): BoardSummary => this.#summary;

  readonly subscribeList = (listener: () => void): (() => void) => add(this.#listListeners, listener);
  readonly subscribeSummary = (listener: () => void): (() => void) => add(this.#summaryListeners, listener);

  readonly subscribeAgent = (id: string, listener: () => void): (() => void) => {
    const of = this.#listeners.get(id) ?? new Set();
    this.#listeners.set(id, of);
    of.add(listener);
    return () => {
      of.delete(listener);
      if (of.size === 0 && this.#listeners.get(id) === of) this.#listeners.delete(id);
    };
  };
}

function add(set: Set<() => void>, listener: () => void): () => void {
  set.add(listener);
  return () => set.delete(listener);
}
