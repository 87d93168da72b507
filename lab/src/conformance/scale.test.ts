/**
 * A house under more calls than it can take, and after very many: new callers are refused before anybody who talks hears it, and
 * nothing of a thousand calls is left behind.
 */
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Denwaban, type Role } from '../peers/denwaban.js';
import { HeadlessDesk } from '../peers/headless-desk.js';
import { anyInspectorPort, liveHeap } from '../peers/live-heap.js';
import { freePorts } from '../peers/ports.js';
import { missing, sleep, until, watchLateness } from '../peers/process.js';
import { SipCaller } from '../peers/sip-caller.js';
import { runSipp } from './sipp.js';

const absent = missing('sipp');
const scenario = fileURLToPath(new URL('scenarios/uac-short.xml', import.meta.url));
const now = () => performance.timeOrigin + performance.now();

describe.skipIf(absent)(`many calls${absent ? ` (${absent})` : ''}`, () => {
  let system: Denwaban;
  let folder: string;
  const closing: { close(): void }[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'denwaban-scale-'));
    system = await Denwaban.start({
      settings: { ...anyInspectorPort, DENWABAN_RTP_PORTS: '23000-24999', DENWABAN_LOG_LEVEL: 'warn' },
    });
  });
  afterAll(async () => {
    for (const one of closing) one.close();
    await system?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  /** @returns talks that went through and calls refused, each a second, and what became of the rest */
  async function load(rate: number, seconds: number, talkMs: number) {
    const calls = rate * seconds;
    const stats = join(folder, `stats-${rate}-${calls}.csv`);
    const { host, port } = system.demo.sip;
    const rest = ['-s', system.demo.numbers[0]!, '-i', '127.0.0.1', '-p', String(await freePorts('sip'))];
    const begun = now();
    await runSipp(
      ['-sf', scenario, ...rest, '-r', String(rate), '-m', String(calls), '-d', String(talkMs), '-l', '5000'].concat([
        '-trace_stat',
        '-stf',
        stats,
        '-fd',
        '1',
        `${host}:${port}`,
      ]),
      { cwd: folder, timeoutMs: (seconds + 30) * 1_000 },
    );
    const tookS = (now() - begun) / 1_000;
    const [head, ...lines] = readFileSync(stats, 'utf8').trim().split('\n');
    const at = (name: string) => Number(lines.at(-1)!.split(';')[head!.split(';').indexOf(name)] ?? Number.NaN);
    const refused = at('GenericCounter2(C)');
    const through = at('SuccessfulCall(C)') - refused;
    return { throughPerS: Math.round(through / tookS), through, refused, lost: at('FailedCall(C)'), tookS };
  }

  /** One agent and one customer who talk while everything else happens. */
  async function talk(email: string): Promise<{ desk: HeadlessDesk; caller: SipCaller }> {
    const desk = await HeadlessDesk.open(await system.signIn(email), { accepts: true });
    const caller = await SipCaller.make('0398765432', { ...system.demo.sip, number: system.demo.numbers[0]! });
    closing.push(desk, caller);
    await desk.goAvailable();
    caller.dial();
    await caller.reaches('talking');
    await desk.reaches((state) => state.call?.state === 'talking', 'talks');
    return { desk, caller };
  }
  const nobodyLeft = async (but: number): Promise<void> => {
    await until('every short call over', () => udpSocketsOf('media') <= idle + but, { withinMs: 30_000, everyMs: 200 });
  };
  let idle = 0;
  let attempts = 0;
  const agents = () => system.demo.people.filter(({ role }) => role === 'agent');
  const fdsOf = (role: Role): string[] => {
    const pid = system.pidOf(role);
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/${pid}/fd/${fd}`).replace(/\[\d+\]/, '')];
      } catch {
        return [];
      }
    });
  };
  /** UDP sockets are all that a media process opens and closes. */
  const udpSocketsOf = (role: Role): number => fdsOf(role).filter((target) => target === 'socket:').length;
  const rssMb = (role: Role): number =>
    Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${system.pidOf(role)}/status`, 'utf8'))?.[1]) / 1024);

  test('1,000 calls up and down leave no socket, no file and no memory behind', { retry: 0 }, async () => {
    idle = udpSocketsOf('media');
    const desk = await HeadlessDesk.open(await system.signIn(agents()[0]!.email), { accepts: true });
    const saving = setInterval(() => desk.saveWrapUp(), 50);
    closing.push(desk, { close: () => clearInterval(saving) });
    await desk.goAvailable();
    const heaps = {
      control: await liveHeap(system.pidOf('control')!, () => system.log()),
      media: await liveHeap(system.pidOf('media')!, () => system.log()),
    };
    closing.push(heaps.control, heaps.media);
    // What is allocated once is allocated now.
    await load(40, 10, 200);
    await sleep(3_000);
    const roles = ['control', 'media', 'postgres'] as const;
    const measure = async () => ({
      fds: Object.fromEntries(roles.map((role) => [role, fdsOf(role).length])),
      inUseMb: { control: await heaps.control.mb(), media: await heaps.media.mb() },
      rssMb: Object.fromEntries(roles.map((role) => [role, rssMb(role)])), // cleared up by now
    });
    const before = await measure();
    const done = await load(40, 25, 200);
    await sleep(4_000);
    const after = await measure();
    const answered = desk.messages.filter(
      ({ message }) => message.type === 'desk' && message.state.wrapUp !== null,
    ).length;
    process.stdout.write(`1,000 calls: ${JSON.stringify({ before, after, ...done, wrapUps: answered })}\n`);
    expect(done).toMatchObject({ lost: 0 });
    for (const role of roles) {
      expect(after.fds[role]! - before.fds[role]!, `files and sockets of ${role}`).toBeLessThanOrEqual(10); // the database's connections come and go
    }
    // A call of which 10 kB stay would be 10 MB here. 3.1 and 0.9 at most were measured.
    expect(after.inUseMb.control - before.inUseMb.control, 'in use by control, MB').toBeLessThan(8);
    expect(after.inUseMb.media - before.inUseMb.media, 'in use by media, MB').toBeLessThan(4);
    // What is no heap of V8's, by the kernel's count.
    expect(after.rssMb['control']! - before.rssMb['control']!).toBeLessThan(60);
    expect(after.rssMb['media']! - before.rssMb['media']!).toBeLessThan(30);
    clearInterval(saving);
    desk.close();
    await sleep(500);
  });

  test('at five times what it can take, callers still get through, the rest is told to come back, and a talk goes on', async () => {
    for (const one of closing.splice(0)) one.close();
    await sleep(500);
    // Another agent when it is tried again: the one before may still be in the talk that was cut off.
    const { desk, caller } = await talk(agents()[++attempts]!.email);
    const measured = [];
    for (const rate of [50, 100, 150]) measured.push({ rate, ...(await load(rate, 5, 300)) });
    await nobodyLeft(8);
    const peak = Math.max(...measured.map(({ throughPerS }) => throughPerS));
    const lateness = watchLateness();
    const from = now();
    const beyond = await load(peak * 5, 10, 300);
    const gap = Math.max(desk.gapMs(from, now()), caller.gapMs(from, now()));
    const health = await system.health();
    process.stdout.write(
      `overload: ${JSON.stringify({ measured, peak, beyond, gap, lateMs: lateness.worstMs(), overloaded: health?.overloaded })}\n`,
    );
    lateness.stop();
    // How much of the peak is printed, not asserted: the flood takes its share of the same two cores.
    expect(beyond).toMatchObject({ lost: 0 });
    expect(beyond.through).toBeGreaterThan(0);
    expect(beyond.refused).toBeGreaterThan(0);
    expect(caller.state).toBe('talking');
    // 52 and 62 ms on a quiet machine. Before the gate opened slowly it was 600: that is what this must not become again, on a
    // machine whose two cores also make the flood.
    expect(gap).toBeLessThanOrEqual(250 + 2 * lateness.worstMs());
    await until('open again', async () => (await system.health())?.overloaded === false, { withinMs: 20_000 });
  });
});
