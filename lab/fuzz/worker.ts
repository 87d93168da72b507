/** The thread that fuzzes. What it is at lies in shared memory, so that its keeper can save the input of a hang or a crash. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { readCorpus } from './corpus.js';
import { Fuzzer, type Tally } from './engine.js';
import { makeTargets } from './targets.js';

export interface Job {
  seed: number;
  corpus: string;
  untilMs: number;
  sampleMs: number;
  only: string | null;
  keep: boolean;
  /** [runs, target, length] and then the bytes of the input. */
  shared: SharedArrayBuffer;
}

export const sharedHeadBytes = 12;

export type Word =
  | { type: 'sample'; runs: number; heapBytes: number; tallies: Map<string, Tally>; last: boolean }
  | { type: 'found'; target: string; code: string; detail: string; bytes: Uint8Array }
  | { type: 'kept'; target: string; feature: string; bytes: Uint8Array };

export function work(): void {
  const job = workerData as Job;
  const head = new Int32Array(job.shared, 0, 3);
  const room = new Uint8Array(job.shared, sharedHeadBytes);
  const targets = makeTargets();
  const say = (word: Word): void => parentPort?.postMessage(word);
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let runs = 0;
  const fuzzer = new Fuzzer({
    targets: targets.filter(({ name }) => job.only === null || name === job.only),
    seed: job.seed,
    corpus: (target) => readCorpus(job.corpus, target).map(({ input }) => input),
    found: ({ target, code, detail, input }) =>
      say({ type: 'found', target: target.name, code, detail, bytes: target.encode(input) }),
    about(target, input) {
      const bytes = target.encode(input).subarray(0, room.length);
      room.set(bytes);
      head[2] = bytes.length;
      head[1] = targets.indexOf(target);
      Atomics.store(head, 0, ++runs);
    },
    kept(target, feature, input) {
      if (job.keep) say({ type: 'kept', target: target.name, feature, bytes: target.encode(input) });
    },
  });
  const sample = (last: boolean): void => {
    collect();
    say({ type: 'sample', runs, heapBytes: process.memoryUsage().heapUsed, tallies: fuzzer.tallies, last });
  };
  fuzzer.replay();
  sample(false);
  let nextMs = Date.now() + job.sampleMs;
  while (Date.now() < job.untilMs) {
    for (let turns = 0; turns < 50; turns++) fuzzer.step();
    if (Date.now() < nextMs) continue;
    nextMs += job.sampleMs;
    sample(false);
  }
  sample(true);
}
