/**
 * Conversations' rows, written some time after their events: most states of a call are overtaken before anybody looks at them, and
 * a row with its indexes costs the database ten times what an event costs. Nothing rests on them: whatever is missing is made again
 * from the events, so a crash between the two is not noticed.
 *
 *     follow ─▶ behind ─▶ after `rowsAfterMs`, or when a reader asks ─▶ one INSERT … ON CONFLICT of up to 50 ─▶ written
 *
 * Who reads one conversation waits for its row alone, which goes ahead of all others; who reads a list waits for everything that is
 * behind.
 */
import type { AgentId, Conversation, ConversationId, EpochMs, TeamId } from '@denwaban/core';
import { codeOf, isRefusal } from './connection.js';
import { ownClient } from './own-client.js';
import type { BackOff, Patience } from './patience.js';
import { project, type ConversationRow } from './projection.js';
import { writeRows } from './row-table.js';

export interface FollowingRowsOptions {
  url: string;
  teamOf(agent: AgentId): TeamId | null;
  patience: Patience;
  backOffMs: BackOff;
  rowsAfterMs?: number;
  /** The row of a closed record is written. */
  onClosed(conversation: ConversationId, seq: number): void;
  /** The database will never take it. */
  onRefused(conversation: ConversationId, code: string): void;
}

export interface FollowingRows {
  /** The record's events are on disk. @param at when the last of them happened */
  follow(record: Conversation, at: EpochMs): void;
  /** Resolves when everything followed so far, or of `conversation` alone, is written; rejects at the first try that fails. */
  upToDate(conversation?: ConversationId): Promise<void>;
  /** Writes what is behind, until `patience` is over. */
  close(): Promise<void>;
}

/** Waits for all that fell behind up to a turn, or for one of them. */
interface Reader {
  of: number | Behind;
  resolve(): void;
  reject(error: unknown): void;
}

interface Behind {
  record: Conversation;
  at: EpochMs;
  /** When it fell behind (`performance.now`), and as which of all that ever did. */
  since: number;
  turn: number;
}

/**
 * Who reads the database from outside sees a row within two seconds of its events. A call of a second is written once and not twice;
 * longer would save long calls little, while whoever reads a list waits for all that is behind: at 600 calls a second 900 rows.
 */
const usualAfterMs = 1_500;
/** A beat collects what fell due meanwhile; what a statement carries takes neither process longer than a few milliseconds. */
const beatMs = 50;
const statementMax = 50;

export function followingRows(options: FollowingRowsOptions): FollowingRows {
  const { teamOf, patience, backOffMs, onClosed, onRefused, rowsAfterMs = usualAfterMs } = options;
  const client = ownClient(options.url);
  /** In the order in which they fell behind. */
  const behind = new Map<ConversationId, Behind>();
  let turns = 0;
  /** Whatever fell behind up to here is due at once. */
  let asked = 0;
  /** Due before everything else. */
  const wanted = new Set<ConversationId>();
  /** What the statement under way writes. */
  let slice: readonly Behind[] = [];
  let readers: Reader[] = [];
  let running: Promise<void> | null = null;
  let timer: NodeJS.Timeout | null = null;
  let closed = false;

  function due(): Behind[] {
    const out: Behind[] = [];
    for (const id of wanted) {
      if (out.length === statementMax) return out;
      const one = behind.get(id);
      if (one !== undefined) out.push(one);
      behind.delete(id);
      wanted.delete(id);
    }
    const latest = performance.now() - rowsAfterMs;
    for (const [id, one] of behind) {
      if (out.length === statementMax || (one.turn > asked && one.since > latest)) break;
      out.push(one);
      behind.delete(id);
    }
    return out;
  }

  async function run(): Promise<void> {
    // Never done before its promise is kept in `running`, also when nothing is due.
    await Promise.resolve();
    if (timer) clearTimeout(timer);
    timer = null;
    try {
      for (slice = due(); slice.length > 0; slice = due()) {
        if (!(await write(slice))) return;
        tellReaders();
      }
    } finally {
      slice = [];
      running = null;
      rest();
    }
  }

  /** Those who have what they wait for. */
  function tellReaders(): void {
    const [oldest] = behind.values();
    const before = oldest?.turn ?? Infinity;
    const still: Reader[] = [];
    for (const reader of readers) {
      if (typeof reader.of === 'number' ? reader.of < before : slice.includes(reader.of)) reader.resolve();
      else still.push(reader);
    }
    readers = still;
  }

  /** Until the oldest is due. */
  function rest(): void {
    if (timer !== null || running !== null || closed) return;
    const [oldest] = behind.values();
    if (oldest === undefined) return;
    const waitMs =
      oldest.turn <= asked ? 0 : Math.max(beatMs, Math.ceil(oldest.since + rowsAfterMs - performance.now()));
    timer = setTimeout(() => void (running ??= run()), waitMs);
  }

  /** Writes until it is written. @returns false when it was given up */
  async function write(slice: readonly Behind[]): Promise<boolean> {
    const rows = slice.flatMap((one) => rowOf(one) ?? []);
    for (let n = 1; ; n++) {
      try {
        await writeRows(await client.get(), rows);
        for (const { record } of rows) if (record.closedAt !== null) onClosed(record.id, record.seq);
        return true;
      } catch (error) {
        if (isRefusal(error)) {
          if (slice.length === 1) onRefused(slice[0]!.record.id, codeOf(error));
          else for (const one of slice) if (!(await write([one]))) return false;
          return true;
        }
        // The events tell of a database that is away; here it is only waited for.
        client.disconnect();
        for (const reader of readers) reader.reject(error);
        readers = [];
        if (patience.isOver) return false;
        await patience.pause(backOffMs(n));
      }
    }
  }

  function rowOf({ record, at }: Behind): ConversationRow | null {
    try {
      return project(record, at, teamOf);
    } catch {
      onRefused(record.id, 'no-row');
      return null;
    }
  }

  return {
    follow(record, at) {
      const one = behind.get(record.id);
      if (one === undefined) behind.set(record.id, { record, at, since: performance.now(), turn: ++turns });
      else if (one.record.seq < record.seq) Object.assign(one, { record, at });
      rest();
    },
    upToDate(conversation) {
      let of: Behind | number = turns;
      if (conversation === undefined) {
        if (behind.size === 0 && running === null) return Promise.resolve();
        asked = turns;
      } else {
        const one = behind.get(conversation);
        if (one !== undefined) wanted.add(conversation);
        const found = one ?? slice.find(({ record }) => record.id === conversation);
        if (found === undefined) return Promise.resolve();
        of = found;
      }
      return new Promise((resolve, reject) => {
        readers.push({ of, resolve, reject });
        running ??= run();
      });
    },
    async close() {
      asked = Infinity;
      await (running ??= run());
      closed = true;
      if (timer) clearTimeout(timer);
      client.disconnect();
    },
  };
}
