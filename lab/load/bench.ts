/**
 * `npm run bench -w lab [-- name … --pairs 5 --seconds 6 --minutes 10 --rate 600]`: figures of what people feel and of what it costs, with state, load, seed, median and spread.
 * It asserts nothing: two commits are compared on one machine that does nothing else.
 */
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { answerDelay } from './calls.js';
import { directory } from './directory.js';
import { engine } from './engine.js';
import { journal } from './journal.js';
import { machine, table, type BenchmarkOptions, type Row } from './measure.js';
import { overload } from './overload.js';
import { overloadControl } from './overload-control.js';
import { relay } from './relay.js';
import { relaySrtp } from './relay-srtp.js';
import { reload } from './reload.js';
import { sipCalls } from './sip-calls.js';
import { sipEndurance } from './sip-endurance.js';
import { sipParse } from './sip-parse.js';
import { soak } from './soak.js';

const all = [
  sipParse,
  engine,
  sipCalls,
  relay,
  relaySrtp,
  journal,
  directory,
  answerDelay,
  reload,
  soak,
  sipEndurance,
  overload,
  overloadControl,
];
const { values, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    pairs: { type: 'string' },
    seconds: { type: 'string' },
    minutes: { type: 'string' },
    rate: { type: 'string' },
  },
});
const unknown = wanted.filter((name) => !all.some((one) => one.name === name));
if (unknown.length > 0) {
  process.stderr.write(
    `No such benchmark: ${unknown.join(', ')}. There are ${all.map(({ name }) => name).join(', ')}.\n`,
  );
  process.exit(1);
}
const seed = Number(process.env['DENWABAN_SEED'] ?? 1);
const options: BenchmarkOptions = {
  seed,
  ...Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value)])),
};
const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();
const changed = git('status', '--porcelain', '-uno') === '' ? '' : ' + uncommitted changes';
// What was started ends with us: its starter looks for our `exit`, which a signal alone does not bring.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
const rows: Row[] = [];
process.stdout.write(`${git('rev-parse', '--short', 'HEAD')}${changed}; ${machine()}; seed ${seed}\n`);
for (const benchmark of all.filter(({ name, onlyByName }) =>
  wanted.length === 0 ? onlyByName !== true : wanted.includes(name),
)) {
  process.stderr.write(`${benchmark.name} …\n`);
  rows.push(...(await benchmark.run(options)));
}
process.stdout.write(`${table(rows)}\nafter: ${machine()}\n`);
// node-datachannel keeps threads that would keep us.
process.exit(0);
