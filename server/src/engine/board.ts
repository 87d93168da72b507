/** The board's changes, gathered and sent at most four times a second: paint, not data, is what a board costs. */
import { type AgentId, type Conversation, customerNumber } from '@denwaban/core';
import type { BoardMessage } from '@denwaban/core/wire';
import type { EngineClock } from './clock.js';
import { isQueued, type Living } from './living.js';
import { agentView, type Roster, type RosterAgent } from './roster.js';

const periodMs = 250;
type Board = Omit<BoardMessage, 'seq'>;

/** Whether something else is to be seen of those who wait. */
function showsOtherwise(before: Conversation | null, after: Conversation): boolean {
  const [did, does] = [before !== null && isQueued(before), isQueued(after)];
  if (did !== does) return true;
  return does && (before?.customer !== after.customer || before?.waitingSince !== after.waitingSince);
}

export function createBoard(roster: Roster, living: Living, clock: EngineClock) {
  const listeners = new Set<(change: Board) => void>();
  const dirty = new Set<AgentId>();
  let waitingChanged = false;
  let cancel: (() => void) | null = null;

  const waiting = (): Board['waiting'] =>
    living.queued().map((one) => ({
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
    moved(before: Conversation | null, after: Conversation): void {
      if (!showsOtherwise(before, after)) return;
      waitingChanged = true;
      soon();
    },
    stop(): void {
      cancel?.();
      listeners.clear();
    },
  };
}
