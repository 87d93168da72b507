/**
 * The supervisor: starts the database, the media processes and control, starts again what dies, and ends all of them in order.
 * It holds no state and does no work, so that there is nothing in it to fail.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { keepRunning, type Child } from './cli/child.js';
import { prepareDataFolder, prepareSocketFolder, sweepSocketFolders } from './cli/data-folder.js';
import { lockInstance } from './cli/instance-lock.js';
import { onRestartSignal, writeRestartResult } from './cli/restart.js';
import type { RoleStart } from './cli/messages.js';
import { findBusyPorts, portsOf, slicesOf } from './cli/ports.js';
import { announceSlowSteps } from './cli/progress.js';
import { awaitStop } from './cli/stop-signal.js';
import { writeTelephone } from './cli/telephone.js';
import { firstCall, terminalLanguage, webAddress, welcome } from './cli/welcome.js';
import type { DemoInfo } from '@denwaban/core/wire';
import type { Settings } from './services.js';
import { isLoopback, readSettings } from './settings.js';
import { keepPostgres } from './cli/postgres.js';
import { StartError } from './store/start-error.js';

const checkout = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const program = fileURLToPath(new URL('main.js', import.meta.url));
/** Legs outlive control by this much; then nobody comes back for them. */
const orphanMs = 30_000;

/** Runs an installation until it is told to end. @returns the exit code */
export async function supervise(env: NodeJS.ProcessEnv): Promise<number> {
  process.title = 'denwaban';
  // Unheard, the signal of `npm run restart` would end us; before there is something to renew it means nothing.
  process.on('SIGUSR2', () => {});
  const result = readSettings(env, checkout, undefined, process.stdout.isTTY);
  for (const line of result.warnings) complain(`Warning: ${line}`);
  if (!result.ok) {
    for (const line of result.problems) complain(line);
    return 1;
  }
  /** What has to be taken down again, the last first. */
  const undo: (() => Promise<void>)[] = [];
  const children: Child[] = [];
  const stop = awaitStop(() => children.forEach((child) => child.kill()));
  try {
    const place = await prepare(result.settings, undo);
    if (!stop.isAsked()) await Promise.race([launch(place, env, undo, children), stop.asked]);
    await stop.asked;
    return 0;
  } catch (error) {
    const lines = (error instanceof AggregateError ? error.errors : [error]).map(lineOf);
    for (const line of new Set(lines)) complain(line);
    return 1;
  } finally {
    for (const step of undo.reverse()) await step().catch((error: unknown) => complain(lineOf(error)));
    stop.release();
  }
}

interface Place {
  settings: Settings;
  /** Folder of the sockets between our processes. */
  sockets: string;
}

/** Makes sure of folders, lock and ports, so that what a person has to mend is told before anything runs. */
async function prepare(given: Settings, undo: (() => Promise<void>)[]): Promise<Place> {
  const settings = { ...given, dataDir: await prepareDataFolder(given.dataDir) };
  undo.push(await lockInstance(settings.dataDir, webAddress(settings)));
  const busy = await findBusyPorts(portsOf(settings));
  if (busy.length > 0) throw new AggregateError(busy);
  await sweepSocketFolders();
  const sockets = await prepareSocketFolder(settings.dataDir);
  undo.push(() => rm(sockets, { recursive: true, force: true }));
  return { settings, sockets };
}

/** Resolves when everything is ready and the person was told so. */
async function launch(
  { settings, sockets }: Place,
  env: NodeJS.ProcessEnv,
  undo: (() => Promise<void>)[],
  children: Child[],
): Promise<void> {
  const progress = announceSlowSteps(print);
  undo.push(async () => progress.end());
  const onProgress = (step: string): void => progress.begin(step);
  // The roles load their modules while the database starts: each then waits for what it is told.
  const database = keepPostgres(settings, onProgress, complain);
  undo.push(() => database.stop());
  const run = (role: 'control' | 'media', name: string, start: () => Promise<RoleStart>): Child => {
    const child = keepRunning({
      role,
      name,
      env: { ...env, DENWABAN_LOG_LEVEL: settings.logLevel, DENWABAN_DATA_DIR: settings.dataDir },
      program,
      args: ['--role', role],
      start,
      onProgress,
      say: complain,
    });
    children.push(child);
    undo.push(() => child.stop());
    return child;
  };
  const slices = slicesOf(settings.rtpPorts, settings.mediaProcesses);
  const mediaSockets = slices.map((_, i) => path.join(sockets, `media-${i + 1}.sock`));
  const media = slices.map(({ min, max }, i) =>
    run('media', slices.length === 1 ? 'media' : `media-${i + 1}`, async () => ({
      role: 'media',
      settings: {
        socket: mediaSockets[i]!,
        bindAddress: settings.sipHost,
        publicAddress: settings.publicAddress,
        portMin: min,
        portMax: max,
        soundsFolder: null,
        orphanMs,
      },
    })),
  );
  const control = run('control', 'control', async () => {
    const { url } = await database.current();
    return { role: 'control', settings, databaseUrl: url, mediaSockets };
  });

  const renew = async (): Promise<void> => {
    const line = await control.replace().then(
      () => null,
      (error: unknown) => lineOf(error),
    );
    if (line !== null) complain(line);
    // Media is not in a hurry: each ends, and begins anew, when nobody talks or waits in it.
    else for (const one of media) one.renew();
    await writeRestartResult(settings.dataDir, line);
  };
  undo.push(onRestartSignal(renew));

  await Promise.all([database.current(), control.ready, ...media.map(({ ready }) => ready)]);
  const { facts } = await control.ready;
  progress.end();
  const telephone = await layOutTelephone(settings, facts?.demo ?? null);
  const startedInMs = process.uptime() * 1000;
  for (const line of welcome({ settings, control: facts, telephone, startedInMs, language: terminalLanguage(env) })) {
    print(line);
  }
}

/** @returns its folder, or null when a telephone of this machine could not call in */
async function layOutTelephone(settings: Settings, demo: DemoInfo | null): Promise<string | null> {
  const { customer } = demo ? firstCall(demo) : {};
  if (!customer || !isLoopback(settings.sipHost)) return null;
  return await writeTelephone(settings.dataDir, settings.sipHost, customer);
}

function lineOf(error: unknown): string {
  if (error instanceof StartError) return error.line;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const complain = (line: string): void => void process.stderr.write(`${line}\n`);
