/**
 * What we know of the table of unsettled conversations: those that are open, or whose row may be behind. Only the journal's own
 * statements change it, on one connection: so there is one order of changes, and it is ours. Taking a name out is never urgent (a start
 * finds that there is nothing to do), so it goes along with the next events.
 */
import type { ConversationId } from '@denwaban/core';
import type { Marks, Unsettled } from './journal-table.js';
import type { Waiting } from './journal.js';

export interface UnsettledBook {
  /** Seq of the last event given to us; null when we know nothing of the conversation. */
  lastSeq(id: ConversationId): number | null;
  given(id: ConversationId, seq: number): void;
  /** Found in the table at a start. */
  found(one: Unsettled): void;
  /** The closed record of `seq` is in its row. */
  rowCloses(id: ConversationId, seq: number): void;
  /** What is to be changed in the table together with `batch`. */
  marks(batch: readonly Waiting[]): Marks;
  /** It has been. */
  marked(marks: Marks): void;
}

export function unsettledBook(): UnsettledBook {
  const known = new Map<ConversationId, { seq: number; inTable: boolean }>();
  const settled = new Set<ConversationId>();
  return {
    lastSeq: (id) => known.get(id)?.seq ?? null,
    given(id, seq) {
      settled.delete(id);
      const one = known.get(id);
      if (one) one.seq = seq;
      else known.set(id, { seq, inTable: false });
    },
    found({ id, record }) {
      const one = known.get(id);
      if (one) one.inTable = true;
      else if (record) known.set(id, { seq: record.seq, inTable: true });
    },
    rowCloses(id, seq) {
      if (known.get(id)?.seq === seq) settled.add(id);
    },
    marks(batch) {
      const begun = new Set<ConversationId>();
      for (const { conversation } of batch) if (known.get(conversation)?.inTable !== true) begun.add(conversation);
      const out = [...settled];
      // Forgotten before it is done: an event that comes meanwhile puts its conversation in again, behind this statement.
      for (const id of out) known.delete(id);
      settled.clear();
      return { begun: [...begun], settled: out };
    },
    marked({ begun }) {
      for (const id of begun) {
        const one = known.get(id);
        if (one) one.inTable = true;
      }
    },
  };
}
