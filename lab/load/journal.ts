/** Appending to the journal: how long one call waits for the disk, alone and in a crowd, and what a whole call costs. */
import {
  epochMs,
  fold,
  mintId,
  type Conversation,
  type ConversationEvent,
  type E164,
  type Journal,
} from '@denwaban/core';
import { openJournal, type OpenJournal } from '../../server/src/store/journal.js';
import { treeCpuMs } from './cpu.js';
import { withDatabase } from './database.js';
import { leadCalls } from './led-calls.js';
import { random, row, type Benchmark, type Row } from './measure.js';

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

/** Calls a second: a large floor's, and the rate of the bar of `sip-calls`. */
const rates = [100, 300, 600];
/** Longer than rows wait by themselves, so that each finds as many behind as there can be. */
const askMs = 2_000;
const nowhere: Journal = { append: () => Promise.resolve(), open: async () => [], events: async () => [] };

/** CPU of both processes for a whole call, and what keeping it adds to ours: the same calls with nothing kept, turn by turn. */
async function wholeCalls(book: OpenJournal, database: number, seconds: number): Promise<Row[]> {
  const ours = () => (process.cpuUsage().user + process.cpuUsage().system) / 1_000;
  await leadCalls(book, { rate: 200, seconds: 8, chance: random(2) }); // compiled and warm before it counts
  const rows: Row[] = [];
  for (const rate of rates) {
    const calls = rate * seconds;
    const added: number[] = [];
    const spent: number[] = [];
    const answered: number[] = [];
    for (let turn = 0; turn < 3; turn++) {
      const chance = random(rate + turn);
      const begun = ours();
      await leadCalls(nowhere, { rate, seconds, chance });
      const bare = ours() - begun;
      const before = { ours: ours(), database: treeCpuMs(database) };
      const { answerMs } = await leadCalls(book, { rate, seconds, chance });
      await book.upToDate();
      added.push((ours() - before.ours - bare) / calls);
      spent.push((treeCpuMs(database) - before.database) / calls);
      answered.push(...answerMs);
    }
    const under = `${rate} calls/s, ${seconds} s a turn`;
    rows.push(
      row('CPU of PostgreSQL per call', 'ms', under, spent),
      row('CPU that keeping a call adds to ours', 'ms', under, added),
      row('arrival → answer, four appends one after the other', 'ms', under, answered),
      row('who reads a list waits for rows', 'ms', under, await listWaits(book, rate, seconds)),
    );
  }
  return rows;
}

/** In a turn of its own, for whoever asks has rows written that would have been overtaken. */
async function listWaits(book: OpenJournal, rate: number, seconds: number): Promise<number[]> {
  const waits: number[] = [];
  const asking = setInterval(() => {
    const begun = performance.now();
    void book.upToDate().then(() => waits.push(performance.now() - begun));
  }, askMs);
  await leadCalls(book, { rate, seconds: Math.max(seconds, (2 * askMs) / 1_000), chance: random(3) });
  clearInterval(asking);
  await book.upToDate();
  return waits;
}

export const journal: Benchmark = {
  name: 'journal',
  run: ({ seed, seconds = 6 }) =>
    withDatabase(async (url, _client, database) => {
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
        const crowdRates: number[] = [];
        for (let round = 0; round < 15; round++) {
          const begun = Date.now();
          const each = Array.from({ length: 200 }, async () => {
            const waits: number[] = [];
            for (let i = 0; i < 5; i++) waits.push(await append(book, chance));
            return waits;
          });
          crowd.push(...(await Promise.all(each)).flat());
          crowdRates.push((200 * 5 * 2 * 1000) / (Date.now() - begun));
        }
        return [
          row('append 2 events', 'ms', 'one call at a time, fsync on', alone),
          row('append 2 events', 'ms', '200 calls at once', crowd),
          row('durable events', '1/s', '200 calls at once', crowdRates),
          ...(await wholeCalls(book, database, seconds)),
        ];
      } finally {
        await book.close();
      }
    }),
};
