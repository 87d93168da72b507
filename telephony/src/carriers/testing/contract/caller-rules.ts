/** Rules of a single caller: arriving, ringing, the answer, sounds, digits and the end. */
import type { LegId } from '@denwaban/core';
import { expect } from 'vitest';
import { agentLeg, anna, recording, type ContractStage } from './stage.js';

export function callerRules(on: ContractStage): void {
  const { rule, carryOut, of, eventually, heard, warm, call, joinOf, joined, answered } = on;

  rule('TEL1', 'a caller who arrives is told of once, with the numbers as the network gave them', async () => {
    const before = on.rig.now();
    const caller = await on.rig.call({ from: '09012345678', to: '0312345678' });
    await on.rig.settle();
    expect(on.events).toEqual([
      expect.objectContaining({ type: 'leg.arrived', leg: caller.leg, from: '09012345678', to: '0312345678' }),
    ]);
    expect(of('leg.arrived')[0]?.at).toBeGreaterThanOrEqual(before);
    expect(of('leg.arrived')[0]?.at).toBeLessThanOrEqual(on.rig.now());
  });
  rule('TEL1', 'a withheld number arrives as null', async () => {
    await on.rig.call({ from: null, to: '+81312345678' });
    expect(of('leg.arrived')[0]?.from).toBeNull();
  });
  rule('TEL3', 'ring tells the caller once, and nobody once answered', async () => {
    const caller = await call();
    carryOut({ type: 'ring', leg: caller.leg }, { type: 'ring', leg: caller.leg });
    await eventually(() => expect(caller.told()).toEqual(['ringing']));
    await answered(caller);
    carryOut({ type: 'ring', leg: caller.leg });
    await on.rig.settle();
    expect(caller.told()).toEqual(['ringing', 'answered']);
  });
  rule('TEL4', 'answer answers once, with the time of it', async () => {
    const caller = await call();
    const before = on.rig.now();
    carryOut({ type: 'answer', leg: caller.leg }, { type: 'answer', leg: caller.leg });
    await eventually(() => expect(of('leg.answered')).toHaveLength(1));
    carryOut({ type: 'answer', leg: caller.leg });
    await on.rig.settle();
    expect(of('leg.answered')).toHaveLength(1);
    expect(of('leg.answered')[0]?.at).toBeGreaterThanOrEqual(before);
    await eventually(() => expect(caller.told()).toEqual(['answered']));
  });
  rule('TEL5', 'a sound is heard once the leg is answered, until it is taken away', async () => {
    const caller = await call();
    carryOut({ type: 'play', leg: caller.leg, sound: 'ring-back' });
    await on.rig.settle();
    expect(await caller.hears()).toBe('silence');
    await answered(caller);
    expect(await caller.hears()).toBe('silence');
    carryOut({ type: 'play', leg: caller.leg, sound: 'hold-music' });
    await heard(caller, 'sound');
    carryOut({ type: 'play', leg: caller.leg, sound: null });
    await heard(caller, 'silence');
  });
  rule('TEL14', 'a hang-up of ours ends the caller, and no leg.ended follows', async () => {
    const line = await warm(anna);
    const [ringing, talking] = [await call(), await call()];
    await joined(talking);
    carryOut({ type: 'hang-up', leg: ringing.leg, cause: 'unknown-number' });
    carryOut({ type: 'hang-up', leg: talking.leg, cause: 'normal' });
    await eventually(() => {
      expect(ringing.told()).toEqual(['ended']);
      expect(talking.told()).toEqual(['answered', 'ended']);
    });
    await heard(line, 'silence');
    expect(of('leg.ended')).toEqual([]);
    const next = await call();
    await joined(next, 2);
    await heard(next, 'person');
  });
  rule('TEL15', 'a caller who leaves before the answer has cancelled, afterwards has hung up', async () => {
    const [early, late] = [await call(), await call()];
    await answered(late);
    early.hangUp();
    late.hangUp();
    await eventually(() => expect(of('leg.ended')).toHaveLength(2));
    await on.rig.settle();
    expect(of('leg.ended').map(({ leg, cause }) => [leg, cause])).toEqual(
      expect.arrayContaining([
        [early.leg, 'cancelled'],
        [late.leg, 'hung-up'],
      ]),
    );
    expect(of('leg.ended')).toHaveLength(2);
  });
  rule('TEL17', 'commands for a leg that is gone or never was are nothing', async () => {
    await warm(anna);
    const gone = await call();
    gone.hangUp();
    await eventually(() => expect(of('leg.ended')).toHaveLength(1));
    const so_far = on.events.length;
    for (const leg of [gone.leg, 'lg_never' as LegId]) {
      const talk = { customer: leg, agentLeg: agentLeg(1) };
      carryOut(
        { type: 'ring', leg },
        { type: 'answer', leg },
        { type: 'play', leg, sound: 'hold-music' },
        { type: 'join', ...talk, agent: anna, recording: recording(1) },
        { type: 'part', ...talk },
        { type: 'hold', ...talk, sound: 'hold-music' },
        { type: 'resume', ...talk },
        { type: 'dtmf', leg, digits: '1' },
        { type: 'hang-up', leg, cause: 'normal' },
      );
    }
    carryOut({ type: 'end-orphan', token: 'nobody minted this' });
    await on.rig.settle();
    expect(on.events.slice(so_far)).toEqual([]);
  });
  rule('TEL23', 'digits that the caller presses arrive in order, each once', async () => {
    const caller = await call();
    await answered(caller);
    for (const digit of '12#') caller.press(digit);
    await eventually(() =>
      expect(
        of('leg.dtmf')
          .map((event) => event.digit)
          .join(''),
      ).toBe('12#'),
    );
    expect(of('leg.dtmf')[0]).toMatchObject({ leg: caller.leg });
  });
  rule('TEL24', 'a caller hung up in the same breath as joined is gone, and the agent free', async () => {
    const line = await warm(anna);
    const caller = await call();
    carryOut(joinOf(caller), { type: 'hang-up', leg: caller.leg, cause: 'normal' });
    await eventually(() => expect(caller.told()).toContain('ended'));
    await on.rig.settle();
    expect(of('leg.joined')).toEqual([]);
    await heard(line, 'silence');
    const next = await call();
    await joined(next, 2);
    await heard(next, 'person');
  });
  rule('TEL24', 'of a caller answered and hung up in the same breath nothing more is heard', async () => {
    const caller = await call();
    carryOut({ type: 'answer', leg: caller.leg }, { type: 'hang-up', leg: caller.leg, cause: 'normal' });
    await eventually(() => expect(caller.told()).toContain('ended'));
    await on.rig.settle();
    expect(on.events.map((event) => event.type)).toEqual(['leg.arrived']);
  });
  rule('TEL25', 'a listener that was taken away hears no more', async () => {
    let count = 0;
    const stop = on.rig.telephony.listen(() => count++);
    await call();
    await on.rig.settle();
    stop();
    await call();
    await on.rig.settle();
    expect(count).toBe(1);
  });
}
