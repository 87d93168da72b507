/** A role's end of the channel to the supervisor, and the manners that every role shares. */
import type { RoleEnd, RoleMessage, RoleStart } from './messages.js';
import type { Settings } from '../services.js';
import { portErrorIn } from './ports.js';
import { StartError } from '../store/start-error.js';

export interface Role<Start extends RoleStart> {
  start: Start;
  tell(message: RoleMessage): void;
  /** Resolves when this process is to end: because the whole house does, or to make way for another of its role. */
  awaitEnd(): Promise<'house' | 'process'>;
}

/**
 * Takes this process into service as a role.
 *
 * Ctrl-C in a terminal reaches every process of the group; only the supervisor acts on it, so that the order of ending is one
 * order. When the supervisor itself is gone (kill -9), the channel breaks and `onOrphaned` decides what is left to do.
 *
 * @throws Error when this process was not started by a supervisor
 */
export async function enterRole<Name extends RoleStart['role']>(
  name: Name,
  onOrphaned: () => void,
): Promise<Role<Extract<RoleStart, { role: Name }>>> {
  if (!process.send) throw new Error(`--role ${name} is started by the supervisor, not by hand`);
  process.title = `denwaban: ${name}`;
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
  process.once('disconnect', onOrphaned);
  process.send({ type: 'loaded' } satisfies RoleMessage, undefined, undefined, () => {});
  const start = await new Promise<RoleStart>((resolve) => process.once('message', resolve));
  if (start.role !== name) throw new Error(`was told to be ${start.role}`);
  return {
    awaitEnd: () =>
      new Promise((resolve) => {
        process.once('message', (_end: RoleEnd) => resolve('house'));
        process.once('SIGTERM', () => resolve('process'));
      }),
    start: start as Extract<RoleStart, { role: Name }>,
    // A broken channel is told by `disconnect`; a message that can no longer be heard is not a failure of its own.
    tell: (message) => void (process.connected && process.send?.(message, undefined, undefined, () => {})),
  };
}

/** Says in one line why this role cannot start, and ends. Anything unexpected is thrown on, with its stack. */
export function failToStart(error: unknown, settings: Settings): Promise<never> {
  const known = error instanceof StartError ? error : portErrorIn(error, settings);
  if (!known) throw error;
  return new Promise(() => {
    if (!process.connected || !process.send) process.exit(1);
    const message = { type: 'failed', code: known.code, line: known.line } satisfies RoleMessage;
    process.send(message, undefined, undefined, () => process.exit(1));
  });
}
