/**
 * The journal: events, on disk before anybody is told that they happened. The conversation's row, which is searched and shown, follows
 * them within two seconds (rows.ts), and at once when somebody is about to read it.
 *
 * Group commit: what arrives while a commit is in flight goes out together with the next one. So one call waits for one
 * disk flush, and a thousand calls share it. While several conversations have something to say, commits begin `gatherMs` apart:
 * one costs both processes about the same whether it carries two appends or ten. Whoever is alone is not held up.
 *
 *     append ─▶ queue ─▶ one INSERT … (events) ─▶ resolve, and the row falls due
 *                 ▲                 │ the database is away, full, restarting: again, in order, for as long as it takes
 *                 └─────────────────┤
 *                                   └ an event it will never take: each call alone; the poisoned one is rejected
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
import { journalTable } from './journal-table.js';
import { makePatience, usualBackOffMs, type BackOff } from './patience.js';
import { followingRows } from './rows.js';
import { unsettledBook } from './unsettled.js';

/** How the journal stands with its database. Told when it changes. */
export type JournalTrouble =
  | { kind: 'stalled'; code: string; waiting: number }
  | { kind: 'recovered'; stalledMs: number }
  /** The events are safe, but the database will not take what they fold to: the row stays as it was until there are more events, or a start. */
  | { kind: 'row-refused'; conversation: ConversationId; code: string };

export interface JournalOptions {
  url: string;
  teamOf(agent: AgentId): TeamId | null;
  onTrouble?(trouble: JournalTrouble): void;
  backOffMs?: BackOff;
  /** How long a row may stay behind its events when nobody asks. */
  rowsAfterMs?: number;
}

export interface OpenJournal extends Journal {
  /**
   * Resolves when the row of everything acknowledged so far, or of `conversation` alone, is written, by us or by the process before us.
   * To be awaited before rows are read. Rejects when the database is away.
   */
  upToDate(conversation?: ConversationId): Promise<void>;
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
  events: readonly ConversationEvent[];
  /** What the events fold to, at the moment of the last. */
  record: Conversation;
  at: EpochMs;
  resolve(): void;
  reject(error: Error): void;
}

/** A statement of a few hundred events is as quick as it gets; more would only make the first of them wait. */
const batchMax = 200;
const gatherMs = 5;

export function openJournal(options: JournalOptions): OpenJournal {
  const { backOffMs = usualBackOffMs } = options;
  const table = journalTable(options.url);
  const book = unsettledBook();
  const patience = makePatience();
  const rows = followingRows({
    ...options,
    patience,
    backOffMs,
    onClosed: (id, seq) => book.rowCloses(id, seq),
    onRefused: (conversation, code) => options.onTrouble?.({ kind: 'row-refused', conversation, code }),
  });
  let queue: Waiting[] = [];
  /** What the process before us left: read at the start, or by the first who asks. */
  let inherited: Promise<unknown> | null = null;
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
        // Somebody's event cannot be stored. Alone each of the others can; the one that cannot takes nobody else with it.
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
    const marks = book.marks(batch);
    let mayBeStored = false;
    for (let n = 1; ; n++) {
      try {
        if (!mayBeStored || !(await table.holds(batch))) await table.write(batch, marks);
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
    book.marked(marks);
    for (const { record, at } of batch) rows.follow(record, at);
    for (const one of batch) one.resolve();
    return null;
  }

  /** Rejects a poisoned append and everything behind it of the same conversation: their story would have a hole. */
  function discard(poisoned: Waiting, refusal: unknown): Error {
    const { conversation, first } = poisoned;
    const error = new JournalError('refused', `${conversation}: event ${first} (${codeOf(refusal)})`, {
      cause: refusal,
    });
    book.given(conversation, first - 1);
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

  async function inherit(): Promise<Conversation[]> {
    const found = await table.unsettled();
    for (const one of found) {
      book.found(one);
      if (one.record === null) {
        options.onTrouble?.({ kind: 'row-refused', conversation: one.id, code: 'no-story' });
      } else if (one.rowLacks !== null) rows.follow(one.record, one.rowLacks);
      else if (one.record.closedAt !== null) book.rowCloses(one.id, one.record.seq);
    }
    return found
      .flatMap(({ record }) => (record?.closedAt === null ? [record] : []))
      .toSorted((a, b) => a.startedAt - b.startedAt || (a.id < b.id ? -1 : 1));
  }

  function readInherited(): Promise<Conversation[]> {
    const reading = inherit();
    const done = reading.then(
      () => {},
      (error: unknown) => {
        if (inherited === done) inherited = null; // the next who asks tries again
        throw error;
      },
    );
    done.catch(() => {});
    inherited = done;
    return reading;
  }

  return {
    append(events, record) {
      const first = events[0];
      const last = events.at(-1);
      if (!first || !last) return Promise.resolve();
      if (closed) return Promise.reject(new JournalError('closed', record.id));
      const before = book.lastSeq(record.id) ?? first.seq - 1;
      if (!follows(events, record, before)) {
        return Promise.reject(new JournalError('hole', `${record.id}: event ${first.seq} after ${before}`));
      }
      book.given(record.id, record.seq);
      return new Promise((resolve, reject) => {
        queue.push({
          conversation: record.id,
          first: first.seq,
          events,
          record,
          at: last.at,
          resolve,
          reject,
        });
        running ??= run();
      });
    },
    open: readInherited,
    async upToDate(conversation) {
      if (closed) throw new JournalError('closed', 'nothing is read any more');
      await (inherited ?? readInherited());
      await rows.upToDate(conversation);
    },
    events: (conversation) => table.events(conversation),
    async close(waitMs = 5_000) {
      closed = true;
      const stop = patience.endAfter(waitMs);
      await running;
      await rows.close();
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
