/**
 * A seeded stretch of a floor's life: callers come, wait, give up; agents come, ring, accept, decline, fall asleep, lose their
 * line, crash; and after every step the house is held to its invariants. A seed replays it exactly.
 */
import { type AgentId, isOpen, type LegId, type TeamId } from '@denwaban/core';
import { type Desk, type House, openHouse, seeded } from './house.js';

export interface DayResult {
  seed: number;
  violations: string[];
  /** What was done, in order: the story to read when a seed fails. */
  story: string[];
  conversations: number;
  completed: number;
  abandoned: number;
}

export async function simulateDay(options: {
  seed: number;
  steps: number;
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

  const actions: [number, () => Promise<string> | string][] = [
    [10, call],
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
      const right = hears === heard || (heard === 'ring-back' && hears === 'hold-music');
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
  await house.pass(600_000);
  const records = house.journal.records();
  for (const one of records) if (one.closedAt === null) violations.push(`${one.id} never closed`);
  if (records.length !== called) violations.push(`${called} callers, ${records.length} conversations`);
  violations.push(...house.said.filter((one) => one.startsWith('error')));
  return {
    seed: options.seed,
    violations,
    story,
    conversations: records.length,
    completed: records.filter((one) => one.ended?.end === 'completed').length,
    abandoned: records.filter((one) => one.ended?.end === 'abandoned').length,
  };
}

/** The invariants, each named by the rule it stands for. */
function broken(house: House, desks: Map<AgentId, Desk>, silentSince: Map<string, number>, diedAt: number): string[] {
  const found: string[] = [];
  const live = [...house.engine.conversations.all()].filter((one) => one.closedAt === null);
  const engaged = new Map<AgentId, number>();
  const count = (agent: AgentId) => engaged.set(agent, (engaged.get(agent) ?? 0) + 1);
  for (const one of live) {
    for (const offer of one.offers.filter(isOpen)) count(offer.agent);
    for (const wrapUp of one.wrapUps) if (wrapUp.endedAt === null) count(wrapUp.agent);
    if (one.talking !== null) count(one.talking.agent);
    if (one.ended === null && !house.phone.isUp(one.customerLeg)) found.push(`${one.id} lives without its caller`);
    const hears = house.phone.hears(one.customerLeg);
    if (one.ended === null && one.talking === null) {
      const talked = one.segments.some((it) => it.kind === 'talk');
      const rings = one.offers.some(isOpen);
      // Whoever was told that we reconnect them hears music after it, ringing or not.
      const right = talked
        ? ['announcement-reconnecting', 'hold-music']
        : !rings
          ? ['hold-music']
          : one.answeredAt === null
            ? ['ringing']
            : ['ring-back'];
      if (!right.includes(hears))
        found.push(`[CNV5] ${one.id} ${one.status} hears ${hears}, not ${right.join(' or ')}`);
    }
    if (one.talking?.joined === true && hears === 'silence') {
      const since = silentSince.get(one.id) ?? house.clock.now();
      silentSince.set(one.id, since);
      // After a restart the desks have to find their way back first.
      if (house.clock.now() - since > 3_000 && house.clock.now() - diedAt > 15_000)
        found.push(`[CNV6] ${one.id} talks to nobody since ${house.clock.now() - since} ms`);
    } else silentSince.delete(one.id);
    if (one.talking?.joined === true && one.talking.heldSince !== null && hears !== 'hold-music')
      found.push(`${one.id} held but hears ${hears}`);
  }
  for (const [agent, times] of engaged) if (times > 1) found.push(`[RSV2] ${agent} is engaged ${times} times`);
  const free = house.engine.floor.agents().filter((one) => one.presence.state === 'available');
  for (const one of live.filter((it) => it.status === 'waiting')) {
    const could = free.filter(
      (agent) =>
        !one.offers.some(
          (offer) => offer.agent === agent.id && offer.closedAt !== null && house.clock.now() < offer.closedAt + 30_000,
        ),
    );
    if (could.length > 0) found.push(`[RTG8] ${one.id} waits while ${could[0]?.id ?? ''} is free`);
  }
  for (const desk of desks.values()) {
    // What a desk was told last is what a new desk of the same agent would be shown.
    if (JSON.stringify(desk.state()) !== JSON.stringify(desk.handle.state))
      found.push(`${desk.agent}'s desk shows something old`);
  }
  return found;
}
