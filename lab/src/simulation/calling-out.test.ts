/** The engine when agents call: what a desk may ask for, what it is shown, and what becomes of the call. */
import type { AgentId, CallerIdentity, CustomerId } from '@denwaban/core';
import { describe, expect, test } from 'vitest';
import { type House, type HouseOptions, openHouse, ourNumber } from './house.js';

const anna = 'ag_00' as AgentId;
const ken = 'ag_01' as AgentId;
const callee = '+81612345678';

async function ready(options: HouseOptions = {}) {
  const house = await openHouse(options);
  const desk = house.sit(anna);
  await desk.goAvailable();
  return { house, desk };
}
const called = (house: House) => house.phone.placed()[0]?.leg ?? ('lg_none' as never);
const commands = (house: House) => house.phone.log.map((one) => one.type);
const presence = (house: House, agent = anna) => house.engine.floor.presence(agent).state;

describe('a call out', () => {
  test('[OUT1] [OUT2] from the wish to the wrap-up, as the desk sees it', async () => {
    const { house, desk } = await ready({
      directory: () =>
        Promise.resolve({ customer: 'cu_1' as CustomerId, name: '佐藤', kana: null, owner: ken, team: null }),
    });
    await desk.place(callee);
    expect(desk.state().call).toMatchObject({
      direction: 'outbound',
      state: 'calling',
      recording: false,
      caller: { number: callee, to: null, toName: '', customer: { name: '佐藤' }, owner: { id: ken } },
    });
    expect(presence(house)).toBe('talking');
    const leg = called(house);
    house.phone.calleeRings(leg);
    await house.settle();
    expect(desk.state().call?.state).toBe('ringing');
    expect(house.phone.agentHears(anna)).toBe('ring-back');
    expect(house.phone.hears(leg)).toBe('silence');
    house.phone.calleeAnswers(leg, 'tk_a' as never);
    await house.settle();
    expect(desk.state().call).toMatchObject({
      state: 'talking',
      recording: true,
      caller: { to: ourNumber, toName: 'Main' },
    });
    expect(house.phone.hears(leg)).toBe(anna);
    expect(house.record()).toMatchObject({ trunk: 'tk_a', by: anna, from: ourNumber, to: callee });
    await desk.handle.command({ type: 'call.hold', conversation: house.record().id });
    await house.settle();
    expect(house.phone.hears(leg)).toBe('hold-music');
    await desk.handle.command({ type: 'call.hang-up', conversation: house.record().id });
    await house.settle();
    expect(house.phone.isUp(leg)).toBe(false);
    expect(desk.state()).toMatchObject({ call: null, wrapUp: { caller: { number: callee } } });
    expect(house.record().recording?.path).not.toBeNull();
  });
  test('[OUT1] who calls is offered nobody, and their caller goes to another', async () => {
    const { house, desk } = await ready();
    const other = house.sit(ken);
    await desk.place(callee);
    await house.call('+81311112222', { owner: anna });
    expect(desk.state().offer).toBeNull();
    await other.goAvailable();
    await house.settle();
    expect(other.state().offer).not.toBeNull();
  });
  test('[OUT3] cancelled while it rings: the far phone stops, the agent is free at once', async () => {
    const { house, desk } = await ready();
    await desk.place(callee);
    const leg = called(house);
    house.phone.calleeRings(leg, true);
    await desk.handle.command({ type: 'call.hang-up', conversation: house.record().id });
    await house.settle();
    expect(house.phone.isUp(leg)).toBe(false);
    expect(house.record()).toMatchObject({
      status: 'closed',
      ended: { end: 'unanswered', by: 'agent', cause: 'cancelled' },
    });
    expect([presence(house), desk.state().call, desk.state().wrapUp]).toEqual(['available', null, null]);
    expect(house.engine.conversations.get(house.record().id)).toBeNull();
  });
  test.each(['busy', 'declined', 'unreachable'] as const)(
    '[OUT3] %s: said in the record, nobody writes it up',
    async (cause) => {
      const { house, desk } = await ready();
      await desk.place(callee);
      house.phone.calleeRefuses(called(house), cause);
      await house.settle();
      expect(house.record()).toMatchObject({ status: 'closed', wrapUps: [], ended: { end: 'unanswered', cause } });
      expect(presence(house)).toBe('available');
    },
  );
  test('[OUT4] after a minute it is taken back', async () => {
    const { house, desk } = await ready();
    await desk.place(callee);
    const leg = called(house);
    await house.pass(59_000);
    expect(house.phone.isUp(leg)).toBe(true);
    await house.pass(1_500);
    expect(house.phone.isUp(leg)).toBe(false);
    expect(house.record().ended).toMatchObject({ end: 'unanswered', by: 'system', cause: 'no-answer' });
  });
  test('[OUT5] the agent’s line dies while it rings: after the grace nobody rings on', async () => {
    const { house, desk } = await ready();
    await desk.place(callee);
    const leg = called(house);
    house.phone.loseLine(anna);
    await house.pass(2_500);
    expect(house.phone.isUp(leg)).toBe(true);
    await house.pass(1_000);
    expect(house.phone.isUp(leg)).toBe(false);
    expect(house.record().ended?.cause).toBe('agent-lost');
  });
  test('[OUT5] [CNV9] control dies while it rings: it ends as failed and rings nowhere', async () => {
    const { house, desk } = await ready();
    await desk.place(callee);
    await house.controlDies();
    expect(house.phone.placed()).toEqual([]);
    expect(house.record().ended).toMatchObject({ end: 'failed', cause: 'process-died' });
  });
  test('[OUT2] [CNV12] control dies while they talk: they talk on, and hang-up works', async () => {
    const { house, desk } = await ready();
    await desk.place(callee);
    const leg = called(house);
    house.phone.calleeAnswers(leg);
    await house.settle();
    await house.controlDies();
    expect(house.phone.hears(leg)).toBe(anna);
    desk.comeBack();
    expect(desk.state().call).toMatchObject({ direction: 'outbound', state: 'talking' });
    await desk.handle.command({ type: 'call.hang-up', conversation: house.record().id });
    expect(house.record().ended?.end).toBe('completed');
  });
});

describe('what is refused', () => {
  test.each([
    ['110', 'emergency-number'],
    ['+14155550100', 'number-not-allowed'],
    ['Anna', 'no-number'],
  ])('[OUT7] %s: %s, and nothing is placed', async (number, code) => {
    const { house, desk } = await ready();
    await expect(desk.place(number)).rejects.toMatchObject({ code });
    expect(commands(house)).toEqual([]);
    expect(house.journal.records()).toEqual([]);
    expect(house.said.join()).not.toContain(number);
  });
  test('[OUT7] without a trunk that calls out', async () => {
    const { desk } = await ready({ trunk: false });
    await expect(desk.place(callee)).rejects.toMatchObject({ code: 'no-trunk' });
  });
  test('[OUT8] in a call, with an offer, in wrap-up, and without a proven line', async () => {
    const { house, desk } = await ready();
    await desk.place(callee);
    await expect(desk.place(callee)).rejects.toMatchObject({ code: 'busy' });
    house.phone.calleeAnswers(called(house));
    await house.settle();
    await desk.handle.command({ type: 'call.hang-up', conversation: house.record().id });
    await expect(desk.place(callee)).rejects.toMatchObject({ code: 'busy' });
    const { id } = house.record();
    await desk.handle.command({ type: 'wrap-up.save', conversation: id, disposition: null, note: '' });
    await house.call('+81311112222');
    expect(desk.state().offer).not.toBeNull();
    await expect(desk.place(callee)).rejects.toMatchObject({ code: 'busy' });
    const other = house.sit(ken);
    await expect(other.place(callee)).rejects.toMatchObject({ code: 'no-line' });
  });
  test('[OUT8] who says away and has a line may call, and is away again after it', async () => {
    const { house, desk } = await ready();
    await house.engine.floor.setPresence(anna, { presence: 'away', reason: 'other' });
    await desk.place(callee);
    expect(presence(house)).toBe('talking');
    house.phone.calleeRefuses(called(house), 'busy');
    await house.settle();
    expect(presence(house)).toBe('away');
  });
  test('[OUT12] a line opened while away brings no calls: before, during and after the call they are away', async () => {
    const house = await openHouse();
    const desk = house.sit(anna);
    const { line } = await desk.handle.openLine('v=0\r\n');
    desk.line = line;
    house.phone.proveLine(anna);
    await house.settle();
    expect([presence(house), desk.state().line]).toEqual(['away', 'proven']);
    await house.call('+81311112222', { owner: anna });
    expect(desk.state().offer).toBeNull();
    await desk.place(callee);
    const leg = called(house);
    house.phone.calleeAnswers(leg);
    await house.settle();
    expect(house.phone.hears(leg)).toBe(anna);
    const { caller } = desk.state().call ?? {};
    await desk.handle.command({ type: 'call.hang-up', conversation: caller?.conversation ?? '' });
    expect(presence(house)).toBe('wrap-up');
    await desk.handle.command({
      ...{ type: 'wrap-up.save', conversation: caller?.conversation ?? '', disposition: null, note: '' },
    });
    expect([presence(house), desk.state().offer]).toEqual(['away', null]);
    desk.handle.closeLine();
    expect([presence(house), desk.state().line]).toEqual(['away', 'none']);
  });
  test('[OUT1] [OUT8] two clicks while the directory thinks are one call', async () => {
    let answer: (identity: CallerIdentity | null) => void = () => {};
    const asked = new Promise<CallerIdentity | null>((resolve) => (answer = resolve));
    const { house, desk } = await ready({ directory: () => asked });
    const both = Promise.allSettled([desk.place(callee), desk.place(callee)]);
    answer(null);
    expect((await both).map((one) => one.status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(house.phone.placed()).toHaveLength(1);
  });
  test('[OUT1] a directory that does not answer holds nobody up for longer than 300 ms', async () => {
    const { house, desk } = await ready({ directory: () => new Promise(() => {}) });
    const placed = desk.place(callee);
    await house.pass(301);
    await placed;
    expect(house.record()).toMatchObject({ identified: 'late', customer: null });
    expect(house.phone.placed()).toHaveLength(1);
  });
});
