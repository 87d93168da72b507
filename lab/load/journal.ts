/** Appending to the journal: how long one call waits for the disk, alone and in a crowd. */
import { epochMs, fold, mintId, type Conversation, type ConversationEvent, type E164 } from '@denwaban/core';
import { openJournal, type OpenJournal } from '../../server/src/store/journal.js';
import { withDatabase } from './database.js';
import { random, row, type Benchmark } from './measure.js';

/** The first two events of a call, and the record they fold to. */
function call(chance: () => number, at: number): { events: ConversationEvent[]; record: Conversation } {
  const id = <Kind extends 'cv' | 'lg'>(kind: Kind) =>
    mintId(
      kind,
      epochMs(at),
      Uint8Array.from({ length: 10 }, () => Math.floor(chance() * 256)),
    );
  const conversation = id('cv');
  const events: ConversationEvent[] = [
    {
      type: 'conversation.started',
      v: 2,
      direction: 'inbound',
      by: null,
      agentLeg: null,
      conversation,
      seq: 1,
      at: epochMs(at),
      leg: id('lg'),
      carrier: 'simulation',
      trunk: null,
      from: '+819012345678' as E164,
      fromRaw: '+819012345678',
      to: '+81312345678' as E164,
      toName: 'Orders',
    },
    { type: 'waiting.started', v: 1, conversation, seq: 2, at: epochMs(at + 1), place: 'back' },
  ];
  const record = fold(null, events);
  if (!record) throw new Error('a started conversation folds to a record');
  return { events, record };
}

async function append(journal: OpenJournal, chance: () => number): Promise<number> {
  const { events, record } = call(chance, Date.now());
  const begun = process.hrtime.bigint();
  await journal.append(events, record);
  return Number(process.hrtime.bigint() - begun) / 1e6;
}

export const journal: Benchmark = {
  name: 'journal',
  run: ({ seed }) =>
    withDatabase(async (url) => {
      const chance = random(seed);
      const book = openJournal({
        url,
        teamOf: () => null,
        onTrouble: (trouble) => process.stderr.write(`${JSON.stringify(trouble)}\n`),
      });
      try {
        for (let i = 0; i < 50; i++) await append(book, chance);
        const alone: number[] = [];
        for (let i = 0; i < 500; i++) alone.push(await append(book, chance));
        const crowd: number[] = [];
        const rates: number[] = [];
        for (let round = 0; round < 15; round++) {
          const begun = Date.now();
          const each = Array.from({ length: 200 }, async () => {
            const waits: number[] = [];
            for (let i = 0; i < 5; i++) waits.push(await append(book, chance));
            return waits;
          });
          crowd.push(...(await Promise.all(each)).flat());
          rates.push((200 * 5 * 2 * 1000) / (Date.now() - begun));
        }
        return [
          row('append 2 events', 'ms', 'one call at a time, fsync on', alone),
          row('append 2 events', 'ms', '200 calls at once', crowd),
          row('durable events', '1/s', '200 calls at once', rates),
        ];
      } finally {
        await book.close();
      }
    }),
};
