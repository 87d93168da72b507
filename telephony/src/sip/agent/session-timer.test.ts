/** A far end that dies without a word is noticed (RFC 4028). */
import { describe, expect, test } from 'vitest';
import { header, type SipHeader } from '../message.js';
import { answerTo, makeWorld, offerText, requestText, type RequestWish, type World } from '../testing/world.js';

const answerText = 'v=0\r\no=- 1 1 IN IP4 198.51.100.1\r\n';
const inDialog = (world: World, wish: RequestWish) =>
  requestText({ toTag: world.calls[0]?.id ?? '', cseq: 2, ...wish });
const expires = (world: World) => header(world.lastResponse(), 'session-expires');

function answered(extra: string[]): World {
  const world = makeWorld();
  world.receive(requestText({ body: offerText, extra }));
  world.calls[0]?.answer(answerText);
  const said = world.lastResponse();
  world.receive(inDialog(world, { method: 'ACK', cseq: 1, branch: 'z9hG4bKack' }));
  world.news();
  world.told.length = 0;
  world.sent.push({ at: world.timers.now, hop: world.arrival, message: said, bytes: new Uint8Array(0) });
  world.news();
  return world;
}

describe('what our 200 agrees to', () => {
  test.each<[string[], string | null, string | null]>([
    [[], null, null],
    [['Supported: timer'], '1800;refresher=uas', 'timer'],
    [['Supported: timer', 'Session-Expires: 300'], '300;refresher=uac', 'timer'],
    [['Supported: timer', 'Session-Expires: 300;refresher=uas'], '300;refresher=uas', 'timer'],
    [['Supported: timer', 'x: 300;refresher=uac'], '300;refresher=uac', 'timer'],
    [['Supported: timer', 'Min-SE: 3600'], '3600;refresher=uas', 'timer'],
    // A proxy asks for it; the caller itself cannot refresh, so we do.
    [['Session-Expires: 300'], '300;refresher=uas', null],
    [['Session-Expires: 30'], null, null],
    [['Session-Expires: soon'], null, null],
  ])('%j: %s', (extra, session, required) => {
    const world = answered(extra);
    expect(expires(world)).toBe(session);
    expect(header(world.lastResponse(), 'require')).toBe(required);
  });

  test('less than 90 s is refused with 422, also within a call, which goes on', () => {
    const world = makeWorld();
    world.receive(requestText({ body: offerText, extra: ['Supported: timer', 'Session-Expires: 89'] }));
    expect(world.news()).toEqual(['422 INVITE']);
    expect(header(world.lastResponse(), 'min-se')).toBe('90');
    const later = answered(['Supported: timer']);
    later.receive(inDialog(later, { method: 'UPDATE', extra: ['Supported: timer', 'Session-Expires: 60'] }));
    expect(later.news()).toEqual(['422 UPDATE']);
    expect(later.agent.counts.dialogs).toBe(1);
  });
});

describe('when they refresh', () => {
  test('silence until 32 s before the end: BYE with the reason, and the call has failed', () => {
    const world = answered(['Supported: timer', 'Session-Expires: 300;refresher=uac']);
    world.timers.advance(267_999);
    expect(world.news()).toEqual([]);
    world.timers.advance(1);
    expect(world.news()).toEqual(['BYE']);
    expect(header(world.lastRequest(), 'reason')).toBe('SIP;cause=408;text="session timer expired"');
    expect(world.told).toEqual([{ ended: 'failed' }]);
  });

  test('each UPDATE or re-INVITE begins the time anew, by what it says', () => {
    const world = answered(['Supported: timer', 'Session-Expires: 300;refresher=uac']);
    world.timers.advance(250_000);
    world.receive(
      inDialog(world, { method: 'UPDATE', extra: ['Supported: timer', 'Session-Expires: 90;refresher=uac'] }),
    );
    expect(expires(world)).toBe('90;refresher=uac');
    world.timers.advance(59_999);
    expect(world.agent.counts.dialogs).toBe(1);
    world.timers.advance(1);
    expect(world.agent.counts.dialogs).toBe(0);
    const other = answered(['Supported: timer', 'Session-Expires: 300;refresher=uac']);
    other.timers.advance(250_000);
    other.receive(
      inDialog(other, { body: offerText, extra: ['Supported: timer', 'Session-Expires: 300;refresher=uac'] }),
    );
    other.receive(inDialog(other, { method: 'ACK', branch: 'z9hG4bKack2' }));
    other.timers.advance(260_000);
    expect(other.agent.counts.dialogs).toBe(1);
  });
});

describe('when we refresh', () => {
  const ours = ['Supported: timer', 'Session-Expires: 300;refresher=uas'];

  test('UPDATE at half time where the far end takes it; its 200 begins the time anew', () => {
    const world = answered([...ours, 'Allow: INVITE, ACK, BYE, UPDATE']);
    world.timers.advance(149_999);
    expect(world.news()).toEqual([]);
    world.timers.advance(1);
    expect(world.news()).toEqual(['UPDATE']);
    expect(header(world.lastRequest(), 'session-expires')).toBe('300;refresher=uac');
    expect(world.lastRequest().body).toHaveLength(0);
    world.receive(answerTo(world, 200, [{ name: 'session-expires', value: '300;refresher=uac' }]));
    world.timers.advance(149_999);
    expect(world.news()).toEqual([]);
    world.timers.advance(1);
    expect(world.news()).toEqual(['UPDATE']);
  });

  test('re-INVITE with our description otherwise, and what it brings is told', () => {
    const world = answered(ours);
    world.timers.advance(150_000);
    expect(world.news()).toEqual(['INVITE']);
    expect(Buffer.from(world.lastRequest().body).toString()).toBe(world.reanswer);
    world.receive(answerTo(world, 200, [{ name: 'session-expires', value: '300;refresher=uac' }], 'INVITE', offerText));
    expect(world.news()).toEqual(['ACK']);
    expect(world.told).toMatchObject([{ reoffer: null }, { reoffered: { port: 40_000 } }]);
  });

  test('a far end that does not know the call any more: BYE at once', () => {
    for (const status of [481, 408]) {
      const world = answered([...ours, 'Allow: UPDATE']);
      world.timers.advance(150_000);
      world.receive(answerTo(world, status));
      expect(world.news()).toEqual(['UPDATE', 'BYE']);
      expect(world.told).toEqual([{ ended: 'failed' }]);
    }
  });

  test('one that is silent: the call has failed after 64·T1, and no timer is left', () => {
    const world = answered([...ours, 'Allow: UPDATE']);
    world.timers.advance(150_000 + 32_000);
    expect(world.told).toEqual([{ ended: 'failed' }]);
    world.timers.advance(64_000);
    expect(world.timers.pending).toBe(0);
  });

  test('one that is busy is asked again before the time is over', () => {
    const world = answered([...ours, 'Allow: UPDATE']);
    world.timers.advance(150_000);
    world.receive(answerTo(world, 500));
    world.timers.advance(75_000);
    expect(world.news()).toEqual(['UPDATE', 'UPDATE']);
    world.receive(answerTo(world, 200, [{ name: 'session-expires', value: '300;refresher=uac' }]));
    world.timers.advance(149_000);
    expect(world.agent.counts.dialogs).toBe(1);
  });

  test('one that wants a longer time (422) gets it', () => {
    const world = answered([...ours, 'Allow: UPDATE']);
    world.timers.advance(150_000);
    world.receive(answerTo(world, 422, [{ name: 'min-se', value: '600' }]));
    expect(header(world.lastRequest(), 'session-expires')).toBe('600;refresher=uac');
    expect(header(world.lastRequest(), 'min-se')).toBe('600');
  });

  test('one that answers without a timer keeps none: nothing more is refreshed', () => {
    const world = answered([...ours, 'Allow: UPDATE']);
    world.timers.advance(150_000);
    world.receive(answerTo(world, 200));
    world.timers.advance(1_000_000);
    expect(world.agent.counts.dialogs).toBe(1);
    expect(world.timers.pending).toBe(0);
  });
});

describe('a call that we place', () => {
  const to: SipHeader[] = [{ name: 'contact', value: '<sip:bob@192.0.2.10>' }];

  test('proposes 1800 s, tries again with what a 422 asks for, and keeps to what the 200 says', () => {
    const world = makeWorld();
    world.place();
    expect(header(world.lastRequest(), 'session-expires')).toBe('1800');
    expect(header(world.lastRequest(), 'supported')).toContain('timer');
    const first = header(world.lastRequest(), 'call-id');
    world.receive(answerTo(world, 422, [{ name: 'min-se', value: '7200' }]));
    expect(header(world.lastRequest(), 'session-expires')).toBe('7200');
    expect(header(world.lastRequest(), 'min-se')).toBe('7200');
    expect(header(world.lastRequest(), 'call-id')).toBe(first);
    const agreed: SipHeader = { name: 'session-expires', value: '7200;refresher=uas' };
    world.receive(answerTo(world, 200, [...to, agreed], 'INVITE', offerText));
    world.news();
    world.timers.advance(7_200_000 - 32_001);
    expect(world.news()).toEqual([]);
    world.timers.advance(1);
    expect(world.news()).toEqual(['BYE']);
    expect(world.told.at(-1)).toEqual({ over: 'failed', status: null });
  });

  test('a far end that never has enough is refused in the end', () => {
    const world = makeWorld();
    world.place();
    for (const seconds of [2_000, 3_000, 4_000]) {
      world.receive(answerTo(world, 422, [{ name: 'min-se', value: String(seconds) }]));
    }
    expect(world.told).toEqual([{ over: 'refused', status: 422 }]);
  });
});

describe('a call taken up by the next process', () => {
  const left = (extra: string[]) => {
    const snapshot = answered(extra).calls[0]?.snapshot();
    if (!snapshot) throw new Error('no snapshot');
    return JSON.parse(JSON.stringify(snapshot)) as typeof snapshot;
  };
  const listener = (world: World) => ({
    onAnswered() {},
    onAcknowledged() {},
    onEnded: (cause: 'hung-up' | 'cancelled' | 'failed') => void world.told.push({ ended: cause }),
    onReoffer: () => world.reanswer,
    onDigit() {},
  });

  test('is refreshed within half a minute, and goes on with the same interval', () => {
    const world = makeWorld();
    world.agent.adopt(left(['Supported: timer', 'Session-Expires: 300;refresher=uas', 'Allow: UPDATE']), () =>
      listener(world),
    );
    world.timers.advance(30_000);
    expect(new Set(world.news())).toEqual(new Set(['UPDATE']));
    world.receive(answerTo(world, 200, [{ name: 'session-expires', value: '300;refresher=uac' }]));
    world.timers.advance(149_999);
    expect(world.news()).toEqual([]);
    world.timers.advance(1);
    expect(world.news()).toEqual(['UPDATE']);
  });

  test('ends when the far end refreshes it no more', () => {
    const world = makeWorld();
    world.agent.adopt(left(['Supported: timer', 'Session-Expires: 300;refresher=uac']), () => listener(world));
    world.timers.advance(268_000);
    expect(world.news()).toEqual(['BYE']);
    expect(world.told).toEqual([{ ended: 'failed' }]);
  });

  test('is taken up also when an earlier release left it, without a timer', () => {
    const { session: _, ...old } = left(['Supported: timer', 'Session-Expires: 300;refresher=uas']);
    const world = makeWorld();
    expect(world.agent.adopt(old, () => listener(world))).toBe(true);
    expect(world.timers.pending).toBe(0);
  });
});
