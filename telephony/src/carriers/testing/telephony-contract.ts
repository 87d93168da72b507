/**
 * What every implementation of core's Telephony port must do, as tests. Each carrier and the simulation bring a rig that
 * plays the world outside: callers who ring in, agents' desks that hold a line.
 *
 *     telephonyContract('exchange', makeRig, { 'TEL21': 'why this carrier cannot' });
 */
import type {
  AgentId,
  EpochMs,
  KnownLeg,
  LegId,
  LineId,
  PhoneCommand,
  PhoneEvent,
  RecordingId,
  Telephony,
} from '@denwaban/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

/** Coarse on purpose, so that a measurement of real audio can tell: nothing, a sound of ours, the other person. */
export type Heard = 'silence' | 'sound' | 'person';

export interface ContractCaller {
  readonly leg: LegId;
  /** The caller's own doing: CANCEL, BYE, the button of a web phone. */
  hangUp(): void;
  press(digit: string): void;
  /** What the caller's phone was told, in order. */
  told(): readonly ('ringing' | 'answered' | 'ended')[];
  hears(): Heard | Promise<Heard>;
}

export interface ContractLine {
  readonly line: LineId;
  /** The desk's end starts to echo (again). */
  prove(): void;
  /** The desk's end stops echoing (`heartbeat`) or is gone (`closed`). */
  lose(because: 'heartbeat' | 'closed'): void;
  hears(): Heard | Promise<Heard>;
}

export interface ContractRig {
  /** Another one after `controlDies`. */
  readonly telephony: Telephony;
  /** The process that holds the adapter dies without a word, and another begins; `restore` is left to the test. */
  controlDies(): Promise<void>;
  now(): EpochMs;
  /** Resolves once `leg.arrived` was delivered. */
  call(request: { from: string | null; to: string }): Promise<ContractCaller>;
  /** Opens a line with `telephony.openLine`; it proves itself only when told to. */
  openLine(agent: AgentId): Promise<ContractLine>;
  /** Lets everything that is under way come to rest. */
  settle(): Promise<void>;
  /** Ends everything; fails when a socket, timer or leg is left over. */
  dispose(): Promise<void>;
  /** How long a claim may take to come true, ms. 0: it is true after `settle`. */
  readonly patienceMs: number;
}

const anna = 'ag_anna' as AgentId;
const ken = 'ag_ken' as AgentId;
const agentLeg = (n: number) => `lg_agent${n}` as LegId;
const recording = (n: number) => `rc_0000000000${n}` as RecordingId;

/** @param skips rule number → why this implementation cannot keep it */
export function telephonyContract(
  name: string,
  make: () => ContractRig | Promise<ContractRig>,
  skips: Readonly<Record<string, string>> = {},
): void {
  describe(`Telephony contract: ${name}`, () => {
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
    const heard = (who: ContractCaller | ContractLine, what: Heard) =>
      eventually(async () => expect(await who.hears()).toBe(what));
    const warm = async (agent: AgentId) => {
      const line = await rig.openLine(agent);
      line.prove();
      await eventually(() => expect(of('line.proven').map((event) => event.line)).toContain(line.line));
      return line;
    };
    const call = () => rig.call({ from: '+819012345678', to: '+81312345678' });
    const joinOf = (
      caller: ContractCaller,
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
    const joined = async (caller: ContractCaller, n = 1, agent = anna, record: RecordingId | null = null) => {
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
    const known = (caller: ContractCaller, talk: KnownLeg['talk'] = null, record: RecordingId | null = null) => ({
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

    rule('TEL1', 'a caller who arrives is told of once, with the numbers as the network gave them', async () => {
      const before = rig.now();
      const caller = await rig.call({ from: '09012345678', to: '0312345678' });
      await rig.settle();
      expect(events).toEqual([
        expect.objectContaining({ type: 'leg.arrived', leg: caller.leg, from: '09012345678', to: '0312345678' }),
      ]);
      expect(of('leg.arrived')[0]?.at).toBeGreaterThanOrEqual(before);
      expect(of('leg.arrived')[0]?.at).toBeLessThanOrEqual(rig.now());
    });
    rule('TEL1', 'a withheld number arrives as null', async () => {
      await rig.call({ from: null, to: '+81312345678' });
      expect(of('leg.arrived')[0]?.from).toBeNull();
    });
    rule('TEL3', 'ring tells the caller once, and nobody once answered', async () => {
      const caller = await call();
      carryOut({ type: 'ring', leg: caller.leg }, { type: 'ring', leg: caller.leg });
      await eventually(() => expect(caller.told()).toEqual(['ringing']));
      await answered(caller);
      carryOut({ type: 'ring', leg: caller.leg });
      await rig.settle();
      expect(caller.told()).toEqual(['ringing', 'answered']);
    });
    rule('TEL4', 'answer answers once, with the time of it', async () => {
      const caller = await call();
      const before = rig.now();
      carryOut({ type: 'answer', leg: caller.leg }, { type: 'answer', leg: caller.leg });
      await eventually(() => expect(of('leg.answered')).toHaveLength(1));
      carryOut({ type: 'answer', leg: caller.leg });
      await rig.settle();
      expect(of('leg.answered')).toHaveLength(1);
      expect(of('leg.answered')[0]?.at).toBeGreaterThanOrEqual(before);
      await eventually(() => expect(caller.told()).toEqual(['answered']));
    });
    rule('TEL5', 'a sound is heard once the leg is answered, until it is taken away', async () => {
      const caller = await call();
      carryOut({ type: 'play', leg: caller.leg, sound: 'ring-back' });
      await rig.settle();
      expect(await caller.hears()).toBe('silence');
      await answered(caller);
      expect(await caller.hears()).toBe('silence');
      carryOut({ type: 'play', leg: caller.leg, sound: 'hold-music' });
      await heard(caller, 'sound');
      carryOut({ type: 'play', leg: caller.leg, sound: null });
      await heard(caller, 'silence');
    });
    rule('TEL6', 'join answers a caller who still waits, then says that they hear each other', async () => {
      const line = await warm(anna);
      const caller = await call();
      carryOut({ type: 'ring', leg: caller.leg });
      await joined(caller);
      expect(events.filter((event) => event.type.startsWith('leg.')).map((event) => event.type)).toEqual([
        'leg.arrived',
        'leg.answered',
        'leg.joined',
      ]);
      expect(of('leg.joined')[0]?.at).toBeGreaterThanOrEqual(of('leg.answered')[0]?.at ?? Infinity);
      await heard(caller, 'person');
      await heard(line, 'person');
    });
    rule('TEL7', 'a joined caller hears the person, whatever played before and whatever is played now', async () => {
      await warm(anna);
      const caller = await call();
      await answered(caller);
      carryOut({ type: 'play', leg: caller.leg, sound: 'hold-music' });
      await joined(caller);
      expect(of('leg.answered')).toHaveLength(1);
      await heard(caller, 'person');
      carryOut({ type: 'play', leg: caller.leg, sound: 'hold-music' });
      await rig.settle();
      expect(await caller.hears()).toBe('person');
    });
    rule('TEL8', 'a join without a proven line fails with a reason and leaves the caller as they were', async () => {
      await rig.openLine(ken); // open, but nothing echoes
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
      await rig.settle();
      expect(await caller.hears()).toBe('person');
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
      await rig.settle();
      expect(of('leg.ended').map(({ leg, cause }) => [leg, cause])).toEqual(
        expect.arrayContaining([
          [early.leg, 'cancelled'],
          [late.leg, 'hung-up'],
        ]),
      );
      expect(of('leg.ended')).toHaveLength(2);
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
    rule('TEL17', 'commands for a leg that is gone or never was are nothing', async () => {
      await warm(anna);
      const gone = await call();
      gone.hangUp();
      await eventually(() => expect(of('leg.ended')).toHaveLength(1));
      const so_far = events.length;
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
      await rig.settle();
      expect(events.slice(so_far)).toEqual([]);
    });
    rule('TEL18', 'one recording runs from the first join to the end of the leg, over every agent', async () => {
      await warm(anna);
      await warm(ken);
      const caller = await call();
      await joined(caller, 1, anna, recording(1));
      carryOut({ type: 'part', customer: caller.leg, agentLeg: agentLeg(1) });
      await rig.settle();
      expect(of('recording.finished')).toEqual([]);
      await joined(caller, 2, ken, recording(1));
      caller.hangUp();
      await eventually(() => expect(of('recording.finished')).toHaveLength(1));
      await rig.settle();
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
        await eventually(() =>
          expect(of('recording.finished').map((event) => event.recording)).toEqual([recording(2)]),
        );
        await joined(without, 2, anna, null);
        carryOut({ type: 'hang-up', leg: without.leg, cause: 'normal' });
        await rig.settle();
        expect(of('recording.finished')).toHaveLength(1);
      },
    );
    rule('TEL19', 'a line is proven when it echoes, lost when it stops, proven again when it is back', async () => {
      const line = await rig.openLine(anna);
      await rig.settle();
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
      rig.telephony.closeLine(first.line);
      second.lose('closed');
      await eventually(() => expect(of('line.lost')).toHaveLength(2));
      rig.telephony.closeLine(first.line);
      rig.telephony.closeLine(second.line);
      rig.telephony.closeLine('ln_never' as LineId);
      await rig.settle();
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
      const fresh = await rig.openLine(anna);
      await eventually(() =>
        expect(of('line.lost')).toEqual([
          expect.objectContaining({ agent: anna, line: old.line, because: 'replaced' }),
        ]),
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
      await rig.settle();
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
      await rig.settle();
      expect(events.map((event) => event.type)).toEqual(['leg.arrived']);
    });
    rule('TEL26', 'a talk outlives the process: both hear each other, and every command works on it', async () => {
      const line = await warm(anna);
      const caller = await call();
      await joined(caller, 1, anna, recording(1));
      const talk = { agentLeg: agentLeg(1), agent: anna, joined: true, held: null };
      const living = await restart(known(caller, talk, recording(1)));
      expect(living.get(caller.leg)).toEqual({ line: { id: line.line, agent: anna, proven: true } });
      await heard(caller, 'person');
      await heard(line, 'person');
      expect(rig.telephony.claimLine({ agent: ken, line: line.line })).toBeNull();
      expect(rig.telephony.claimLine({ agent: anna, line: line.line })).toEqual({ proven: true });
      carryOut({ type: 'hold', customer: caller.leg, agentLeg: agentLeg(1), sound: 'hold-music' });
      await heard(caller, 'sound');
      carryOut({ type: 'resume', customer: caller.leg, agentLeg: agentLeg(1) });
      await heard(caller, 'person');
      expect(events).toEqual([]); // nothing happened to anybody
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

    rule(
      'TEL28',
      'a hold outlives the process; a hold that came too late to be carried out is carried out',
      async () => {
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
      },
    );

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
      expect(rig.telephony.claimLine({ agent: anna, line: line.line })).toEqual({ proven: true });
      const next = await call();
      await joined(next, 2, anna);
    });

    rule('TEL31', 'a desk that opens a new line instead of claiming its old one takes the talk with it', async () => {
      await warm(anna);
      const caller = await call();
      await joined(caller);
      await restart(known(caller, { agentLeg: agentLeg(1), agent: anna, joined: true, held: null }));
      const fresh = await rig.openLine(anna);
      fresh.prove();
      await heard(fresh, 'person');
      await heard(caller, 'person');
    });

    rule('TEL25', 'a listener that was taken away hears no more', async () => {
      let count = 0;
      const stop = rig.telephony.listen(() => count++);
      await call();
      await rig.settle();
      stop();
      await call();
      await rig.settle();
      expect(count).toBe(1);
    });
  });
}
