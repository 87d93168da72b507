import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectMedia } from '../client.js';
import type { MediaClient } from '../contract.js';
import type { MediaEvent, MediaSettings } from '../protocol.js';

const room = fileURLToPath(new URL('../../../', import.meta.url));

/** What the process runs is what was compiled, so that is brought up to date first. Errors elsewhere in the room are not ours to judge. */
export function compile(): void {
  const tsc = fileURLToPath(new URL('../../../../node_modules/typescript/bin/tsc', import.meta.url));
  const done = spawnSync(process.execPath, [tsc, '-b', join(room, 'tsconfig.build.json')], { encoding: 'utf8' });
  const ours = /telephony.src.(media|rtp|webrtc)/.test(done.stdout);
  if (done.status !== 0 && ours) throw new Error(`tsc -b failed:\n${done.stdout}`);
}

export interface RunningMedia {
  readonly child: ChildProcess;
  readonly client: MediaClient;
  readonly folder: string;
  readonly settings: MediaSettings;
  readonly events: MediaEvent[];
  log(): string;
  /** Resolves with the first event, past or to come, that fits. */
  event<Type extends MediaEvent['type']>(
    type: Type,
    fits?: (event: Extract<MediaEvent, { type: Type }>) => boolean,
    withinMs?: number,
  ): Promise<Extract<MediaEvent, { type: Type }>>;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  stop(): Promise<void>;
}

/** Starts the real process, connects a client and waits for it. */
export async function startMedia(ports: { portMin: number; portMax: number }, more: Partial<MediaSettings> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'denwaban-media-'));
  const settings: MediaSettings = {
    socket: join(folder, 'media.sock'),
    bindAddress: '127.0.0.1',
    publicAddress: '127.0.0.1',
    ...ports,
    soundsFolder: null,
    orphanMs: 5_000,
    ...more,
  };
  const { child, log, exited } = spawnMedia(settings);
  const events: MediaEvent[] = [];
  const waiting = new Set<(event: MediaEvent) => void>();
  const client = connectMedia(settings.socket, () => undefined);
  client.onEvent((event) => {
    events.push(event);
    for (const heard of waiting) heard(event);
  });
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => {
      client.close();
      child.kill('SIGKILL');
      reject(new Error(`the media process did not come up: ${log()}`));
    }, 8_000);
    client.onReady(() => {
      clearTimeout(late);
      resolve();
    });
  });
  const running: RunningMedia = {
    child,
    client,
    folder,
    settings,
    events,
    log,
    exited,
    event(type, fits = () => true, withinMs = 5_000) {
      type Wanted = Extract<MediaEvent, { type: typeof type }>;
      const is = (event: MediaEvent): event is Wanted => event.type === type && fits(event as Wanted);
      const known = events.find(is);
      if (known !== undefined) return Promise.resolve(known);
      return new Promise<Wanted>((resolve, reject) => {
        const heard = (event: MediaEvent): void => {
          if (!is(event)) return;
          finish();
          resolve(event);
        };
        const late = setTimeout(() => {
          finish();
          reject(new Error(`no ${type} within ${withinMs} ms; heard ${JSON.stringify(events)}`));
        }, withinMs);
        const finish = (): void => {
          clearTimeout(late);
          waiting.delete(heard);
        };
        waiting.add(heard);
      });
    },
    async stop() {
      client.close();
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 2_000);
      await exited;
      clearTimeout(late);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return running;
}

export function spawnMedia(settings: unknown): Pick<RunningMedia, 'child' | 'log' | 'exited'> {
  const child = spawn(process.execPath, [join(room, 'dist/media/process.js'), JSON.stringify(settings)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said: string[] = [];
  child.stderr.on('data', (data: Buffer) => said.push(data.toString()));
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) =>
    child.once('exit', (code, signal) => resolve({ code, signal })),
  );
  return { child, log: () => said.join(''), exited };
}
