/**
 * `npm test`: everything that proves the house, step by step. All steps run even when one fails, except that nothing after
 * broken types is worth the wait.
 *
 *     npm test                          all of it
 *     npm test -- lint unit             these steps
 *     npm test -- telephony/src/sip     these tests (by path), unit or real-peer
 */
import { mkdirSync, rmSync } from 'node:fs';
import { at, isNodeSupported } from './lib/checkout.mjs';
import { Stop } from './lib/progress.mjs';
import { runTool } from './lib/run.mjs';

if (!isNodeSupported(process.versions.node)) {
  process.stderr.write(`The tests need Node.js 20.19 or newer; this is ${process.versions.node}.\n`);
  process.exit(1);
}

const { build } = await import('./lib/build.mjs');
const { install } = await import('./lib/install.mjs');
const { installOsPackages } = await import('./lib/os-packages.mjs');
const { cannotApply, readReport, tallyReport } = await import('./lib/tally.mjs');

const isCi = process.env.CI === 'true' || process.env.CI === '1';
/** @type {{passed: number, failed: {step: string, name: string, file: string}[], skipped: {name: string, file: string}[]}} */
const totals = { passed: 0, failed: [], skipped: [] };
const say = (line) => process.stdout.write(`${line}\n`);

/** Settings of the person's own installation must not reach the tests. */
const clean = Object.fromEntries(
  Object.keys(process.env)
    .filter((name) => name.startsWith('DENWABAN_') || name === 'DATABASE_URL')
    .map((name) => [name, '']),
);

/** Runs tools one after the other until one fails. */
const tools =
  (...calls) =>
  async () => {
    for (const [path, ...args] of calls) {
      const { code, output } = await runTool(path, args);
      if (code !== 0) return { code, output };
    }
    return { code: 0, output: '' };
  };

const script = (name) => async () => {
  const { code, output } = await runTool(`../scripts/${name}.mjs`, []);
  return { code, output };
};

const vitest = (name, args) => async (paths) => {
  const report = at('lab', 'out', `${name}.json`);
  mkdirSync(at('lab', 'out'), { recursive: true });
  rmSync(report, { force: true });
  const all = ['run', ...args, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...paths];
  const { code } = await runTool('vitest/vitest.mjs', all, { echo: true, env: clean });
  return { code, output: '', tally: tallyReport(readReport(report), code) };
};

const buildAll = async () => {
  try {
    await build();
    return { code: 0, output: '' };
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    return { code: 1, output: [error.detail, error.message].join('\n') };
  }
};

const tsc = 'typescript/bin/tsc';
const steps = [
  {
    name: 'types',
    run: tools([tsc, '-b'], [tsc, '-p', 'tsconfig.check.json'], [tsc, '-p', 'desk'], [tsc, '-p', 'lab', '--noEmit']),
    stops: true,
  },
  { name: 'lint', run: tools(['oxlint/bin/oxlint', '--type-aware', '--deny-warnings']) },
  { name: 'format', run: tools(['oxfmt/bin/oxfmt', '--check', '.']) },
  { name: 'arrows', run: script('arrows') },
  { name: 'tidy', run: script('tidy') },
  { name: 'unit', run: vitest('unit', []), takesPaths: true },
  { name: 'build', run: buildAll },
  { name: 'peers', run: vitest('peers', ['--config', 'lab/vitest.conformance.config.ts']), takesPaths: true },
];

const asked = process.argv.slice(2);
const named = asked.filter((word) => steps.some((step) => step.name === word));
const paths = asked.filter((word) => !named.includes(word));
const isPeerTest = (path) => /^lab\/src\/(conformance|chaos)\b/.test(path);
const chosen = steps.filter(({ name, takesPaths }) => {
  if (asked.length === 0 || named.includes(name)) return true;
  if (named.length > 0) return false;
  return takesPaths && paths.some((path) => (name === 'peers') === isPeerTest(path));
});
const notes = [];

try {
  await install();
  if (chosen.some((step) => step.name === 'peers')) {
    notes.push(...(await installOsPackages()));
    if (!chosen.some((step) => step.name === 'build')) await build(); // the peers meet the built product
  }
} catch (error) {
  if (!(error instanceof Stop)) throw error;
  say([error.detail, error.message].join('\n'));
  say('0 passed, 1 failed, 0 skipped');
  process.exit(1);
}

for (const [i, step] of chosen.entries()) {
  say(`── ${step.name}`);
  const started = Date.now();
  const { code, output, tally } = await step.run(paths);
  totals.passed += tally ? tally.passed : Number(code === 0);
  const failed = tally?.failed ?? (code === 0 ? [] : [{ name: 'all of it', file: '' }]);
  totals.failed.push(...failed.map((one) => ({ ...one, step: step.name })));
  totals.skipped.push(...(tally?.skipped ?? []));
  if (code !== 0 && output) say(output.trimEnd());
  say(`${code === 0 ? '✓' : '✗'} ${step.name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  if (code !== 0 && step.stops) {
    const left = chosen.slice(i + 1).map(({ name }) => name);
    if (left.length > 0) notes.push(`Not run, because ${step.name} failed: ${left.join(', ')}.`);
    break;
  }
}

say('');
const where = (file) => (file === '' ? '' : `  (${file.replace(`${at()}/`, '')})`);
for (const { name, file } of totals.skipped) say(`skipped: ${name}${where(file)}`);
// Last, so that who sees only the end of a long run sees what failed.
for (const { step, name, file } of totals.failed) say(`failed in ${step}: ${name}${where(file)}`);
for (const note of notes) say(note);
let failed = totals.failed.length;
let skipped = totals.skipped.length;
// Something that a machine lacked is a failure where nothing may be lacking; a case that a contract says cannot apply is not.
const lacking = totals.skipped.filter(({ name }) => !cannotApply(name)).length;
if (isCi && lacking > 0) {
  say(`CI=true: ${lacking} skipped count as failed.`);
  failed += lacking;
  skipped -= lacking;
}
say(`${totals.passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 ? 1 : 0;
