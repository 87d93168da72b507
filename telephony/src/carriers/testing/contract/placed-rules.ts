/** Rules of calls that we place for an agent: ringing, the answer, and every way to come to nothing. */
import type { E164, LegId } from '@denwaban/core';
import { expect } from 'vitest';
import { agentLeg, anna, recording, type ContractStage } from './stage.js';

export function placedRules(on: ContractStage): void {
  const { rule, carryOut, of, eventually, heard, warm, call, placed, joined, known, restart } = on;
  const told = () => on.events.flatMap((event) => (event.type.startsWith('leg.') ? [event.type] : []));
  const taken = async (leg: LegId) =>
    eventually(() => expect(of('leg.answered').map((event) => event.leg)).toContain(leg));

  rule(
    'TEL33',
    'a call that we place rings, told of once, and is answered, told of once and with a token',
    async () => {
      await warm(anna);
      const before = on.rig.now();
      const callee = await placed();
      await on.rig.settle();
      expect(callee.number).toBe('+81398765432');
      expect(told()).toEqual([]);
      callee.rings();
      callee.rings();
      await eventually(() => expect(of('leg.ringing')).toMatchObject([{ leg: callee.leg, early: false }]));
      callee.answers();
      await taken(callee.leg);
      await on.rig.settle();
      expect(told()).toEqual(['leg.ringing', 'leg.answered']);
      expect(of('leg.answered')[0]?.token).not.toBeNull();
      expect(of('leg.ringing')[0]?.at).toBeGreaterThanOrEqual(before);
      expect(of('leg.answered')[0]?.at).toBeGreaterThanOrEqual(of('leg.ringing')[0]?.at ?? Infinity);
    },
  );
  rule('TEL34', 'while it rings the agent hears ring-back, and silence from the answer on', async () => {
    const line = await warm(anna);
    const callee = await placed();
    await heard(line, 'silence');
    callee.rings();
    await heard(line, 'sound');
    expect(await callee.hears()).toBe('silence');
    callee.answers();
    await taken(callee.leg);
    await heard(line, 'silence');
    expect(await callee.hears()).toBe('silence');
  });
  rule('TEL35', 'the network’s own sound is heard in place of ours, and the agent is not heard there', async () => {
    const line = await warm(anna);
    const callee = await placed();
    callee.rings(true);
    await heard(line, 'person');
    expect(of('leg.ringing')).toMatchObject([{ leg: callee.leg, early: true }]);
    expect(await callee.hears()).toBe('silence');
    callee.answers();
    await taken(callee.leg);
    await heard(line, 'silence');
  });
  rule('TEL36', 'answered, it is a leg like any other: joined, held, recorded, hung up', async () => {
    const line = await warm(anna);
    const callee = await placed();
    callee.answers();
    await taken(callee.leg);
    await joined(callee, 1, anna, recording(1));
    await heard(callee, 'person');
    await heard(line, 'person');
    const talk = { customer: callee.leg, agentLeg: agentLeg(1) };
    carryOut({ type: 'hold', ...talk, sound: 'hold-music' });
    await heard(callee, 'sound');
    carryOut({ type: 'resume', ...talk });
    await heard(callee, 'person');
    carryOut({ type: 'hang-up', leg: callee.leg, cause: 'normal' });
    await eventually(() => expect(callee.told()).toEqual(['called', 'ended']));
    await eventually(() => expect(of('recording.finished').map((event) => event.recording)).toEqual([recording(1)]));
    expect(of('leg.ended')).toEqual([]);
  });
  rule('TEL37', 'who was called hangs up: that is told, and the agent is free', async () => {
    const line = await warm(anna);
    const callee = await placed();
    callee.answers();
    await taken(callee.leg);
    await joined(callee);
    callee.hangUp();
    await eventually(() => expect(of('leg.ended')).toMatchObject([{ leg: callee.leg, cause: 'hung-up' }]));
    await heard(line, 'silence');
    const next = await call();
    await joined(next, 2);
    await heard(next, 'person');
  });
  rule('TEL38', 'a refusal is told with its reason, once, and nothing follows', async () => {
    const line = await warm(anna);
    const reasons = ['busy', 'declined', 'unknown-number', 'no-answer'] as const;
    for (const [n, why] of reasons.entries()) {
      const callee = await placed(n + 1);
      if (n % 2 === 0) callee.rings();
      callee.refuses(why);
      await eventually(() => expect(of('leg.ended').at(-1)).toMatchObject({ leg: callee.leg, cause: why }));
      await heard(line, 'silence');
    }
    expect(of('leg.ended')).toHaveLength(reasons.length);
    expect(of('leg.answered')).toEqual([]);
  });
  rule('TEL39', 'a hang-up before the answer cancels: the phone stops ringing, and nothing more is told', async () => {
    const line = await warm(anna);
    const callee = await placed();
    callee.rings();
    await heard(line, 'sound');
    carryOut({ type: 'hang-up', leg: callee.leg, cause: 'normal' });
    await eventually(() => expect(callee.told()).toEqual(['called', 'cancelled']));
    await heard(line, 'silence');
    expect(told()).toEqual(['leg.ringing']);
    const next = await placed(2);
    next.answers();
    await taken(next.leg);
  });
  rule('TEL39', 'of a call placed and hung up in the same breath nothing is heard', async () => {
    await warm(anna);
    const leg = 'lg_breath' as LegId;
    const to = '+81398765432' as E164;
    carryOut(
      { type: 'place', leg, to, trunk: null, agentLeg: agentLeg(1), agent: anna },
      { type: 'hang-up', leg, cause: 'normal' },
    );
    await on.rig.settle();
    expect(told()).toEqual([]);
  });
  rule(
    'TEL40',
    'before the answer a join fails, and sounds, digits, holds and answers of ours are nothing',
    async () => {
      const line = await warm(anna);
      const callee = await placed();
      callee.rings();
      await heard(line, 'sound');
      const [{ leg }, talk] = [callee, { customer: callee.leg, agentLeg: agentLeg(1) }];
      carryOut(
        { type: 'ring', leg },
        { type: 'answer', leg },
        { type: 'play', leg, sound: 'hold-music' },
        { type: 'dtmf', leg, digits: '1' },
        { type: 'join', ...talk, agent: anna, recording: null },
        { type: 'hold', ...talk, sound: 'hold-music' },
        { type: 'part', ...talk },
      );
      await eventually(() => expect(of('leg.join-failed')).toMatchObject([talk]));
      await on.rig.settle();
      expect(told()).toEqual(['leg.ringing', 'leg.join-failed']);
      expect(await callee.hears()).toBe('silence');
      await heard(line, 'sound');
      callee.answers();
      await taken(leg);
      await joined(callee);
      await heard(callee, 'person');
    },
  );
  rule('TEL41', 'a talk that we placed outlives the process as any other', async () => {
    const line = await warm(anna);
    const callee = await placed();
    callee.answers();
    await taken(callee.leg);
    await joined(callee);
    const living = await restart(known(callee, { agentLeg: agentLeg(1), agent: anna, joined: true, held: null }));
    expect(living.get(callee.leg)).toEqual({ line: { id: line.line, agent: anna, proven: true } });
    await heard(callee, 'person');
    await heard(line, 'person');
    callee.hangUp();
    await eventually(() => expect(of('leg.ended')).toMatchObject([{ leg: callee.leg, cause: 'hung-up' }]));
    await heard(line, 'silence');
  });
  rule('TEL42', 'a phone that rings when the process ends is let go, and its agent is free', async () => {
    const line = await warm(anna);
    const callee = await placed();
    callee.rings();
    await heard(line, 'sound');
    expect((await restart()).size).toBe(0);
    await eventually(() => expect(callee.told()).toEqual(['called', 'cancelled']));
    await heard(line, 'silence');
    expect(on.rig.telephony.claimLine({ agent: anna, line: line.line })).toEqual({ proven: true });
    const next = await placed(2);
    next.answers();
    await taken(next.leg);
    await joined(next, 2);
    await heard(next, 'person');
  });
  rule('TEL43', 'an agent whose desk comes back with another line hears it ring there, and talks there', async () => {
    await warm(anna);
    const callee = await placed();
    callee.rings();
    await eventually(() => expect(of('leg.ringing')).toHaveLength(1));
    const fresh = await on.rig.openLine(anna);
    fresh.prove();
    await heard(fresh, 'sound');
    callee.answers();
    await taken(callee.leg);
    await joined(callee);
    await heard(fresh, 'person');
    await heard(callee, 'person');
    expect(of('leg.ringing')).toHaveLength(1);
  });
}
