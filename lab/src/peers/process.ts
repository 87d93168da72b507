/** Child processes of a test: started, listened to, and surely gone at the end. */
import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface Running {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Everything it printed, both streams in the order of arrival. */
  log(): string;
  /** Resolves when it is gone. */
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** SIGTERM, after `graceMs` SIGKILL; resolves when it is gone. */
  stop(graceMs?: number): Promise<void>;
}

export function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Running {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const printed: string[] = [];
  child.stdout.on('data', (data: Buffer) => printed.push(data.toString()));
  child.stderr.on('data', (data: Buffer) => printed.push(data.toString()));
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  exited.catch(() => undefined); // whoever awaits it hears of the failure
  // A test run that is cut short leaves nothing behind it.
  const endIt = () => void child.kill('SIGKILL');
  process.once('exit', endIt);
  child.once('exit', () => process.off('exit', endIt));
  return {
    pid: child.pid ?? -1,
    child,
    log: () => printed.join(''),
    exited,
    async stop(graceMs = 3000) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await exited.catch(() => undefined);
      clearTimeout(timer);
    },
  };
}

/** Asks again and again until `probe` gives something else than null, undefined or false. */
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  { withinMs = 10_000, everyMs = 20 }: { withinMs?: number; everyMs?: number } = {},
): Promise<NonNullable<T>> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const value = await probe();
    if (value !== null && value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`);
    await sleep(everyMs);
  }
}

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/**
 * Why a suite that needs these programs cannot run here, or null. With `CI=true` nothing may be skipped: then it throws.
 */
export function missing(...programs: string[]): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const absent = programs.filter((program) => !folders.some((folder) => canRun(join(folder, program))));
  if (absent.length === 0) return null;
  const reason = `not installed: ${absent.join(', ')}`;
  if (process.env['CI'] === 'true') throw new Error(reason);
  return reason;
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * How late this process runs: the worst delay of a 10 ms timer since it began. Two clocks can be compared no better than they
 * were read, so a comparison of moments adds this to what it allows, and prints it. On a quiet machine it is a few ms.
 */
export function watchLateness(): { worstMs(): number; stop(): void } {
  let worst = 0;
  let due = performance.now() + 10;
  const timer = setInterval(() => {
    const now = performance.now();
    worst = Math.max(worst, now - due);
    due = now + 10;
  }, 10);
  return { worstMs: () => Math.round(worst), stop: () => clearInterval(timer) };
}
