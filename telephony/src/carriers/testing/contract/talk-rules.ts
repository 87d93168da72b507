/** Rules of a customer and an agent who are joined: hold, part, recording, and what a join may not disturb. */
import { expect } from 'vitest';
import { agentLeg, anna, ken, recording, type ContractStage } from './stage.js';

export function talkRules(on: ContractStage): void {
  const { rule, carryOut, of, eventually, heard, warm, call, joinOf, joined, answered } = on;

  rule('TEL6', 'join answers a caller who still waits, then says that they hear each other', async () => {
    const line = await warm(anna);
    const caller = await call();
    carryOut({ type: 'ring', leg: caller.leg });
    await joined(caller);
    expect(on.events.filter((event) => event.type.startsWith('leg.')).map((event) => event.type)).toEqual([
      'leg.arrived',
      'leg.answered',
      'leg.joined',
    ]);
    expect(of('leg.joined')[0]?.at).toBeGreaterThanOrEqual(of('leg.answered')[0]?.at ?? Infinity);
    await heard(caller, 'person');
    await heard(line, 'person');
  });
  rule(
    'TEL32',
    'at the end of a talk both lines are told of, once for the customer and once for the agent',
    async () => {
      const line = await warm(anna);
      const caller = await call();
      await joined(caller);
      await heard(caller, 'person');
      await heard(line, 'person');
      expect(of('line.measured').filter(({ final }) => final)).toEqual([]);
      carryOut({ type: 'part', customer: caller.leg, agentLeg: agentLeg(1) });
      await eventually(() => expect(of('line.measured').filter(({ final }) => final)).toHaveLength(2));
      await on.rig.settle();
      const last = of('line.measured').filter(({ final }) => final);
      expect(last.map(({ agent }) => agent).toSorted()).toEqual([anna, null]);
      for (const { customer, since, at, mean, worst } of last) {
        expect(customer).toBe(caller.leg);
        expect(at).toBeGreaterThanOrEqual(since);
        expect(mean.mos).toBeGreaterThan(3);
        expect(worst.mos).toBeGreaterThan(1);
      }
    },
  );
  rule('TEL7', 'a joined caller hears the person, whatever played before and whatever is played now', async () => {
    await warm(anna);
    const caller = await call();
    await answered(caller);
    carryOut({ type: 'play', leg: caller.leg, sound: 'hold-music' });
    await joined(caller);
    expect(of('leg.answered')).toHaveLength(1);
    await heard(caller, 'person');
    carryOut({ type: 'play', leg: caller.leg, sound: 'hold-music' });
    await on.rig.settle();
    expect(await caller.hears()).toBe('person');
  });
  rule('TEL8', 'a join without a proven line fails with a reason and leaves the caller as they were', async () => {
    await on.rig.openLine(ken); // open, but nothing echoes
    const caller = await call();
    carryOut({ type: 'ring', leg: caller.leg });
    carryOut(joinOf(caller, 1, anna), joinOf(caller, 2, ken));
    await eventually(() => expect(of('leg.join-failed')).toHaveLength(2));
    for (const event of of('leg.join-failed'))
      expect(event).toMatchObject({ customer: caller.leg, because: 'no-line' });
    expect(of('leg.answered')).toEqual([]);
    await answered(caller);
    carryOut({ type: 'play', leg: caller.leg, sound: 'hold-music' });
    carryOut(joinOf(caller, 3, anna));
    await eventually(() => expect(of('leg.join-failed')).toHaveLength(3));
    await heard(caller, 'sound');
  });
  rule('TEL9', 'the same join twice is one; another one while joined fails and disturbs nothing', async () => {
    await warm(anna);
    await warm(ken);
    const caller = await call();
    await joined(caller, 1, anna);
    carryOut(joinOf(caller, 1, anna), joinOf(caller, 2, ken));
    await eventually(() => expect(of('leg.join-failed')).toHaveLength(1));
    expect(of('leg.join-failed')[0]).toMatchObject({ agentLeg: agentLeg(2), because: 'already-joined' });
    expect(of('leg.joined')).toHaveLength(1);
    await heard(caller, 'person');
  });
  rule('TEL10', 'an agent talks to one customer at a time', async () => {
    await warm(anna);
    const [first, second] = [await call(), await call()];
    await joined(first, 1);
    carryOut(joinOf(second, 2));
    await eventually(() => expect(of('leg.join-failed')).toHaveLength(1));
    expect(of('leg.join-failed')[0]).toMatchObject({ customer: second.leg, because: 'agent-busy' });
    await heard(first, 'person');
  });
  rule('TEL11', 'on hold the customer hears a sound and the agent nothing; resume brings both back', async () => {
    const line = await warm(anna);
    const caller = await call();
    await joined(caller);
    carryOut({ type: 'hold', customer: caller.leg, agentLeg: agentLeg(1), sound: 'hold-music' });
    await heard(caller, 'sound');
    await heard(line, 'silence');
    carryOut({ type: 'resume', customer: caller.leg, agentLeg: agentLeg(1) });
    await heard(caller, 'person');
    await heard(line, 'person');
  });
  rule('TEL12', 'part leaves the customer up in silence and the line warm for the next one', async () => {
    const line = await warm(anna);
    const [first, second] = [await call(), await call()];
    await joined(first, 1);
    carryOut({ type: 'part', customer: first.leg, agentLeg: agentLeg(1) });
    await heard(first, 'silence');
    await heard(line, 'silence');
    carryOut({ type: 'play', leg: first.leg, sound: 'announcement-reconnecting' });
    await heard(first, 'sound');
    await joined(second, 2);
    await heard(second, 'person');
    expect(of('line.proven')).toHaveLength(1);
    expect(of('leg.ended')).toEqual([]);
  });
  rule('TEL13', 'part, hold and resume that name another agent leg change nothing', async () => {
    await warm(anna);
    const caller = await call();
    await joined(caller, 1);
    carryOut(
      { type: 'hold', customer: caller.leg, agentLeg: agentLeg(9), sound: 'hold-music' },
      { type: 'part', customer: caller.leg, agentLeg: agentLeg(9) },
    );
    await on.rig.settle();
    expect(await caller.hears()).toBe('person');
  });
  rule('TEL16', 'when the customer leaves a talk, the agent hears nothing and the line stays proven', async () => {
    const line = await warm(anna);
    const caller = await call();
    await joined(caller);
    caller.hangUp();
    await eventually(() => expect(of('leg.ended')).toHaveLength(1));
    await heard(line, 'silence');
    expect(of('line.lost')).toEqual([]);
    const next = await call();
    await joined(next, 2);
    await heard(line, 'person');
  });
  rule('TEL18', 'one recording runs from the first join to the end of the leg, over every agent', async () => {
    await warm(anna);
    await warm(ken);
    const caller = await call();
    await joined(caller, 1, anna, recording(1));
    carryOut({ type: 'part', customer: caller.leg, agentLeg: agentLeg(1) });
    await on.rig.settle();
    expect(of('recording.finished')).toEqual([]);
    await joined(caller, 2, ken, recording(1));
    caller.hangUp();
    await eventually(() => expect(of('recording.finished')).toHaveLength(1));
    await on.rig.settle();
    expect(of('recording.finished')).toEqual([
      expect.objectContaining({ recording: recording(1), leg: caller.leg, durationMs: expect.any(Number) }),
    ]);
  });
  rule(
    'TEL18',
    'a recording is finished after a hang-up of ours too, and there is none where none was asked',
    async () => {
      await warm(anna);
      const [with_, without] = [await call(), await call()];
      await joined(with_, 1, anna, recording(2));
      carryOut({ type: 'hang-up', leg: with_.leg, cause: 'normal' });
      await eventually(() => expect(of('recording.finished').map((event) => event.recording)).toEqual([recording(2)]));
      await joined(without, 2, anna, null);
      carryOut({ type: 'hang-up', leg: without.leg, cause: 'normal' });
      await on.rig.settle();
      expect(of('recording.finished')).toHaveLength(1);
    },
  );
}
