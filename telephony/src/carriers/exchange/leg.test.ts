import { epochMs, type AgentId, type LegId, type LineId, type RecordingId } from '@denwaban/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { step, type CustomerLeg, type LegAction, type LegInput } from './leg.js';

const id = 'lg_1' as LegId;
const agentLegs = ['lg_a', 'lg_b'] as LegId[];
const lines = ['ln_1', 'ln_2'] as LineId[];
const anna = 'ag_anna' as AgentId;
const arrived: CustomerLeg = { status: 'alone', reached: 'arrived' };

/** Feeds inputs one a millisecond. @returns where it ends and all that was done */
function run(inputs: readonly LegInput[], from: CustomerLeg = arrived): [CustomerLeg, LegAction[]] {
  let leg = from;
  const done: LegAction[] = [];
  inputs.forEach((input, i) => {
    const [next, actions] = step(id, leg, input, epochMs(i));
    leg = next;
    done.push(...actions);
  });
  return [leg, done];
}
const did = (actions: readonly LegAction[]) =>
  actions.flatMap((action) => (action.do === 'ignore' ? [] : [action.do === 'emit' ? action.event.type : action.do]));
const join = (n = 0, more: Partial<Extract<LegInput, { type: 'join' }>> = {}): LegInput => ({
  type: 'join',
  agentLeg: agentLegs[n]!,
  agent: anna,
  line: lines[0]!,
  busy: false,
  recording: null,
  ...more,
});
const bridged = (n = 0): LegInput => ({ type: 'bridged', agentLeg: agentLegs[n]!, at: epochMs(5) });
const answered: LegInput = { type: 'far-end-answered', token: null };

test('an unanswered caller is bridged first, then answered, then told of as joined', () => {
  const [leg, actions] = run([{ type: 'ring' }, join(), bridged(), answered]);
  expect(did(actions)).toEqual(['ring', 'bridge', 'answer', 'leg.answered', 'leg.joined']);
  expect(leg).toMatchObject({ status: 'joined', talk: { line: 'ln_1', held: null } });
});

test('a caller who is being answered when the bridge stands is not answered twice', () => {
  const [leg, actions] = run([{ type: 'answer' }, join(), bridged(), answered]);
  expect(did(actions)).toEqual(['answer', 'bridge', 'leg.answered', 'leg.joined']);
  expect(leg.status).toBe('joined');
  const [other, more] = run([{ type: 'answer' }, join(), answered, bridged()]);
  expect(did(more)).toEqual(['answer', 'bridge', 'leg.answered', 'leg.joined']);
  expect(other.status).toBe('joined');
});

test('a join withdrawn before its bridge stands is not a join afterwards, and the next one is', () => {
  const part: LegInput = { type: 'part', agentLeg: agentLegs[0]! };
  const [leg, actions] = run([
    { type: 'answer' },
    answered,
    join(0),
    part,
    bridged(0),
    join(1),
    bridged(0),
    bridged(1),
  ]);
  expect(did(actions).filter((what) => what === 'leg.joined')).toHaveLength(1);
  expect(leg).toMatchObject({ status: 'joined', talk: { agentLeg: 'lg_b' } });
});

test('a failed bridge leaves the caller as far as they had got', () => {
  const failed: LegInput = { type: 'bridge-failed', agentLeg: agentLegs[0]!, because: 'no-such-leg' };
  expect(run([{ type: 'ring' }, join(), failed])[0]).toEqual({ status: 'alone', reached: 'ringing' });
  expect(run([{ type: 'answer' }, answered, join(), failed])[0]).toEqual({ status: 'alone', reached: 'answered' });
});

test('a hold goes over to the agent’s new line, and music does not start over when asked for twice', () => {
  const hold: LegInput = { type: 'hold', agentLeg: agentLegs[0]!, sound: 'hold-music' };
  const talk = [{ type: 'answer' } as const, answered, join(), bridged(), hold];
  const [, actions] = run([...talk, hold, { type: 'line-proven', line: lines[1]! }]);
  expect(did(actions).slice(-3)).toEqual(['hold', 'rebridge', 'hold']);
  const [gone, after] = run([
    ...talk,
    { type: 'line-gone', line: lines[0]! },
    { type: 'resume', agentLeg: agentLegs[0]! },
  ]);
  expect(did(after).slice(-2)).toEqual(['hold', 'play']); // no bridge to resume: the music is stopped by name
  expect(gone).toMatchObject({ status: 'joined', talk: { line: null, held: null } });
});

test('a line that was suspected and is back is the same line: the bridge is left alone', () => {
  const [, actions] = run([{ type: 'answer' }, answered, join(), bridged(), { type: 'line-proven', line: lines[0]! }]);
  expect(did(actions).at(-1)).toBe('leg.joined');
});

test('no sound comes between two people', () => {
  const music: LegInput = { type: 'play', sound: 'hold-music' };
  const [, actions] = run([{ type: 'answer' }, answered, join(), music, bridged(), music]);
  expect(did(actions)).not.toContain('play');
});

test('a caller cannot be reached by a sound before they are answered', () => {
  const music: LegInput = { type: 'play', sound: 'hold-music' };
  expect(did(run([music, { type: 'ring' }, music])[1])).toEqual(['ring']);
  expect(did(run([{ type: 'answer' }, music])[1])).toEqual(['answer', 'play']);
});

const agentLeg = fc.constantFrom(...agentLegs);
const line = fc.constantFrom(...lines);
const anyInput: fc.Arbitrary<LegInput> = fc.oneof(
  fc.constantFrom<LegInput>({ type: 'ring' }, { type: 'answer' }, { type: 'play', sound: 'hold-music' }, answered),
  fc.record({
    type: fc.constant('join' as const),
    agentLeg,
    agent: fc.constant(anna),
    line: fc.option(line),
    busy: fc.boolean(),
    recording: fc.option(fc.constant('rc_1' as RecordingId)),
  }),
  fc.record({ type: fc.constant('part' as const), agentLeg }),
  fc.record({ type: fc.constant('hold' as const), agentLeg, sound: fc.constant('hold-music' as const) }),
  fc.record({ type: fc.constant('resume' as const), agentLeg }),
  fc.record({ type: fc.constant('bridged' as const), agentLeg, at: fc.nat().map(epochMs) }),
  fc.record({ type: fc.constant('bridge-failed' as const), agentLeg, because: fc.constant('failed') }),
  fc.record({ type: fc.constantFrom('line-proven' as const, 'line-gone' as const), line }),
  fc.constantFrom<LegInput>(
    { type: 'digit', digit: '1' },
    { type: 'dtmf', digits: '12' },
    { type: 'hang-up', cause: 'normal' },
    { type: 'far-end-ended', cause: 'hung-up' },
    { type: 'media-lost', again: false },
  ),
);
const times = (what: readonly string[], name: string) => what.filter((one) => one === name).length;

test('whatever comes in whatever order: one ring, one answer, one end, and nothing after it', () => {
  fc.assert(
    fc.property(fc.array(anyInput, { maxLength: 40 }), (inputs) => {
      let [leg] = run([]);
      const told: string[] = [];
      inputs.forEach((input, i) => {
        const wasOver = leg.status === 'ended';
        const [next, actions] = step(id, leg, input, epochMs(i));
        leg = next;
        if (wasOver) expect(did(actions)).toEqual([]);
        if (leg.status === 'ended' && !wasOver) expect(did(actions)).toContain('bury');
        told.push(...did(actions));
      });
      for (const once of ['ring', 'answer', 'leg.answered', 'leg.ended', 'bury', 'end']) {
        expect(times(told, once), once).toBeLessThanOrEqual(1);
      }
      // Nobody is joined before they are answered, and every bridge has an outcome at most.
      if (times(told, 'leg.joined') > 0) expect(told.indexOf('leg.answered')).toBeLessThan(told.indexOf('leg.joined'));
      expect(times(told, 'leg.joined')).toBeLessThanOrEqual(times(told, 'bridge'));
      // Every hold is on a bridge, and what is heard alone is heard by somebody who was answered.
      if (told.includes('hold')) expect(told.indexOf('leg.joined')).toBeLessThan(told.indexOf('hold'));
    }),
    { numRuns: 2_000 },
  );
});
