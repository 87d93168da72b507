import { describe, expect, test } from 'vitest';
import { cannotApply, tallyReport } from './lib/tally.mjs';
import { isNodeSupported } from './lib/checkout.mjs';
import { missingPackages } from './lib/install.mjs';
import { findCycles } from './lib/cycles.mjs';

const file = (status, ...statuses) => ({
  name: 'a.test.ts',
  status,
  assertionResults: statuses.map((one) => ({ status: one, fullName: `it ${one}` })),
});

describe('the commands', () => {
  test('passed, failed and skipped tests are counted', () => {
    const report = {
      testResults: [file('passed', 'passed', 'passed', 'skipped'), file('failed', 'failed', 'passed', 'todo')],
    };
    expect(tallyReport(report, 1)).toMatchObject({ passed: 3, failed: [{ name: 'it failed', file: 'a.test.ts' }] });
    expect(tallyReport(report, 1).skipped).toHaveLength(2);
  });

  test('a case that cannot apply is told from one for which something is missing', () => {
    expect(
      cannotApply('contract [TEL26] a talk goes on (skipped: a web page is connected to the process itself)'),
    ).toBe(true);
    expect(cannotApply('sipp as caller (skipped where sip-tester is not installed) 500 calls')).toBe(false);
    expect(cannotApply('first call (there is no /usr/bin/chromium) over udp')).toBe(false);
  });

  test('a file that could not be loaded is a failure', () => {
    expect(tallyReport({ testResults: [file('failed'), file('passed', 'passed')] }, 1)).toMatchObject({
      passed: 1,
      failed: [{ file: 'a.test.ts' }],
    });
  });

  test('a run that fails without a failing test is a failure all the same', () => {
    expect(tallyReport({ testResults: [file('passed', 'passed')] }, 1)).toMatchObject({ passed: 1, failed: [{}] });
    expect(tallyReport(null, 1)).toMatchObject({ passed: 0, failed: [{}] });
  });

  test('Node 20.19 and newer will do', () => {
    expect(['20.19.0', '20.20.2', '22.0.0', '24.1.0'].every(isNodeSupported)).toBe(true);
    expect(['18.20.0', '20.18.3', '16.1.0'].some(isNodeSupported)).toBe(false);
  });

  test('what npm has not installed is missing, but not what belongs to other machines', () => {
    const here = { os: [process.platform], cpu: [process.arch] };
    const lock = {
      packages: {
        '': {},
        core: { version: '1.0.0' },
        'node_modules/@denwaban/core': { link: true },
        'node_modules/a': { version: '1.0.0' },
        'node_modules/b': { version: '2.0.0' },
        'node_modules/mine': { version: '1.0.0', optional: true, ...here },
        'node_modules/theirs': { version: '1.0.0', optional: true, os: ['aix'], cpu: ['ppc64'] },
      },
    };
    const all = {
      'node_modules/a': { version: '1.0.0' },
      'node_modules/b': { version: '2.0.0' },
      'node_modules/mine': { version: '1.0.0' },
    };
    expect(missingPackages(lock, { packages: all })).toEqual([]);
    expect(missingPackages(lock, { packages: { ...all, 'node_modules/b': { version: '1.9.0' } } })).toEqual([
      'node_modules/b',
    ]);
    expect(missingPackages(lock, { packages: { 'node_modules/a': all['node_modules/a'] } })).toEqual([
      'node_modules/b',
      'node_modules/mine',
    ]);
  });

  test('a circle is found once, whatever node it is entered by', () => {
    const edges = (list) => {
      const map = new Map();
      for (const [from, to] of list) map.set(from, (map.get(from) ?? new Map()).set(to, true));
      return map;
    };
    expect(
      findCycles(
        edges([
          ['a', 'b'],
          ['b', 'c'],
          ['a', 'c'],
        ]),
      ),
    ).toEqual([]);
    expect(
      findCycles(
        edges([
          ['x', 'a'],
          ['a', 'b'],
          ['b', 'c'],
          ['c', 'a'],
        ]),
      ),
    ).toEqual([['a', 'b', 'c']]);
  });
});
