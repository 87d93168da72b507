/**
 * One Denwaban a data folder: a file that names the process holding it. What kill -9 leaves behind is seen to be stale by the
 * process's identity (its id may have been given to another one since) and replaced.
 */
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { processIdentity } from '../store/postgres/processes.js';
import { StartError } from '../store/start-error.js';

export interface Holder {
  pid: number;
  identity: string | null;
  /** What tells a person which one it is. */
  open: string;
}

/** An instance on its way out gets this long before a new one gives up. */
const patienceMs = 4000;

/**
 * @param open where this instance can be opened, for the line that a second one prints
 * @returns gives the lock back
 * @throws {StartError} `already-running`
 */
export async function lockInstance(dataDir: string, open: string, waitMs = patienceMs): Promise<() => Promise<void>> {
  const place = path.join(dataDir, 'denwaban.lock');
  const mine = `${place}.${process.pid}`;
  const holder: Holder = { pid: process.pid, identity: processIdentity(process.pid), open };
  await writeFile(mine, JSON.stringify(holder), { mode: 0o600 });
  try {
    for (const deadline = Date.now() + waitMs; !(await take(mine, place));) {
      const other = await readHolder(place);
      if (other && isRunning(other)) {
        if (Date.now() > deadline) throw alreadyRunning(dataDir, other);
        await new Promise((resolve) => setTimeout(resolve, 100));
      } else {
        await removeStale(place, mine);
      }
    }
  } finally {
    await rm(mine, { force: true });
  }
  return async () => {
    const now = await readHolder(place);
    if (now?.pid === holder.pid && now.identity === holder.identity) await rm(place, { force: true });
  };
}

/** @returns the instance that runs on this data folder, or null */
export async function runningInstance(dataDir: string): Promise<Holder | null> {
  const holder = await readHolder(path.join(dataDir, 'denwaban.lock'));
  return holder !== null && isRunning(holder) ? holder : null;
}

/** link() fails when the name exists and never leaves half a file: the one atomic step. */
async function take(mine: string, place: string): Promise<boolean> {
  try {
    await link(mine, place);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function readHolder(place: string): Promise<Holder | null> {
  try {
    return JSON.parse(await readFile(place, 'utf8')) as Holder;
  } catch {
    return null;
  }
}

function isRunning(holder: Holder): boolean {
  return holder.identity !== null && processIdentity(holder.pid) === holder.identity;
}

/** Two may find the same stale file: it is moved away first, and put back when it turns out to be a fresh one. */
async function removeStale(place: string, mine: string): Promise<void> {
  const aside = `${mine}.stale`;
  try {
    await rename(place, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const moved = await readHolder(aside);
  if (moved && isRunning(moved)) await take(aside, place);
  await rm(aside, { force: true });
}

function alreadyRunning(dataDir: string, other: Holder): StartError {
  return new StartError(
    'already-running',
    `Denwaban is already running here: process ${other.pid}, open ${other.open}. To put a new version into its place, npm run restart: it does so without ending calls. Else stop it first, or give this one another DENWABAN_DATA_DIR (${dataDir} is taken) and other ports.`,
  );
}
