/** What the contract suite cannot ask of every phone network: how the exchange finds its way into a media process that runs. */
import { expect, test } from 'vitest';
import { anna, asLeg, asLine, asRecording, exchangeOnFakes, ken } from '../testing/exchange-on-fakes.js';

const agentLeg = asLeg('lg_agent1');

/** Anna talks with a customer, ken's line is idle, and control is gone. */
async function left() {
  const house = await exchangeOnFakes();
  for (const [agent, line] of [
    [anna, asLine('ln_anna')],
    [ken, asLine('ln_ken')],
  ] as const) {
    await house.exchange.openLine({ agent, line, offer: 'v=0\r\n' });
    house.media.say({ type: 'line-proven', leg: line, at: house.now(), rttMs: 1 });
  }
  const caller = house.sip.invite({ from: '0312345678', to: '0120' });
  await house.settle();
  const leg = house.of('leg.arrived')[0]?.leg ?? asLeg('');
  house.exchange.carryOut({ type: 'join', customer: leg, agentLeg, agent: anna, recording: asRecording('rc_1') });
  await house.settle();
  const token = house.of('leg.answered')[0]?.token ?? '';
  const next = await exchangeOnFakes({ started: false, after: house });
  const known = {
    leg,
    token,
    recording: asRecording('rc_1'),
    talk: { agentLeg, agent: anna, joined: true, held: null },
    sound: null,
  };
  return { next, known, caller };
}

test('the lines of idle agents are kept for their desks to claim, and closed when nobody came in 15 s', async () => {
  const { next, known } = await left();
  await next.exchange.restore([known]);
  await next.settle();
  expect([...next.media.legs.keys()]).toContain('ln_ken');
  next.moveClock(14_999);
  expect(next.exchange.claimLine({ agent: anna, line: asLine('ln_anna') })).toEqual({ proven: true });
  next.moveClock(1);
  await next.settle();
  expect(new Set(next.media.legs.keys())).toEqual(new Set([known.leg, 'ln_anna']));
  expect(next.exchange.claimLine({ agent: ken, line: asLine('ln_ken') })).toBeNull();
  expect(next.events).toEqual([]); // nobody was told of those lines, so nobody is told of their end
  expect(next.timers).toBe(0);
});

test('a claimed idle line is its agent’s again: proven, ready for a join, and told of when it is lost', async () => {
  const { next } = await left();
  await next.exchange.restore([]);
  expect(next.exchange.claimLine({ agent: ken, line: asLine('ln_ken') })).toEqual({ proven: true });
  expect(next.exchange.claimLine({ agent: anna, line: asLine('ln_ken') })).toBeNull();
  next.media.say({ type: 'leg-lost', leg: 'ln_ken', at: next.now(), because: 'closed' });
  await next.settle();
  expect(next.of('line.lost')).toMatchObject([{ agent: ken, line: 'ln_ken', because: 'closed' }]);
});

test('news that comes while legs are being taken up is told once they are', async () => {
  const { next, known } = await left();
  const go = next.media.stall('hello');
  const restored = next.exchange.restore([known]);
  next.media.say({ type: 'dtmf', leg: known.leg, at: next.now(), digit: '7' });
  go();
  await restored;
  await next.settle();
  expect(next.of('leg.dtmf')).toMatchObject([{ leg: known.leg, digit: '7' }]);
});

test('a media process that died as well takes its calls with it; one that comes late is waited for', async () => {
  const { next, known } = await left();
  next.media.die();
  const restored = next.exchange.restore([known]);
  await next.settle();
  next.media.back(); // another one, with nothing in it
  expect((await restored).size).toBe(0);

  const again = await left();
  again.next.media.die(true);
  const late = again.next.exchange.restore([again.known]);
  await again.next.settle();
  again.next.media.back(); // the same one: only the connection took its time
  expect((await late).size).toBe(1);
  expect(again.next.timers).toBe(1); // ken's line may still be claimed
});

test('without a media process the start goes on after 5 s', async () => {
  const { next, known } = await left();
  next.media.die();
  const restored = next.exchange.restore([known]);
  await next.settle();
  next.moveClock(5_000);
  expect((await restored).size).toBe(0);
});

test('a call whose token is no dialog of ours is not taken up, and ends', async () => {
  const { next, known } = await left();
  expect((await next.exchange.restore([{ ...known, token: '{"callId":1}' }])).size).toBe(0);
  await next.settle();
  expect([...next.media.legs.keys()]).toEqual(['ln_anna', 'ln_ken']);
  expect(next.of('recording.finished')).toMatchObject([{ recording: 'rc_1' }]);
});

test('a caller’s re-INVITE after the restart is answered with the port that the leg has, as a newer description', async () => {
  const { next, known, caller } = await left();
  const before = caller?.sdps[0] ?? '';
  await next.exchange.restore([known]);
  const after = caller?.listener.onReoffer(null) ?? '';
  const port = /m=audio (\d+)/;
  const origin = /o=\S+ (\d+) (\d+)/;
  expect(port.exec(after)?.[1]).toBe(port.exec(before)?.[1]);
  expect(origin.exec(after)?.[1]).toBe(origin.exec(before)?.[1]);
  expect(Number(origin.exec(after)?.[2])).toBeGreaterThan(Number(origin.exec(before)?.[2]));
});

test('a process that makes way leaves who talks as they are, and refuses who still rings', async () => {
  const { next, known, caller } = await left();
  await next.exchange.restore([known]);
  await next.exchange.start();
  const ringing = next.sip.invite({ from: '0399999999', to: '0120' });
  await next.settle();
  await next.exchange.leave();
  expect(caller?.told).toEqual(['answered']);
  expect(next.media.hears(known.leg)).toBe('person');
  expect(ringing?.told).toEqual(['503 Service Unavailable (5)']);
  expect(next.timers).toBe(0);
});

test('[CNV9] who was left ringing gets the answer that was written for them; who was just answered, a BYE', async () => {
  const house = await exchangeOnFakes();
  house.sip.invite({ from: '0312345678', to: '0120' });
  house.sip.invite({ from: '0387654321', to: '0120' });
  await house.settle();
  const [ringing, answered] = house.of('leg.arrived').map(({ leg }) => leg);
  house.exchange.carryOut({ type: 'answer', leg: answered ?? asLeg('') });
  await house.settle();
  // Of neither the journal knows more than that they came.
  const next = await exchangeOnFakes({ started: false, after: house });
  await next.exchange.restore([]);
  await next.exchange.start();
  await next.settle();
  expect(next.sip.farewells).toHaveLength(1);
  expect(next.sip.orphans).toHaveLength(1);
  expect(next.media.legs.size).toBe(0);
  expect(ringing).toBeDefined();
});
