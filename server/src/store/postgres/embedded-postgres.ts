/**
 * Runs the real PostgreSQL that came with npm, for installations without DATABASE_URL: on a unix socket only, durable
 * (fsync and synchronous_commit on), as `nobody` when we are root. No state of its own: what matters lies in the data folder.
 *
 *     <dataDir>/postgres/        the cluster (PGDATA)
 *     <dataDir>/postgres.owner   which process runs it
 *     <dataDir>/run/             the socket, or /tmp/denwaban-… when that is out of reach or its path too long
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, realpath, rm, statfs, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import path from 'node:path';
import { codeOf, createDatabase } from '../connection.js';
import type { Log, Progress } from '../log.js';
import { StartError } from '../start-error.js';
import { createCluster, dataArgument, postgresUser } from './cluster.js';
import { diskFull, preparePrograms, type RunAs } from './native.js';
import { endOrphan, releaseOwnership, takeOwnership } from './ownership.js';
import { endProcess } from './processes.js';
import { prepareSocketFolder } from './socket-folder.js';

export interface EmbeddedPostgres {
  /** For DATABASE_URL of other processes of ours: `postgresql://denwaban@/denwaban?host=…`. No password in it. */
  readonly url: string;
  readonly pid: number;
  /** Fast shutdown: sessions are ended, everything committed is kept. */
  stop(): Promise<void>;
  /** Called once when PostgreSQL ends without having been told to. */
  onExit(listener: (how: { code: number | null; signal: NodeJS.Signals | null }) => void): void;
}

export interface EmbeddedPostgresOptions {
  /** The installation's data folder. Created when missing. */
  dataDir: string;
  log: Log;
  onProgress?: Progress;
  /** Further settings, for tests (`fsync: 'off'`). */
  settings?: Readonly<Record<string, string>>;
}

/** Meant for a machine with two cores and a floor of 300; whoever needs more sets DATABASE_URL. */
const ownSettings: Readonly<Record<string, string>> = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  shared_buffers: '128MB',
  max_connections: '60',
  work_mem: '8MB',
  maintenance_work_mem: '64MB',
  effective_cache_size: '1GB',
  random_page_cost: '1.1',
  jit: 'off',
  max_wal_size: '1GB',
  checkpoint_timeout: '10min',
  wal_compression: 'on',
  autovacuum_naptime: '30s',
  // A worker costs a process start, which the short statements of a phone call never earn back.
  max_parallel_workers_per_gather: '1',
  idle_in_transaction_session_timeout: '60s',
  fsync: 'on',
  synchronous_commit: 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  log_line_prefix: '',
  log_min_messages: 'warning',
  log_checkpoints: 'off',
};

/** @throws StartError */
export async function startPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { log } = options;
  const onProgress = options.onProgress ?? (() => {});
  const dataDir = await makeDataDir(options.dataDir);
  const runAs = await postgresUser();
  await takeOwnership(dataDir);
  try {
    const cluster = path.join(dataDir, 'postgres');
    await endOrphan(cluster, log);
    const programs = await preparePrograms(runAs, dataDir, onProgress);
    const fresh = await createCluster({ programs, cluster, runAs, onProgress });
    await checkRoom(dataDir, fresh ? 32 : 24);
    const socketFolder = await prepareSocketFolder(dataDir, runAs);
    const child = await launch({
      programs,
      cluster,
      socketFolder,
      runAs,
      log,
      settings: { ...ownSettings, ...options.settings },
    });
    const running = handle(child, socketFolder, dataDir, log);
    try {
      await createDatabase(running.url);
    } catch (error) {
      await running.stop();
      if (codeOf(error) === '53100') throw diskFull(cluster);
      throw error;
    }
    return running;
  } catch (error) {
    await releaseOwnership(dataDir);
    throw error;
  }
}

async function makeDataDir(wanted: string): Promise<string> {
  try {
    await mkdir(wanted, { recursive: true, mode: 0o700 });
    const dataDir = await realpath(wanted);
    await writeFile(path.join(dataDir, '.write-test'), 'x');
    await rm(path.join(dataDir, '.write-test'));
    return dataDir;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT') throw diskFull(wanted);
    throw new StartError(
      'data-not-writable',
      `The data folder ${wanted} cannot be written (${code ?? String(error)}). Give this user the right to, or set DENWABAN_DATA_DIR to another folder.`,
      { cause: error },
    );
  }
}

async function checkRoom(dataDir: string, megabytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(dataDir);
  if (bavail * bsize < megabytes * 1024 * 1024) throw diskFull(dataDir);
}

interface Launch {
  programs: string;
  cluster: string;
  socketFolder: string;
  runAs: RunAs | null;
  log: Log;
  settings: Readonly<Record<string, string>>;
}

async function launch(request: Launch): Promise<ChildProcess> {
  // Processes of a postmaster killed a moment ago may still hold its memory; they notice and go.
  for (let attempt = 0; ; attempt++) {
    const outcome = await launchOnce(request);
    if (outcome.ready) return outcome.child;
    const said = outcome.said.join(' | ');
    if (/still in use|pre-existing shared memory/.test(said) && attempt < 50) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      continue;
    }
    if (/No space left on device|Disk quota exceeded/.test(said)) throw diskFull(request.cluster);
    throw new StartError(
      'postgres-failed',
      `The embedded PostgreSQL did not start: ${outcome.said.slice(-3).join(' | ') || 'it said nothing'}. Its files are in ${request.cluster}.`,
    );
  }
}

type Outcome = { ready: true; child: ChildProcess } | { ready: false; said: string[] };

async function launchOnce({ programs, cluster, socketFolder, runAs, log, settings }: Launch): Promise<Outcome> {
  const child = spawn(
    path.join(programs, 'bin/postgres'),
    [...(await dataArgument(cluster, runAs)), ...asArguments({ ...settings, unix_socket_directories: socketFolder })],
    {
      // Opened before the user changes: together with -D /proc/self/cwd this reaches a cluster below a 0700 folder.
      cwd: cluster,
      env: { PATH: '/usr/bin:/bin' },
      // A session of its own: Ctrl-C at the terminal is for us, and PostgreSQL stops last.
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
      ...runAs,
    },
  );
  const said: string[] = [];
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ ready: false, said: [String(error)] }));
    child.once('exit', () => setImmediate(() => resolve({ ready: false, said })));
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (said.length < 50) said.push(line);
      report(log, line);
      if (line.includes('database system is ready to accept connections')) resolve({ ready: true, child });
    });
  });
}

const asArguments = (settings: Readonly<Record<string, string>>) =>
  Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);

function report(log: Log, line: string): void {
  const text = line.trim();
  // A connection that was open when we stop is ordinary.
  const matters = /^(PANIC|FATAL|ERROR|WARNING):/.test(text) && !text.includes('due to administrator command');
  if (matters) log.warn({ postgres: true }, text);
  else if (text !== '') log.debug({ postgres: true }, text);
}

function handle(child: ChildProcess, socketFolder: string, dataDir: string, log: Log): EmbeddedPostgres {
  const pid = child.pid!;
  let stopping = false;
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    if (child.exitCode !== null || child.signalCode !== null) resolve();
  });
  const listeners: Parameters<EmbeddedPostgres['onExit']>[0][] = [];
  void gone.then(async () => {
    await releaseOwnership(dataDir);
    if (stopping) return;
    log.error({ code: child.exitCode, signal: child.signalCode }, 'PostgreSQL ended by itself');
    for (const listener of listeners) listener({ code: child.exitCode, signal: child.signalCode });
  });
  return {
    url: `postgresql://denwaban@/denwaban?host=${encodeURIComponent(socketFolder)}`,
    pid,
    onExit: (listener) => void listeners.push(listener),
    async stop() {
      stopping = true;
      if (child.exitCode === null && child.signalCode === null) {
        await endProcess(pid, [
          ['SIGINT', 20_000],
          ['SIGQUIT', 5_000],
          ['SIGKILL', 2_000],
        ]);
      }
      await gone;
      await releaseOwnership(dataDir);
    },
  };
}
