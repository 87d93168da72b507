/** Who runs where: the system under test has one core for itself, whoever loads it the other. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, type Running } from '../src/peers/process.js';

export const testedCore = 0;
export const loadCore = 1;

export function pinned(core: number, command: string, args: readonly string[], env?: NodeJS.ProcessEnv): Running {
  // Memory locks and queues of the shell's own limits must not decide: taskset only sets the core, and becomes the program.
  return run('taskset', ['-c', String(core), command, ...args], env === undefined ? {} : { env });
}

/** One of the programs that the build puts beside the benchmarks. */
export function program(name: 'media' | 'b2bua' | 'echo-peers'): string {
  return fileURLToPath(new URL(`./${name}.js`, import.meta.url));
}

/**
 * Compiles the RTP generator, which would cost more than what it measures were it written in JavaScript.
 *
 * @returns its path, or why there is none
 */
export function compileGenerator(): { path: string } | { missing: string } {
  const source = fileURLToPath(new URL('../../load/programs/rtp-generator.c', import.meta.url));
  const path = join(mkdtempSync(join(tmpdir(), 'denwaban-bench-')), 'rtp-generator');
  const done = spawnSync('gcc', ['-O2', '-o', path, source], { encoding: 'utf8' });
  if (done.error !== undefined) return { missing: 'not installed: gcc' };
  if (done.status !== 0) throw new Error(done.stderr);
  return { path };
}
