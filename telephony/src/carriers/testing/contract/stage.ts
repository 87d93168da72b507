/** What the rules of the contract are played on: one rig a test, what it told, and the words in which the rules are written. */
import type { AgentId, E164, KnownLeg, LegId, PhoneCommand, PhoneEvent, RecordingId } from '@denwaban/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ContractCallee, ContractCaller, ContractLine, ContractRig, Heard } from './rig.js';

export const anna = 'ag_anna' as AgentId;
export const ken = 'ag_ken' as AgentId;
export const agentLeg = (n: number) => `lg_agent${n}` as LegId;
export const recording = (n: number) => `rc_0000000000${n}` as RecordingId;

export type ContractStage = ReturnType<typeof contractStage>;

/** @param skips rule number → why this implementation cannot keep it */
export function contractStage(make: () => ContractRig | Promise<ContractRig>, skips: Readonly<Record<string, string>>) {
  let rig: ContractRig;
  let events: PhoneEvent[];
  const tokens = new Map<LegId, string>();
  let insideCarryOut: boolean;
  let deliveredInside: PhoneEvent[];

  beforeEach(async () => {
    rig = await make();
    events = [];
    deliveredInside = [];
    insideCarryOut = false;
    hear();
  });
  const hear = () => {
    rig.telephony.listen((event) => {
      if (insideCarryOut) deliveredInside.push(event);
      if (event.type === 'leg.answered' && event.token !== null) tokens.set(event.leg, event.token);
      events.push(event);
    });
  };
  afterEach(async () => {
    await rig.dispose();
    // [TEL2] holds in every test: a command never calls its caller back.
    expect(deliveredInside).toEqual([]);
  });

  const carryOut = (...commands: PhoneCommand[]) => {
    insideCarryOut = true;
    for (const command of commands) rig.telephony.carryOut(command);
    insideCarryOut = false;
  };
  const of = <Type extends PhoneEvent['type']>(type: Type) =>
    events.filter((event): event is Extract<PhoneEvent, { type: Type }> => event.type === type);
  /** Polls until `claim` no longer throws, at most `patienceMs`. */
  const eventually = async (claim: () => void | Promise<void>) => {
    await rig.settle();
    for (const until = Date.now() + rig.patienceMs; ; await rig.settle()) {
      try {
        return await claim();
      } catch (problem) {
        if (Date.now() >= until) throw problem;
      }
    }
  };
  const heard = (who: Pick<ContractCaller | ContractLine | ContractCallee, 'hears'>, what: Heard) =>
    eventually(async () => expect(await who.hears()).toBe(what));
  const warm = async (agent: AgentId) => {
    const line = await rig.openLine(agent);
    line.prove();
    await eventually(() => expect(of('line.proven').map((event) => event.line)).toContain(line.line));
    return line;
  };
  const call = () => rig.call({ from: '+819012345678', to: '+81312345678' });
  /** Anna calls somebody. */
  const placed = (n = 1): Promise<ContractCallee> => {
    const leg = `lg_placed${n}` as LegId;
    const to = '+81398765432' as E164;
    carryOut({ type: 'place', leg, to, trunk: null, agentLeg: agentLeg(n), agent: anna });
    return rig.callee(leg);
  };
  const joinOf = (
    caller: Pick<ContractCaller, 'leg'>,
    n = 1,
    agent = anna,
    record: RecordingId | null = null,
  ): Extract<PhoneCommand, { type: 'join' }> => ({
    type: 'join',
    customer: caller.leg,
    agentLeg: agentLeg(n),
    agent,
    recording: record,
  });
  const joined = async (
    caller: Pick<ContractCaller, 'leg'>,
    n = 1,
    agent = anna,
    record: RecordingId | null = null,
  ) => {
    carryOut(joinOf(caller, n, agent, record));
    await eventually(() =>
      expect(of('leg.joined')).toContainEqual({
        type: 'leg.joined',
        customer: caller.leg,
        agentLeg: agentLeg(n),
        at: expect.any(Number),
      }),
    );
  };
  const answered = async (caller: ContractCaller) => {
    carryOut({ type: 'answer', leg: caller.leg });
    await eventually(() => expect(of('leg.answered').map((event) => event.leg)).toContain(caller.leg));
  };
  const rule = (number: string, text: string, body: () => Promise<void>) => {
    const reason = skips[number];
    if (reason === undefined) test(`[${number}] ${text}`, body);
    else test.skip(`[${number}] ${text} (skipped: ${reason})`, body);
  };

  /** What the engine would know of a leg from its journal. */
  const known = (
    caller: Pick<ContractCaller, 'leg'>,
    talk: KnownLeg['talk'] = null,
    record: RecordingId | null = null,
  ) => ({
    leg: caller.leg,
    token: tokens.get(caller.leg) ?? '',
    recording: record,
    talk,
    sound: talk === null ? ('hold-music' as const) : null,
  });
  const restart = async (...legs: KnownLeg[]) => {
    await rig.controlDies();
    events.length = 0;
    hear();
    const living = await rig.telephony.restore(legs);
    await rig.settle();
    return living;
  };

  return {
    get rig() {
      return rig;
    },
    /** Everything told since the test, or the last restart, began. */
    get events() {
      return events;
    },
    rule,
    carryOut,
    of,
    eventually,
    heard,
    warm,
    call,
    placed,
    joinOf,
    joined,
    answered,
    known,
    restart,
  };
}
