import type { PhoneServerMessage } from '@denwaban/core/wire';
import { expect, test } from 'vitest';
import { anna, asLeg, asLine, asRecording, exchangeOnFakes, ken } from '../testing/exchange-on-fakes.js';
import { offerOf, type FakeCaller } from '../testing/fake-sip.js';

type House = Awaited<ReturnType<typeof exchangeOnFakes>>;

async function caller(house: House, call: Partial<Parameters<House['sip']['invite']>[0]> = {}) {
  const phone = house.sip.invite({ from: '0312345678', to: '0120', ...call });
  if (phone === null) throw new Error('refused');
  await house.settle();
  return { phone, leg: house.of('leg.arrived').at(-1)?.leg ?? asLeg('none') };
}
async function line(house: House, id = 'ln_1', agent = anna) {
  await house.exchange.openLine({ agent, line: asLine(id), offer: 'v=0\r\n' });
  house.media.say({ type: 'line-proven', leg: id, at: 0, rttMs: 1 });
  return asLine(id);
}
async function talk(house: House, recording: string | null = null) {
  await line(house);
  const { phone, leg } = await caller(house);
  house.exchange.carryOut({
    type: 'join',
    customer: leg,
    agentLeg: asLeg('lg_a'),
    agent: anna,
    recording: recording === null ? null : asRecording(recording),
  });
  await house.settle();
  expect(house.of('leg.joined')).toHaveLength(1);
  return { phone, leg };
}
const sdpLines = (phone: FakeCaller) => phone.sdps.at(-1)?.split('\r\n') ?? [];

test('a caller from nobody’s trunk is no call, and one from ours carries the trunk', async () => {
  const house = await exchangeOnFakes();
  expect(house.sip.invite({ from: '1', to: '2', address: '203.0.113.5' })).toBeNull();
  await caller(house, { address: '::ffff:127.0.0.9' });
  expect(house.of('leg.arrived')).toEqual([expect.objectContaining({ trunk: 'tk_demo', carrier: 'exchange' })]);
});

test('an offer without a codec of ours, or with its audio refused, is answered 488 and nobody is told', async () => {
  const house = await exchangeOnFakes();
  const { phone } = await caller(house, { offer: offerOf('', '9 18') });
  const zero = { ...offerOf(), port: 0 };
  const { phone: other } = await caller(house, { offer: zero });
  expect([phone.told, other.told]).toEqual([['488 Not Acceptable Here'], ['488 Not Acceptable Here']]);
  expect(house.events).toEqual([]);
  expect(house.media.requests.filter((request) => request.type === 'open-rtp')).toEqual([]);
});

test('no media process or no free port is 503 with a time to come back; a media failure is 500', async () => {
  const house = await exchangeOnFakes();
  house.media.failNext('open-rtp', 'no-port');
  expect((await caller(house)).phone.told).toEqual(['503 Service Unavailable (5)']);
  house.media.failNext('open-rtp', 'failed');
  expect((await caller(house)).phone.told).toEqual(['500 Server Internal Error']);
  house.media.die();
  expect((await caller(house)).phone.told).toEqual(['503 Service Unavailable (5)']);
  expect(house.of('leg.arrived')).toEqual([]);
});

test('a caller who cancels while the port is being opened leaves nothing behind', async () => {
  const house = await exchangeOnFakes();
  const go = house.media.stall('open-rtp');
  const phone = house.sip.invite({ from: null, to: '1' });
  phone?.hangUp();
  go();
  await house.settle();
  expect(house.events).toEqual([]);
  expect(house.media.legs.size).toBe(0);
});

test('our answer names one codec of theirs, our media port, their telephone-events', async () => {
  const house = await exchangeOnFakes();
  const { phone, leg } = await caller(house, { offer: offerOf('', '8 0 101') });
  house.exchange.carryOut({ type: 'answer', leg });
  expect(house.media.legs.get(leg)?.remote).toMatchObject({ codec: 'PCMA', port: 20390, dtmfPayloadType: 101 });
  expect(sdpLines(phone)).toEqual(
    expect.arrayContaining([expect.stringMatching(/^m=audio 202\d\d RTP\/AVP 8 101$/), 'a=sendrecv']),
  );
});

test('an INVITE without an offer gets ours, and the answer in its ACK aims the media', async () => {
  const house = await exchangeOnFakes();
  const { phone, leg } = await caller(house, { offer: null });
  house.exchange.carryOut({ type: 'answer', leg });
  expect(sdpLines(phone)).toContainEqual(expect.stringMatching(/^m=audio 202\d\d RTP\/AVP 0 8 101$/));
  phone.acknowledge(offerOf('', '8'));
  await house.settle();
  expect(house.media.legs.get(leg)?.remote).toMatchObject({ codec: 'PCMA' });

  const deaf = await caller(house, { offer: null });
  house.exchange.carryOut({ type: 'answer', leg: deaf.leg });
  deaf.phone.acknowledge(offerOf('', '18'));
  await house.settle();
  expect(deaf.phone.told.at(-1)).toMatch(/^bye .*cause=88/);
  expect(house.of('leg.ended')).toEqual([expect.objectContaining({ leg: deaf.leg, cause: 'failed' })]);
});

test('a re-INVITE is answered with a newer version, its direction mirrored, and the media follows', async () => {
  const house = await exchangeOnFakes();
  const { phone, leg } = await caller(house);
  expect(phone.listener.onReoffer(offerOf())).not.toBeNull(); // an UPDATE before the answer
  house.exchange.carryOut({ type: 'answer', leg });
  const version = (sdp: string | null) => Number(/^o=- \d+ (\d+) /m.exec(sdp ?? '')?.[1]);
  const held = phone.listener.onReoffer({ ...offerOf('a=sendonly'), port: 20392 });
  await house.settle();
  expect(held).toContain('a=recvonly');
  expect(version(held)).toBeGreaterThan(version(phone.sdps[0] ?? null));
  expect(house.media.legs.get(leg)?.remote).toMatchObject({ port: 20392, direction: 'sendonly' });
  expect(phone.listener.onReoffer(offerOf('', '18'))).toBeNull();
  expect(version(phone.listener.onReoffer(null))).toBeGreaterThan(version(held));
});

test('a re-INVITE without an offer gets ours, and the answer in its ACK re-aims the media', async () => {
  const house = await exchangeOnFakes();
  const { phone, leg } = await caller(house);
  house.exchange.carryOut({ type: 'answer', leg });
  phone.acknowledge();
  expect(phone.listener.onReoffer(null)).not.toBeNull();
  phone.acknowledge({ ...offerOf('', '8'), port: 20398 });
  await house.settle();
  expect(house.media.legs.get(leg)?.remote).toMatchObject({ codec: 'PCMA', port: 20398 });
  expect(phone.state).toBe('answered');
});

test('a hang-up before the answer has the status of its cause, after it a reason', async () => {
  const house = await exchangeOnFakes();
  const said = async (answered: boolean, cause: 'normal' | 'unknown-number' | 'overloaded' | 'failed') => {
    const { phone, leg } = await caller(house);
    if (answered) house.exchange.carryOut({ type: 'answer', leg });
    house.exchange.carryOut({ type: 'hang-up', leg, cause });
    return phone.told.at(-1);
  };
  expect(await said(false, 'normal')).toBe('480 Temporarily Unavailable');
  expect(await said(false, 'unknown-number')).toBe('404 Not Found');
  expect(await said(false, 'overloaded')).toBe('503 Service Unavailable (5)');
  expect(await said(true, 'normal')).toBe('bye Q.850;cause=16;text="Normal call clearing"');
  expect(await said(true, 'failed')).toMatch(/^bye Q.850;cause=41;/);
});

test('the recording is asked for before the bridge, and the bridge before the 200: no word is lost', async () => {
  const house = await exchangeOnFakes();
  await line(house);
  const { phone, leg } = await caller(house);
  const go = house.media.stall('bridge');
  house.exchange.carryOut({
    type: 'join',
    customer: leg,
    agentLeg: asLeg('lg_a'),
    agent: anna,
    recording: asRecording('rc_01kj9pwe0000000000000000aa'),
  });
  await house.settle();
  expect(phone.told).toEqual([]);
  expect(house.media.requests.slice(-2)).toEqual([
    {
      type: 'record',
      recording: 'rc_01kj9pwe0000000000000000aa',
      leg,
      path: '/recordings/2026/02/25/rc_01kj9pwe0000000000000000aa.wav',
    },
    { type: 'bridge', a: leg, b: 'ln_1' },
  ]);
  house.moveClock(7);
  go();
  await house.settle();
  expect(phone.told).toEqual(['answered']);
  expect(house.of('leg.joined')).toEqual([expect.objectContaining({ at: house.now() })]);
  expect(new Set(house.folders)).toEqual(new Set(['/recordings/2026/02/25']));
});

test('a join that the media process refuses leaves an unanswered caller unanswered', async () => {
  const house = await exchangeOnFakes();
  await line(house);
  const { phone, leg } = await caller(house);
  house.media.failNext('bridge', 'not-connected');
  house.exchange.carryOut({ type: 'join', customer: leg, agentLeg: asLeg('lg_a'), agent: anna, recording: null });
  await house.settle();
  expect(house.of('leg.join-failed')).toEqual([expect.objectContaining({ because: 'not-connected' })]);
  expect(phone.told).toEqual([]);
  house.exchange.carryOut({ type: 'ring', leg });
  expect(phone.told).toEqual(['ringing']);
});

test('a full disk costs the recording, not the talk', async () => {
  const house = await exchangeOnFakes();
  house.media.failNext('record', 'disk');
  const { phone } = await talk(house, 'rc_1');
  expect(house.logged).toContain('recordings: could not begin');
  phone.hangUp();
  await house.settle();
  expect(house.of('recording.finished')).toEqual([]);
  expect(house.exchange.health().recordings).toBe(0);
});

test('a caller who leaves while the bridge is being built is not joined', async () => {
  const house = await exchangeOnFakes();
  await line(house);
  const { phone, leg } = await caller(house);
  const go = house.media.stall('bridge');
  house.exchange.carryOut({ type: 'join', customer: leg, agentLeg: asLeg('lg_a'), agent: anna, recording: null });
  await house.settle();
  phone.hangUp();
  go();
  await house.settle();
  expect(house.of('leg.ended')).toEqual([expect.objectContaining({ leg, cause: 'cancelled' })]);
  expect(house.of('leg.joined')).toEqual([]);
  expect([...house.media.legs.keys()]).toEqual(['ln_1']);
});

test('somebody told that we reconnect them hears music after it', async () => {
  const house = await exchangeOnFakes();
  const { leg } = await caller(house);
  house.exchange.carryOut({ type: 'answer', leg });
  house.exchange.carryOut({ type: 'play', leg, sound: 'announcement-reconnecting' });
  house.exchange.carryOut({ type: 'play', leg, sound: 'ring-back' });
  expect(house.media.requests.filter((request) => request.type === 'play')).toEqual([
    { type: 'play', leg, sound: 'announcement-reconnecting', followedBy: 'hold-music' },
    { type: 'play', leg, sound: 'ring-back' },
  ]);
});

test('a recording is ended before its leg, and a join withdrawn in the same breath begins none', async () => {
  const house = await exchangeOnFakes();
  const { leg } = await talk(house, 'rc_1');
  house.exchange.carryOut({ type: 'hang-up', leg, cause: 'normal' });
  expect(house.media.requests.slice(-2)).toEqual([
    { type: 'stop-record', recording: 'rc_1' },
    { type: 'close', leg },
  ]);
  const next = await caller(house);
  const join = { customer: next.leg, agentLeg: asLeg('lg_b') };
  house.exchange.carryOut({ type: 'join', ...join, agent: anna, recording: asRecording('rc_2') });
  house.exchange.carryOut({ type: 'part', ...join });
  await house.settle();
  const asked = house.media.requests.map((request) => request.type);
  expect(asked.filter((type) => type === 'record' || type === 'bridge')).toEqual(['record', 'bridge']);
});

test('a caller whose audio dies is let go, and their recording is told of as the media process has it', async () => {
  const house = await exchangeOnFakes();
  const { phone, leg } = await talk(house, 'rc_1');
  house.moveClock(2_000);
  house.media.say({ type: 'leg-lost', leg, at: 1, because: 'rtp-silence' });
  await house.settle();
  expect(house.of('recording.finished')).toEqual([expect.objectContaining({ recording: 'rc_1', durationMs: 2_000 })]);
  expect(house.mended).toEqual([]);
  expect(phone.told.at(-1)).toMatch(/^bye/);
  expect(house.of('leg.ended')).toEqual([expect.objectContaining({ leg, cause: 'media-lost' })]);
});

test('the token of leg.answered ends the call from another process; anything else is no token', async () => {
  const house = await exchangeOnFakes();
  const { leg } = await caller(house);
  house.exchange.carryOut({ type: 'answer', leg });
  await house.settle();
  const token = house.of('leg.answered')[0]?.token ?? '';
  expect(house.exchange.snapshots()).toEqual([{ leg, dialog: JSON.parse(token) }]);
  expect(house.exchange.dialogOf(leg)).toEqual(JSON.parse(token));

  const after = await exchangeOnFakes({ started: false });
  for (const junk of [
    '',
    '{}',
    '[]',
    'null',
    '{"callId":"x"}',
    token.replace('"udp"', '"smoke"'),
    token.replace('[]', '[5]'),
  ]) {
    after.exchange.carryOut({ type: 'end-orphan', token: junk });
  }
  after.exchange.carryOut({ type: 'end-orphan', token });
  await after.settle();
  expect(after.sip.orphans).toEqual([]); // reconciling comes before there is a socket
  await after.exchange.start();
  await after.settle();
  expect(after.sip.orphans).toEqual([{ dialog: JSON.parse(token), cause: expect.stringContaining('cause=41') }]);
});

test('while a talk moves to a new tab, the old line carries it until the new one has proven itself', async () => {
  const house = await exchangeOnFakes();
  const { leg } = await talk(house);
  await house.exchange.openLine({ agent: anna, line: asLine('ln_2'), offer: 'v=0\r\n' });
  await house.settle();
  expect(house.media.hears('ln_1')).toBe('person');
  house.exchange.carryOut({
    type: 'hold',
    customer: leg,
    agentLeg: asLeg('lg_a'),
    sound: 'hold-music',
  });
  house.media.say({ type: 'line-proven', leg: 'ln_2', at: 1, rttMs: 1 });
  await house.settle();
  expect(house.media.hears(leg)).toBe('sound'); // still on hold, on the new line too
  expect(house.media.legs.get(leg)?.partner).toBe('ln_2');
  expect(house.media.legs.has('ln_1')).toBe(false);
});

test('an old line that was kept for a talk goes with the talk', async () => {
  const house = await exchangeOnFakes();
  const { phone } = await talk(house);
  await house.exchange.openLine({ agent: anna, line: asLine('ln_2'), offer: 'v=0\r\n' });
  phone.hangUp();
  await house.settle();
  expect([...house.media.legs.keys()]).toEqual(['ln_2']);
});

test('an offer that cannot be used leaves the line that was there', async () => {
  const house = await exchangeOnFakes();
  await line(house);
  await expect(house.exchange.openLine({ agent: anna, line: asLine('ln_2'), offer: 'junk' })).rejects.toMatchObject({
    code: 'bad-offer',
  });
  await house.settle();
  expect(house.of('line.lost')).toEqual([]);
  expect(house.exchange.health()).toMatchObject({ lines: 1, linesProven: 1 });
});

test('a line that never proved itself and is given up is closed for good, so that the desk builds another', async () => {
  const house = await exchangeOnFakes();
  await house.exchange.openLine({ agent: anna, line: asLine('ln_1'), offer: 'v=0\r\n' });
  house.media.say({ type: 'leg-lost', leg: 'ln_1', at: 1, because: 'heartbeat' });
  await house.settle();
  expect(house.of('line.lost')).toEqual([expect.objectContaining({ line: 'ln_1', because: 'closed' })]);
});

test('a line closed while it opens is closed in the media process too, and never heard of', async () => {
  const house = await exchangeOnFakes();
  const go = house.media.stall('open-webrtc');
  const opening = house.exchange.openLine({ agent: anna, line: asLine('ln_1'), offer: 'v=0\r\n' });
  house.exchange.closeLine(asLine('ln_1'));
  go();
  await expect(opening).rejects.toMatchObject({ code: 'failed' });
  await house.settle();
  expect(house.media.legs.size).toBe(0);
  expect(house.events).toEqual([]);
});

test('a web caller without a path after ten seconds was never a call', async () => {
  const house = await exchangeOnFakes();
  const told: PhoneServerMessage[] = [];
  await house.exchange.dial({ from: '1', to: '2', offer: 'v=0\r\n' }, (message) => told.push(message));
  house.moveClock(9_999);
  expect(told).toEqual([]);
  house.moveClock(1);
  await house.settle();
  expect(told).toEqual([{ type: 'ended', cause: 'media-lost' }]);
  expect(house.events).toEqual([]);
  expect(house.media.legs.size).toBe(0);
  await expect(house.exchange.dial({ from: '1', to: '2', offer: 'junk' }, () => {})).rejects.toMatchObject({
    code: 'bad-offer',
  });
  house.media.die();
  await expect(house.exchange.dial({ from: '1', to: '2', offer: 'v=0\r\n' }, () => {})).rejects.toMatchObject({
    code: 'overloaded',
  });
});

test('a listener that fails costs the others nothing', async () => {
  const house = await exchangeOnFakes();
  const heard: string[] = [];
  house.exchange.listen(() => {
    throw new Error('a bug');
  });
  house.exchange.listen((event) => heard.push(event.type));
  await caller(house);
  expect(heard).toEqual(['leg.arrived']);
  expect(house.logged).toContain('exchange: a listener failed');
});

test('at a stop callers are hung up, recordings finished, lines closed', async () => {
  const house = await exchangeOnFakes();
  const { phone } = await talk(house, 'rc_1');
  await line(house, 'ln_9', ken);
  await house.exchange.stop();
  expect(phone.told.at(-1)).toMatch(/^bye/);
  expect(house.of('recording.finished')).toHaveLength(1);
  expect(house.of('line.lost').map((event) => event.because)).toEqual(['closed', 'closed']);
  expect(house.media.legs.size).toBe(0);
  house.events.length = 0;
  expect((await caller(house)).phone.told).toEqual(['503 Service Unavailable (5)']);
});

test('a caller whose telephone moved within the call is told of as moved, with the dialog as it is now', async () => {
  const house = await exchangeOnFakes();
  const { phone, leg } = await talk(house);
  phone.move('sip:caller@127.0.0.1:7000');
  await house.settle();
  const [moved] = house.of('leg.moved');
  expect(JSON.parse(moved?.token ?? '')).toMatchObject({ remoteTarget: 'sip:caller@127.0.0.1:7000' });
  expect(house.exchange.dialogOf(leg)).toMatchObject({ remoteTarget: 'sip:caller@127.0.0.1:7000' });
  house.exchange.carryOut({ type: 'hang-up', leg, cause: 'normal' });
  phone.move('sip:caller@127.0.0.1:7001');
  await house.settle();
  expect(house.of('leg.moved')).toHaveLength(1);
});
