/** Figures with their spread. A benchmark returns rows; bench.ts prints them under the state of the machine. */
import { cpus, loadavg } from 'node:os';

export interface Row {
  what: string;
  unit: 'ms' | 'µs' | '1/s' | '×' | '%' | '‰' | 'MB' | 's' | '';
  /** Under what: load, size, number of samples. */
  under: string;
  median: number;
  /** 10th and 90th percentile. */
  spread: readonly [number, number];
  p99: number | null;
}

export interface BenchmarkOptions {
  seed: number;
  /** How often two systems take turns. */
  pairs?: number;
  /** Length of a measured window. */
  seconds?: number;
  /** Calls a second. */
  rate?: number;
  /** Length of a long run. */
  minutes?: number;
}

export interface Benchmark {
  name: string;
  /** Too long to be run unless it is asked for. */
  onlyByName?: boolean;
  run(options: BenchmarkOptions): Promise<Row[]>;
}

/** A line in the table for what could not be measured here, and why. */
export function quiet(what: string, because: string): Row {
  return { what, unit: '', under: because, median: Number.NaN, spread: [Number.NaN, Number.NaN], p99: null };
}

export function row(what: string, unit: Row['unit'], under: string, samples: readonly number[]): Row {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
  return {
    what,
    unit,
    under: `${under}, n=${samples.length}`,
    median: at(0.5),
    spread: [at(0.1), at(0.9)],
    p99: samples.length >= 100 ? at(0.99) : null,
  };
}

/** Microseconds per turn: `turns` turns a sample, so that the clock's own grain is far below what is measured. */
export function timed(samples: number, turns: number, turn: (i: number) => unknown): number[] {
  let kept: unknown;
  for (let i = 0; i < turns * 3; i++) kept = turn(i); // compiled and warm before it counts
  const out: number[] = [];
  for (let s = 0; s < samples; s++) {
    const begun = process.hrtime.bigint();
    for (let i = 0; i < turns; i++) kept = turn(i);
    out.push(Number(process.hrtime.bigint() - begun) / 1000 / turns);
  }
  if (kept === undefined) throw new Error('nothing was done');
  return out;
}

/** mulberry32: the same seed, the same run. */
export function random(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function machine(): string {
  const [first] = cpus();
  const load = loadavg().map((one) => one.toFixed(2));
  return `${cpus().length} × ${first?.model.trim() ?? 'unknown'}, Node ${process.version}, load ${load.join(' ')}`;
}

export function table(rows: readonly Row[]): string {
  const digits = (value: number) =>
    Number.isNaN(value)
      ? '–'
      : Math.abs(value) < 0.1
        ? value.toFixed(4)
        : Math.abs(value) < 10
          ? value.toFixed(2)
          : value < 1000
            ? value.toFixed(1)
            : value.toFixed(0);
  const lines = rows.map(({ what, unit, under, median, spread, p99 }) => [
    what,
    `${digits(median)} ${unit}`,
    `${digits(spread[0])} – ${digits(spread[1])}`,
    p99 === null ? '' : digits(p99),
    under,
  ]);
  const head = ['what', 'median', 'p10 – p90', 'p99', 'under'];
  const widths = head.map((title, i) => Math.max(title.length, ...lines.map((line) => line[i]!.length)));
  const print = (line: readonly string[]) =>
    line
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join(' | ')
      .trimEnd();
  return [print(head), widths.map((width) => '-'.repeat(width)).join('-|-'), ...lines.map(print)].join('\n');
}
