/** The board's changes, gathered and sent at most four times a second: paint, not data, is what a board costs. */
import { type AgentId, type Conversation, customerNumber } from '@denwaban/core';
import type { BoardMessage } from '@denwaban/core/wire';
import type { EngineClock } from './clock.js';
import type { Conversations } from './conversations.js';
import { agentView, type Roster, type RosterAgent } from './roster.js';

const periodMs = 250;
type Board = Omit<BoardMessage, 'seq'>;

export function createBoard(roster: Roster, conversations: Conversations, clock: EngineClock) {
  const listeners = new Set<(change: Board) => void>();
  const dirty = new Set<AgentId>();
  let waitingChanged = false;
  let cancel: (() => void) | null = null;

  const waits = (one: Conversation) =>
    one.status === 'waiting' || one.status === 'offered' || one.status === 'arriving';
  const waiting = (): Board['waiting'] =>
    [...conversations.all()].filter(waits).map((one) => ({
      conversation: one.id,
      name: one.customer?.name ?? null,
      number: customerNumber(one),
      toName: one.toName,
      since: one.waitingSince ?? one.startedAt,
    }));
  const message = (full: boolean, agents: Iterable<RosterAgent>): Board => ({
    type: 'board',
    now: clock.now(),
    full,
    agents: [...agents].map(agentView),
    waiting: waiting(),
  });

  function flush(): void {
    cancel = null;
    const changed = [...dirty].flatMap((id) => roster.get(id) ?? []);
    dirty.clear();
    waitingChanged = false;
    if (listeners.size === 0) return;
    const change = message(false, changed);
    for (const listener of listeners) listener(change);
  }

  function soon(): void {
    if (cancel === null && (dirty.size > 0 || waitingChanged)) {
      cancel = clock.wakeAt((clock.now() + periodMs) as ReturnType<EngineClock['now']>, flush);
    }
  }

  return {
    full: (): Board => message(true, roster.all()),
    watch(listener: (change: Board) => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    agentChanged(id: AgentId): void {
      dirty.add(id);
      soon();
    },
    waitingMayHaveChanged(): void {
      waitingChanged = true;
      soon();
    },
    stop(): void {
      cancel?.();
      listeners.clear();
    },
  };
}
