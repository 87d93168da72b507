import type { AgentId, TeamId } from '@denwaban/core';
import { describe, expect, test } from 'vitest';
import { openHouse, ourNumber } from './house.js';

const anna = 'ag_00' as AgentId;
const ken = 'ag_01' as AgentId;
const eva = 'ag_10' as AgentId;
const sales = 'tm_0' as TeamId;
const customer = '+81312345678';

async function annasCustomerTalksWithAnna() {
  const house = await openHouse();
  const desk = house.sit(anna);
  await desk.goAvailable();
  const leg = await house.call(customer, { owner: anna, team: sales });
  await desk.ring();
  await house.pass(3_000);
  await desk.accept();
  return { house, desk, leg };
}

describe('a call', () => {
  test('rings the owner, joins on accept, opens a wrap-up at the end, and is one conversation', async () => {
    const { house, desk, leg } = await annasCustomerTalksWithAnna();
    expect(desk.state()).toMatchObject({
      presence: { state: 'talking' },
      call: { state: 'talking', caller: { number: customer } },
    });
    expect(house.phone.hears(leg)).toBe(anna);
    await house.pass(60_000);
    house.phone.callerHangsUp(leg);
    await house.settle();
    expect(desk.state()).toMatchObject({ presence: { state: 'wrap-up' }, call: null });
    const { conversation } = desk.state().wrapUp?.caller ?? { conversation: '' };
    await desk.handle.command({ type: 'wrap-up.save', conversation, disposition: 'resolved', note: 'all well' });
    expect(desk.state()).toMatchObject({ presence: { state: 'available' }, wrapUp: null });
    expect(house.journal.records()).toHaveLength(1);
    expect(house.record()).toMatchObject({
      status: 'closed',
      ended: { end: 'completed' },
      recording: { path: expect.any(String) },
    });
    expect(house.said).toEqual([]);
  });
  test('to a number that is not ours is refused and leaves no conversation', async () => {
    const house = await openHouse();
    house.phone.callerArrives({ from: customer, to: '+81399999999' });
    await house.settle();
    expect(house.phone.log).toMatchObject([{ type: 'hang-up', cause: 'unknown-number' }]);
    expect(house.journal.records()).toEqual([]);
  });
  test('[RTG2] the owner is away: the team rings at once', async () => {
    const house = await openHouse();
    const kens = house.sit(ken);
    const evas = house.sit(eva);
    await evas.goAvailable();
    await house.pass(1_000);
    await kens.goAvailable();
    await house.call(customer, { owner: anna, team: sales });
    expect(kens.state().offer).toMatchObject({ target: 'team' });
    expect(evas.state().offer).toBeNull();
    expect(house.record().trace[0]).toMatchObject({
      what: 'skipped',
      target: 'owner',
      passedOver: [{ agent: anna, because: 'offline' }],
    });
  });
  test('[CNV5] [RTG8] nobody is free: music, and whoever frees is offered at once', async () => {
    const house = await openHouse();
    const leg = await house.call(customer, { owner: anna, team: sales });
    expect(house.phone.hears(leg)).toBe('hold-music');
    await house.pass(30_000);
    const desk = house.sit(eva);
    await desk.goAvailable();
    expect(desk.state().offer).toMatchObject({ because: 'freed', target: 'anyone' });
    expect(house.phone.hears(leg)).toBe('ring-back');
    await desk.ring();
    await desk.accept();
    expect(house.phone.hears(leg)).toBe(eva);
  });
  test('[RSV3] [PRS3] an offer rings out: the agent is away, the team is asked', async () => {
    const house = await openHouse();
    const [annas, kens] = [house.sit(anna), house.sit(ken)];
    await annas.goAvailable();
    await kens.goAvailable();
    await house.call(customer, { owner: anna, team: sales });
    await annas.ring();
    await house.pass(20_000);
    expect(annas.state().presence).toMatchObject({ state: 'away', reason: 'no-answer' });
    expect(kens.state().offer).toMatchObject({ target: 'team' });
  });
  test('[RSV4] a desk that does not confirm the ring is passed over after 2.5 s and its line is to be opened anew', async () => {
    const house = await openHouse();
    const [annas, kens] = [house.sit(anna), house.sit(ken)];
    await annas.goAvailable();
    await kens.goAvailable();
    await house.call(customer, { owner: anna, team: sales });
    await house.pass(2_500);
    expect(kens.state().offer).not.toBeNull();
    expect(annas.state()).toMatchObject({ offer: null, presence: { state: 'connecting' }, line: 'none' });
    expect(annas.lineLost).toEqual(['refused']);
  });
  test('[RSV5] the caller leaves while it rings: abandoned, and the agent is free again', async () => {
    const house = await openHouse();
    const desk = house.sit(anna);
    await desk.goAvailable();
    const leg = await house.call(customer, { owner: anna });
    await desk.ring();
    const reservation = desk.state().offer?.reservation ?? '';
    house.phone.callerHangsUp(leg);
    await house.settle();
    expect(desk.state()).toMatchObject({ offer: null, presence: { state: 'available' } });
    await expect(desk.handle.command({ type: 'offer.accept', reservation })).rejects.toMatchObject({
      code: 'offer-over',
    });
    expect(house.record()).toMatchObject({ status: 'closed', ended: { end: 'abandoned' } });
  });
  test('[RSV6] an accepted call that cannot be joined goes on to the next', async () => {
    const house = await openHouse();
    const [annas, kens] = [house.sit(anna), house.sit(ken)];
    await annas.goAvailable();
    await kens.goAvailable();
    const leg = await house.call(customer, { owner: anna, team: sales });
    await annas.ring();
    house.phone.failNextJoin('media');
    await annas.accept();
    expect(kens.state().offer).not.toBeNull();
    await kens.ring();
    await kens.accept();
    expect(house.phone.hears(leg)).toBe(ken);
  });
  test('an accept without a proven line is refused, and the offer stands', async () => {
    const house = await openHouse();
    const desk = house.sit(anna);
    await desk.goAvailable();
    await house.call(customer, { owner: anna });
    await desk.ring();
    house.phone.loseLine(anna);
    await expect(desk.accept()).rejects.toMatchObject({ code: 'no-line' });
    house.phone.proveLine(anna);
    await desk.accept();
    expect(desk.state().call).not.toBeNull();
  });
});

describe('the agent’s tab', () => {
  test('[CNV6] dies in a call: the customer is told after the grace, and another takes the same conversation', async () => {
    const { house, desk, leg } = await annasCustomerTalksWithAnna();
    const kens = house.sit(ken);
    await kens.goAvailable();
    desk.leave();
    house.phone.loseLine(anna, 'closed');
    await house.pass(2_900);
    expect(house.record().talking).not.toBeNull();
    await house.pass(200);
    expect(house.phone.hears(leg)).toBe('announcement-reconnecting');
    await kens.ring();
    await kens.accept();
    expect(house.phone.hears(leg)).toBe(ken);
    house.phone.callerHangsUp(leg);
    await house.settle();
    expect(house.journal.records()).toHaveLength(1);
    expect(house.record()).toMatchObject({ ended: { end: 'completed' }, wrapUps: [{ agent: ken }] });
    expect(house.record().segments.map((one) => one.kind)).toEqual([
      'wait',
      'ring',
      'talk',
      'wait',
      'ring',
      'talk',
      'wrap-up',
    ]);
  });
  test('is reloaded in a call: the talk goes on over the new line', async () => {
    const { house, desk, leg } = await annasCustomerTalksWithAnna();
    desk.leave();
    house.phone.loseLine(anna);
    expect(house.phone.hears(leg)).toBe('silence');
    await house.pass(400);
    const again = house.sit(anna);
    expect(again.state().call).not.toBeNull();
    await again.handle.openLine('v=0\r\n');
    house.phone.proveLine(anna);
    await house.pass(10_000);
    expect(house.phone.hears(leg)).toBe(anna);
    expect(house.record().segments.filter((one) => one.kind === 'talk')).toHaveLength(1);
  });
  test('is opened twice: the older page is told that the line was taken', async () => {
    const house = await openHouse();
    const first = house.sit(anna);
    await first.goAvailable();
    const second = house.sit(anna);
    await second.goAvailable();
    expect(first.lineLost).toEqual(['replaced']);
    expect(second.state().line).toBe('proven');
  });
});

describe('the control process is killed and another one begins', () => {
  test('[CNV12] in a call: both go on hearing each other, and the desk finds the same call, hangs it up, wraps up', async () => {
    const { house, desk, leg } = await annasCustomerTalksWithAnna();
    const before = house.record(leg);
    await house.controlDies();
    expect(house.phone.hears(leg)).toBe(anna);
    expect(house.phone.agentHears(anna)).toBe(leg);
    expect(house.record(leg)).toEqual(before);
    await house.pass(2_000);
    desk.comeBack();
    const { call, presence, line } = desk.state();
    expect({ line, state: call?.state, presence: presence.state }).toEqual({
      line: 'proven',
      state: 'talking',
      presence: 'talking',
    });
    expect(desk.lineLost).toEqual([]);
    const conversation = call?.caller.conversation ?? '';
    await desk.handle.command({ type: 'call.hold', conversation });
    expect(house.phone.hears(leg)).toBe('hold-music');
    await desk.handle.command({ type: 'call.resume', conversation });
    await desk.handle.command({ type: 'call.hang-up', conversation });
    await house.settle();
    await desk.handle.command({ type: 'wrap-up.save', conversation, disposition: null, note: '' });
    await house.settle();
    expect(house.journal.records()).toMatchObject([
      { status: 'closed', ended: { end: 'completed', by: 'agent' }, recording: { path: expect.any(String) } },
    ]);
    expect(house.phone.log.some(({ type }) => type === 'end-orphan')).toBe(false);
  });
  test('[CNV13] an agent whose line carries the call keeps it, though their desk stays away', async () => {
    const { house, leg } = await annasCustomerTalksWithAnna();
    await house.controlDies();
    await house.pass(120_000);
    expect(house.phone.hears(leg)).toBe(anna);
    expect(house.record(leg)).toMatchObject({ status: 'talking', talking: { agent: anna } });
  });
  test('[CNV13] an agent whose line is gone has 15 s to bring another, then the customer goes to the front', async () => {
    const { house, leg } = await annasCustomerTalksWithAnna();
    house.phone.loseLine(anna, 'closed');
    await house.controlDies();
    await house.pass(14_500);
    expect(house.record(leg).status).toBe('talking');
    await house.pass(1_000);
    expect(house.record(leg)).toMatchObject({ status: 'waiting', talking: null });
    expect(house.phone.hears(leg)).toBe('announcement-reconnecting');
  });
  test('[CNV12] a page that was loaded anew meanwhile opens a new line, and the call moves there', async () => {
    const { house, leg } = await annasCustomerTalksWithAnna();
    await house.controlDies();
    const fresh = house.sit(anna);
    await fresh.goAvailable();
    expect(fresh.state()).toMatchObject({ line: 'proven', call: { state: 'talking' } });
    expect(house.phone.hears(leg)).toBe(anna);
  });
  test('[CNV9] [CNV12] a call that still rang unanswered has failed; who waited with music waits on and is offered', async () => {
    const house = await openHouse();
    const waiting = await house.call(customer); // nobody is there: music at once
    await house.sit(anna).goAvailable();
    const kens = house.sit(ken);
    await kens.goAvailable();
    const ringing = await house.call('+81312345679');
    expect([house.phone.hears(waiting), house.phone.hears(ringing)]).toEqual(['ring-back', 'ringing']);
    await house.controlDies();
    expect(house.phone.isUp(ringing)).toBe(false);
    expect(house.record(ringing)).toMatchObject({ ended: { cause: 'process-died' } });
    expect(house.phone.hears(waiting)).toBe('hold-music');
    kens.comeBack();
    await house.settle();
    expect(kens.state().offer?.caller.number).toBe(customer);
  });
  test('[CNV12] an offer that was open is made anew', async () => {
    const house = await openHouse();
    const leg = await house.call(customer, { owner: anna, team: sales });
    await house.pass(50_000);
    const desk = house.sit(anna);
    await desk.goAvailable();
    const { reservation } = desk.state().offer ?? { reservation: '' };
    await house.controlDies();
    desk.comeBack();
    await house.settle();
    expect(house.record(leg).offers).toMatchObject([{ reservation, outcome: 'agent-left' }, { closedAt: null }]);
    await desk.ring();
    await desk.accept();
    expect(house.phone.hears(leg)).toBe(anna);
  });
  test('[CNV14] a hang-up that was written down and not carried out is carried out', async () => {
    const { house, desk, leg } = await annasCustomerTalksWithAnna();
    house.phone.ignoreCommands = true; // killed between the commit and the command
    await desk.handle.command({
      type: 'call.hang-up',
      conversation: desk.state().call?.caller.conversation ?? '',
    });
    expect(house.phone.isUp(leg)).toBe(true);
    house.phone.ignoreCommands = false;
    await house.controlDies();
    expect(house.phone.isUp(leg)).toBe(false);
    expect(house.record(leg)).toMatchObject({ status: 'wrap-up', ended: { end: 'completed', by: 'agent' } });
  });
});

describe('who looks on', () => {
  test('is told of another reason for being away, though the state is the same', async () => {
    const house = await openHouse();
    house.sit(anna);
    const told: unknown[] = [];
    house.engine.floor.watchBoard(({ agents }) => told.push(...agents.map((one) => one.presence.reason)));
    await house.pass(1_000);
    told.length = 0;
    await house.engine.floor.setPresence(anna, { presence: 'away', reason: 'lunch' });
    await house.pass(250);
    expect(told).toEqual(['lunch']);
  });
});

describe('a desk whose connection broke', () => {
  test('[PRS4] comes back with its line, in the middle of a call', async () => {
    const { house, desk, leg } = await annasCustomerTalksWithAnna();
    desk.leave();
    await house.pass(2_000);
    desk.comeBack();
    expect(desk.state()).toMatchObject({ line: 'proven', call: { state: 'talking' } });
    expect(house.phone.hears(leg)).toBe(anna);
    expect(desk.lineLost).toEqual([]);
  });
  test('[PRS4] is told when another page took over while it was away', async () => {
    const { desk, house } = await annasCustomerTalksWithAnna();
    desk.leave();
    await house.sit(anna).goAvailable();
    desk.lineLost.length = 0;
    desk.line = 'ln_old';
    desk.comeBack();
    expect(desk.lineLost).toEqual(['replaced']);
  });
});

describe('the process', () => {
  test('[CNV9] dies in a call: the next one ends the conversation, tells the caller’s leg, and takes new calls', async () => {
    const { house } = await annasCustomerTalksWithAnna();
    house.engine.stop();
    const next = await openHouse({ journal: house.journal });
    await next.settle();
    expect(next.phone.log).toMatchObject([{ type: 'end-orphan', token: expect.any(String) }]);
    expect(next.record()).toMatchObject({ status: 'closed', ended: { end: 'failed', cause: 'process-died' } });
    const leg = next.phone.callerArrives({ from: customer, to: ourNumber });
    await next.settle();
    expect(next.phone.hears(leg)).toBe('hold-music');
    expect(next.journal.records().filter((one) => one.closedAt === null)).toHaveLength(1);
  });
  test('[CNV9] dies in a wrap-up: the agent finds it again', async () => {
    const { house, leg } = await annasCustomerTalksWithAnna();
    house.phone.callerHangsUp(leg);
    await house.settle();
    house.engine.stop();
    const next = await openHouse({ journal: house.journal });
    const desk = next.sit(anna);
    expect(desk.state()).toMatchObject({ presence: { state: 'wrap-up' }, wrapUp: { caller: { number: customer } } });
  });
  test('a directory that does not answer costs the caller 300 ms, not the call', async () => {
    const house = await openHouse({ directory: () => new Promise(() => {}) });
    const desk = house.sit(anna);
    await desk.goAvailable();
    house.phone.callerArrives({ from: customer, to: ourNumber });
    await house.pass(299);
    expect(desk.state().offer).toBeNull();
    await house.pass(1);
    expect(desk.state().offer).toMatchObject({ caller: { customer: null, number: customer } });
    expect(house.record()).toMatchObject({ identified: 'late' });
  });
});

test('hold, digits and mute reach the phone and the record', async () => {
  const { house, desk, leg } = await annasCustomerTalksWithAnna();
  const { conversation } = desk.state().call?.caller ?? { conversation: '' };
  await desk.handle.command({ type: 'call.hold', conversation });
  expect(house.phone.hears(leg)).toBe('hold-music');
  expect(desk.state().call?.state).toBe('held');
  await desk.handle.command({ type: 'call.resume', conversation });
  await desk.handle.command({ type: 'call.dtmf', conversation, digits: '42#' });
  await desk.handle.command({ type: 'call.mute', conversation, muted: true });
  expect(house.phone.digitsTo(leg)).toBe('42#');
  expect(JSON.stringify(house.journal.stories.get(house.record().id))).not.toContain('42#');
  expect(house.record().segments.map((one) => one.kind)).toEqual(['wait', 'ring', 'talk', 'hold', 'talk']);
});
