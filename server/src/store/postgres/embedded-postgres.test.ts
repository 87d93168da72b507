import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { silentLog } from '../log.js';
import { startPostgres, type EmbeddedPostgres } from './embedded-postgres.js';
import { findShipped, preparePrograms } from './native.js';
import { ask } from '../testing/ask.js';
import { keepAsTemplate, makeDataDir } from '../testing/prepared.js';
import { isAlive } from './processes.js';

const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const isRoot = process.getuid?.() === 0;
const folders: string[] = [];
const running = new Set<EmbeddedPostgres>();

beforeAll(keepAsTemplate);
afterEach(async () => {
  for (const one of running) await one.stop();
  running.clear();
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
});

function folder(): string {
  const made = mkdtempSync(path.join(base, 'denwaban-pg-')); // 0700, as mkdtemp makes it
  folders.push(made);
  return made;
}
/** Only two tests are about preparing the database; the others begin with one. */
function preparedFolder(): string {
  const made = makeDataDir();
  folders.push(made);
  return made;
}

async function start(dataDir: string): Promise<EmbeddedPostgres> {
  const one = await startPostgres({ dataDir, log: silentLog, settings: { fsync: 'off' } });
  running.add(one);
  return one;
}
test('starts from nothing below a 0700 folder, without TCP, and is back within moments with what it held', async () => {
  const dataDir = path.join(folder(), 'data');
  const first = await start(dataDir);
  const [settings] = await ask<{ a: string; t: string; f: string; e: string; c: string }>(
    first.url,
    `SELECT current_setting('listen_addresses') AS a, current_setting('synchronous_commit') AS t, current_setting('fsync') AS f,
            current_setting('server_encoding') AS e, (SELECT datctype FROM pg_database WHERE datname = current_database()) AS c`,
  );
  expect(settings).toMatchObject({ a: '', t: 'on', e: 'UTF8' });
  await ask(first.url, `CREATE TABLE kept AS SELECT '請求書' AS text`);
  if (isRoot) expect(statSync(`/proc/${first.pid}`).uid).not.toBe(0);
  await first.stop();
  expect(isAlive(first.pid)).toBe(false);

  const before = performance.now();
  const second = await start(dataDir);
  expect(performance.now() - before).toBeLessThan(2_000); // 50 ms when the machine is idle
  expect(await ask(second.url, 'SELECT text FROM kept')).toEqual([{ text: '請求書' }]);
});

test('a data folder whose socket path would be too long works all the same', async () => {
  const dataDir = path.join(folder(), 'a-very-long-name-of-a-folder'.repeat(4));
  renameSync(preparedFolder(), dataDir);
  const one = await start(dataDir);
  expect(await ask(one.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('two installations do not take the same folder', async () => {
  const dataDir = preparedFolder();
  const first = await start(dataDir);
  await expect(start(dataDir)).rejects.toMatchObject({
    code: 'data-in-use',
    line: expect.stringContaining('DENWABAN_DATA_DIR'),
  });
  expect(await ask(first.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test.runIf(process.platform === 'linux')(
  'a PostgreSQL whose supervisor was killed is replaced, and nothing it had committed is lost',
  async () => {
    const dataDir = preparedFolder();
    const first = await start(dataDir);
    await ask(first.url, 'CREATE TABLE orphaned AS SELECT 42 AS answer');
    const command = readFileSync(`/proc/${first.pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
    const cwd = readlinkSync(`/proc/${first.pid}/cwd`);
    const { uid, gid } = statSync(`/proc/${first.pid}`);
    await first.stop();

    // The same command, from a supervisor that dies at once and leaves its name on the folder.
    const script = `
    const { spawn } = require('node:child_process');
    const [program, ...args] = ${JSON.stringify(command)};
    const child = spawn(program, args, { cwd: ${JSON.stringify(cwd)}, uid: ${uid}, gid: ${gid}, env: {}, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.on('data', (data) => String(data).includes('ready to accept') && (console.log(child.pid), process.kill(process.pid, 'SIGKILL')));`;
    const supervisor = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const orphan = Number(await new Promise((resolve) => supervisor.stdout.once('data', resolve)));
    await new Promise((resolve) => supervisor.once('exit', resolve));
    writeFileSync(path.join(dataDir, 'postgres.owner'), JSON.stringify({ pid: supervisor.pid, identity: 'gone' }));
    expect(isAlive(orphan)).toBe(true);

    const second = await start(dataDir);
    expect(isAlive(orphan)).toBe(false);
    expect(await ask(second.url, 'SELECT answer FROM orphaned')).toEqual([{ answer: 42 }]);
  },
);

test('an id in postmaster.pid that belongs to somebody else by now is left alone', async () => {
  const dataDir = preparedFolder();
  const first = await start(dataDir);
  const file = path.join(dataDir, 'postgres/postmaster.pid');
  const lines = readFileSync(file, 'utf8').split('\n');
  await first.stop();
  const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  try {
    writeFileSync(file, [String(bystander.pid), ...lines.slice(1)].join('\n'));
    if (isRoot) chmodSync(file, 0o644);
    const second = await start(dataDir);
    expect(await ask(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(isAlive(bystander.pid ?? 0)).toBe(true);
  } finally {
    bystander.kill('SIGKILL');
  }
});

test('it says so when PostgreSQL ends by itself', async () => {
  const dataDir = preparedFolder();
  const one = await start(dataDir);
  const ended = new Promise((resolve) => one.onExit(resolve));
  process.kill(one.pid, 'SIGKILL');
  expect(await ended).toEqual({ code: null, signal: 'SIGKILL' });
  // Started again in the same folder, which also clears the shared memory that a killed PostgreSQL leaves in the system.
  const again = await start(dataDir);
  expect(again.url).toBe(one.url);
});

test('data of another PostgreSQL is refused, the newer and the older each with its mend', async () => {
  for (const [version, code] of [
    ['99', 'data-newer'],
    ['14', 'data-older'],
  ] as const) {
    const dataDir = folder();
    mkdirSync(path.join(dataDir, 'postgres'));
    writeFileSync(path.join(dataDir, 'postgres/PG_VERSION'), `${version}\n`);
    await expect(start(dataDir)).rejects.toMatchObject({ code, line: expect.stringContaining(version) });
    expect(existsSync(path.join(dataDir, 'postgres.owner'))).toBe(false);
  }
});

test('a first start that was cut short begins again', async () => {
  const dataDir = folder();
  mkdirSync(path.join(dataDir, 'postgres.new/base'), { recursive: true });
  writeFileSync(path.join(dataDir, 'postgres.new/PG_VERSION'), '18\n');
  const one = await start(dataDir);
  expect(await ask(one.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('a data folder that cannot be written is named', async () => {
  const file = path.join(folder(), 'a-file');
  writeFileSync(file, '');
  await expect(start(path.join(file, 'data'))).rejects.toMatchObject({ code: 'data-not-writable' });
});

test('a platform without programs is told to bring its own database', () => {
  expect(() => findShipped('sunos-sparc')).toThrow(
    expect.objectContaining({ code: 'no-binary', line: expect.stringContaining('DATABASE_URL') }),
  );
});

test.runIf(isRoot)(
  'programs out of the other user’s reach are copied once, with their links, readable to all',
  async () => {
    const shipped = path.join(folder(), 'package/native');
    mkdirSync(path.join(shipped, 'bin'), { recursive: true });
    mkdirSync(path.join(shipped, 'lib'), { mode: 0o700 });
    writeFileSync(path.join(shipped, '../package.json'), '{"version":"18.4.0-test"}');
    writeFileSync(path.join(shipped, 'bin/postgres'), 'program', { mode: 0o700 });
    writeFileSync(path.join(shipped, 'lib/libpq.so.5.18'), 'library', { mode: 0o600 });
    const link = { source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' };
    writeFileSync(path.join(shipped, 'pg-symlinks.json'), JSON.stringify([link]));
    const cache = mkdtempSync(path.join(tmpdir(), 'denwaban-cache-'));
    folders.push(cache);
    chmodSync(cache, 0o755);
    const said: string[] = [];
    const prepare = () =>
      preparePrograms({ uid: 65534, gid: 65534 }, '/nowhere', (step) => void said.push(step), { shipped, cache });
    const place = await prepare();
    expect(place.startsWith(cache)).toBe(true);
    expect(readFileSync(path.join(place, 'lib/libpq.so.5'), 'utf8')).toBe('library');
    expect(statSync(path.join(place, 'bin/postgres')).mode & 0o777).toBe(0o755);
    expect(statSync(path.join(place, 'lib/libpq.so.5')).mode & 0o777).toBe(0o644);
    expect(await prepare()).toBe(place);
    expect(said).toHaveLength(1);
    // What anybody may write must not be run.
    chmodSync(place, 0o777);
    const elsewhere = await prepare();
    folders.push(elsewhere);
    expect(elsewhere.startsWith(cache)).toBe(false);
  },
);
