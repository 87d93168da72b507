/** Other processes, asked about by their id: is it alive, is it the same one as before, is it a PostgreSQL of ours. */
import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';

/** False for a zombie too: in a container nobody may reap an orphan, and its id would look alive for ever. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return procStat(pid)?.state !== 'Z';
}

/** A text that only this run of the process has, so that a reused id is told apart. Null when the process is not alive. */
export function processIdentity(pid: number): string | null {
  if (!isAlive(pid)) return null;
  const stat = procStat(pid);
  if (stat) return `${bootId()}/${stat.startTicks}`;
  try {
    return ps(pid, 'lstart=') || null;
  } catch {
    return null;
  }
}

/**
 * True when `pid` is a postmaster working in `cluster` (its real path). `/proc/<pid>/cwd` tells it for sure, since a postmaster
 * changes into its data folder; elsewhere the command line has to do.
 */
export function isPostmasterOf(pid: number, cluster: string): boolean {
  if (!isAlive(pid)) return false;
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return (command[0] ?? '').includes('postgres') && readlinkSync(`/proc/${pid}/cwd`) === cluster;
  } catch {
    if (process.platform === 'linux') return false;
  }
  try {
    const command = ps(pid, 'command=');
    return command.includes('postgres') && command.includes(cluster);
  } catch {
    return false;
  }
}

/** Sends the signals of `ladder` one after the other until the process is gone. @returns whether it is */
export async function endProcess(pid: number, ladder: readonly [NodeJS.Signals, number][]): Promise<boolean> {
  for (const [signal, waitMs] of ladder) {
    try {
      process.kill(pid, signal);
    } catch {
      return !isAlive(pid);
    }
    for (const until = Date.now() + waitMs; Date.now() < until;) {
      if (!isAlive(pid)) return true;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  return !isAlive(pid);
}

function procStat(pid: number): { state: string; startTicks: string } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command's name may hold spaces and parentheses, so fields are counted from the last one.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', startTicks: fields[19] ?? '' };
  } catch {
    return null;
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

const ps = (pid: number, field: string) =>
  execFileSync('ps', ['-o', field, '-p', String(pid)], { encoding: 'utf8', timeout: 2000 }).trim();
