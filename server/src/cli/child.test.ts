import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { keepRunning, type Child } from './child.js';

let folder: string;
let child: Child | undefined;
let said: string[];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'child-'));
  said = [];
});
afterEach(async () => {
  child?.kill();
  await child?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** @param first what it does when it is loaded */
function write(code: string, first = ''): string {
  const program = path.join(folder, 'role.mjs');
  writeFileSync(
    program,
    `const send = (m) => process.send(m); ${first} process.on('message', (start) => { ${code} });`,
  );
  return program;
}

/** A role in small; `send` and `start` (what it was told) are at hand. */
function run(code: string, stopMs = 2000): Child {
  const program = write(code);
  child = keepRunning({
    role: 'media',
    name: 'media',
    program,
    args: [],
    env: { PATH: process.env['PATH'] },
    start: async () => ({ role: 'media', settings: { socket: '/x' } as never }),
    onProgress: (step) => said.push(`progress: ${step}`),
    say: (line) => said.push(line),
    stopMs,
  });
  return child;
}

const gone = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
};
const ready = "send({ type: 'ready', facts: null });";

/** Waits for something that another process does. */
async function until(what: () => boolean): Promise<void> {
  for (let i = 0; !what(); i++) {
    if (i > 500) throw new Error(`never came: ${what.toString()}; said: ${said.join(' | ')}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('a child process', () => {
  test('is told its start, tells its progress, and is ready', async () => {
    await run(`send({ type: 'progress', step: start.settings.socket }); ${ready}`).ready;
    expect(said).toEqual(['progress: /x']);
  });

  test('that dies after it was ready is started again', async () => {
    const { ready: first } = run(ready);
    await first;
    const before = child?.pid ?? 0;
    process.kill(before, 'SIGKILL');
    await until(() => child?.pid !== undefined && child.pid !== before);
    expect(said).toEqual(['The media process ended (SIGKILL). Starting it again in 100 ms.']);
  });

  test('that cannot start says so in its own line, and is not tried again', async () => {
    const { ready: first } = run(
      `send({ type: 'failed', code: 'disk-full', line: 'The disk is full.' }); process.exit(1);`,
    );
    await expect(first).rejects.toMatchObject({ code: 'disk-full', line: 'The disk is full.' });
    expect(said).toEqual([]);
  });

  test('that ends without a word before it was ready is a failure', async () => {
    await expect(run('process.exit(7);').ready).rejects.toThrow(/exit code 7/);
  });

  test('ends when asked, and at once when it does not listen', async () => {
    await run(`process.on('SIGTERM', () => {}); ${ready}`, 100).ready;
    const pid = child?.pid ?? 0;
    await child?.stop();
    expect(gone(pid)).toBe(true);
    expect(said.join()).toContain('is killed');
  });

  test('that was stopped stays stopped', async () => {
    await run(ready).ready;
    await child?.stop();
    expect(child?.pid).toBeUndefined();
    expect(said).toEqual([]);
  });

  test('is replaced by the program that is there now, which is loaded before the old one ends', async () => {
    await run(ready).ready;
    const before = child?.pid ?? 0;
    write(
      `send({ type: 'progress', step: String((${gone.toString()})(${before})) }); ${ready}`,
      `process.send({ type: 'loaded' });`,
    );
    await child?.replace();
    expect(child?.pid).not.toBe(before);
    expect(gone(before)).toBe(true);
    expect(said).toEqual(['progress: true']); // nothing of an end that somebody would have to look into
  });

  test('stays when the program that is there now cannot be loaded', async () => {
    await run(ready).ready;
    const before = child?.pid ?? 0;
    write('', 'throw new Error("half a build");');
    await expect(child?.replace()).rejects.toMatchObject({ code: 'role-failed' });
    expect(child?.pid).toBe(before);
    expect(gone(before)).toBe(false);
  });

  test('is started again when its replacement dies before it is ready', async () => {
    await run(ready).ready;
    write(`if (process.env.LATER) { ${ready} } else process.exit(9);`, `process.send({ type: 'loaded' });`);
    await expect(child?.replace()).rejects.toMatchObject({ code: 'role-failed' });
    await until(() => said.some((line) => line.includes('exit code 9')));
  });

  test('that is asked to make room ends when it likes, and the program that is there then follows without a word', async () => {
    const retires = `if (start.type === 'retire') process.exit(0); ${ready}`;
    await run(retires).ready;
    const before = child?.pid ?? 0;
    child?.renew();
    await until(() => child?.pid !== undefined && child.pid !== before);
    expect(said).toEqual([]);
  });
});
