/** CPU time of processes from /proc: user and system, all threads. Unlike the clock on the wall it does not mind a busy neighbour. */
import { readdirSync, readFileSync } from 'node:fs';

/** The kernel counts in ticks of 10 ms (`getconf CLK_TCK`), so windows are seconds long. */
const tickMs = 10;

/** @returns ms of CPU that the process has used since it began; a process that is gone has used none */
export function cpuMs(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name may hold spaces and brackets; what follows the last bracket is the state and then figures.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * tickMs;
  } catch {
    return 0;
  }
}

/** The process and everything below it: Kamailio and PostgreSQL are many processes. */
export function treeOf(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    } catch {
      // it ended while we looked
    }
  }
  const tree = [pid];
  for (const one of tree) tree.push(...(children.get(one) ?? []));
  return tree;
}

export function treeCpuMs(pid: number): number {
  return treeOf(pid).reduce((sum, one) => sum + cpuMs(one), 0);
}

/** Resident memory, MB. */
export function residentMb(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
