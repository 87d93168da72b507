import { expect, test } from 'vitest';
import { simulateDay } from './day.js';

/** Seeds that once failed stay here with what they found. */
const seeds = Array.from({ length: 40 }, (_, i) => i + 1);

test.each(seeds)(
  '[RSV2] [RTG8] [CNV5] [CNV6] seed %i: no rule is broken in 250 steps of a floor’s life',
  async (seed) => {
    const day = await simulateDay({ seed, steps: 250 });
    expect(day.violations, day.story.slice(-25).join('\n')).toEqual([]);
    expect(day.conversations).toBeGreaterThan(5);
  },
);

test.each(seeds)(
  '[OUT1] [OUT3] [OUT4] seed %i: on a quiet day, when the agents call, no rule is broken either',
  async (seed) => {
    const day = await simulateDay({ seed: seed + 1_000, steps: 250, callers: 2 });
    expect(day.violations, day.story.slice(-25).join('\n')).toEqual([]);
    expect(day.placed).toBeGreaterThan(2);
  },
);
