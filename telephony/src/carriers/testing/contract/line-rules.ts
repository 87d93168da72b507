/** Rules of the agents’ lines: proven, lost, replaced. */
import type { LineId } from '@denwaban/core';
import { expect } from 'vitest';
import { agentLeg, anna, ken, type ContractStage } from './stage.js';

export function lineRules(on: ContractStage): void {
  const { rule, carryOut, of, eventually, heard, warm, call, joined } = on;

  rule('TEL19', 'a line is proven when it echoes, lost when it stops, proven again when it is back', async () => {
    const line = await on.rig.openLine(anna);
    await on.rig.settle();
    expect(of('line.proven')).toEqual([]);
    line.prove();
    await eventually(() => expect(of('line.proven')).toHaveLength(1));
    line.lose('heartbeat');
    await eventually(() => expect(of('line.lost')).toHaveLength(1));
    expect(of('line.lost')[0]).toMatchObject({ agent: anna, line: line.line, because: 'heartbeat' });
    line.prove();
    await eventually(() => expect(of('line.proven')).toHaveLength(2));
    expect(of('line.proven')[1]).toMatchObject({ agent: anna, line: line.line });
  });
  rule('TEL20', 'a line that is closed, by either side, is lost once', async () => {
    const [first, second] = [await warm(anna), await warm(ken)];
    on.rig.telephony.closeLine(first.line);
    second.lose('closed');
    await eventually(() => expect(of('line.lost')).toHaveLength(2));
    on.rig.telephony.closeLine(first.line);
    on.rig.telephony.closeLine(second.line);
    on.rig.telephony.closeLine('ln_never' as LineId);
    await on.rig.settle();
    expect(of('line.lost').map(({ line, because }) => [line, because])).toEqual(
      expect.arrayContaining([
        [first.line, 'closed'],
        [second.line, 'closed'],
      ]),
    );
    expect(of('line.lost')).toHaveLength(2);
  });
  rule('TEL21', 'a new line of the same agent replaces the old one; a talk moves over when it proves', async () => {
    const old = await warm(anna);
    const caller = await call();
    await joined(caller);
    const fresh = await on.rig.openLine(anna);
    await eventually(() =>
      expect(of('line.lost')).toEqual([expect.objectContaining({ agent: anna, line: old.line, because: 'replaced' })]),
    );
    fresh.prove();
    await eventually(() => expect(of('line.proven').map((event) => event.line)).toEqual([old.line, fresh.line]));
    await heard(caller, 'person');
    await heard(fresh, 'person');
    expect(of('leg.joined')).toHaveLength(1);
    carryOut({ type: 'hold', customer: caller.leg, agentLeg: agentLeg(1), sound: 'hold-music' });
    await heard(caller, 'sound');
  });
  rule('TEL22', 'a talk whose line is lost keeps the customer for somebody else', async () => {
    const line = await warm(anna);
    await warm(ken);
    const caller = await call();
    await joined(caller, 1, anna);
    line.lose('closed');
    await eventually(() => expect(of('line.lost')).toHaveLength(1));
    await heard(caller, 'silence');
    expect(of('leg.ended')).toEqual([]);
    carryOut({ type: 'part', customer: caller.leg, agentLeg: agentLeg(1) });
    carryOut({ type: 'play', leg: caller.leg, sound: 'announcement-reconnecting' });
    await heard(caller, 'sound');
    await joined(caller, 2, ken);
    await heard(caller, 'person');
  });
}
