/** Which process runs the cluster of a data folder: a live one is not disturbed, what a dead one left running is ended. */
import { readFileSync, realpathSync } from 'node:fs';
import { readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Log } from '../log.js';
import { StartError } from '../start-error.js';
import { endProcess, isPostmasterOf, processIdentity } from './processes.js';

const ownerFile = (dataDir: string) => path.join(dataDir, 'postgres.owner');

/** @throws StartError `data-in-use` while the process that took it lives */
export async function takeOwnership(dataDir: string): Promise<void> {
  const mine = JSON.stringify({ pid: process.pid, identity: processIdentity(process.pid) });
  try {
    await writeFile(ownerFile(dataDir), mine, { flag: 'wx' });
    return;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const owner = await readOwner(dataDir);
  if (owner && owner.identity !== null && processIdentity(owner.pid) === owner.identity) {
    throw new StartError(
      'data-in-use',
      `Another Denwaban (process ${owner.pid}) is using ${dataDir}. Stop it, or set DENWABAN_DATA_DIR to another folder.`,
    );
  }
  const half = `${ownerFile(dataDir)}.${process.pid}`;
  await writeFile(half, mine);
  await rename(half, ownerFile(dataDir));
}

/** Gives the folder back when it is ours. */
export async function releaseOwnership(dataDir: string): Promise<void> {
  if ((await readOwner(dataDir))?.pid === process.pid) await rm(ownerFile(dataDir), { force: true });
}

/** Ends a postmaster that outlived its supervisor (kill -9): committed work is on disk, and the new one must be alone. */
export async function endOrphan(cluster: string, log: Log): Promise<void> {
  const file = path.join(cluster, 'postmaster.pid');
  const text = await readFile(file, 'utf8').catch(() => null);
  const pid = Number(text?.split('\n')[0]);
  if (!text || !Number.isInteger(pid) || pid <= 1) return;
  if (!isPostmasterOf(pid, await realpath(cluster))) {
    // It died, but its id may still be taken: by somebody else since, or by its own remains that nobody has reaped yet.
    // PostgreSQL would refuse to start for either, but not for its own parent's id.
    await writeFile(file, text.replace(/^\d+/, String(process.pid)));
    return;
  }
  log.info({ pid }, 'Ending a PostgreSQL left over from a start that was killed');
  const ended = await endProcess(pid, [
    ['SIGINT', 10_000],
    ['SIGQUIT', 5_000],
    ['SIGKILL', 2_000],
  ]);
  if (!ended)
    throw new StartError(
      'data-in-use',
      `PostgreSQL (process ${pid}) holds ${cluster} and cannot be ended. End it by hand.`,
    );
}

/**
 * Ends the postmaster that process `owner` started and can no longer end itself. Not when the folder has a new owner already:
 * what runs there then is the next start's. Synchronous, for a process on its way out.
 */
export function endPostgresOf(owner: number, dataDir: string): void {
  try {
    const said = JSON.parse(readFileSync(ownerFile(dataDir), 'utf8')) as { pid?: unknown };
    const cluster = realpathSync(path.join(dataDir, 'postgres'));
    const pid = Number(readFileSync(path.join(cluster, 'postmaster.pid'), 'utf8').split('\n')[0]);
    if (said.pid === owner && isPostmasterOf(pid, cluster)) process.kill(pid, 'SIGINT');
  } catch {
    // no embedded database, or gone meanwhile
  }
}

async function readOwner(dataDir: string): Promise<{ pid: number; identity: string | null } | null> {
  try {
    const owner = JSON.parse(await readFile(ownerFile(dataDir), 'utf8')) as { pid?: unknown; identity?: unknown };
    if (typeof owner.pid !== 'number') return null;
    return { pid: owner.pid, identity: typeof owner.identity === 'string' ? owner.identity : null };
  } catch {
    return null;
  }
}
