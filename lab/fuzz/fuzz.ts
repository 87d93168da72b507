/**
 * `npm run fuzz -w lab -- --minutes 60 --seed 1`: throws bent input at the edges that take bytes from strangers, and says what
 * broke. A second thread does the work; this one notices when it hangs or dies, saves what it was at, and starts it anew.
 *
 *     --minutes N    how long (default 1)          --only T       one target
 *     --seed N       where chance begins           --keep         adds what brought something new to the corpus, up to 4 kB each
 */
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isMainThread, Worker } from 'node:worker_threads';
import { keepInput } from './corpus.js';
import type { Tally } from './engine.js';
import { makeTargets } from './targets.js';
import { sharedHeadBytes, work, type Job, type Word } from './worker.js';

/** One input may take this long, on a machine that is busy with other things, before it is a hang for certain. */
const stuckMs = 30_000;
const keepBytes = 4_096;
/** Of what was new in one run, each target keeps so many: a corpus is replayed with every test. */
const keepMost = 24;
/** What the heap may gain after the first sixth of the run: the compiler and the collector are not exact. */
const growthBytes = 12 * 1024 * 1024;
const mega = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MB`;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '1' },
      seed: { type: 'string' },
      only: { type: 'string' },
      keep: { type: 'boolean', default: false },
    },
  });
  const minutes = Number(values.minutes);
  const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
  const targets = makeTargets();
  const only = values.only ?? null;
  if (!(minutes > 0) || !Number.isInteger(seed) || (only !== null && !targets.some(({ name }) => name === only))) {
    throw new Error(`--minutes is above 0, --seed whole, --only one of ${targets.map(({ name }) => name).join(', ')}`);
  }
  const corpus = resolve('corpus');
  mkdirSync(corpus, { recursive: true });
  const startedMs = Date.now();
  const untilMs = startedMs + minutes * 60_000;
  const sampleMs = Math.min(60_000, (minutes * 60_000) / 12);
  say(`seed ${seed}, ${minutes} min, Node ${process.version}, began ${new Date(startedMs).toISOString()}`);

  const heap: { atMs: number; bytes: number }[] = [];
  const totals = new Map<string, Tally>();
  const faults = new Map<string, number>();
  const keptOf = new Map<string, number>();
  let restarts = 0;

  const fault = (target: string, code: string, detail: string, bytes: Uint8Array): void => {
    const name = `${target} ${code}`;
    const times = (faults.get(name) ?? 0) + 1;
    faults.set(name, times);
    if (times > 5) return;
    const found = targets.find((one) => one.name === target);
    const file = found === undefined ? null : keepInput(corpus, found, code, bytes);
    say(`FOUND ${name}: ${detail}\n  ${file ?? 'is in the corpus already'}`);
  };

  /** @returns true when its time was up, false when it died of an input */
  const shift = (): Promise<boolean> =>
    new Promise((done) => {
      const shared = new SharedArrayBuffer(sharedHeadBytes + 512 * 1024);
      const head = new Int32Array(shared, 0, 3);
      const job: Job = { seed: seed + restarts, corpus, untilMs, sampleMs, only, keep: values.keep, shared };
      const worker = new Worker(fileURLToPath(import.meta.url), {
        workerData: job,
        resourceLimits: { maxOldGenerationSizeMb: 512 },
      });
      const before = new Map(totals);
      let finished = false;
      let seen = 0;
      let sinceMs = Date.now();
      const died = (code: string, detail: string): void => {
        const target = targets[head[1] ?? 0];
        const bytes = new Uint8Array(shared, sharedHeadBytes, head[2] ?? 0);
        fault(target?.name ?? 'none', code, detail, new Uint8Array(bytes));
      };
      const guard = setInterval(() => {
        const runs = Atomics.load(head, 0);
        if (runs !== seen) [seen, sinceMs] = [runs, Date.now()];
        else if (Date.now() - sinceMs > stuckMs) {
          finished = true;
          died('hang', `no end after ${stuckMs / 1000} s`);
          void worker.terminate();
        }
      }, 1_000);
      worker.on('message', (word: Word) => {
        if (word.type === 'found') return fault(word.target, word.code, word.detail, word.bytes);
        if (word.type === 'kept') {
          const target = targets.find(({ name }) => name === word.target);
          const times = keptOf.get(word.target) ?? 0;
          if (target === undefined || word.bytes.length > keepBytes || times >= keepMost) return;
          keptOf.set(word.target, times + 1);
          keepInput(corpus, target, word.feature, word.bytes);
          return;
        }
        for (const [name, tally] of word.tallies) totals.set(name, sum(before.get(name), tally));
        heap.push({ atMs: Date.now() - startedMs, bytes: word.heapBytes });
        const runs = [...totals.values()].reduce((all, tally) => all + tally.runs, 0);
        const seconds = (Date.now() - startedMs) / 1_000;
        say(
          `${(seconds / 60).toFixed(1)} min: ${runs} runs, ${(runs / seconds).toFixed(0)}/s, heap ${mega(word.heapBytes)}, rss ${mega(process.memoryUsage().rss)}`,
        );
        if (word.last) finished = true;
      });
      worker.on('error', (error) => {
        finished = true;
        died('crash', error instanceof Error ? (error.stack ?? error.message) : String(error));
        ended = false;
      });
      let ended = true;
      worker.on('exit', () => {
        clearInterval(guard);
        done(ended && finished);
      });
    });

  while (Date.now() < untilMs) {
    await shift();
    restarts++;
  }

  say('');
  say('target          runs        new   kept   slowest message by the clock / by processor time, tried again');
  for (const [name, { runs, features, kept, worstMs, provenMs }] of totals) {
    say(
      `${name.padEnd(15)} ${String(runs).padEnd(11)} ${String(features).padEnd(5)} ${String(kept).padEnd(6)} ${worstMs.toFixed(1)} ms / ${provenMs.toFixed(1)} ms`,
    );
  }
  const runs = [...totals.values()].reduce((all, tally) => all + tally.runs, 0);
  const seconds = (Date.now() - startedMs) / 1_000;
  const at = (part: number): number => heap[Math.min(heap.length - 1, Math.floor(heap.length * part))]?.bytes ?? 0;
  const growth = at(1) - at(1 / 6);
  const grew = restarts <= 1 && growth > growthBytes;
  say(`${runs} runs in ${(seconds / 60).toFixed(1)} min, ${(runs / seconds).toFixed(0)}/s, seed ${seed}`);
  say(
    `heap after collection: ${mega(at(0))} at the start, ${mega(at(1 / 2))} in the middle, ${mega(at(1))} at the end`,
  );
  if (grew) say(`GROWTH: ${mega(growth)} since the first sixth`);
  for (const [name, times] of faults) say(`FAULT ${name}, ${times} times`);
  if (faults.size === 0 && !grew) say('no crash, no hang, no growth');
  else process.exitCode = 1;
}

function sum(before: Tally | undefined, now: Tally): Tally {
  if (before === undefined) return now;
  return {
    runs: before.runs + now.runs,
    features: Math.max(before.features, now.features),
    kept: before.kept + now.kept,
    worstMs: Math.max(before.worstMs, now.worstMs),
    provenMs: Math.max(before.provenMs, now.provenMs),
  };
}

if (isMainThread) await main();
else work();
