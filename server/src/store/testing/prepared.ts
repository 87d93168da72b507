/** Preparing a cluster costs a second, copying a prepared one a twentieth: the first test file of a run prepares it for all. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { silentLog } from '../log.js';
import { startPostgres } from '../postgres/embedded-postgres.js';

const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** A new data folder, 0700, for the test to remove. With a prepared cluster in it once there is one. */
export function makeDataDir(): string {
  const dataDir = mkdtempSync(path.join(base, 'denwaban-test-'));
  const template = process.env['DENWABAN_TEST_TEMPLATE'];
  if (template && existsSync(path.join(template, 'postgres'))) {
    execFileSync('cp', ['-a', path.join(template, 'postgres'), dataDir]);
  }
  return dataDir;
}

/** Prepares the cluster that the files of this run copy, unless one of them has. */
export async function keepAsTemplate(): Promise<void> {
  const template = process.env['DENWABAN_TEST_TEMPLATE'];
  if (!template || existsSync(template)) return;
  const made = mkdtempSync(path.join(base, 'denwaban-test-'));
  const postgres = await startPostgres({ dataDir: made, log: silentLog, settings: { fsync: 'off' } });
  await postgres.stop();
  try {
    renameSync(made, template);
  } catch {
    rmSync(made, { recursive: true, force: true }); // another file was quicker
  }
}
