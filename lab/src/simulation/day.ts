/**
 * A seeded stretch of a floor's life: callers come, wait, give up; agents come, ring, accept, decline, fall asleep, lose their
 * line, crash; and after every step the house is held to its invariants. A seed replays it exactly.
 */
import type { AgentId, LegId, TeamId } from '@denwaban/core';
import { type Desk, openHouse, seeded } from './house.js';
import { broken } from './invariants.js';

/** Sounds after which a caller hears music when an offer is withdrawn. */
const musicAfter: readonly unknown[] = ['ring-back', 'announcement-reconnecting'];

export interface DayResult {
  seed: number;
  violations: string[];
  /** What was done, in order: the story to read when a seed fails. */
  story: string[];
  conversations: number;
  completed: number;
  abandoned: number;
  placed: number;
  placedAnswered: number;
}

export async function simulateDay(options: {
  seed: number;
  steps: number;
  /** How often somebody calls in, beside the other things that happen. Default 10: more than the floor can take. */
  callers?: number;
  teams?: readonly number[];
}): Promise<DayResult> {
  const chance = seeded(options.seed * 7919 + 1);
  const house = await openHouse({ seed: options.seed, teams: options.teams ?? [3, 4] });
  const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(chance() * from.length)];
  const desks = new Map<AgentId, Desk>();
  const legs: LegId[] = [];
  const story: string[] = [];
  const violations: string[] = [];
  const silentSince = new Map<string, number>();
  /** Desks whose connection broke with the control process. */
  const astray = new Map<AgentId, Desk>();
  let diedAt = -Infinity;
  let called = 0;
  let placed = 0;

  const actions: [number, () => Promise<string> | string][] = [
    [options.callers ?? 10, call],
    [6, () => callerLeaves()],
    [10, sitDown],
    [4, goAway],
    [14, () => eachOffer('ring')],
    [14, () => eachOffer('accept')],
    [2, () => eachOffer('decline')],
    [8, agentHangsUp],
    [12, saveWrapUp],
    [3, loseLine],
    [4, proveLine],
    [2, leave],
    [1, () => (house.phone.failNextJoin('simulated'), 'the next join fails')],
    [6, holdOrResume],
    [2, controlDies],
    [8, comeBack],
    [16, place],
    [14, calleeDoes],
  ];
  const total = actions.reduce((sum, [weight]) => sum + weight, 0);

  async function call() {
    const agent = pick(house.persons);
    const owner = chance() < 0.6 ? (agent?.id ?? null) : null;
    const team = chance() < 0.8 ? (agent?.team ?? null) : (null as TeamId | null);
    const leg = await house.call(`+8131${String(1_000_000 + called++)}`, { owner, team });
    legs.push(leg);
    return `call ${leg} owner ${owner ?? '-'}`;
  }
  function callerLeaves() {
    const leg = pick(legs.filter((one) => house.phone.isUp(one)));
    if (leg === undefined) return 'nobody to leave';
    house.phone.callerHangsUp(leg);
    return `${leg} hangs up`;
  }
  async function sitDown() {
    const person = pick(house.persons);
    if (person === undefined) return '-';
    const desk = desks.get(person.id) ?? house.sit(person.id);
    astray.delete(person.id); // a page loaded anew
    desks.set(person.id, desk);
    await desk.goAvailable();
    return `${person.id} sits down`;
  }
  async function goAway() {
    const desk = pick([...desks.values()]);
    if (desk === undefined) return '-';
    await house.engine.floor.setPresence(desk.agent, { presence: 'away', reason: 'break' });
    return `${desk.agent} away`;
  }
  async function eachOffer(what: 'ring' | 'accept' | 'decline') {
    const desk = pick([...desks.values()].filter((one) => one.state().offer !== null));
    if (desk === undefined) return `nothing to ${what}`;
    const reservation = desk.state().offer?.reservation ?? '';
    const type = what === 'ring' ? 'offer.ringing' : what === 'accept' ? 'offer.accept' : 'offer.decline';
    const refused = await desk.handle.command({ type, reservation }).then(
      () => '',
      (error: Error) => ` refused: ${error.message}`,
    );
    return `${desk.agent} ${what}${refused}`;
  }
  async function place() {
    const all = [...desks.values()];
    const free = all.filter(
      ({ state }) => state().line === 'proven' && !state().call && !state().offer && !state().wrapUp,
    );
    const desk = pick(chance() < 0.7 && free.length > 0 ? free : all);
    if (desk === undefined) return '-';
    // Now and then somebody who may not be called, and often somebody whom the house knows.
    const known = `+8131${String(1_000_000 + Math.floor(chance() * called))}`;
    const number = pick(['110', '+14155550100', known, known, known, `+8161${String(1_000_000 + placed)}`]) ?? known;
    const before = desk.state().call;
    return desk.place(number).then(
      () => {
        placed++;
        if (before !== null) violations.push(`[OUT1] ${desk.agent} calls a second one`);
        return `${desk.agent} calls`;
      },
      (error: Error) => `${desk.agent} may not call: ${error.message}`,
    );
  }
  function calleeDoes() {
    const callee = pick(house.phone.placed());
    if (callee === undefined) return 'nobody is called';
    legs.push(callee.leg);
    const at = chance();
    if (at < 0.3) house.phone.calleeRings(callee.leg, at < 0.1);
    else if (at < 0.7) house.phone.calleeAnswers(callee.leg);
    else
      house.phone.calleeRefuses(
        callee.leg,
        pick(['busy', 'declined', 'unknown-number', 'unreachable'] as const) ?? 'busy',
      );
    return `${callee.leg} ${at < 0.3 ? 'rings' : at < 0.7 ? 'answers' : 'refuses'}`;
  }
  const onCall = () => pick([...desks.values()].filter((one) => one.state().call !== null));
  async function agentHangsUp() {
    const desk = onCall();
    if (desk === undefined) return '-';
    await desk.handle
      .command({ type: 'call.hang-up', conversation: desk.state().call?.caller.conversation ?? '' })
      .catch(() => {});
    return `${desk.agent} hangs up`;
  }
  async function holdOrResume() {
    const desk = onCall();
    if (desk === undefined) return '-';
    const conversation = desk.state().call?.caller.conversation ?? '';
    const type = desk.state().call?.state === 'held' ? 'call.resume' : 'call.hold';
    await desk.handle.command({ type, conversation }).catch(() => {});
    return `${desk.agent} ${type}`;
  }
  async function saveWrapUp() {
    const desk = pick([...desks.values()].filter((one) => one.state().wrapUp !== null));
    if (desk === undefined) return '-';
    const conversation = desk.state().wrapUp?.caller.conversation ?? '';
    await desk.handle.command({ type: 'wrap-up.save', conversation, disposition: 'resolved', note: '' });
    return `${desk.agent} saves`;
  }
  function loseLine() {
    const desk = pick([...desks.values()]);
    if (desk === undefined) return '-';
    house.phone.loseLine(desk.agent, chance() < 0.5 ? 'heartbeat' : 'closed');
    return `${desk.agent} loses the line`;
  }
  function proveLine() {
    const desk = pick([...desks.values()]);
    if (desk === undefined) return '-';
    house.phone.proveLine(desk.agent);
    return `${desk.agent} proves the line`;
  }
  function leave() {
    const desk = pick([...desks.values()]);
    if (desk === undefined) return '-';
    desk.leave();
    desks.delete(desk.agent);
    return `${desk.agent} leaves`;
  }

  /** kill -9 of control: who was answered hears what they heard, and their conversation goes on. */
  async function controlDies() {
    const heardBefore = new Map(legs.map((leg) => [leg, house.phone.hears(leg)]));
    const openBefore = house.journal.records().filter((one) => one.ended === null);
    await house.controlDies();
    diedAt = house.clock.now();
    // No desk is connected now; each finds its own way back.
    for (const desk of desks.values()) astray.set(desk.agent, desk);
    desks.clear();
    for (const before of openBefore) {
      const { id, customerLeg: leg } = before;
      const after = house.record(leg);
      const heard = heardBefore.get(leg);
      if (before.legToken === null) {
        if (after.ended?.cause !== 'process-died') violations.push(`[CNV9] ${id} was not answered, yet lives on`);
        if (house.phone.isUp(leg)) violations.push(`[CNV9] ${id} is over, its caller is not`);
        continue;
      }
      if (after.ended !== null) violations.push(`[CNV12] ${id} was answered and did not outlive the process`);
      if (after.talking?.leg !== before.talking?.leg) violations.push(`[CNV12] ${id} has another talk than before`);
      const hears = house.phone.hears(leg);
      const right = hears === heard || (musicAfter.includes(heard) && hears === 'hold-music');
      if (!right) violations.push(`[CNV12] ${id} heard ${heard} and hears ${hears}`);
    }
    return 'control dies';
  }
  function comeBack() {
    const desk = pick([...astray.values()]);
    if (desk === undefined) return '-';
    astray.delete(desk.agent);
    desk.comeBack();
    desks.set(desk.agent, desk);
    return `${desk.agent} is back`;
  }

  for (let n = 0; n < options.steps; n++) {
    let at = chance() * total;
    const action = actions.find(([weight]) => (at -= weight) < 0)?.[1] ?? call;
    story.push(`${n}: ${await action()}`);
    await house.pass(chance() < 0.2 ? Math.floor(chance() * 40_000) : Math.floor(chance() * 1_500));
    const found = broken(house, desks, silentSince, diedAt);
    violations.push(...found.map((one) => `step ${n}: ${one}`));
    if (violations.length > 0) break;
  }
  // Everybody goes home: in the end nothing may be left over.
  for (const leg of legs) if (house.phone.isUp(leg)) house.phone.callerHangsUp(leg);
  // Nobody tells those whom we still call to give up: that is for the house to do. [OUT4]
  await house.pass(600_000);
  const records = house.journal.records();
  for (const one of records) if (one.closedAt === null) violations.push(`${one.id} never closed`);
  if (records.length !== called + placed)
    violations.push(`${called} callers and ${placed} called, ${records.length} conversations`);
  for (const one of records.filter((it) => it.direction === 'outbound')) {
    const talked = one.segments.some((it) => it.kind === 'talk');
    if (!talked && one.wrapUps.length > 0) violations.push(`[OUT3] ${one.id} did not talk, and was written up`);
    if (!talked && !['unanswered', 'failed'].includes(one.ended?.end ?? ''))
      violations.push(`[OUT3] ${one.id} ended as ${one.ended?.end}`);
  }
  violations.push(...house.said.filter((one) => one.startsWith('error')));
  return {
    seed: options.seed,
    violations,
    story,
    conversations: records.length,
    completed: records.filter((one) => one.ended?.end === 'completed').length,
    abandoned: records.filter((one) => one.ended?.end === 'abandoned').length,
    placed,
    placedAnswered: records.filter((one) => one.direction === 'outbound' && one.answeredAt !== null).length,
  };
}
