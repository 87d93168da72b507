/** Counts what passed, failed and was skipped, over vitest's reports and the steps that are one test each. */
import { readFileSync } from 'node:fs';

/**
 * @param {object | null} report vitest's JSON; null when it wrote none
 * @param {number} code exit code of that run
 * @returns {{passed: number, failed: {name: string, file: string}[], skipped: {name: string, file: string}[]}}
 */
export function tallyReport(report, code) {
  const tally = { passed: 0, failed: [], skipped: [] };
  for (const { name: file, status, assertionResults } of report?.testResults ?? []) {
    for (const { status: one, fullName } of assertionResults) {
      if (one === 'passed') tally.passed += 1;
      else if (one === 'failed') tally.failed.push({ name: fullName, file });
      else tally.skipped.push({ name: fullName, file });
    }
    // A file that cannot be loaded, or whose hooks fail, has no failing test to show for it.
    if (status === 'failed' && !assertionResults.some((one) => one.status === 'failed')) {
      tally.failed.push({ name: 'the file itself, or a hook of it', file });
    }
  }
  // An unhandled error, a crash, no test at all: vitest says no, so it is one.
  if (code !== 0 && tally.failed.length === 0) tally.failed.push({ name: 'an error outside of every test', file: '' });
  return tally;
}

/** @returns {object | null} */
export function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

/**
 * A case that its own contract says cannot apply here, with the reason in its name; not one for which a machine lacks something.
 * @param {string} name
 */
export const cannotApply = (name) => /\(skipped: [^()]+\)$/.test(name);
