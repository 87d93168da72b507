/** The media process dies under calls: who is given another audio path, and who is let go. */
import { expect, test } from 'vitest';
import { fakeKeys } from '../testing/fake-media.js';
import { anna, asLeg, asLine, asRecording, exchangeOnFakes } from '../testing/exchange-on-fakes.js';

type House = Awaited<ReturnType<typeof exchangeOnFakes>>;

async function caller(house: House) {
  const phone = house.sip.invite({ from: '0312345678', to: '0120' });
  if (phone === null) throw new Error('refused');
  await house.settle();
  return { phone, leg: house.of('leg.arrived').at(-1)?.leg ?? asLeg('none') };
}
/** A customer and Anna, in the middle of a talk. */
async function talk(house: House, recording: string | null = null) {
  await house.exchange.openLine({ agent: anna, line: asLine('ln_1'), offer: 'v=0\r\n' });
  house.media.say({ type: 'line-proven', leg: 'ln_1', at: 0, rttMs: 1 });
  const { phone, leg } = await caller(house);
  const id = recording === null ? null : asRecording(recording);
  house.exchange.carryOut({ type: 'join', customer: leg, agentLeg: asLeg('lg_a'), agent: anna, recording: id });
  await house.settle();
  return { phone, leg };
}

test('[CNV17] when the media process dies, callers are given another audio path and told that the agent is fetched; lines are lost', async () => {
  const house = await exchangeOnFakes();
  const { phone, leg } = await talk(house, 'rc_1');
  const waiting = await caller(house);
  const port = house.media.legs.get(leg)?.port;
  house.events.length = 0;
  house.media.die();
  await house.settle();
  expect(house.events).toEqual([
    { type: 'media.lost', at: house.now() },
    { type: 'line.lost', agent: anna, line: 'ln_1', at: house.now(), because: 'media-process' },
  ]);
  house.moveClock(500); // it is being started again
  await house.settle();
  house.media.back();
  house.moveClock(100);
  await house.settle();
  expect([phone.told, waiting.phone.told]).toEqual([['answered'], []]);
  expect(house.media.legs.get(leg)).toMatchObject({
    sound: 'announcement-reconnecting',
    followedBy: 'hold-music',
    recording: 'rc_1',
  });
  expect(house.media.requests.findLast((one) => one.type === 'open-rtp' && one.leg === leg)).toMatchObject({ port });
  expect(house.media.legs.has(waiting.leg)).toBe(true);
  expect(house.mended).toEqual([]); // the recording goes on
  // The desk has built its line anew: they talk on.
  await house.exchange.openLine({ agent: anna, line: asLine('ln_2'), offer: 'v=0\r\n' });
  house.media.say({ type: 'line-proven', leg: 'ln_2', at: house.now(), rttMs: 1 });
  await house.settle();
  expect(house.media.hears(leg)).toBe('person');
  expect(house.timers).toBe(0);
});

test('[CNV17] a caller whose port is another one afterwards is told where by re-INVITE', async () => {
  const house = await exchangeOnFakes();
  const { phone, leg } = await talk(house);
  house.media.die();
  await house.settle();
  house.media.back();
  house.moveClock(100);
  await house.settle();
  const port = house.media.legs.get(leg)?.port;
  expect(phone.sdps).toHaveLength(2);
  expect(phone.sdps[1]).toContain(`m=audio ${port} `);
});

test('[CNV17] an encrypted leg keeps its keys: of new ones within a call many telephones take no notice', async () => {
  const house = await exchangeOnFakes();
  const { phone, leg } = await talk(house);
  const opened = () => house.media.requests.flatMap((one) => (one.type === 'open-rtp' && one.leg === leg ? [one] : []));
  expect(opened().map(({ keys }) => keys)).toEqual([undefined]);
  for (const lives of [1, 2]) {
    house.media.die();
    await house.settle();
    house.media.back();
    house.moveClock(100);
    await house.settle();
    expect(opened().at(-1)?.keys).toEqual(fakeKeys);
    expect(phone.sdps).toHaveLength(1 + lives);
  }
});

test('without a media process in 2.5 s callers are let go', async () => {
  const house = await exchangeOnFakes();
  const { phone, leg } = await talk(house);
  const waiting = await caller(house);
  house.media.die();
  await house.settle();
  house.moveClock(2_500);
  await house.settle();
  expect(house.of('leg.ended')).toEqual([
    { type: 'leg.ended', leg, at: house.now(), cause: 'media-lost' },
    { type: 'leg.ended', leg: waiting.leg, at: house.now(), cause: 'media-lost' },
  ]);
  expect(phone.told.at(-1)).toMatch(/^bye/);
  expect(waiting.phone.told).toEqual(['500 Server Internal Error']);
  expect(house.exchange.health()).toMatchObject({ media: false, legs: 0, lines: 0 });
});

test('a caller who hangs up while a port is being opened anew leaves nothing behind', async () => {
  const house = await exchangeOnFakes();
  const { phone, leg } = await talk(house);
  house.media.die();
  await house.settle();
  house.media.back();
  const go = house.media.stall('open-rtp');
  house.moveClock(100);
  await house.settle();
  phone.listener.onEnded('hung-up');
  go();
  await house.settle();
  expect(house.media.legs.has(leg)).toBe(false);
});

test('a recording whose media process died and whose caller left is measured on disk when another is there', async () => {
  const house = await exchangeOnFakes();
  const { phone, leg } = await talk(house, 'rc_1');
  house.media.die();
  await house.settle();
  phone.listener.onEnded('hung-up');
  await house.settle();
  expect(house.of('recording.finished')).toEqual([]);
  const path = '/recordings/2026/02/25/rc_1.wav';
  house.files.set(path, { durationMs: 4_200, bytes: 134_444 });
  house.media.back();
  await house.settle();
  expect(house.of('recording.finished')).toEqual([
    {
      type: 'recording.finished',
      recording: 'rc_1',
      leg,
      at: house.now(),
      path,
      durationMs: 4_200,
      bytes: 134_444,
    },
  ]);
});

test('when only the way to the media process broke, its calls and recordings go on', async () => {
  const house = await exchangeOnFakes();
  const { phone, leg } = await talk(house, 'rc_1');
  house.media.die(true);
  await house.settle();
  house.media.back();
  house.moveClock(100);
  await house.settle();
  expect([...house.media.legs.keys()]).toEqual([leg]); // the desk was told of its line, and builds another
  expect(phone.told).toEqual(['answered']);
  expect(house.media.legs.get(leg)?.recording).toBe('rc_1');
  expect(house.mended).toEqual([]);
});
