import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { processIdentity } from '../store/postgres/processes.js';
import { lockInstance } from './instance-lock.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'lock-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const lockFile = (): string => path.join(folder, 'denwaban.lock');

describe('the lock of a data folder', () => {
  test('a second instance is told in one line who holds it and where to open it', async () => {
    const release = await lockInstance(folder, 'http://127.0.0.1:8080', 0);
    const second = lockInstance(folder, 'http://127.0.0.1:8081', 0);
    await expect(second).rejects.toMatchObject({ code: 'already-running' });
    await expect(second).rejects.toThrow(new RegExp(`process ${process.pid}, open http://127.0.0.1:8080`));
    await release();
    const again = await lockInstance(folder, 'http://127.0.0.1:8081', 0);
    await again();
  });

  test('what kill -9 left behind is replaced, also when the id was given to another process since', async () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    try {
      writeFileSync(lockFile(), JSON.stringify({ pid: other.pid, identity: 'another-boot/1', open: 'x' }));
      const release = await lockInstance(folder, 'here', 0);
      expect(JSON.parse(readFileSync(lockFile(), 'utf8'))).toMatchObject({ pid: process.pid, open: 'here' });
      await release();
      const identity = processIdentity(other.pid ?? 0);
      writeFileSync(lockFile(), JSON.stringify({ pid: other.pid, identity, open: 'there' }));
      await expect(lockInstance(folder, 'here', 0)).rejects.toThrow(/there/);
    } finally {
      other.kill('SIGKILL');
      await new Promise((resolve) => other.once('exit', resolve));
    }
    const release = await lockInstance(folder, 'here', 0);
    await release();
  });

  test('half a file, or none of ours, is no lock', async () => {
    for (const text of ['', '{"pid":', '[]', 'null']) {
      writeFileSync(lockFile(), text);
      const release = await lockInstance(folder, 'here', 0);
      await release();
    }
  });

  test('an instance on its way out is waited for', async () => {
    const release = await lockInstance(folder, 'first', 0);
    const second = lockInstance(folder, 'second', 3000);
    await release();
    await (
      await second
    )();
  });
});
