import type { E164, TrunkId } from '@denwaban/core';
import { expect, test } from 'vitest';
import { anna, asLeg, asLine, asRecording, demoTrunk, exchangeOnFakes } from '../testing/exchange-on-fakes.js';
import type { FakeCallee } from '../testing/fake-callee.js';
import { offerOf } from '../testing/fake-sip.js';
import { causeOf } from './sip-callee.js';
import type { Trunk } from './trunk.js';

const trunk: Trunk = {
  ...demoTrunk,
  outbound: {
    server: { host: '192.0.2.50', port: 5060, transport: 'udp' },
    account: { username: 'us', password: 'secret', realm: null },
    callerId: '+81312345678',
    callerIdHeader: 'from',
    headers: [],
    codecs: ['PCMA'],
  },
};
const second: Trunk = {
  ...trunk,
  id: 'tk_second' as TrunkId,
  inbound: { addresses: [] },
  priority: 20,
  outbound: { ...trunk.outbound!, server: { host: '192.0.2.60', port: 5060, transport: 'udp' } },
};
const leg = asLeg('lg_placed');
const agentLeg = asLeg('lg_a');
const to = '+81398765432' as E164;
const theirs = { ...offerOf(), address: '192.0.2.77', port: 30_000 };

async function calling(trunks: Trunk[] = [trunk], wanted: TrunkId | null = null) {
  const house = await exchangeOnFakes({ trunks });
  await house.exchange.openLine({ agent: anna, line: asLine('ln_1'), offer: 'v=0\r\n' });
  house.media.say({ type: 'line-proven', leg: 'ln_1', at: 0, rttMs: 1 });
  house.exchange.carryOut({ type: 'place', leg, to, trunk: wanted, agentLeg, agent: anna });
  await house.settle();
  const told = () =>
    house.events.flatMap((event) =>
      !event.type.startsWith('leg.') ? [] : 'cause' in event ? [`${event.type} ${event.cause}`] : [event.type],
    );
  const callee = () => {
    const found = house.sip.callees.at(-1);
    if (found === undefined) throw new Error('nobody was called');
    return found;
  };
  return { house, callee, told };
}

test('[OUT9] the number is called by the trunk, with an offer of ours, near the agent’s line', async () => {
  const { house, callee, told } = await calling();
  expect(callee().request).toMatchObject({
    trunk: 'tk_demo',
    to: 'sip:+81398765432@192.0.2.50',
    from: 'sip:+81312345678@192.0.2.50',
    credentials: { username: 'us' },
    hops: [{ address: '192.0.2.50', port: 5060 }],
    ringMsMax: 60_000,
  });
  expect(callee().request.offer).toMatch(/m=audio \d+ RTP\/AVP 8 101/);
  expect(house.media.requests).toContainEqual({ type: 'open-rtp', leg, remote: null, near: 'ln_1' });
  expect(told()).toEqual([]);
  expect(house.media.hears('ln_1')).toBe('silence');
});

test('[TRK17] each trunk is given the number as it wants it, whose caller id is left as it is', async () => {
  const numberFormat = { countryCode: '81', internationalPrefix: '010' };
  const { house, callee } = await calling([{ ...trunk, outbound: { ...trunk.outbound!, numberFormat } }, second]);
  expect(callee().request).toMatchObject({ to: 'sip:0398765432@192.0.2.50', from: 'sip:+81312345678@192.0.2.50' });
  callee().end('refused', 503);
  await house.settle();
  expect(callee().request.to).toBe('sip:+81398765432@192.0.2.60');
});

test('[TRK19] a trunk that knows us by a name reads it in From too, unless a registration gives a domain', async () => {
  const contactHost = 'sbc.example.com';
  const { callee } = await calling([{ ...trunk, contactHost }]);
  expect(callee().request).toMatchObject({
    from: `sip:+81312345678@${contactHost}`,
    to: 'sip:+81398765432@192.0.2.50',
  });
  const account = { username: 'us', password: 'secret', realm: null };
  const register = { servers: [], account, user: 'us', domain: 'carrier.example', expiresS: 600 };
  const registered = await calling([{ ...trunk, contactHost, register }]);
  expect(registered.callee().request.from).toBe('sip:+81312345678@carrier.example');
});

test('[OUT9] while it rings the agent hears ring-back of ours, told of once; it stops with the answer', async () => {
  const { house, callee, told } = await calling();
  callee().ring(180);
  callee().ring(180);
  await house.settle();
  expect(told()).toEqual(['leg.ringing']);
  expect(house.of('leg.ringing')).toMatchObject([{ leg, early: false }]);
  expect(house.media.hears('ln_1')).toBe('sound');
  callee().answer(theirs);
  await house.settle();
  expect(house.media.hears('ln_1')).toBe('silence');
  expect(house.of('leg.answered')).toMatchObject([{ leg, trunk: 'tk_demo' }]);
  const aimed = house.media.requests.filter(({ type }) => type === 'aim-rtp').at(-1);
  expect(aimed).toMatchObject({ leg, remote: { address: '192.0.2.77', port: 30_000 } });
});

test('[OUT9] the network’s own sound is heard in its stead, one way, also when it comes after a while', async () => {
  const { house, callee } = await calling();
  callee().ring(183, theirs);
  await house.settle();
  expect(house.of('leg.ringing')).toMatchObject([{ early: true }]);
  expect(house.media.hears('ln_1')).toBe('person');
  expect(house.media.hears(leg)).toBe('silence');
  callee().ring(180);
  await house.settle();
  expect(house.media.hears('ln_1')).toBe('person');
  expect(house.of('leg.ringing')).toHaveLength(1);
});

test.each([
  ['180', [[180, null]], ['play']],
  ['183 with a description: theirs is waited for', [[183, theirs]], ['listen']],
  ['183 without one', [[183, null]], ['play']],
  [
    '180, then theirs',
    [
      [180, null],
      [183, theirs],
    ],
    ['play', 'listen again'],
  ],
  ['180 with a description', [[180, theirs]], ['play', 'listen again']],
  [
    '183 with a description, then 180: not a moment of ours',
    [
      [183, theirs],
      [180, theirs],
    ],
    ['listen', 'listen again'],
  ],
  [
    'a fork: theirs from one, 180 from another',
    [
      [183, theirs],
      [180, null],
    ],
    ['listen', 'listen again'],
  ],
] as const)('[OUT9] ring-back: %s', async (_, words, asked) => {
  const { house, callee } = await calling();
  for (const [status, early] of words) callee().ring(status, early);
  await house.settle();
  const told = house.media.requests.flatMap((request) => {
    if (request.type === 'play') return ['play'];
    return request.type === 'listen' ? [request.meanwhile?.again ? 'listen again' : 'listen'] : [];
  });
  expect(told).toEqual(asked);
});

test('[OUT9] where the network’s sound cannot be had, it is ring-back of ours', async () => {
  const { house, callee } = await calling();
  house.media.failNext('listen', 'no-such-leg');
  callee().ring(183, theirs);
  await house.settle();
  expect(house.media.hears('ln_1')).toBe('sound');
  callee().end('refused', 486);
  await house.settle();
  expect(house.media.hears('ln_1')).toBe('silence');
});

test('answered, it is a leg like any other: joined, recorded, held, hung up', async () => {
  const { house, callee, told } = await calling();
  callee().ring();
  callee().answer(theirs);
  await house.settle();
  const recording = asRecording('rc_1');
  house.exchange.carryOut({ type: 'join', customer: leg, agentLeg, agent: anna, recording });
  await house.settle();
  expect(house.media.hears(leg)).toBe('person');
  expect(house.media.hears('ln_1')).toBe('person');
  house.exchange.carryOut({ type: 'hold', customer: leg, agentLeg, sound: 'hold-music' });
  await house.settle();
  expect(house.media.hears(leg)).toBe('sound');
  house.exchange.carryOut({ type: 'hang-up', leg, cause: 'normal' });
  await house.settle();
  expect(callee().told).toEqual(['bye Q.850;cause=16;text="Normal call clearing"']);
  expect(house.of('recording.finished')).toHaveLength(1);
  expect(told()).toEqual(['leg.ringing', 'leg.answered', 'leg.joined']);
});

test('who was called hangs up, and the leg is over', async () => {
  const { house, callee, told } = await calling();
  callee().answer(theirs);
  await house.settle();
  callee().end('hung-up');
  await house.settle();
  expect(told()).toEqual(['leg.answered', 'leg.ended hung-up']);
  expect(house.media.legs.has(leg)).toBe(false);
});

test('[OUT10] a hang-up before the answer cancels; nothing follows, and the agent’s line is quiet', async () => {
  const { house, callee, told } = await calling();
  callee().ring();
  await house.settle();
  house.exchange.carryOut({ type: 'hang-up', leg, cause: 'normal' });
  await house.settle();
  expect(callee().told).toEqual(['cancel']);
  expect(told()).toEqual(['leg.ringing']);
  expect(house.media.hears('ln_1')).toBe('silence');
  expect(house.media.legs.has(leg)).toBe(false);
});

test('[OUT10] a hang-up in the same breath calls nobody, and leaves no port open', async () => {
  const house = await exchangeOnFakes({ trunks: [trunk] });
  house.exchange.carryOut({ type: 'place', leg, to, trunk: null, agentLeg, agent: anna });
  house.exchange.carryOut({ type: 'hang-up', leg, cause: 'normal' });
  await house.settle();
  expect(house.sip.callees).toEqual([]);
  expect(house.events).toEqual([]);
  expect(house.media.legs.size).toBe(0);
});

test.each([
  ['refused', 486, 'busy'],
  ['refused', 600, 'busy'],
  ['refused', 480, 'no-answer'],
  ['refused', 408, 'no-answer'],
  ['refused', 603, 'declined'],
  ['refused', 404, 'unknown-number'],
  ['refused', 484, 'unknown-number'],
  ['refused', 604, 'unknown-number'],
  ['refused', 503, 'unreachable'],
  ['refused', 488, 'unreachable'],
  ['no-answer', null, 'no-answer'],
  ['unreachable', null, 'unreachable'],
  ['failed', 200, 'failed'],
] as const)('[OUT11] %s %s is told as %s', (end, status, cause) => expect(causeOf(end, status)).toBe(cause));

test('[OUT11] a refusal ends the leg with its cause', async () => {
  const { house, callee, told } = await calling();
  callee().ring();
  await house.settle();
  callee().end('refused', 486, 'Busy Here');
  await house.settle();
  expect(told()).toEqual(['leg.ringing', 'leg.ended busy']);
  expect(house.media.hears('ln_1')).toBe('silence');
  expect(house.media.legs.has(leg)).toBe(false);
});

test('[TRK11] a trunk that itself failed is followed by the next, by the same port; a busy person by none', async () => {
  const { house, callee, told } = await calling([second, trunk]);
  expect(callee().request.trunk).toBe('tk_demo');
  callee().end('refused', 503);
  await house.settle();
  expect(callee().request.trunk).toBe('tk_second');
  expect(house.media.requests.filter(({ type }) => type === 'open-rtp')).toHaveLength(1);
  callee().end('refused', 486);
  await house.settle();
  expect(house.sip.callees).toHaveLength(2);
  expect(told()).toEqual(['leg.ended busy']);
});

test('[TRK11] one that takes nothing of what it offers is followed by the next, unless a phone has rung by it', async () => {
  const { house, callee, told } = await calling([second, trunk]);
  callee().end('refused', 488);
  await house.settle();
  expect(callee().request.trunk).toBe('tk_second');
  callee().ring(180);
  await house.settle();
  callee().end('refused', 488);
  await house.settle();
  expect(told()).toEqual(['leg.ringing', 'leg.ended unreachable']);
  const rung = await calling([second, trunk]);
  rung.callee().ring(180);
  rung.callee().end('refused', 488);
  await rung.house.settle();
  expect(rung.house.sip.callees).toHaveLength(1);
});

test.each([
  ['was silent', (callee: FakeCallee) => callee.end('unreachable'), 60_000],
  ['wants to be left alone', (callee: FakeCallee) => callee.end('refused', 503, 'Busy', 30), 30_000],
])(
  '[TRK11] a trunk that %s comes last for a while, and is asked all the same when there is no other',
  async (_, fails, ms) => {
    const { house, callee } = await calling([second, trunk]);
    const resting = () =>
      house.exchange.health().trunks.flatMap(({ id, resting: rest }) => (rest === null ? [] : [id]));
    expect(resting()).toEqual([]);
    fails(callee());
    await house.settle();
    expect(resting()).toEqual(['tk_demo']);
    const place = async (n: number, wanted: TrunkId | null = null) => {
      house.exchange.carryOut({ type: 'place', leg: asLeg(`lg_${n}`), to, trunk: wanted, agentLeg, agent: anna });
      await house.settle();
      return callee().request.trunk;
    };
    expect(await place(1)).toBe('tk_second');
    expect(await place(2, 'tk_demo' as TrunkId)).toBe('tk_demo');
    expect(await place(3)).toBe('tk_second');
    house.moveClock(ms);
    expect(resting()).toEqual([]);
    expect(await place(4)).toBe('tk_demo');
  },
);

test('[OUT11] the trunk that was asked for, and no other; without any that calls out the number is unreachable', async () => {
  const asked = await calling([second, trunk], 'tk_second' as TrunkId);
  expect(asked.callee().request.trunk).toBe('tk_second');
  asked.callee().end('refused', 503);
  await asked.house.settle();
  expect(asked.told()).toEqual(['leg.ended unreachable']);
  const { house, told } = await calling([demoTrunk]);
  expect(told()).toEqual(['leg.ended unreachable']);
  expect(house.media.legs.has(leg)).toBe(false);
});

test('a phone without a codec of ours is let go', async () => {
  const { house, callee, told } = await calling();
  callee().answer({ ...theirs, port: 0 });
  await house.settle();
  expect(callee().told).toEqual(['bye Q.850;cause=88;text="Incompatible destination"']);
  expect(told()).toEqual(['leg.ended failed']);
});

test('before the answer a join fails, and digits, sounds and holds are nothing', async () => {
  const { house, callee, told } = await calling();
  callee().ring();
  house.exchange.carryOut({ type: 'join', customer: leg, agentLeg, agent: anna, recording: null });
  house.exchange.carryOut({ type: 'answer', leg });
  house.exchange.carryOut({ type: 'dtmf', leg, digits: '1' });
  house.exchange.carryOut({ type: 'hold', customer: leg, agentLeg, sound: 'hold-music' });
  await house.settle();
  expect(told()).toEqual(['leg.ringing', 'leg.join-failed']);
  expect(house.of('leg.join-failed')[0]?.because).toBe('not-answered');
});

test('[OUT10] a control that dies while it rings leaves a CANCEL to the next one', async () => {
  const first = await calling();
  first.callee().ring();
  await first.house.settle();
  expect(first.house.media.legs.get(leg)?.note).toMatch(/^cancel placed-/);
  const next = await exchangeOnFakes({ started: false, after: first.house, trunks: [trunk] });
  await next.exchange.restore([]);
  await next.exchange.start();
  await next.settle();
  expect(next.sip.farewells).toEqual([expect.stringMatching(/^cancel placed-/)]);
  expect(next.media.legs.has(leg)).toBe(false);
});

test('of a call answered in the moment of the death the next control knows the dialog', async () => {
  const { house, callee } = await calling();
  callee().answer(theirs);
  await house.settle();
  const noted = house.media.legs.get(leg)?.note;
  expect(JSON.parse(noted ?? '')).toMatchObject({ callId: house.exchange.dialogOf(leg)?.callId, remoteTag: 'theirs' });
  expect(house.of('leg.answered')[0]?.token).toBe(noted);
});

test('an agent whose desk comes back with another line hears it ring there', async () => {
  const { house, callee } = await calling();
  callee().ring(183, theirs);
  await house.settle();
  await house.exchange.openLine({ agent: anna, line: asLine('ln_2'), offer: 'v=0\r\n' });
  house.media.say({ type: 'line-proven', leg: 'ln_2', at: 0, rttMs: 1 });
  await house.settle();
  expect(house.media.hears('ln_2')).toBe('person');
  expect(callee().state).toBe('called');
});

test('a media process that dies while it rings: it rings on, and who answers is told the new place', async () => {
  const { house, callee, told } = await calling();
  callee().ring();
  await house.settle();
  house.media.die();
  house.media.back();
  await house.settle();
  expect(house.media.legs.has(leg)).toBe(true);
  callee().answer(theirs);
  await house.settle();
  expect(told().filter((one) => one.startsWith('leg.'))).toEqual(['leg.ringing', 'leg.answered']);
  expect(callee().reoffers).toHaveLength(1);
});

test('a house that shuts takes back what rings', async () => {
  const { house, callee } = await calling();
  callee().ring();
  await house.exchange.stop();
  expect(callee().told).toEqual(['cancel']);
  expect(house.media.legs.size).toBe(0);
});
