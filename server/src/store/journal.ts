/**
 * The journal: events and the record they fold to, on disk in one statement, before anybody is told that it happened.
 *
 * Group commit: what arrives while a commit is in flight goes out together with the next one. So one call waits for one
 * disk flush, and a thousand calls share it. While several conversations have something to say, commits begin `gatherMs` apart:
 * one costs both processes about the same whether it carries two appends or ten. Whoever is alone is not held up.
 *
 *     append ─▶ queue ─▶ one INSERT … (events + rows) ─▶ resolve
 *                 ▲                 │ the database is away, full, restarting: again, in order, for as long as it takes
 *                 └─────────────────┤
 *                                   └ a row it will never take: each call alone; the poisoned one is rejected
 */
import type {
  AgentId,
  Conversation,
  ConversationEvent,
  ConversationId,
  EpochMs,
  Journal,
  TeamId,
} from '@denwaban/core';
import { codeOf, isRefusal } from './connection.js';
import { toJsonb } from './json.js';
import { journalTable } from './journal-table.js';
import { project } from './projection.js';

/** How the journal stands with its database. Told when it changes. */
export type JournalTrouble =
  | { kind: 'stalled'; code: string; waiting: number }
  | { kind: 'recovered'; stalledMs: number };

export interface JournalOptions {
  url: string;
  teamOf(agent: AgentId): TeamId | null;
  onTrouble?(trouble: JournalTrouble): void;
  /** Pause before try number `n` (from 1) after a failure that may pass. */
  backOffMs?(n: number): number;
}

export interface OpenJournal extends Journal {
  /** Writes what is waiting, for at most `waitMs`, then lets go. What is not on disk by then is rejected. */
  close(waitMs?: number): Promise<void>;
}

/** The append can never succeed: nothing of it is stored. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
  readonly code: 'hole' | 'refused' | 'closed';
  constructor(code: JournalError['code'], detail: string, options?: ErrorOptions) {
    super(`${code}: ${detail}`, options);
    this.code = code;
  }
}

/** One append that waits for the disk. */
export interface Waiting {
  conversation: ConversationId;
  /** Seq of its first event. */
  first: number;
  /** JSON objects, joined by commas. */
  events: string;
  /** What the events fold to, at the moment of the last. Its row is made when it is written: most are overtaken before that. */
  record: Conversation;
  at: EpochMs;
  resolve(): void;
  reject(error: Error): void;
}

/** A statement of a few hundred events is as quick as it gets; more would only make the first of them wait. */
const batchMax = 200;
const gatherMs = 5;
const usualBackOffMs = (n: number) => Math.min(2_000, 25 * 2 ** Math.min(n, 10));

export function openJournal(options: JournalOptions): OpenJournal {
  const { backOffMs = usualBackOffMs } = options;
  const table = journalTable(options.url, (record, at) => project(record, at, options.teamOf));
  const patience = makePatience();
  let queue: Waiting[] = [];
  /** Seq of the last event given to us, by conversation that is not closed: what the next one has to follow. */
  const lastSeq = new Map<ConversationId, number>();
  let running: Promise<void> | null = null;
  let closed = false;
  let stalledSince: number | null = null;
  /** When the next commit may begin (`performance.now`). */
  let nextAt = 0;

  async function run(): Promise<void> {
    try {
      // One turn of the event loop, so that everything this tick brings shares the first commit.
      await new Promise((resolve) => setImmediate(resolve));
      while (queue.length > 0) {
        const waitMs = Math.ceil(nextAt - performance.now());
        if (waitMs > 0 && queue.length < batchMax) await patience.pause(waitMs);
        const begun = performance.now();
        const batch = queue.splice(0, batchMax);
        const alone = batch.every(({ conversation }) => conversation === batch[0]?.conversation);
        nextAt = alone ? 0 : begun + gatherMs;
        if ((await commit(batch)) === null) continue;
        // Somebody's row cannot be stored. Alone each of the others can; the one that cannot takes nobody else with it.
        const poisoned = new Map<ConversationId, Error>();
        for (const one of batch) {
          const before = poisoned.get(one.conversation);
          if (before) {
            one.reject(before);
            continue;
          }
          const refusal = await commit([one]);
          if (refusal !== null) poisoned.set(one.conversation, discard(one, refusal));
        }
      }
    } finally {
      // Here and not in a `.finally`: what is appended between the last look at the queue and that would wait for ever.
      running = null;
    }
  }

  /** Writes until it is written. @returns null, or why the database refuses the batch for good; then nothing is settled */
  async function commit(batch: readonly Waiting[]): Promise<unknown> {
    let mayBeStored = false;
    for (let n = 1; ; n++) {
      try {
        if (!mayBeStored || !(await table.holds(batch))) await table.write(batch);
        break;
      } catch (error) {
        if (isRefusal(error)) {
          // After a broken connection our first try may have been committed a moment later than we looked.
          if (!mayBeStored || codeOf(error) !== '23505' || n > 100) return error;
          await patience.pause(backOffMs(1));
          if ((await table.holds(batch).catch(() => null)) === false) return error;
          continue;
        }
        mayBeStored = true;
        table.disconnect();
        stalled(error, batch.length);
        if (patience.isOver) {
          for (const one of batch) one.reject(new JournalError('closed', one.conversation, { cause: error }));
          return null;
        }
        await patience.pause(backOffMs(n));
      }
    }
    recovered();
    for (const one of batch) one.resolve();
    return null;
  }

  /** Rejects a poisoned append and everything behind it of the same conversation: their story would have a hole. */
  function discard(poisoned: Waiting, refusal: unknown): Error {
    const { conversation, first } = poisoned;
    const error = new JournalError('refused', `${conversation}: event ${first} (${codeOf(refusal)})`, {
      cause: refusal,
    });
    lastSeq.set(conversation, first - 1);
    poisoned.reject(error);
    for (const one of queue.filter((other) => other.conversation === conversation)) one.reject(error);
    queue = queue.filter((other) => other.conversation !== conversation);
    return error;
  }

  function stalled(error: unknown, inFlight: number): void {
    if (stalledSince !== null) return;
    stalledSince = Date.now();
    options.onTrouble?.({ kind: 'stalled', code: codeOf(error) || 'unknown', waiting: inFlight + queue.length });
  }

  function recovered(): void {
    if (stalledSince === null) return;
    const stalledMs = Date.now() - stalledSince;
    stalledSince = null;
    options.onTrouble?.({ kind: 'recovered', stalledMs });
  }

  return {
    append(events, record) {
      const first = events[0];
      const last = events.at(-1);
      if (!first || !last) return Promise.resolve();
      if (closed) return Promise.reject(new JournalError('closed', record.id));
      const before = lastSeq.get(record.id) ?? first.seq - 1;
      if (!follows(events, record, before)) {
        return Promise.reject(new JournalError('hole', `${record.id}: event ${first.seq} after ${before}`));
      }
      if (record.closedAt === null) lastSeq.set(record.id, record.seq);
      else lastSeq.delete(record.id);
      return new Promise((resolve, reject) => {
        queue.push({
          conversation: record.id,
          first: first.seq,
          events: toJsonb(events.map(asStored)).slice(1, -1),
          record,
          at: last.at,
          resolve,
          reject,
        });
        running ??= run();
      });
    },
    async open() {
      const records = await table.open();
      for (const record of records) lastSeq.set(record.id, record.seq);
      return records;
    },
    events: (conversation) => table.events(conversation),
    async close(waitMs = 5_000) {
      closed = true;
      const stop = patience.endAfter(waitMs);
      await running;
      stop();
      table.disconnect();
    },
  };
}

/** The events are one conversation's, follow each other and what is on disk, and end where the record does. */
function follows(events: readonly ConversationEvent[], record: Conversation, before: number): boolean {
  if (record.seq !== before + events.length) return false;
  return events.every((event, i) => event.conversation === record.id && event.seq === before + 1 + i);
}

function asStored({ conversation, seq, at, type, v, ...facts }: ConversationEvent): object {
  return { conversation, seq, at, type, v, facts };
}

/** Waits between tries; ends at once, and for good, when its time is over. */
function makePatience() {
  let over = false;
  let wake: (() => void) | null = null;
  return {
    get isOver() {
      return over;
    },
    async pause(ms: number): Promise<void> {
      if (over) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      wake = null;
    },
    endAfter(ms: number): () => void {
      const timer = setTimeout(() => {
        over = true;
        wake?.();
      }, ms);
      return () => clearTimeout(timer);
    },
  };
}
