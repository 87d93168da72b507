/** The database hangs (its disk, its host, a lock): who talks goes on talking, new callers are told to come back, and nothing is lost. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Denwaban } from '../peers/denwaban.js';
import { HeadlessDesk } from '../peers/headless-desk.js';
import { sleep, until, watchLateness } from '../peers/process.js';
import { SipCaller } from '../peers/sip-caller.js';

let system: Denwaban;
const closing: { close(): void }[] = [];
let stopped: number[] = [];
const now = () => performance.timeOrigin + performance.now();

beforeAll(async () => {
  system = await Denwaban.start({ settings: { DENWABAN_LOG_LEVEL: 'warn' } });
});
afterAll(async () => {
  goOn();
  for (const one of closing) one.close();
  await system?.remove();
});

/** The processes that serve connections and those that write for them. The one that started them takes no part. */
function stall(): void {
  stopped = system
    .tree()
    .flatMap(({ pid, role, command }) => (role === 'other' && command.startsWith('postgres') ? [pid] : []));
  for (const pid of stopped) process.kill(pid, 'SIGSTOP');
}
function goOn(): void {
  for (const pid of stopped.splice(0)) process.kill(pid, 'SIGCONT');
}

async function caller(number: string): Promise<SipCaller> {
  const one = await SipCaller.make(number, { ...system.demo.sip, number: system.demo.numbers[0]! });
  closing.push(one);
  return one;
}

test('a database that hangs: new callers get 503, who talks hears nothing of it, and afterwards everything is on record', async () => {
  const agent = system.demo.people.find(({ role }) => role === 'agent')!;
  const desk = await HeadlessDesk.open(await system.signIn(agent.email), { accepts: true });
  closing.push(desk);
  await desk.goAvailable();
  const begun = Date.now();
  const talker = await caller('0398765432');
  talker.dial();
  await talker.reaches('talking');
  await desk.reaches((state) => state.call?.state === 'talking', 'talks');
  const lateness = watchLateness();
  await sleep(500);

  const from = now();
  stall();
  expect(stopped.length).toBeGreaterThan(2);
  // The first cannot be known to be one too many: nobody has waited for the disk yet.
  const first = await caller('0398765433');
  first.dial();
  await sleep(1_000);
  for (const number of ['0398765434', '0398765435', '0398765436']) {
    const refused = await caller(number);
    refused.dial();
    await refused.reaches('ended', 2_000);
    expect(refused.end?.because).toBe(503);
    expect(refused.retryAfterS).toBeGreaterThan(0);
  }
  await until('overloaded', async () => (await system.health())?.overloaded === true, { withinMs: 5_000 });
  expect(first.state).toBe('calling');
  await sleep(1_500);
  const gap = Math.max(talker.gapMs(from, now()), desk.gapMs(from, now()));
  expect([talker.state, desk.state?.call?.state]).toEqual(['talking', 'talking']);
  expect(gap).toBeLessThanOrEqual(60 + 2 * lateness.worstMs());
  lateness.stop();

  goOn();
  // Nobody is free, so whoever comes in hears music.
  await first.reaches('talking');
  await until('open again', async () => (await system.health())?.overloaded === false, { withinMs: 20_000 });
  const next = await caller('0398765437');
  next.dial();
  await next.reaches('talking');
  desk.hangUp();
  await talker.reaches('ended');
  const admin = await system.admin();
  expect(await admin.conversations(begun)).toHaveLength(3);
  process.stdout.write(`stalled: gap ${gap} ms\n`);
}, 60_000);
