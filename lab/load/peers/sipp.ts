/** sipp as caller and as the agent's telephone, both on the load core. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Running } from '../../src/peers/process.js';
import { loadCore, pinned } from '../pinned.js';

/** Answers every call at once. */
export function startAgentPhone(port: number): Running {
  return pinned(loadCore, 'sipp', [
    ...['-sn', 'uas', '-i', '127.0.0.1', '-p', String(port), '-nostdin', '-buff_size', '4194304'],
  ]);
}

export interface CallFigures {
  successful: number;
  failed: number;
  retransmissions: number;
  /** INVITE to 200, mean over the run, ms. */
  answerMs: number;
}

/** Calls of one second each, `rate` new ones a second. */
export async function placeCalls(options: {
  to: number;
  from: number;
  rate: number;
  seconds: number;
}): Promise<CallFigures> {
  const { to, from, rate, seconds } = options;
  const folder = mkdtempSync(join(tmpdir(), 'denwaban-bench-'));
  const statistics = join(folder, 'statistics.csv');
  const running = pinned(loadCore, 'sipp', [
    ...[`127.0.0.1:${to}`, '-sn', 'uac', '-i', '127.0.0.1', '-p', String(from), '-s', '+81312345678'],
    ...['-r', String(rate), '-m', String(rate * seconds), '-l', String(rate * 6), '-d', '1000', '-nostdin'],
    ...['-buff_size', '4194304', '-trace_stat', '-stf', statistics, '-fd', '1'],
  ]);
  // Its own time-out waits for calls that never end.
  const late = setTimeout(() => void running.stop(), (seconds + 45) * 1000);
  await running.exited;
  clearTimeout(late);
  try {
    const [head = '', ...lines] = readFileSync(statistics, 'utf8').trim().split('\n');
    const names = head.split(';');
    const last = lines.at(-1)?.split(';') ?? [];
    const figure = (name: string) => Number(last[names.indexOf(name)] ?? Number.NaN);
    const [, h, m, s, ms] = /(\d+):(\d+):(\d+)[.:](\d+)/.exec(last[names.indexOf('ResponseTime1(C)')] ?? '') ?? [];
    return {
      successful: figure('SuccessfulCall(C)'),
      failed: figure('FailedCall(C)'),
      retransmissions: figure('Retransmissions(C)'),
      answerMs: (Number(h) * 3600 + Number(m) * 60 + Number(s)) * 1000 + Number((ms ?? '').slice(0, 3)),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
