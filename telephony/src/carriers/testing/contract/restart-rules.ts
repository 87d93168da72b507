/** Rules of what outlives the process that holds the adapter. */
import { expect } from 'vitest';
import { agentLeg, anna, ken, recording, type ContractStage } from './stage.js';

export function restartRules(on: ContractStage): void {
  const { rule, carryOut, of, eventually, heard, warm, call, joined, answered, known, restart } = on;

  rule('TEL26', 'a talk outlives the process: both hear each other, and every command works on it', async () => {
    const line = await warm(anna);
    const caller = await call();
    await joined(caller, 1, anna, recording(1));
    const talk = { agentLeg: agentLeg(1), agent: anna, joined: true, held: null };
    const living = await restart(known(caller, talk, recording(1)));
    expect(living.get(caller.leg)).toEqual({ line: { id: line.line, agent: anna, proven: true } });
    await heard(caller, 'person');
    await heard(line, 'person');
    expect(on.rig.telephony.claimLine({ agent: ken, line: line.line })).toBeNull();
    expect(on.rig.telephony.claimLine({ agent: anna, line: line.line })).toEqual({ proven: true });
    carryOut({ type: 'hold', customer: caller.leg, agentLeg: agentLeg(1), sound: 'hold-music' });
    await heard(caller, 'sound');
    carryOut({ type: 'resume', customer: caller.leg, agentLeg: agentLeg(1) });
    await heard(caller, 'person');
    expect(on.events).toEqual([]); // nothing happened to anybody
    carryOut({ type: 'hang-up', leg: caller.leg, cause: 'normal' });
    await eventually(() => expect(caller.told().at(-1)).toBe('ended'));
    await eventually(() => expect(of('recording.finished').map((event) => event.recording)).toEqual([recording(1)]));
    expect(of('leg.ended')).toEqual([]);
  });

  rule('TEL26', 'a caller who leaves after the restart has hung up, and the agent takes the next one', async () => {
    const line = await warm(anna);
    const caller = await call();
    await joined(caller);
    await restart(known(caller, { agentLeg: agentLeg(1), agent: anna, joined: true, held: null }));
    caller.hangUp();
    await eventually(() => expect(of('leg.ended')).toMatchObject([{ leg: caller.leg, cause: 'hung-up' }]));
    await heard(line, 'silence');
    const next = await call();
    await joined(next, 2, anna);
    await heard(line, 'person');
  });

  rule('TEL27', 'who waited goes on waiting with the music, and can be joined', async () => {
    const caller = await call();
    await answered(caller);
    carryOut({ type: 'play', leg: caller.leg, sound: 'ring-back' });
    await heard(caller, 'sound');
    const living = await restart(known(caller));
    expect(living.get(caller.leg)).toEqual({ line: null });
    await heard(caller, 'sound');
    await warm(anna);
    await joined(caller);
    await heard(caller, 'person');
  });

  rule('TEL28', 'a hold outlives the process; a hold that came too late to be carried out is carried out', async () => {
    const line = await warm(anna);
    const caller = await call();
    await joined(caller);
    const held = { agentLeg: agentLeg(1), agent: anna, joined: true, held: 'hold-music' } as const;
    await restart(known(caller, held));
    await heard(caller, 'sound');
    await heard(line, 'silence');
    await restart(known(caller, held));
    await heard(caller, 'sound');
    carryOut({ type: 'resume', customer: caller.leg, agentLeg: agentLeg(1) });
    await heard(caller, 'person');
  });

  rule('TEL29', 'a join that nobody was told of yet is told of, when it stands and when it does not', async () => {
    await warm(anna);
    const caller = await call();
    await joined(caller);
    const unheard = { agentLeg: agentLeg(1), agent: anna, joined: false, held: null };
    await restart(known(caller, unheard));
    await eventually(() => expect(of('leg.joined')).toMatchObject([{ agentLeg: agentLeg(1) }]));
    carryOut({ type: 'part', customer: caller.leg, agentLeg: agentLeg(1) });
    await heard(caller, 'silence');
    await restart(known(caller, unheard));
    await eventually(() => expect(of('leg.join-failed')).toMatchObject([{ agentLeg: agentLeg(1) }]));
    await warm(ken);
    await joined(caller, 2, ken);
  });

  rule('TEL30', 'a leg that nobody asks for is ended, and its agent is free', async () => {
    const line = await warm(anna);
    const caller = await call();
    await joined(caller, 1, anna, recording(1));
    expect((await restart()).size).toBe(0);
    await heard(line, 'silence');
    await eventually(() => expect(of('recording.finished')).toHaveLength(1));
    expect(on.rig.telephony.claimLine({ agent: anna, line: line.line })).toEqual({ proven: true });
    const next = await call();
    await joined(next, 2, anna);
  });

  rule('TEL31', 'a desk that opens a new line instead of claiming its old one takes the talk with it', async () => {
    await warm(anna);
    const caller = await call();
    await joined(caller);
    await restart(known(caller, { agentLeg: agentLeg(1), agent: anna, joined: true, held: null }));
    const fresh = await on.rig.openLine(anna);
    fresh.prove();
    await heard(fresh, 'person');
    await heard(caller, 'person');
  });
}
