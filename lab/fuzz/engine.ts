/**
 * The fuzzer: takes an input, bends it, runs it, and keeps it when something happened that had not happened before. Without
 * instruments in the code, what the edge says (status codes, error codes, one state after another) is what "new" goes by.
 */
import { createRandom, type Random } from './random.js';
import { Broken, type AnyTarget, type Report } from './target.js';

export interface Finding {
  target: AnyTarget;
  /** What was wrong, for the file's name. */
  code: string;
  detail: string;
  input: unknown;
}

export interface Tally {
  runs: number;
  features: number;
  kept: number;
  /** The slowest message as the clock saw it; and by processor time, tried again: the machine has others to serve. */
  worstMs: number;
  provenMs: number;
}

/** A message that takes more of the processor, three times in a row, counts as a hang. */
export const hangMs = 250;
/** From here on a time is tried again before it is believed. */
const doubtMs = 5;

/** What the fuzzer itself may keep: its own memory must not be mistaken for the edge's. */
const poolInputs = 300;
const poolBytes = 2 * 1024 * 1024;
const poolInputBytes = 100_000;
const featuresMax = 20_000;

type Clock = () => number;
const wallClock: Clock = () => performance.now();
/** Of the whole process: the other thread sleeps, and the collector's helpers count against the message, if anything. */
const processorClock: Clock = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

class Watch implements Report {
  features: string[] = [];
  worstMs = 0;
  readonly #clock: Clock;

  constructor(clock: Clock = wallClock) {
    this.#clock = clock;
  }

  saw(feature: string): void {
    this.features.push(feature);
  }

  timed<Value>(handle: () => Value): Value {
    const before = this.#clock();
    const value = handle();
    this.worstMs = Math.max(this.worstMs, this.#clock() - before);
    return value;
  }
}

interface Pool {
  target: AnyTarget;
  inputs: { input: unknown; bytes: number }[];
  bytes: number;
  features: Set<string>;
  tally: Tally;
}

export interface FuzzerOptions {
  targets: readonly AnyTarget[];
  seed: number;
  /** Inputs beside the targets' own seeds. */
  corpus(target: AnyTarget): unknown[];
  found(finding: Finding): void;
  /** Told before each run: whoever watches from outside can then say on what it hung. */
  about?(target: AnyTarget, input: unknown): void;
  /** Told of each input that brought something new. */
  kept?(target: AnyTarget, feature: string, input: unknown): void;
}

export class Fuzzer {
  readonly #options: FuzzerOptions;
  readonly #random: Random;
  readonly #pools: Pool[];
  /** How often each fault was found: shrinking the same one again and again would take all the time there is. */
  readonly #found = new Map<string, number>();
  #turn = 0;

  constructor(options: FuzzerOptions) {
    this.#options = options;
    this.#random = createRandom(options.seed);
    this.#pools = options.targets.map((target) => ({
      target,
      inputs: [],
      bytes: 0,
      features: new Set(),
      tally: { runs: 0, features: 0, kept: 0, worstMs: 0, provenMs: 0 },
    }));
  }

  get tallies(): Map<string, Tally> {
    return new Map(this.#pools.map(({ target, tally }) => [target.name, tally]));
  }

  /** Forgets every input and feature: what is then still in memory, the edges keep. */
  letGo(): void {
    for (const pool of this.#pools) {
      pool.inputs = [];
      pool.bytes = 0;
      pool.features.clear();
    }
  }

  /** Runs every seed and every input of the corpus once, unbent. */
  replay(): void {
    for (const pool of this.#pools) {
      const inputs = [...pool.target.seeds(), ...this.#options.corpus(pool.target)];
      for (const input of inputs) this.#run(pool, input, true);
    }
  }

  /** One bent input of the target whose turn it is. */
  step(): void {
    const pool = this.#pools[this.#turn++ % this.#pools.length];
    if (pool === undefined || pool.inputs.length === 0) return;
    const random = this.#random;
    const lent = random.pick(pool.inputs).input;
    let input = pool.target.mutate(random.pick(pool.inputs).input, lent, random);
    for (let more = random.below(3); more > 0; more--) input = pool.target.mutate(input, lent, random);
    this.#run(pool, input, false);
  }

  #run(pool: Pool, input: unknown, seed: boolean): void {
    const { target, tally } = pool;
    this.#options.about?.(target, input);
    const watch = new Watch();
    const problem = attempt(target, input, watch);
    tally.runs++;
    tally.worstMs = Math.max(tally.worstMs, watch.worstMs);
    if (watch.worstMs > doubtMs && watch.worstMs > tally.provenMs) this.#doubt(pool, input, watch.worstMs);
    else tally.provenMs = Math.max(tally.provenMs, Math.min(watch.worstMs, doubtMs));
    if (problem !== null) return this.#report(target, problem, input);
    const fresh = watch.features.find((feature) => !pool.features.has(feature));
    if (fresh === undefined && !seed) return;
    // Full: what counts as new is no longer known, and everything would seem so.
    if (!seed && pool.features.size >= featuresMax) return;
    for (const feature of watch.features) pool.features.add(feature);
    tally.features = pool.features.size;
    const bytes = target.encode(input).length;
    if (bytes > poolInputBytes) return;
    tally.kept++;
    pool.inputs.push({ input, bytes });
    pool.bytes += bytes;
    while (pool.inputs.length > poolInputs || pool.bytes > poolBytes) {
      pool.bytes -= pool.inputs.splice(this.#random.below(pool.inputs.length), 1)[0]?.bytes ?? 0;
    }
    if (!seed && fresh !== undefined) this.#options.kept?.(target, fresh, input);
  }

  /** Other programs take time too, and the collector and the compiler: what counts is the least processor time of three tries. */
  #doubt(pool: Pool, input: unknown, seenMs: number): void {
    let least = seenMs;
    for (let tries = 0; tries < 3 && least > doubtMs; tries++) {
      const watch = new Watch(processorClock);
      attempt(pool.target, input, watch);
      least = Math.min(least, watch.worstMs);
    }
    pool.tally.provenMs = Math.max(pool.tally.provenMs, least);
    if (least > hangMs) this.#report(pool.target, { code: 'slow', detail: `${least.toFixed(0)} ms` }, input);
  }

  #report(target: AnyTarget, problem: Problem, input: unknown): void {
    const name = `${target.name} ${problem.code}`;
    const times = (this.#found.get(name) ?? 0) + 1;
    this.#found.set(name, times);
    const least = problem.code === 'slow' || times > shrinkTimes ? input : shrunk(target, problem.code, input);
    this.#options.found({ target, ...problem, input: least });
  }
}

export interface Problem {
  code: string;
  detail: string;
}

/** Runs one input. Null: all that was promised held. */
export function attempt(target: AnyTarget, input: unknown, report: Report): Problem | null {
  try {
    target.run(input, report);
    return null;
  } catch (error) {
    if (error instanceof Broken) return { code: error.code, detail: error.message };
    const name = error instanceof Error ? error.name : 'something';
    return { code: `threw-${name}`, detail: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** Runs one input on nobody's account. */
export const tryOut = (target: AnyTarget, input: unknown): Problem | null => attempt(target, input, new Watch());

const shrinkRuns = 3_000;
const shrinkTimes = 5;

/** The least input found within a few thousand runs that fails in the same way. */
function shrunk(target: AnyTarget, code: string, input: unknown): unknown {
  let least = input;
  let runs = 0;
  for (let better = true; better && runs < shrinkRuns;) {
    better = false;
    for (const smaller of target.smaller(least)) {
      if (++runs > shrinkRuns) break;
      if (tryOut(target, smaller)?.code !== code) continue;
      least = smaller;
      better = true;
      break;
    }
  }
  return least;
}
