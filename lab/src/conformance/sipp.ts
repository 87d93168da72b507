/** Driving sipp (Debian's `sip-tester`), the SIP peer that nobody here wrote. */
import { spawn, spawnSync } from 'node:child_process';

export const hasSipp = spawnSync('sipp', ['-v'], { stdio: 'ignore' }).error === undefined;

export interface SippResult {
  /** 0: every call as the scenario wants. */
  code: number | null;
  successful: number;
  failed: number;
  output: string;
}

/** Runs sipp to its end, with its statistics read from its last screen. */
export async function runSipp(args: string[], options: { cwd: string; timeoutMs: number }): Promise<SippResult> {
  const child = spawn('sipp', [...args, '-nostdin', '-trace_err'], {
    cwd: options.cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('latin1')));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString('latin1')));
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  clearTimeout(timer);
  const last = output.slice(Math.max(0, output.lastIndexOf('Statistics Screen')));
  const figure = (name: string) => Number(new RegExp(`${name}\\s*\\|[^|]*\\|\\s*(\\d+)`).exec(last)?.[1] ?? Number.NaN);
  return { code, successful: figure('Successful call'), failed: figure('Failed call'), output };
}
