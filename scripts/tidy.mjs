/**
 * House rules that no compiler knows: files stay small, tests are not switched off without a word, and every numbered rule of
 * core/SPEC.md is cited by a test that proves it. `node scripts/tidy.mjs` lists what is wrong, one line each.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './lib/checkout.mjs';
import { longFiles } from './long-files.mjs';

const linesMax = 350;
/** A list of cases may run on; a story should not. */
const testLinesMax = 500;
const folders = ['core', 'telephony', 'server', 'desk', 'lab', 'scripts'];
const limitOf = (file) => (isTest(file) || file.includes('/testing/') ? testLinesMax : linesMax);
const isTest = (file) => /\.test\.(tsx?|mjs)$/.test(file);

function* filesBelow(checkout, folder) {
  if (!existsSync(join(checkout, folder))) return;
  for (const entry of readdirSync(join(checkout, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!['dist', 'node_modules', 'out', 'corpus'].includes(entry.name)) yield* filesBelow(checkout, path);
    } else if (/\.(ts|tsx|mjs|css)$/.test(entry.name)) yield path;
  }
}

/**
 * A file over the limit needs an entry with its reason, and may not outgrow it; an entry that is no longer needed goes.
 * @param {Map<string, number>} sizes lines by file
 * @param {Record<string, {lines: number, because: string}>} allowed
 */
export function findLongFiles(sizes, allowed) {
  const wrong = [];
  for (const [file, lines] of sizes) {
    const most = allowed[file]?.lines ?? limitOf(file);
    if (lines > most) {
      wrong.push(
        `${file} has ${lines} lines, more than ${most}: divide it by subject, or say why not in scripts/long-files.mjs`,
      );
    }
  }
  for (const [file, { because }] of Object.entries(allowed)) {
    if ((sizes.get(file) ?? 0) <= limitOf(file))
      wrong.push(`${file} is no longer long: take it out of scripts/long-files.mjs`);
    if (!because) wrong.push(`${file} stands in scripts/long-files.mjs without a reason`);
  }
  return wrong;
}

/** Tests that are switched off, or alone switched on. A skip says why on its own line or the one above: `// …`. */
export function findSwitchedOff(file, text) {
  const wrong = [];
  const lines = text.split('\n');
  for (const [i, line] of lines.entries()) {
    const [, how] = /\b(?:it|test|describe|suite)(?:\.concurrent)?\.(only|skip|todo|skipIf|runIf)\b/.exec(line) ?? [];
    if (!how) continue;
    if (how === 'only') wrong.push(`${file}:${i + 1} runs alone (.only)`);
    // A condition that speaks for itself: another system, not root, not CI.
    else if (/\.(skipIf|runIf)\((!?process\.(platform|env)|!?isRoot)/.test(line) || line.includes('(skipped where'))
      continue;
    // A suite that needs peers carries what is missing in its title, where the report shows it.
    else if (/\.skipIf\(.*\)\(`.*\$\{/.test(line)) continue;
    else if (!/\/\/ \S+ \S+/.test(line) && !/^\s*(\/\/|\*|\/\*\*) ?\S+ \S+/.test(lines[i - 1] ?? '')) {
      wrong.push(`${file}:${i + 1} is switched off (.${how}) without a reason beside it`);
    }
  }
  return wrong;
}

/**
 * @param {string} spec text of core/SPEC.md; a rule is written as `**RTG3**`
 * @param {{file: string, text: string}[]} tests a title cites rules as `[RTG3]`
 */
export function findUncitedRules(spec, tests) {
  const wrong = [];
  const rules = [...spec.matchAll(/\*\*([A-Z]{3}\d+)\*\*/g)].map((match) => match[1]);
  const known = new Set(rules);
  for (const rule of known) {
    if (rules.filter((one) => one === rule).length > 1) wrong.push(`core/SPEC.md numbers two rules ${rule}`);
  }
  const cited = new Set();
  for (const { file, text } of tests) {
    for (const [, ids] of text.matchAll(
      /\b(?:it|test|describe)(?:\.\w+(?:\([^)]*\))?)*\(\s*[`'"]((?:\[[A-Z]{3}\d+\]\s*)+)/g,
    )) {
      for (const [, id] of ids.matchAll(/\[([A-Z]{3}\d+)\]/g)) {
        cited.add(id);
        if (!known.has(id)) wrong.push(`${file} cites ${id}, which core/SPEC.md does not have`);
      }
    }
  }
  for (const rule of known) if (!cited.has(rule)) wrong.push(`core/SPEC.md: no test cites ${rule}`);
  return wrong;
}

/** @returns {string[]} one line for each breach in this checkout */
export function findUntidy(checkout = root) {
  const files = folders.flatMap((folder) => [...filesBelow(checkout, folder)]);
  const texts = files.map((file) => ({ file, text: readFileSync(join(checkout, file), 'utf8') }));
  const sizes = new Map(texts.map(({ file, text }) => [file, text.split('\n').length - 1]));
  // The tests of this file and of the arrows hold such lines as examples.
  const tests = texts.filter(({ file }) => isTest(file) && file !== 'scripts/tidy.test.mjs');
  const spec = existsSync(join(checkout, 'core/SPEC.md')) ? readFileSync(join(checkout, 'core/SPEC.md'), 'utf8') : null;
  return [
    ...findLongFiles(sizes, longFiles),
    ...tests.flatMap(({ file, text }) => findSwitchedOff(file, text)),
    ...(spec === null ? ['core/SPEC.md is missing'] : findUncitedRules(spec, tests)),
  ];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const untidy = findUntidy();
  for (const line of untidy) process.stdout.write(`${line}\n`);
  process.exitCode = untidy.length > 0 ? 1 : 0;
}
