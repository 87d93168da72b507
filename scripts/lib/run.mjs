/** Runs a tool and keeps what it printed, for the case that it fails. */
import { spawn } from 'node:child_process';
import { at } from './checkout.mjs';

const running = new Set();
const handlers = [];
// A tool must not outlive us: npm forwards a signal only to its own child, and a terminal's Ctrl-C may be sent to one process.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
]) {
  const endTools = () => {
    for (const child of running) child.kill('SIGTERM');
    process.exit(code);
  };
  process.on(signal, endTools);
  handlers.push([signal, endTools]);
}

/** From here on the signals belong to somebody else (the supervisor). */
export function releaseSignals() {
  for (const [signal, handler] of handlers.splice(0)) process.removeListener(signal, handler);
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{env?: Record<string, string>, echo?: boolean}} [options] `echo`: show its output as it comes
 * @returns {Promise<{code: number, output: string}>}
 */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: at(),
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(child);
    const chunks = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        chunks.push(chunk);
        if (options.echo) process.stdout.write(chunk);
      });
    }
    const finish = (code) => {
      running.delete(child);
      resolve({ code, output: Buffer.concat(chunks).toString('utf8') });
    };
    child.once('error', (error) => {
      chunks.push(Buffer.from(`${error.message}\n`));
      finish(127);
    });
    child.once('close', (code, signal) => finish(code ?? (signal ? 1 : 0)));
  });
}

/** Runs a JavaScript tool of node_modules with this very Node. */
export function runTool(path, args, options) {
  return run(process.execPath, [at('node_modules', path), ...args], options);
}
