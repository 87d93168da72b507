/** What strangers' bytes have broken before breaks no more, and a short seeded run finds nothing new (lab/fuzz). */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { hashOf, readCorpus } from '../../fuzz/corpus.js';
import { Fuzzer, tryOut, type Finding } from '../../fuzz/engine.js';
import { makeTargets } from '../../fuzz/targets.js';

const folder = fileURLToPath(new URL('../../corpus/', import.meta.url));
const targets = makeTargets();

test.each(targets.map((target) => [target.name, target] as const))(
  '%s: every seed and every kept input holds',
  (_, target) => {
    const kept = readCorpus(folder, target);
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.filter(({ file, bytes }) => !file.includes(`-${hashOf(bytes)}.`)).map(({ file }) => file)).toEqual([]);
    const broken = kept.flatMap(({ file, input }) => {
      const problem = tryOut(target, input);
      return problem === null ? [] : [`${file}: ${problem.detail}`];
    });
    for (const input of target.seeds()) {
      const problem = tryOut(target, input);
      if (problem !== null) broken.push(`a seed: ${problem.detail}`);
    }
    expect(broken).toEqual([]);
  },
);

test('seed 20260322: some thousand bent inputs break no promise', () => {
  const findings: Finding[] = [];
  const fuzzer = new Fuzzer({
    targets: makeTargets(),
    seed: 20_260_322,
    corpus: () => [],
    found: (finding) => void findings.push(finding),
  });
  fuzzer.replay();
  for (let runs = 0; runs < 1_600; runs++) fuzzer.step();
  expect(findings.map(({ target, detail }) => `${target.name} ${detail}`)).toEqual([]);
  // Proof that the inputs reach into the edges and do not die at their doors.
  for (const [name, { features }] of fuzzer.tallies) expect.soft(features, name).toBeGreaterThan(12);
});
