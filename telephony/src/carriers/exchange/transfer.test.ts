import type { TrunkId } from '@denwaban/core';
import { describe, expect, test } from 'vitest';
import { anna, asLeg, asLine, asRecording, demoTrunk, exchangeOnFakes } from '../testing/exchange-on-fakes.js';
import { offerOf, type FakeCaller } from '../testing/fake-sip.js';
import type { Trunk } from './trunk.js';

const trunk: Trunk = {
  ...demoTrunk,
  transfers: true,
  outbound: {
    server: { host: '192.0.2.50', port: 5060, transport: 'udp' },
    account: { username: 'us', password: 'secret', realm: null },
    callerId: '+81312345678',
    callerIdHeader: 'pai',
    headers: [],
    codecs: ['PCMU'],
  },
};
const elsewhere = { ...offerOf(), address: '192.0.2.77', port: 30_000 };
type House = Awaited<ReturnType<typeof exchangeOnFakes>>;

/** Anna and a customer talk, and are recorded. */
async function talking(over: Trunk = trunk) {
  const house = await exchangeOnFakes({ trunk: over });
  await house.exchange.openLine({ agent: anna, line: asLine('ln_1'), offer: 'v=0\r\n' });
  house.media.say({ type: 'line-proven', leg: 'ln_1', at: 0, rttMs: 1 });
  const phone = house.sip.invite({ from: '0312345678', to: '0120' });
  if (phone === null) throw new Error('refused');
  await house.settle();
  const leg = house.of('leg.arrived').at(-1)?.leg ?? asLeg('none');
  const agentLeg = asLeg('lg_a');
  house.exchange.carryOut({ type: 'join', customer: leg, agentLeg, agent: anna, recording: asRecording('rc_1') });
  await house.settle();
  phone.acknowledge();
  return { house, phone, leg };
}
const refer = async (house: House, phone: FakeCaller, target = 'sip:+81900000000@carrier.example') => {
  const progress: string[] = [];
  const wish = { target, replaces: null, referredBy: '<sip:pbx@carrier.example>' };
  const taken = phone.listener.onRefer?.(wish, { tell: (status, reason) => void progress.push(`${status} ${reason}`) });
  await house.settle();
  return { taken, progress, callee: house.sip.callees.at(-1) };
};
const aimed = (house: House) => house.media.requests.filter(({ type }) => type === 'aim-rtp').at(-1);
/** Which dialogs the journal was told to be the leg's, one after the other. */
const dialogs = (house: House) => [
  ...new Set(house.of('leg.moved').map(({ token }) => (JSON.parse(token) as { callId: string }).callId)),
];
const ends = (house: House) => house.of('leg.ended').map(({ cause }) => cause);

test('[MOV1] a trunk that may not move its calls is refused, REFER and Replaces, and the call goes on', async () => {
  const { house, phone } = await talking(demoTrunk);
  expect((await refer(house, phone)).taken).toBe(false);
  expect(house.sip.invite({ from: '1', to: '0120', replaces: phone })).toBeNull();
  expect(house.sip.callees).toEqual([]);
  expect(phone.state).toBe('answered');
});

test('a trunk without a way out can be refused no better than by a refusal', async () => {
  const { outbound: _, ...inboundOnly } = trunk;
  const { house, phone } = await talking(inboundOnly);
  expect((await refer(house, phone)).taken).toBe(false);
});

test('[MOV3] REFER: the new call goes out by the same trunk, to its own server, and rings while both go on talking', async () => {
  const { house, phone } = await talking();
  const { taken, progress, callee } = await refer(house, phone, 'sip:+81900000000@evil.example');
  expect(taken).toBe(true);
  expect(callee?.request).toMatchObject({
    trunk: 'tk_demo',
    to: 'sip:+81900000000@evil.example',
    hops: [{ address: '192.0.2.50', port: 5060 }],
    credentials: { username: 'us' },
    identity: { header: 'asserted', uri: 'sip:+81312345678@192.0.2.50' },
    headers: [{ name: 'Referred-By', value: '<sip:pbx@carrier.example>' }],
  });
  callee?.ring(180);
  expect(progress).toEqual(['180 Ringing']);
  expect(phone.state).toBe('answered');
  expect(aimed(house)).toBeUndefined();
});

test('[MOV2] its answer takes the customer’s place: same leg, same bridge, same recording; the old call is ended after 2 s', async () => {
  const { house, phone, leg } = await talking();
  const { timers } = house;
  const { progress, callee } = await refer(house, phone);
  const before = house.media.requests.length;
  callee?.answer(elsewhere);
  await house.settle();
  expect(progress).toEqual(['200 OK']);
  expect(house.media.requests.slice(before)).toMatchObject([
    { type: 'aim-rtp', leg, remote: { address: '192.0.2.77', port: 30_000 } },
  ]);
  const moved = house.of('leg.moved').at(-1);
  expect(JSON.parse(moved?.token ?? '')).toMatchObject({ callId: house.exchange.dialogOf(leg)?.callId });
  expect(moved?.leg).toBe(leg);
  expect(phone.state).toBe('answered');
  house.moveClock(2_000);
  expect(phone.told.at(-1)).toBe('bye Q.850;cause=31;text="Transferred"');
  expect(ends(house)).toEqual([]);
  house.exchange.carryOut({ type: 'hang-up', leg, cause: 'normal' });
  expect(callee?.told).toEqual(['bye Q.850;cause=16;text="Normal call clearing"']);
  await house.settle();
  expect(house.timers).toBe(timers);
});

test('the new far end ends the leg as a customer does, and the old one’s end is nobody’s news', async () => {
  const { house, phone } = await talking();
  const { callee } = await refer(house, phone);
  callee?.answer(elsewhere);
  phone.hangUp();
  await house.settle();
  expect(ends(house)).toEqual([]);
  callee?.end('hung-up');
  await house.settle();
  expect(ends(house)).toEqual(['hung-up']);
});

test('a refusal is passed on, and the call is as it was before', async () => {
  const { house, phone } = await talking();
  const { progress, callee } = await refer(house, phone);
  callee?.end('refused', 486, 'Busy Here');
  expect(progress).toEqual(['486 Busy Here']);
  expect(phone.state).toBe('answered');
  // Another one may be tried.
  expect((await refer(house, phone)).taken).toBe(true);
  expect(dialogs(house)).toEqual(['call-1']);
});

test('[MOV2] who hangs up right after asking leaves the leg to the call that is being placed', async () => {
  const { house, phone } = await talking();
  const { callee } = await refer(house, phone);
  phone.hangUp();
  await house.settle();
  expect(ends(house)).toEqual([]);
  callee?.answer(elsewhere);
  await house.settle();
  expect(dialogs(house)).toEqual(['call-1', 'placed-2']);
  const token = JSON.parse(house.of('leg.moved').at(-1)?.token ?? '{}') as Record<string, unknown>;
  expect([token['left'], token['placed']]).toEqual([undefined, undefined]);
  const blind = await talking();
  const lost = await refer(blind.house, blind.phone);
  blind.phone.hangUp();
  lost.callee?.end('no-answer');
  await blind.house.settle();
  expect(ends(blind.house)).toEqual(['hung-up']);
});

test('when the agent hangs up meanwhile, the call that rings is taken back too', async () => {
  const { house, phone, leg } = await talking();
  const { callee } = await refer(house, phone);
  house.exchange.carryOut({ type: 'hang-up', leg, cause: 'normal' });
  expect(callee?.told).toEqual(['cancel']);
  expect(phone.told.at(-1)).toMatch(/^bye /);
  await house.settle();
  expect(ends(house)).toEqual([]);
});

test('somebody without a codec of ours is let go, and the call goes on', async () => {
  const { house, phone } = await talking();
  const { progress, callee } = await refer(house, phone);
  callee?.answer({ ...elsewhere, port: 0 });
  expect(progress).toEqual(['488 Not Acceptable Here']);
  expect(callee?.told).toEqual(['bye Q.850;cause=88;text="Incompatible destination"']);
  await house.settle();
  expect(ends(house)).toEqual([]);
  expect(phone.state).toBe('answered');
});

test('[MOV2] Replaces: who calls takes the place of the customer, and the old call is ended at once', async () => {
  const { house, phone, leg } = await talking();
  const next = house.sip.invite({ from: '1', to: '0120', offer: elsewhere, replaces: phone });
  await house.settle();
  expect(next?.told).toEqual(['answered']);
  expect(phone.told.at(-1)).toBe('bye Q.850;cause=31;text="Transferred"');
  expect(aimed(house)).toMatchObject({ leg, remote: { address: '192.0.2.77' } });
  expect(house.of('leg.moved')).toHaveLength(1);
  expect(house.of('leg.arrived')).toHaveLength(1);
  next?.hangUp();
  await house.settle();
  expect(ends(house)).toEqual(['hung-up']);
});

test('a name that is wrong for SIP is written so that it stays one', async () => {
  const { requestOf } = await import('./calling-out.js');
  const order = { to: '#31#0312', callerId: null, callerName: null, withheld: false, offer: '', ringMsMax: 1 };
  const made = requestOf({ ...trunk, id: 'tk_x' as TrunkId, outbound: trunk.outbound! }, order);
  expect(made.to).toBe('sip:%2331%230312@192.0.2.50');
});

test('the agent hears ring-back, once the other rings and who asked has hung up, until there is an answer', async () => {
  const { house, phone } = await talking();
  const { callee } = await refer(house, phone);
  callee?.ring(180);
  await house.settle();
  expect(house.media.hears('ln_1')).toBe('person');
  phone.hangUp();
  await house.settle();
  expect(house.media.hears('ln_1')).toBe('sound');
  expect(house.media.legs.get('ln_1')?.held).toBe('ring-back');
  callee?.answer(elsewhere);
  await house.settle();
  expect(house.media.hears('ln_1')).toBe('person');
});

test.each([
  ['a refusal', (house: House) => house.sip.callees[0]?.end('refused', 486, 'Busy Here')],
  ['the agent hanging up', (house: House, leg: ReturnType<typeof asLeg>) => hangUp(house, leg)],
])('ring-back in place of who asked ends with %s', async (_, ends) => {
  const { house, phone, leg } = await talking();
  const { callee } = await refer(house, phone);
  phone.hangUp();
  callee?.ring(180);
  await house.settle();
  expect(house.media.hears('ln_1')).toBe('sound');
  ends(house, leg);
  await house.settle();
  expect(house.media.hears('ln_1')).toBe('silence');
  expect(house.media.legs.has(leg)).toBe(false);
});
const hangUp = (house: House, leg: ReturnType<typeof asLeg>) =>
  house.exchange.carryOut({ type: 'hang-up', leg, cause: 'normal' });

describe('[MOV4] a process that dies while a transfer is under way', () => {
  /** @returns the house of the process that comes next, and what the journal knows */
  async function died(house: House, leg: ReturnType<typeof asLeg>) {
    await house.settle();
    const token = house.of('leg.moved').at(-1)?.token ?? '';
    const next = await exchangeOnFakes({ trunk, started: false, after: house });
    const talk = { agentLeg: asLeg('lg_a'), agent: anna, joined: true, held: null };
    const known = { leg, token, recording: asRecording('rc_1'), talk, sound: null };
    const restored = await next.exchange.restore([known]);
    return { next, restored, token };
  }

  test('who asked stays: the call goes on, and the one that rang is taken back', async () => {
    const { house, phone, leg } = await talking();
    const { callee } = await refer(house, phone);
    callee?.ring(180);
    const { next, restored } = await died(house, leg);
    expect([...restored.keys()]).toEqual([leg]);
    await next.exchange.start();
    await next.settle();
    expect(next.sip.farewells).toEqual([expect.stringMatching(/^cancel /)]);
    expect(next.media.hears('ln_1')).toBe('person');
    const written = JSON.parse(next.of('leg.moved').at(-1)?.token ?? '{}') as Record<string, unknown>;
    expect(Object.keys(written)).toContain('callId');
    expect(written).not.toHaveProperty('placed');
    expect(written).not.toHaveProperty('referral');
  });

  test('who asked has hung up: the leg is over, nobody is sent a BYE, the one that rang is taken back, ring-back ends', async () => {
    const { house, phone, leg } = await talking();
    const { callee } = await refer(house, phone);
    callee?.ring(180);
    phone.hangUp();
    const { next, restored, token } = await died(house, leg);
    expect([...restored.keys()]).toEqual([]);
    next.exchange.carryOut({ type: 'end-orphan', token });
    await next.exchange.start();
    await next.settle();
    // By what the journal knows, and by what the media process had noted.
    expect(new Set(next.sip.farewells)).toEqual(new Set(['cancel placed-2']));
    expect(next.sip.orphans).toEqual([]);
    expect(next.media.legs.has(leg)).toBe(false);
    expect(next.media.legs.get('ln_1')?.held ?? null).toBeNull();
  });

  test('one that has come to nothing leaves nothing to be told', async () => {
    const { house, phone, leg } = await talking();
    const { callee } = await refer(house, phone);
    callee?.end('refused', 486, 'Busy Here');
    const { next } = await died(house, leg);
    await next.exchange.start();
    await next.settle();
    expect(next.sip.farewells).toEqual([]);
  });
});
