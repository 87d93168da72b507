/**
 * How long somebody waits for the answer to an INVITE and to a BYE, against the strain by which new calls are refused: signalling
 * whose turns take longer and longer, as they do when there is more work than time. The load itself is light. Asked for by name.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../src/peers/ports.js';
import { missing, run } from '../src/peers/process.js';
import { quiet, row, type Benchmark, type Row } from './measure.js';
import { startAgentPhone } from './peers/sipp.js';
import { loadCore } from './pinned.js';
import { startOurs } from './sip-calls.js';

interface Wait {
  ms: number;
  to: 'INVITE' | 'BYE';
}

const stalls = [0, 20, 40, 60, 80, 120, 200];
const rate = 20;

export const overloadControl: Benchmark = {
  name: 'overload-control',
  onlyByName: true,
  async run({ seconds = 6 }) {
    const absent = missing('sipp');
    if (absent !== null) return [quiet('overload-control', absent)];
    const folder = mkdtempSync(join(tmpdir(), 'denwaban-bench-'));
    const scenario = join(folder, 'timed.xml');
    writeFileSync(scenario, timedScenario());
    const agentPort = await freePorts('sip');
    const from = await freePorts('sip');
    const phone = startAgentPhone(agentPort);
    const rows: Row[] = [];
    try {
      for (const stallMs of stalls) {
        const ours = await startOurs(await freePorts('sip'), agentPort, null, stallMs);
        try {
          await placeTimed(folder, scenario, { to: ours.port, from, rate, seconds: 2 });
          const printed = ours.trouble().length;
          const waits = await placeTimed(folder, scenario, { to: ours.port, from, rate, seconds });
          const late = [
            ...ours
              .trouble()
              .slice(printed)
              .matchAll(/^late ([\d.]+)$/gm),
          ].map(([, ms]) => Number(ms));
          const under = `turns of ${stallMs} ms more, ${rate} calls/s`;
          rows.push(row('control: strain', 'ms', under, late));
          for (const to of ['INVITE', 'BYE'] as const) {
            rows.push(
              row(
                `… ${to} → 200`,
                'ms',
                under,
                waits.filter((one) => one.to === to).map(({ ms }) => ms),
              ),
            );
          }
        } finally {
          await ours.stop();
        }
      }
      return rows;
    } finally {
      await phone.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** sipp's own caller, with a watch of its own for the BYE. */
function timedScenario(): string {
  const usual = spawnSync('sipp', ['-sd', 'uac'], { encoding: 'utf8' }).stdout;
  const bye = usual.lastIndexOf('<send retrans="500">');
  const before = usual.slice(0, bye).replace('rtd="true"', 'rtd="1"');
  const after = usual
    .slice(bye)
    .replace('<send', '<send start_rtd="2"')
    .replace('<recv response="200"', '<recv response="200" rtd="2"');
  return before + after;
}

async function placeTimed(
  folder: string,
  scenario: string,
  { to, from, rate, seconds }: { to: number; from: number; rate: number; seconds: number },
): Promise<Wait[]> {
  const args = ['-c', String(loadCore), 'sipp', `127.0.0.1:${to}`, '-sf', scenario, '-i', '127.0.0.1', '-nostdin'];
  const calls = [
    '-p',
    String(from),
    '-s',
    '+81312345678',
    '-r',
    String(rate),
    '-m',
    String(rate * seconds),
    '-d',
    '1000',
  ];
  const running = run('taskset', [...args, ...calls, '-l', '8000', '-trace_rtt', '-rtt_freq', '1'], { cwd: folder });
  const late = setTimeout(() => void running.stop(), (seconds + 15) * 1_000);
  await running.exited;
  clearTimeout(late);
  const file = readdirSync(folder).find((name) => name.endsWith('_rtt.csv'));
  if (file === undefined) throw new Error(`sipp timed nothing: ${running.log().slice(-500)}`);
  const lines = readFileSync(join(folder, file), 'utf8').trim().split('\n').slice(1);
  rmSync(join(folder, file));
  return lines.map((line): Wait => {
    const [, ms = '', which = ''] = line.split(';');
    return { ms: Number(ms), to: which.trim() === '2' ? 'BYE' : 'INVITE' };
  });
}
