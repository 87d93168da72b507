/**
 * Keeps one child process running: starts it, starts it again when it dies, ends it when told to. A child that cannot start
 * the first time is a failure for a person to mend; one that dies later is started again, ever less hastily.
 */
import { fork, type ChildProcess } from 'node:child_process';
import type { RoleEnd, RoleMessage, RoleRetire, RoleStart } from './messages.js';
import { StartError } from '../store/start-error.js';
import { nodeOptions } from './node-options.js';

export interface ChildOptions {
  /** Module that is the role's program, and its arguments. */
  program: string;
  args: string[];
  role: 'control' | 'media';
  /** What a person is told it is called: there may be several of a role. */
  name: string;
  env: NodeJS.ProcessEnv;
  /** What the child is told at each start; a promise, so that it may load its modules meanwhile. */
  start: () => Promise<RoleStart>;
  onProgress: (step: string) => void;
  /** Tells a person what became of the child. */
  say: (line: string) => void;
  stopMs?: number;
}

export interface Child {
  /** Resolves at the first `ready`. @throws {StartError} when it failed before */
  ready: Promise<Extract<RoleMessage, { type: 'ready' }>>;
  /** Asks it to end for good, insists after `stopMs` (SIGKILL). Resolves when it is gone. */
  stop(): Promise<void>;
  /**
   * Puts the program that is built now in its place: it is loaded first, then the old one makes way, then it is told its start.
   * Resolves when it is ready. @throws {StartError} when it cannot be loaded (the old one goes on) or does not become ready
   */
  replace(): Promise<void>;
  /** Asks it to end when that disturbs nobody; the program that is then built follows. */
  renew(): void;
  /** Ends it at once. */
  kill(): void;
  readonly pid: number | undefined;
}

const firstBackOffMs = 100;
const longestBackOffMs = 5000;
const loadMsMax = 20_000;
/** Up for this long, a child counts as healthy again. */
const healthyMs = 10_000;

export function keepRunning(options: ChildOptions): Child {
  const { role, name, say, stopMs = 5000 } = options;
  let child: ChildProcess | null = null;
  let stopping = false;
  let replacing = false;
  let renewing = false;
  let wasReady = false;
  let isReady = false;
  let backOffMs = firstBackOffMs;
  let timer: NodeJS.Timeout | undefined;
  let settle: { resolve(ready: Extract<RoleMessage, { type: 'ready' }>): void; reject(error: Error): void };
  const ready = new Promise<Extract<RoleMessage, { type: 'ready' }>>(
    (resolve, reject) => (settle = { resolve, reject }),
  );
  ready.catch(() => {}); // whoever waits for it hears of it; nobody has to

  const spawn = (): ChildProcess =>
    fork(options.program, options.args, {
      env: options.env,
      execArgv: [...process.execArgv, ...nodeOptions[options.role]],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
  const launch = (now = spawn()): void => {
    const startedAt = Date.now();
    child = now;
    isReady = false;
    renewing = false;
    now.on('message', (message: RoleMessage) => {
      if (message.type === 'loaded') return;
      if (message.type === 'progress') options.onProgress(message.step);
      else if (message.type === 'failed') {
        if (wasReady) say(message.line);
        settle.reject(new StartError(message.code, message.line));
      } else {
        wasReady = true;
        isReady = true;
        settle.resolve(message);
      }
    });
    now.on('error', (error) => settle.reject(error));
    now.once('exit', (code, signal) => {
      if (child !== now) return; // it made way for the one that runs now
      child = null;
      if (stopping || replacing) return;
      const how = signal ?? `exit code ${code}`;
      if (!wasReady) {
        const line = `The ${name} process ended (${how}) before it was ready. Its messages above say why; DENWABAN_LOG_LEVEL=debug says more.`;
        settle.reject(new StartError('role-failed', line));
        return;
      }
      if (renewing && code === 0) return launch();
      if (Date.now() - startedAt > healthyMs) backOffMs = firstBackOffMs;
      say(`The ${name} process ended (${how}). Starting it again in ${backOffMs} ms.`);
      timer = setTimeout(() => launch(), backOffMs);
      backOffMs = Math.min(backOffMs * 2, longestBackOffMs);
    });
    void options.start().then(
      (start) => {
        if (now.connected) now.send(start, () => {}); // it may die at any moment; its exit tells
      },
      () => {}, // what it waits for has failed, and that is told where it failed
    );
  };
  launch();

  async function end(now: ChildProcess, ask: () => void): Promise<void> {
    if (now.exitCode !== null || now.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      const insist = setTimeout(() => {
        say(`The ${name} process did not end within ${stopMs} ms and is killed.`);
        now.kill('SIGKILL');
      }, stopMs);
      now.once('exit', () => {
        clearTimeout(insist);
        resolve();
      });
      ask();
    });
  }
  /** @throws {StartError} when the program cannot even be loaded */
  async function load(): Promise<ChildProcess> {
    const next = spawn();
    const loaded = await new Promise<boolean>((resolve) => {
      const late = setTimeout(() => resolve(false), loadMsMax);
      next.once('message', ({ type }: RoleMessage) => resolve(type === 'loaded'));
      for (const over of ['exit', 'error'] as const) next.once(over, () => resolve(false));
      next.once('exit', () => clearTimeout(late));
      next.once('message', () => clearTimeout(late));
    });
    if (loaded && !stopping) return next;
    next.kill('SIGKILL');
    throw new StartError(
      'role-failed',
      `The ${name} process that is built now cannot be loaded: the one that runs goes on.`,
    );
  }

  return {
    ready,
    async stop() {
      stopping = true;
      clearTimeout(timer);
      const now = child;
      if (!now) return;
      await end(now, () => {
        // Whoever may be replaced while calls are up is told which of the two it is; a signal cannot say.
        const told = { type: 'end' } satisfies RoleEnd;
        if (role === 'control' && isReady && now.connected) now.send(told, (error) => error && now.kill('SIGTERM'));
        else now.kill('SIGTERM');
      });
    },
    async replace() {
      const next = await load();
      replacing = true;
      clearTimeout(timer);
      try {
        const before = child;
        if (before !== null) await end(before, () => before.kill('SIGTERM'));
        if (stopping) return void next.kill('SIGKILL');
        const ready = new Promise<void>((resolve, reject) => {
          next.on('message', ({ type }: RoleMessage) => type === 'ready' && resolve());
          next.once('exit', () =>
            reject(new StartError('role-failed', `The ${name} process ended before it was ready.`)),
          );
        });
        launch(next);
        replacing = false;
        await ready;
      } finally {
        replacing = false;
      }
    },
    renew() {
      if (child === null || !isReady || !child.connected) return;
      renewing = true;
      child.send({ type: 'retire' } satisfies RoleRetire, () => {});
    },
    kill() {
      stopping = true;
      clearTimeout(timer);
      child?.kill('SIGKILL');
    },
    get pid() {
      return child?.pid;
    },
  };
}
