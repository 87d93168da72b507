/**
 * What those who talk feel, against the strain by which new calls are refused (carriers/exchange/admission.ts): where the limits
 * lie is read off here. The load rises step by step beyond what one core can take. Asked for by name.
 */
import { spawn } from 'node:child_process';
import { cpuMs } from './cpu.js';
import { generate } from './generator.js';
import { quiet, row, type Benchmark, type Row } from './measure.js';
import { startMediaRelay } from './peers/media.js';
import { compileGenerator, testedCore } from './pinned.js';

/** A moment of a strained process, and what was felt in it. */
interface Moment {
  strainMs: number;
  gapMs: number;
  longGaps: number;
  packets: number;
}

/** Lower edges of the classes of strain, ms. */
const classes = [0, 2, 5, 10, 15, 20, 30, 40, 60, 80, 120];

export const overload: Benchmark = {
  name: 'overload',
  onlyByName: true,
  async run({ seconds = 8 }) {
    const generator = compileGenerator();
    if ('missing' in generator) return [quiet('overload', generator.missing)];
    const rows: Row[] = [];
    const moments: Moment[] = [];
    for (const neighbours of [0, 1]) {
      const media = await startMediaRelay();
      const strain: { at: number; lateMs: number }[] = [];
      media.client.onEvent((event) => event.type === 'load' && strain.push(event));
      const others = Array.from({ length: neighbours }, () => busyNeighbour());
      try {
        for (const calls of neighbours === 0 ? [100, 300, 500] : [100, 200, 300]) {
          const targets = await media.calls(calls);
          strain.length = 0;
          let used = 0;
          const figures = await generate(generator.path, targets, {
            warmMs: 1_000,
            measuredMs: seconds * 1_000,
            window: (edge) => (used = cpuMs(media.pid) - (edge === 'begin' ? 0 : used)),
          });
          const felt = strain.flatMap(({ at, lateMs }): Moment[] => {
            // A report is of the quarter of a second before it; theirs do not begin where ours do.
            const near = figures.windows.filter((one) => one.at > at - 250 && one.at < at + 250);
            if (near.length === 0) return [];
            const sum = (of: 'longGaps' | 'packets') => near.reduce((total, one) => total + one[of], 0) / near.length;
            const gapMs = Math.max(...near.map((one) => one.gapMs));
            return [{ strainMs: lateMs, gapMs, longGaps: sum('longGaps'), packets: sum('packets') }];
          });
          moments.push(...felt);
          const under = `${calls} calls${neighbours === 0 ? '' : `, ${neighbours} busy beside it`}, core ${Math.round(used / seconds / 10)} %`;
          const of = (figure: (one: Moment) => number) => felt.map(figure);
          rows.push(
            row(
              'media: strain',
              'ms',
              under,
              of((one) => one.strainMs),
            ),
            row(
              '… longest gap of any call',
              'ms',
              under,
              of((one) => one.gapMs),
            ),
            row(
              '… gaps > 60 ms',
              '‰',
              `${under}, of packets`,
              of((one) => (1_000 * one.longGaps) / one.packets),
            ),
            row('… lost', '%', under, [(100 * (figures.sent - figures.received)) / figures.sent]),
          );
          process.stderr.write(`  ${under}\n`);
        }
      } finally {
        for (const one of others) one.kill('SIGKILL');
        await media.stop();
      }
    }
    return [...rows, ...byStrain(moments)];
  },
};

/** Takes what it gets of the tested core: the machine has other work, too. */
const busyNeighbour = () =>
  spawn(
    'taskset',
    ['-c', String(testedCore), process.execPath, '-e', 'for (const end = Date.now() + 60000; Date.now() < end; );'],
    {
      stdio: 'ignore',
    },
  );

function byStrain(moments: readonly Moment[]): Row[] {
  return classes.flatMap((from, i) => {
    const to = classes[i + 1] ?? Number.POSITIVE_INFINITY;
    const those = moments.filter(({ strainMs }) => strainMs >= from && strainMs < to);
    if (those.length === 0) return [];
    const share = those.filter(({ longGaps }) => longGaps > 0).length / those.length;
    const under = `strain ${from}–${to} ms`;
    return [
      row(
        'media: longest gap of any call',
        'ms',
        under,
        those.map((one) => one.gapMs),
      ),
      row('… moments in which somebody had one > 60 ms', '%', `${under}, ${those.length} moments`, [100 * share]),
    ];
  });
}
