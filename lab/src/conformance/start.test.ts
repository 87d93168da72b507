/** `npm start` as a newcomer meets it: what it says when something is in its way, and that it leaves nothing behind. */
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePorts } from '../peers/ports.js';
import { run, sleep, until, type Running } from '../peers/process.js';

const checkout = fileURLToPath(new URL('../../..', import.meta.url));
/** The promise is 2 s on a machine that has nothing else to do; a test's machine has. */
const readyAgainMsMax = 4000;

let folder: string;
let env: Record<string, string>;
const started: Running[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'denwaban-start-'));
  const rtp = await freePorts('system-rtp', 60);
  env = {
    DENWABAN_DATA_DIR: join(folder, 'data'),
    DENWABAN_HTTP_PORT: String(await freePorts('http')),
    DENWABAN_SIP_PORT: String(await freePorts('sip')),
    DENWABAN_RTP_PORTS: `${rtp}-${rtp + 59}`,
    DENWABAN_LOG_LEVEL: 'warn',
    NODE_OPTIONS: '',
    LANG: 'en',
  };
  await start({ DENWABAN_DEMO: 'neither' }).exited; // builds what is stale, so that no line of this is in the way later
});
afterAll(async () => {
  for (const one of started) await one.stop();
  rmSync(folder, { recursive: true, force: true });
});

function start(more: Record<string, string> = {}): Running {
  const { DATABASE_URL: _, npm_lifecycle_event: __, ...inherited } = process.env;
  const one = run(process.execPath, ['scripts/start.mjs'], { cwd: checkout, env: { ...inherited, ...env, ...more } });
  started.push(one);
  return one;
}

/** @returns how long it took to be ready, ms */
async function ready(one: Running): Promise<number> {
  const begun = Date.now();
  await until('the welcome', () => one.log().includes('Ctrl-C stops it') || one.child.exitCode !== null, {
    withinMs: 60_000,
  });
  expect(one.child.exitCode, one.log()).toBeNull();
  return Date.now() - begun;
}

/** Every process below `pid`. */
function below(pid: number): number[] {
  const all = execFileSync('ps', ['-e', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const found = [pid];
  for (const parent of found) found.push(...all.filter((one) => one[1] === parent).map((one) => one[0] ?? 0));
  return found.slice(1);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** It ends with code 1 and exactly these lines, none of them a stack trace. */
async function refusal(one: Running): Promise<string[]> {
  const { code } = await one.exited;
  expect(code).toBe(1);
  const lines = one.log().trim().split('\n');
  expect(lines.filter((line) => /^\s+at /.test(line))).toEqual([]);
  return lines;
}

describe('what stands in the way of a start is one line that names the mend', () => {
  test('ports in use, all at once', async () => {
    const http = createServer();
    const sip = createSocket('udp4');
    await new Promise<void>((resolve) => http.listen(Number(env['DENWABAN_HTTP_PORT']), '127.0.0.1', resolve));
    await new Promise<void>((resolve) => sip.bind(Number(env['DENWABAN_SIP_PORT']), '127.0.0.1', resolve));
    try {
      const lines = await refusal(start());
      expect(lines).toHaveLength(2);
      expect(lines[0]).toMatch(/in use.*DENWABAN_HTTP_PORT/);
      expect(lines[1]).toMatch(/in use.*DENWABAN_SIP_PORT/);
    } finally {
      await closed(http);
      sip.close();
    }
  });

  test('a database that does not answer, without its password', async () => {
    const DATABASE_URL = `postgres://someone:hunter2@127.0.0.1:${await freePorts('control')}/x`;
    const lines = await refusal(start({ DATABASE_URL }));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/does not answer.*DATABASE_URL/);
    expect(lines[0]).not.toContain('hunter2');
  });

  test('data written by a newer PostgreSQL', async () => {
    const newer = join(folder, 'newer');
    mkdirSync(join(newer, 'postgres'), { recursive: true });
    writeFileSync(join(newer, 'postgres/PG_VERSION'), '99\n');
    const lines = await refusal(start({ DENWABAN_DATA_DIR: newer }));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/PostgreSQL 99.*DENWABAN_DATA_DIR/);
  });

  test('a data folder that is a file', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const lines = await refusal(start({ DENWABAN_DATA_DIR: file }));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/DENWABAN_DATA_DIR/);
  });

  const isRoot = process.getuid?.() === 0 && process.platform === 'linux';
  test.runIf(isRoot)('a full disk', async () => {
    const small = join(folder, 'small');
    mkdirSync(small);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', small]);
    try {
      const lines = await refusal(start({ DENWABAN_DATA_DIR: join(small, 'data') }));
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(/disk is full.*DENWABAN_DATA_DIR/);
    } finally {
      execFileSync('umount', [small]);
    }
  });

  test('settings that are wrong, all at once', async () => {
    const lines = await refusal(start({ DENWABAN_HTTP_PORT: 'web', DENWABAN_DEMO: 'maybe' }));
    expect(lines.map((line) => line.split(':')[0])).toEqual(['DENWABAN_HTTP_PORT', 'DENWABAN_DEMO']);
  });
});

describe('a start', () => {
  test('ends by saying where to open, who can sign in, and three ways to call; a second one says who is running', async () => {
    const first = start();
    await ready(first);
    const said = first.log();
    const { password, people } = (await (
      await fetch(`http://127.0.0.1:${env['DENWABAN_HTTP_PORT']}/api/v1/demo`)
    ).json()) as { password: string; people: { email: string }[] };
    for (const part of [password, '/phone', 'sip:+', 'baresip -f']) expect(said).toContain(part);
    expect(people.some(({ email }) => said.includes(email))).toBe(true);

    const lines = await refusal(start());
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`process ${first.pid}`);

    const processes = below(first.pid);
    expect(processes.length).toBeGreaterThan(3);
    // As a terminal and npm together do it.
    first.child.kill('SIGINT');
    first.child.kill('SIGINT');
    expect(await first.exited).toEqual({ code: 0, signal: null });
    expect(processes.filter(isAlive)).toEqual([]);
  });

  test('the second time is quick', async () => {
    const again = start();
    const readyMs = await ready(again);
    await again.stop();
    console.info(`ready again in ${readyMs} ms`); // eslint-disable-line no-console -- a figure for the reader of the run
    expect(readyMs).toBeLessThan(readyAgainMsMax);
  });

  test('after kill -9 everything ends by itself, and the next start just works', async () => {
    const killed = start();
    await ready(killed);
    const processes = below(killed.pid);
    killed.child.kill('SIGKILL');
    await killed.exited;
    await until('all processes to end', () => processes.filter(isAlive).length === 0);
    const next = start();
    await ready(next);
    await next.stop(8000);
    expect(next.child.exitCode).toBe(0);
  });

  test('killed at any moment of its start, it leaves nothing that stands in the next one’s way', async () => {
    for (const afterMs of [60, 250, 400, 600, 900, 1200]) {
      const one = start();
      await sleep(afterMs);
      const processes = below(one.pid);
      one.child.kill('SIGKILL');
      await one.exited;
      await until(`what ran after ${afterMs} ms to end`, () => processes.filter(isAlive).length === 0 || null, {
        withinMs: 3000,
      }).catch(() => undefined); // a database without its supervisor may stay: the next start replaces it
    }
    const next = start();
    await ready(next);
    await next.stop(8000);
    expect(next.child.exitCode).toBe(0);
  });

  test('asked to end in the middle of its start, it ends in order', async () => {
    for (const afterMs of [300, 700]) {
      const one = start();
      await sleep(afterMs);
      const processes = below(one.pid);
      one.child.kill('SIGTERM');
      const { signal } = await one.exited;
      expect([null, 'SIGTERM']).toContain(signal);
      await until('its processes to end', () => processes.filter(isAlive).length === 0);
    }
  });
});

const closed = (server: Server) => new Promise<void>((resolve) => server.close(() => resolve()));
