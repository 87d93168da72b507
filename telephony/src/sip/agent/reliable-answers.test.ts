/** Answers before the answer that arrive for certain (RFC 3262): as the side that is called, and as the side that calls. */
import { describe, expect, test } from 'vitest';
import { header, type SipHeader } from '../message.js';
import { answerTo, makeWorld, offerText, requestText, type RequestWish, type World } from '../testing/world.js';

const answerText = 'v=0\r\no=- 1 1 IN IP4 198.51.100.1\r\n';
const ourTag = (world: World) => /tag=([0-9a-f]+)/.exec(header(world.lastResponse(), 'to') ?? '')?.[1] ?? '';

describe('towards a caller who knows reliable answers', () => {
  const ringing = (extra: string[], wish: RequestWish = { body: offerText }): World => {
    const world = makeWorld();
    world.receive(requestText({ extra, ...wish }));
    world.news();
    world.calls[0]?.ring();
    return world;
  };
  const rseq = (world: World) => Number(header(world.lastResponse(), 'rseq'));
  const prack = (world: World, rack: string, cseq = 2): void =>
    world.receive(requestText({ method: 'PRACK', toTag: ourTag(world), cseq, extra: [`RAck: ${rack}`] }));

  test.each([['Supported: timer, 100rel'], ['Require: 100rel']])(
    '%s: the 180 is numbered and repeated until its PRACK',
    (extra) => {
      const world = ringing([extra]);
      expect(header(world.lastResponse(), 'require')).toBe('100rel');
      expect(rseq(world)).toBeGreaterThan(0);
      world.timers.advance(500 + 1_000 + 2_000 + 4_000 + 8_000);
      expect(world.news()).toEqual(Array(6).fill('180 INVITE'));
      prack(world, `${rseq(world)} 1 INVITE`);
      expect(world.news()).toEqual(['200 PRACK']);
      world.timers.advance(40_000);
      expect(world.news()).toEqual([]);
      world.calls[0]?.answer(answerText);
      expect(world.news()).toEqual(['200 INVITE']);
    },
  );

  test('a caller who does not know them gets a plain 180', () => {
    const world = ringing([]);
    expect(header(world.lastResponse(), 'rseq')).toBeNull();
    world.timers.advance(30_000);
    expect(world.news()).toEqual(['180 INVITE']);
  });

  test('a PRACK of something else is 481, one without RAck 400; a copy of a good one is answered alike', () => {
    const world = ringing(['Require: 100rel']);
    const number = rseq(world);
    prack(world, `${number + 1} 1 INVITE`, 2);
    prack(world, `${number} 9 INVITE`, 3);
    prack(world, `${number} 1 UPDATE`, 4);
    prack(world, 'x', 5);
    prack(world, `${number} 1 INVITE`, 6);
    prack(world, `${number} 1 INVITE`, 6);
    prack(world, `${number} 1 INVITE`, 7);
    expect(world.news()).toEqual([
      '180 INVITE',
      ...['481 PRACK', '481 PRACK', '481 PRACK', '400 PRACK', '200 PRACK', '200 PRACK', '481 PRACK'],
    ]);
  });

  test('no PRACK in 64·T1: 504, for nobody hears us', () => {
    const world = ringing(['Require: 100rel']);
    world.timers.advance(32_000);
    expect(world.news().at(-1)).toBe('504 INVITE');
    expect(world.told).toEqual([{ ended: 'failed' }]);
  });

  test('an answer does not wait for the PRACK; nothing provisional follows it, and the PRACK that crossed it is welcome', () => {
    const world = ringing(['Require: 100rel']);
    const number = rseq(world);
    world.calls[0]?.answer(answerText);
    world.timers.advance(499);
    expect(world.news()).toEqual(['180 INVITE', '200 INVITE']);
    prack(world, `${number} 1 INVITE`);
    expect(world.news()).toEqual(['200 PRACK']);
  });

  test('the next 180 bears the next number, and waits for the PRACK of the one before', () => {
    const world = ringing(['Supported: 100rel']);
    const number = rseq(world);
    world.calls[0]?.ring();
    expect(world.news()).toEqual(['180 INVITE']);
    prack(world, `${number} 1 INVITE`);
    world.calls[0]?.ring();
    expect(rseq(world)).toBe(number + 1);
  });

  test('an INVITE without an offer would need ours in the 180: where it may be plain it is, else there is none', () => {
    expect(header(ringing(['Supported: 100rel'], {}).lastResponse(), 'rseq')).toBeNull();
    const mute = ringing(['Require: 100rel'], {});
    expect(mute.news()).toEqual([]);
    mute.calls[0]?.answer(answerText);
    expect(mute.news()).toEqual(['200 INVITE']);
  });
});

describe('from a far end that we call', () => {
  const reliable = (rseq: number, tag = 'far'): SipHeader[] => [
    { name: 'contact', value: '<sip:bob@192.0.2.10:5070>' },
    { name: 'to', value: `<sip:+81312345678@carrier.example>;tag=${tag}` },
    { name: 'require', value: '100rel' },
    { name: 'rseq', value: String(rseq) },
  ];
  const hear = (world: World, status: number, rseq: number, tag = 'far', body = ''): void =>
    world.receive(answerTo(world, status, reliable(rseq, tag), 'INVITE', body));
  const pracks = (world: World) =>
    world.sent.flatMap(({ message }) =>
      message.kind === 'request' && message.method === 'PRACK' ? [header(message, 'rack')?.split(' ')[0]] : [],
    );

  test('each is acknowledged in order, once; copies and overtakers are not told', () => {
    const world = makeWorld();
    world.place();
    const invite = header(world.lastRequest(), 'cseq')?.split(' ')[0] ?? '';
    hear(world, 180, 700);
    hear(world, 180, 700);
    hear(world, 183, 702, 'far', offerText);
    hear(world, 183, 701);
    hear(world, 183, 702, 'far', offerText);
    expect(pracks(world)).toEqual(['700', '701', '702']);
    expect(header(world.lastRequest(), 'rack')).toBe(`702 ${invite} INVITE`);
    expect(world.lastRequest().uri).toBe('sip:bob@192.0.2.10:5070');
    expect(world.told).toMatchObject([
      { progress: 180, early: null },
      { progress: 183, early: null },
      { progress: 183, early: { port: 40_000 } },
    ]);
  });

  test('each place counts for itself', () => {
    const world = makeWorld();
    world.place();
    hear(world, 180, 5, 'a');
    hear(world, 180, 900, 'b');
    hear(world, 180, 6, 'a');
    expect(pracks(world)).toEqual(['5', '900', '6']);
  });

  test('its 200 may leave out the SDP that a reliable answer has brought; ACK and BYE are numbered above the PRACK', () => {
    const world = makeWorld();
    const call = world.place();
    hear(world, 183, 5, 'far', offerText);
    const prack = Number.parseInt(header(world.lastRequest(), 'cseq') ?? '', 10);
    world.receive(answerTo(world, 200, reliable(0).slice(0, 2), 'INVITE'));
    expect(world.told.at(-1)).toMatchObject({ answered: { port: 40_000 } });
    expect(Number.parseInt(header(world.lastRequest(), 'cseq') ?? '', 10)).toBe(prack - 1);
    call.hangUp('x');
    expect(Number.parseInt(header(world.lastRequest(), 'cseq') ?? '', 10)).toBe(prack + 1);
  });

  test('an UPDATE that moves its early audio is answered once it has said where it is, before that it is a glare', () => {
    const world = makeWorld();
    world.place();
    const ours = /tag=([0-9a-f]+)/.exec(header(world.lastRequest(), 'from') ?? '')?.[1] ?? '';
    const callId = header(world.lastRequest(), 'call-id') ?? '';
    const update = (cseq: number) =>
      requestText({ method: 'UPDATE', fromTag: 'far', toTag: ours, callId, cseq, body: offerText });
    hear(world, 180, 1);
    world.receive(update(1));
    hear(world, 183, 2, 'far', offerText);
    world.receive(update(2));
    expect(world.news().filter((name) => name.endsWith('UPDATE'))).toEqual(['491 UPDATE', '200 UPDATE']);
    expect(world.told.at(-1)).toMatchObject({ reoffer: { port: 40_000 } });
  });
});
