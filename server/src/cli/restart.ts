/**
 * `npm run restart`: puts the version that is built now into service while people talk. It asks the supervisor (SIGUSR2) to
 * replace control, whose calls the next one takes up; the media processes follow one by one when nobody talks in them.
 * The supervisor and the embedded database stay: a new version of those, or new settings, want a stop and a start.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSettings } from '../settings.js';
import { runningInstance } from './instance-lock.js';

const checkout = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
/** Not SIGUSR1: that one starts Node's debugger. */
const signal = 'SIGUSR2';
/** Loading and starting a control process takes seconds on a busy machine, and its predecessor may take five to go. */
const patienceMs = 60_000;
const pollMs = 100;

interface RestartResult {
  at: number;
  /** What went wrong, for a person; null when the new version serves. */
  problem: string | null;
}
const resultPath = (dataDir: string): string => path.join(dataDir, 'last-restart.json');

/** Calls `renew` at each request, one at a time: what is asked for meanwhile is one more. @returns stops listening */
export function onRestartSignal(renew: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let again = false;
  const asked = (): void => {
    again = running !== null;
    running ??= renew().finally(() => {
      running = null;
      if (again) asked();
    });
  };
  process.on(signal, asked);
  return async () => void process.removeListener(signal, asked);
}

export async function writeRestartResult(dataDir: string, problem: string | null): Promise<void> {
  const place = resultPath(dataDir);
  // Moved into place: whoever polls never reads half of it.
  await writeFile(`${place}.new`, JSON.stringify({ at: Date.now(), problem } satisfies RestartResult), { mode: 0o600 });
  await rename(`${place}.new`, place);
}

async function readRestartResult(dataDir: string): Promise<RestartResult | null> {
  try {
    return JSON.parse(await readFile(resultPath(dataDir), 'utf8')) as RestartResult;
  } catch {
    return null;
  }
}

/** @returns the exit code: 0 the new version serves, 1 it does not, 2 nothing runs here */
export async function runRestart(env: NodeJS.ProcessEnv): Promise<number> {
  const result = readSettings(env, checkout);
  if (!result.ok) {
    for (const line of result.problems) complain(line);
    return 1;
  }
  const { dataDir } = result.settings;
  const running = await runningInstance(dataDir);
  if (running === null) {
    complain(
      `Nothing runs on the data folder ${dataDir}. \`npm start\` starts it; DENWABAN_DATA_DIR names another folder.`,
    );
    return 2;
  }
  const begun = Date.now();
  try {
    process.kill(running.pid, signal);
  } catch (error) {
    complain(
      `Process ${running.pid} cannot be told (${(error as NodeJS.ErrnoException).code}): run this as the user it runs as.`,
    );
    return 1;
  }
  while (Date.now() - begun < patienceMs) {
    const told = await readRestartResult(dataDir);
    if (told !== null && told.at >= begun) {
      if (told.problem === null) {
        print(
          `The new version serves, after ${((Date.now() - begun) / 1000).toFixed(1)} s; calls went on. Audio follows when nobody talks.`,
        );
        return 0;
      }
      complain(told.problem);
      return 1;
    }
    if ((await runningInstance(dataDir))?.pid !== running.pid) {
      complain('Denwaban ended meanwhile. Its messages say why.');
      return 1;
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  complain(`No word of a new version within ${patienceMs / 1000} s. The messages of process ${running.pid} say why.`);
  return 1;
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const complain = (line: string): void => void process.stderr.write(`${line}\n`);
