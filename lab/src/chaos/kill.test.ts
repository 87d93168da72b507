/**
 * kill -9 at seeded moments of a scripted call: of control, of the media process, of the database, of everything. Whatever a
 * desk or a telephone was told before is on record afterwards, no conversation lives on without its caller, a talk outlives
 * the control process, and the system takes the next call. Give DENWABAN_SEED to see a day again, DENWABAN_MOMENTS for a longer one.
 */
import type { ConversationDetail } from '@denwaban/core/wire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Denwaban, type Session } from '../peers/denwaban.js';
import { HeadlessDesk } from '../peers/headless-desk.js';
import { sleep, until } from '../peers/process.js';
import { SipCaller } from '../peers/sip-caller.js';

const seed = Number(process.env['DENWABAN_SEED'] ?? 1);
const victims = ['control', 'media', 'postgres', 'all'] as const;
type Victim = (typeof victims)[number];
interface Moment {
  victim: Victim;
  /** Milliseconds into the script. */
  afterMs: number;
  /** Who hangs up when nobody was killed before. */
  by: 'customer' | 'agent';
}

/** The script takes about 1.5 s. A third of the kills fall into its first moments, where most commits lie, the rest all over it. */
const moments = Array.from({ length: Number(process.env['DENWABAN_MOMENTS'] ?? 24) }, (_, i): Moment => {
  const chance = random(seed * 1000 + i);
  const slice = Math.floor(i / victims.length) % 6;
  return {
    victim: victims[i % victims.length]!,
    afterMs: Math.floor(slice < 2 ? chance() * 150 : 150 + (slice - 2 + chance()) * 420),
    by: chance() < 0.5 ? 'customer' : 'agent',
  };
});

describe(`kill -9, seed ${seed}`, () => {
  let system: Denwaban;
  let admin: Session;
  let agent: Session;
  let desk: HeadlessDesk;
  let number: string;
  /** Promises that were held against the record, over the whole run: a run that checks nothing proves nothing. */
  const checked = { seen: 0, talking: 0, saved: 0, survived: 0 };

  beforeAll(async () => {
    system = await Denwaban.start();
    admin = await system.admin();
    const { customers, people } = system.demo;
    const customer = customers.find(({ ownerEmail }) =>
      people.some((one) => one.email === ownerEmail && one.role === 'agent'),
    );
    number = customer!.phone;
    agent = await system.signIn(customer!.ownerEmail!);
    desk = await HeadlessDesk.open(agent);
    await desk.goAvailable();
  });
  afterAll(async () => {
    desk?.close();
    await system?.remove();
  });

  test.each(moments)('$victim, $afterMs ms into a call that the $by ends', async ({ victim, afterMs, by }) => {
    await onItsFeet();
    const begun = Date.now();
    const caller = await SipCaller.make(number, { ...system.demo.sip, number: system.demo.numbers[0]! });
    try {
      const played = play(desk, caller, by);
      await sleep(afterMs);
      if (victim === 'all') await system.killAll();
      else system.kill(victim);
      const acknowledged = notes(desk, begun);
      // What the telephone was told a moment before counts as well; the script ends by itself or at the dead connection.
      const talked = caller.times.talking !== undefined;
      await played;
      if (victim === 'all') await system.start();
      const health = await system.ready(30_000);
      expect(health.status).toBe('ok');
      caller.hangUp();
      if (desk.closed) {
        desk = await HeadlessDesk.open(agent);
        desk.openLine();
        await desk.reaches(
          ({ presence }) => presence.state === 'available' || presence.state === 'wrap-up',
          'back',
          20_000,
        );
      }

      const records = await allEnded(begun);
      const byId = new Map(records.map((record) => [record.id, record]));
      for (const id of acknowledged.seen)
        expect(byId.has(id), `the desk saw ${id}, the record does not have it`).toBe(true);
      for (const id of acknowledged.talking) {
        expect(
          byId.get(id)?.offers.map(({ outcome }) => outcome),
          `the desk was told that it talks in ${id}`,
        ).toContain('accepted');
        // The audio never stopped and the caller is still there: control alone takes no call with it. [CNV12]
        if (victim === 'control') {
          expect(byId.get(id), `${id} was up when control was killed`).toMatchObject({ end: 'completed' });
          checked.survived += 1;
        }
      }
      for (const [id, note] of acknowledged.saved) {
        expect(
          byId.get(id)?.wrapUps.map((one) => one.note),
          `the desk was told that the note is saved`,
        ).toContain(note);
      }
      checked.seen += acknowledged.seen.size;
      checked.talking += acknowledged.talking.size;
      checked.saved += acknowledged.saved.size;
      if (talked) expect(records.length).toBeGreaterThan(0);
      expect(records.length, 'one call, one conversation').toBeLessThanOrEqual(1);
      for (const record of records) {
        expect(record.end, 'a stated end').not.toBeNull();
        expect(record.segments.filter((one) => one.kind !== 'wrap-up' && one.endedAt === null)).toEqual([]);
      }
      await freeAgain();
    } catch (error) {
      process.stderr.write(`${system.trouble()}\n${desk.story()}\n`);
      throw error;
    } finally {
      caller.close();
    }
  });

  test('after all of it the next call goes through, and the record holds every call once', async () => {
    const begun = Date.now();
    const caller = await SipCaller.make(number, { ...system.demo.sip, number: system.demo.numbers[0]! });
    try {
      await play(desk, caller, 'agent');
      expect(await allEnded(begun)).toMatchObject([{ end: 'completed', endedBy: 'agent' }]);
      const everything = await admin.conversations();
      expect(everything.filter(({ status, endedAt }) => status !== 'closed' && endedAt === null)).toEqual([]);
      process.stdout.write(`seed ${seed}: held against the record: ${JSON.stringify(checked)}\n`);
      if (moments.length >= 24) expect(Object.values(checked).every((count) => count > 0)).toBe(true);
    } finally {
      caller.close();
    }
  });

  /** After a moment that failed, the next one begins with everything running all the same. */
  async function onItsFeet(): Promise<void> {
    if ((await system.health()) === null) {
      await system.stop();
      await system.start();
    }
    if (!desk.closed) return;
    desk = await HeadlessDesk.open(agent);
    await desk.goAvailable();
  }

  /** Conversations since then, once none of them lives without its caller. */
  async function allEnded(since: number): Promise<ConversationDetail[]> {
    const ended = await until(
      'every conversation ended',
      async () => {
        const items = await admin.conversations(since - 20).catch(() => null);
        return items?.every(({ endedAt }) => endedAt !== null) ? items : null;
      },
      { withinMs: 15_000, everyMs: 100 },
    );
    return Promise.all(ended.map(({ id }) => admin.conversation(id)));
  }

  /** Saves what is open and waits until the agent can take the next call. */
  async function freeAgain(): Promise<void> {
    await until(
      'the agent free again',
      async () => {
        desk.saveWrapUp('afterwards');
        await sleep(100);
        return desk.state?.presence.state === 'available';
      },
      { withinMs: 20_000 },
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}; ${JSON.stringify(desk.state)}`, { cause: error });
    });
  }
});

/** The scripted call. Ends early, without an error, where the dead part keeps it from going on. */
async function play(desk: HeadlessDesk, caller: SipCaller, by: 'customer' | 'agent'): Promise<void> {
  caller.dial();
  try {
    await desk.reaches((state) => state.offer !== null, 'offered', 3000);
    await sleep(200);
    desk.accept();
    await desk.reaches((state) => state.call?.state === 'talking', 'talking', 3000);
    await sleep(700);
    if (by === 'customer') caller.hangUp();
    else desk.hangUp();
    await desk.reaches((state) => state.wrapUp !== null, 'wrapping up', 3000);
    await sleep(200);
    desk.saveWrapUp(noteOf(desk.state?.wrapUp?.caller.conversation ?? ''));
    await desk.reaches((state) => state.wrapUp === null, 'done', 3000);
  } catch {
    return;
  }
}

const noteOf = (conversation: string) => `note of ${conversation}`;

/** What the desk was told since then: each of it is a promise. */
function notes(desk: HeadlessDesk, since: number) {
  const seen = new Set<string>();
  const talking = new Set<string>();
  const saved = new Map<string, string>();
  let wrapping: string | null = null;
  for (const { at, message } of desk.messages) {
    if (message.type !== 'desk') continue;
    const { offer, call, wrapUp } = message.state;
    if (at >= since) {
      for (const one of [offer?.caller, call?.caller, wrapUp?.caller]) if (one) seen.add(one.conversation);
      if (call?.state === 'talking') talking.add(call.caller.conversation);
      if (wrapping !== null && wrapUp === null) saved.set(wrapping, noteOf(wrapping));
    }
    wrapping = wrapUp?.caller.conversation ?? null;
  }
  return { seen, talking, saved };
}

/** mulberry32: the same seed, the same day. */
function random(from: number): () => number {
  let state = from | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
