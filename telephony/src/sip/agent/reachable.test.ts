import { expect, test } from 'vitest';
import { stepReachable, unknown, type Probe, type Reachable } from './reachable.js';

const yes: Probe = { answered: true, status: 200 };
const no: Probe = { answered: false };
const run = (...probes: Probe[]) => {
  let state: Reachable = unknown;
  const waits: number[] = [];
  const seen = probes.map((probe) => {
    const [next, ms] = stepReachable(state, probe, 30_000);
    state = next;
    waits.push(ms);
    return next.status;
  });
  return { seen, waits };
};

test('[TRK10] one lost question is no outage, one answer in an outage no recovery; the first answer counts at once', () => {
  expect(run(yes, no, yes, no, no, yes, no, yes, yes).seen).toEqual([
    ...['up', 'up', 'up', 'up', 'down', 'down', 'down', 'down', 'up'],
  ]);
  expect(run(no, no).seen).toEqual(['unknown', 'down']);
});

test('[TRK10] in doubt it is asked again sooner', () => {
  expect(run(yes, no, no, no, yes, yes).waits).toEqual([30_000, 5_000, 30_000, 30_000, 5_000, 30_000]);
});

test.each([
  [200, 'up'],
  [401, 'up'],
  [403, 'up'],
  [404, 'up'],
  [405, 'up'],
  [500, 'up'],
  [503, 'down'],
  [408, 'down'],
  [504, 'down'],
])('[TRK10] an answer %i says %s', (status, expected) => {
  const probe: Probe = { answered: true, status };
  expect(run(probe, probe).seen[1]).toBe(expected);
});
