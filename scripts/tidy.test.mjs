import { describe, expect, test } from 'vitest';
import { findLongFiles, findSwitchedOff, findUncitedRules } from './tidy.mjs';

describe('tidy', () => {
  test('a long file needs an entry with a reason, may not outgrow it, and loses it when it is short again', () => {
    const sizes = (lines) => new Map([['a.ts', lines]]);
    const entry = { 'a.ts': { lines: 500, because: 'a table' } };
    expect(findLongFiles(sizes(350), {})).toEqual([]);
    expect(findLongFiles(sizes(351), {})).toHaveLength(1);
    expect(findLongFiles(sizes(500), entry)).toEqual([]);
    expect(findLongFiles(sizes(501), entry)).toHaveLength(1);
    expect(findLongFiles(sizes(300), entry)).toHaveLength(1);
    expect(findLongFiles(sizes(400), { 'a.ts': { lines: 400, because: '' } })).toHaveLength(1);
  });

  test('a test that is switched off says why; one alone switched on is never right', () => {
    expect(findSwitchedOff('a', "test.only('x', () => {}); // because I said so")).toHaveLength(1);
    expect(findSwitchedOff('a', "test.skip('x', () => {});")).toHaveLength(1);
    expect(findSwitchedOff('a', "describe.skipIf(noChromium)('x', () => {});")).toHaveLength(1);
    expect(findSwitchedOff('a', "test.skip('x', () => {}); // macOS has no /proc")).toEqual([]);
    expect(findSwitchedOff('a', "// macOS has no /proc\ntest.skip('x', () => {});")).toEqual([]);
    expect(findSwitchedOff('a', 'describe.skipIf(absent)(`x${absent}`, () => {});')).toEqual([]);
    expect(findSwitchedOff('a', "test.runIf(process.platform === 'linux')('x', () => {});")).toEqual([]);
    expect(findSwitchedOff('a', "test('x skips music', () => {});")).toEqual([]);
  });

  test('every rule is cited by a test title, and every cited rule exists', () => {
    const spec = '**RTG1** The owner first.\n**RTG2** Then the team. As RTG9 once said.';
    const titles = (text) => findUncitedRules(spec, [{ file: 'a.test.ts', text }]);
    expect(titles("test('[RTG1] a', f); test.each(seeds)('[RTG2] b', f);")).toEqual([]);
    expect(titles("describe('[RTG1] [RTG2] a', f);")).toEqual([]);
    expect(titles("test('[RTG1] a', f);")).toEqual(['core/SPEC.md: no test cites RTG2']);
    expect(titles("test('[RTG1] a', f); // [RTG2]")).toHaveLength(1);
    expect(titles("test('[RTG1] [RTG2] [RTG3] a', f);")).toEqual([
      'a.test.ts cites RTG3, which core/SPEC.md does not have',
    ]);
    expect(
      findUncitedRules(`${spec}\n**RTG1** Twice.`, [{ file: 'a', text: "test('[RTG1] [RTG2] a', f)" }]),
    ).toHaveLength(1);
  });
});
