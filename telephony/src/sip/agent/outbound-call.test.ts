import { describe, expect, test } from 'vitest';
import { header, headerValues, type SipHeader } from '../message.js';
import type { Hop } from '../ports.js';
import { answerTo, makeWorld, offerText, requestText, udpPeer, type World } from '../testing/world.js';

const contact: SipHeader = { name: 'contact', value: '<sip:bob@192.0.2.10:5070>' };
const to = (tag: string): SipHeader => ({ name: 'to', value: `<sip:+81312345678@carrier.example>;tag=${tag}` });
const from = (world: World, status: number, tag: string, body = ''): void =>
  world.receive(answerTo(world, status, [contact, to(tag)], 'INVITE', body));
const ok = (world: World, tag = 'far'): void => from(world, 200, tag, offerText);
/** The far end's request within the call that it answered. */
const theirs = (world: World, method: string, tag = 'far', more: Parameters<typeof requestText>[0] = {}): string => {
  const invite = world.sent[0]?.message;
  if (invite === undefined) throw new Error('no call was placed');
  const ours = /tag=([0-9a-f]+)/.exec(header(invite, 'from') ?? '')?.[1] ?? '';
  return requestText({ method, fromTag: tag, toTag: ours, callId: header(invite, 'call-id') ?? '', cseq: 1, ...more });
};
const pickedUp = (): World => {
  const world = makeWorld();
  world.place();
  ok(world);
  world.news();
  world.told.length = 0;
  return world;
};
const second: Hop = { ...udpPeer, address: '192.0.2.20' };

describe('a call that we place', () => {
  test('INVITE, 180, 200, ACK; their BYE ends it, and nothing is left', () => {
    const world = makeWorld();
    world.place();
    from(world, 100, '');
    from(world, 180, 'far');
    ok(world);
    expect(world.news()).toEqual(['INVITE', 'ACK']);
    expect(world.told).toMatchObject([{ progress: 180, early: null }, { answered: { port: 40_000 } }]);
    const ack = world.lastRequest();
    expect(ack.uri).toBe('sip:bob@192.0.2.10:5070');
    expect(world.sent.at(-1)?.hop).toMatchObject({ address: '192.0.2.10', port: 5070 });
    world.receive(theirs(world, 'BYE'));
    expect(world.news()).toEqual(['200 BYE']);
    expect(world.told.at(-1)).toEqual({ over: 'hung-up', status: null });
    world.timers.advance(32_000);
    expect(world.agent.counts).toEqual({ dialogs: 0, transactions: 0 });
    expect(world.timers.pending).toBe(0);
  });

  test('our BYE goes the way of the Record-Route, numbered above the INVITE', () => {
    const world = makeWorld();
    const call = world.place();
    const routes = ['<sip:192.0.2.31;lr>', '<sip:192.0.2.32;lr>'];
    const headers = [contact, to('far'), ...routes.map((value) => ({ name: 'record-route', value }))];
    world.receive(answerTo(world, 200, headers, 'INVITE', offerText));
    const number = (text: string | null) => Number.parseInt(text ?? '', 10);
    expect(headerValues(world.lastRequest(), 'route')).toEqual(routes.toReversed());
    const cseq = number(header(world.lastRequest(), 'cseq'));
    call.hangUp('done');
    expect(number(header(world.lastRequest(), 'cseq'))).toBe(cseq + 1);
    expect(world.sent.at(-1)?.hop.address).toBe('192.0.2.32');
    expect(world.told.at(-1)).toEqual({ over: 'hung-up', status: null });
  });

  test('180 without SDP is ring-back of ours, 183 with SDP is their audio, and a later 180 does not take it away', () => {
    const world = makeWorld();
    world.place();
    from(world, 180, 'far');
    from(world, 183, 'far', offerText);
    from(world, 180, 'far');
    expect(world.told).toMatchObject([
      { progress: 180, early: null },
      { progress: 183, early: { port: 40_000 } },
      { progress: 180, early: { port: 40_000 } },
    ]);
  });

  test('each copy of the 200 is acknowledged again, with the same ACK, and told once', () => {
    const world = pickedUp();
    ok(world);
    ok(world);
    expect(world.news()).toEqual(['ACK', 'ACK']);
    expect(world.told).toEqual([]);
    const acks = world.sent.filter(({ message }) => message.kind === 'request' && message.method === 'ACK');
    expect(new Set(acks.map(({ message }) => header(message, 'cseq'))).size).toBe(1);
  });

  test.each([
    [486, 'refused'],
    [603, 'refused'],
    [302, 'refused'],
    [401, 'refused'],
  ])('[MOV3] %i: it is %s, and nobody else is rung', (status, cause) => {
    const world = makeWorld();
    world.place();
    world.receive(answerTo(world, status, [{ name: 'contact', value: '<sip:+44900000000@evil.example>' }]));
    expect(world.news()).toEqual(['INVITE', 'ACK']);
    expect(world.told).toEqual([{ over: cause, status }]);
    expect(world.agent.counts.dialogs).toBe(0);
  });

  test('silence of every hop in turn: unreachable', () => {
    const world = makeWorld();
    world.place({ hops: [udpPeer, second] });
    world.timers.advance(32_000);
    expect(world.told).toEqual([]);
    world.timers.advance(32_000);
    expect(world.told).toEqual([{ over: 'unreachable', status: null }]);
    expect(world.timers.pending).toBe(0);
  });

  test('a hop that is given up sooner is not to ring: CANCEL once it speaks, ACK and BYE when it answers all the same', () => {
    const world = makeWorld();
    const late = (status: number, body = '') => answerTo(world, status, [contact, to('late')], 'INVITE', body);
    world.place({ hops: [udpPeer, second], hopMs: 8_000 });
    const [ringing, taken] = [late(180), late(200, offerText)];
    world.timers.advance(7_999);
    expect(new Set(world.sent.map(({ hop }) => hop.address))).toEqual(new Set([udpPeer.address]));
    world.timers.advance(1);
    expect(world.sent.at(-1)?.hop.address).toBe(second.address);
    world.news();
    world.receive(ringing);
    expect(world.news()).toEqual(['CANCEL']);
    expect(world.sent.at(-1)?.hop.address).toBe(udpPeer.address);
    world.receive(taken);
    world.receive(taken);
    expect(world.news()).toEqual(['ACK', 'BYE', 'ACK']);
    expect(header(world.lastRequest(), 'to')).toContain('tag=late');
    expect(world.told).toEqual([]);
    from(world, 180, 'far');
    ok(world);
    expect(world.told).toMatchObject([{ progress: 180 }, { answered: { port: 40_000 } }]);
  });

  test('the only hop, given up: unreachable, and an answer after that is ended', () => {
    const world = makeWorld();
    world.place({ hopMs: 8_000 });
    const taken = answerTo(world, 200, [contact, to('late')], 'INVITE', offerText);
    world.timers.advance(8_000);
    expect(world.told).toEqual([{ over: 'unreachable', status: null }]);
    world.news();
    world.receive(taken);
    expect(world.news()).toEqual(['ACK', 'BYE']);
    expect(world.told).toHaveLength(1);
    world.timers.advance(64_000);
    expect(world.agent.counts).toEqual({ dialogs: 0, transactions: 0 });
    expect(world.timers.pending).toBe(0);
  });

  test('a hop that has said as much as 100 is there, and waited for', () => {
    const world = makeWorld();
    world.place({ hops: [udpPeer, second], hopMs: 8_000 });
    world.receive(answerTo(world, 100));
    world.timers.advance(30_000);
    expect(new Set(world.sent.map(({ hop }) => hop.address))).toEqual(new Set([udpPeer.address]));
  });

  test('a password is given to the hop that asks, and its ACK carries the same', () => {
    const world = makeWorld();
    world.place({ credentials: { username: 'us', password: 'secret' } });
    world.receive(
      answerTo(world, 407, [{ name: 'proxy-authenticate', value: 'Digest realm="c", nonce="n", qop="auth"' }]),
    );
    const proof = header(world.lastRequest(), 'proxy-authorization');
    expect(proof).toContain('username="us"');
    ok(world);
    expect(header(world.lastRequest(), 'proxy-authorization')).toBe(proof);
    expect(world.told).toMatchObject([{ answered: {} }]);
  });

  test('an answer without Contact is a call all the same; one without audio is ended at once', () => {
    const world = makeWorld();
    world.place();
    world.receive(answerTo(world, 200, [], 'INVITE', offerText));
    expect(world.lastRequest().uri).toBe('sip:+81312345678@carrier.example');
    expect(world.told).toMatchObject([{ answered: {} }]);
    const mute = makeWorld();
    mute.place();
    from(mute, 200, 'far');
    expect(mute.news()).toEqual(['INVITE', 'ACK', 'BYE']);
    expect(mute.told).toEqual([{ over: 'failed', status: 200 }]);
    expect(mute.agent.counts.dialogs).toBe(0);
  });

  test('what cannot be written into a message is not sent', () => {
    for (const bad of [
      { to: 'sip:+81312345678@carrier.example\r\nX: 1' },
      { to: '+81312345678' },
      { headers: [{ name: 'Route', value: '<sip:evil>' }] },
      { headers: [{ name: 'X: 1\r\nY', value: '' }] },
      { identity: { header: 'asserted' as const, uri: 'nobody' } },
    ]) {
      const world = makeWorld();
      world.place(bad);
      expect(world.told).toEqual([]);
      world.timers.advance(0);
      expect(world.told).toEqual([{ over: 'failed', status: null }]);
      expect(world.news()).toEqual([]);
      expect(world.agent.counts.dialogs).toBe(0);
    }
  });
});

describe('who calls (RFC 3323, RFC 3325)', () => {
  const sent = (over: Parameters<World['place']>[0]) => {
    const world = makeWorld();
    world.place(over);
    return world.lastRequest();
  };
  const identity = { header: 'asserted' as const, uri: 'sip:+81501112222@carrier.example' };

  test('stands in From, and in the asserted identity where the trunk wants one', () => {
    const plain = sent({ displayName: 'Den "wa" ban' });
    expect(header(plain, 'from')).toMatch(/^"Den \\"wa\\" ban" <sip:\+81501112222@carrier\.example>;tag=/);
    expect(header(plain, 'p-asserted-identity')).toBeNull();
    const asserted = sent({ identity });
    expect(header(asserted, 'p-asserted-identity')).toBe('<sip:+81501112222@carrier.example>');
    expect(header(sent({ identity: { ...identity, header: 'preferred' } }), 'p-preferred-identity')).not.toBeNull();
  });

  test('is not told when withheld: From says nobody, and those who know are asked to keep it', () => {
    const request = sent({ identity, withheld: true, displayName: 'Aiko' });
    expect(header(request, 'from')).toMatch(/^"Anonymous" <sip:anonymous@anonymous\.invalid>;tag=/);
    expect(header(request, 'privacy')).toBe('id');
    expect(header(request, 'p-asserted-identity')).toContain('+81501112222');
    expect(header(request, 'contact')).not.toContain('+81501112222');
  });

  test('headers of the trunk go along, and cannot open another line', () => {
    const request = sent({ headers: [{ name: 'X-Account', value: '7\r\nRoute: <sip:evil>' }] });
    expect(header(request, 'x-account')).toBe('7 Route: <sip:evil>');
    expect(header(request, 'route')).toBeNull();
  });
});

describe('giving up (§9.1)', () => {
  test('CANCEL after the first answer; the 487 ends it', () => {
    const world = makeWorld();
    const call = world.place();
    from(world, 180, 'far');
    call.hangUp('enough');
    expect(world.told.at(-1)).toEqual({ over: 'cancelled', status: null });
    expect(world.news()).toEqual(['INVITE', 'CANCEL']);
    world.receive(answerTo(world, 487, [], 'INVITE'));
    expect(world.news()).toEqual(['ACK']);
    expect(world.told).toHaveLength(2);
    expect(world.agent.counts.dialogs).toBe(0);
  });

  test('a 200 that crosses the CANCEL: ACK, BYE, and nobody is told of an answer', () => {
    const world = makeWorld();
    const call = world.place();
    from(world, 180, 'far');
    call.hangUp('enough');
    ok(world);
    ok(world);
    expect(world.news()).toEqual(['INVITE', 'CANCEL', 'ACK', 'BYE', 'ACK']);
    expect(world.told).toMatchObject([{ progress: 180 }, { over: 'cancelled' }]);
    expect(world.agent.counts.dialogs).toBe(0);
    world.receive(answerTo(world, 200, [], 'BYE'));
    world.timers.advance(64_000);
    expect(world.agent.counts.transactions).toBe(0);
    expect(world.timers.pending).toBe(0);
  });

  test('before any answer nothing is sent yet; a 200 that comes first is ended', () => {
    const world = makeWorld();
    const call = world.place();
    call.hangUp('enough');
    ok(world);
    expect(world.news()).toEqual(['INVITE', 'ACK', 'BYE']);
    expect(world.told).toEqual([{ over: 'cancelled', status: null }]);
  });

  test('it rings for as long as it may, and no longer', () => {
    const world = makeWorld();
    world.place({ ringMsMax: 20_000 });
    from(world, 180, 'far');
    world.timers.advance(19_999);
    expect(world.told).toHaveLength(1);
    world.timers.advance(1);
    expect(world.told.at(-1)).toEqual({ over: 'no-answer', status: null });
    expect(world.news().at(-1)).toBe('CANCEL');
    // A far end that says nothing more is given up, too.
    world.timers.advance(64_000);
    expect(world.agent.counts).toEqual({ dialogs: 0, transactions: 0 });
    expect(world.timers.pending).toBe(0);
  });
});

describe('a call that rings at several places (§13.2.2.4)', () => {
  test('the first 200 has it; that of another place is acknowledged and ended', () => {
    const world = makeWorld();
    world.place();
    from(world, 180, 'a');
    from(world, 183, 'b', offerText);
    ok(world, 'a');
    ok(world, 'b');
    ok(world, 'b');
    expect(world.news()).toEqual(['INVITE', 'ACK', 'ACK', 'BYE', 'ACK']);
    expect(header(world.lastRequest(), 'to')).toContain('tag=b');
    expect(world.told.map((told) => (typeof told === 'string' ? told : Object.keys(told)[0]))).toEqual([
      'progress',
      'progress',
      'answered',
    ]);
    world.receive(theirs(world, 'BYE', 'b'));
    expect(world.told).toHaveLength(3);
    world.receive(theirs(world, 'BYE', 'a', { branch: 'z9hG4bKa' }));
    expect(world.told.at(-1)).toEqual({ over: 'hung-up', status: null });
  });

  test('places of a hop that failed are forgotten', () => {
    const world = makeWorld();
    world.place({ hops: [udpPeer, second], credentials: { username: 'a', password: 'b' } });
    from(world, 183, 'a', offerText);
    world.receive(answerTo(world, 401, [{ name: 'www-authenticate', value: 'Digest realm="c", nonce="n"' }]));
    from(world, 180, 'b');
    expect(world.told.at(-1)).toEqual({ progress: 180, early: null });
    from(world, 200, 'a');
    // Its 200 without SDP cannot lean on what the place of the earlier try had said.
    expect(world.told.at(-1)).toEqual({ over: 'failed', status: 200 });
  });
});

describe('within a call that we placed', () => {
  test('a re-INVITE of theirs is answered as in any other', () => {
    const world = pickedUp();
    world.receive(theirs(world, 'INVITE', 'far', { body: offerText, contact: '<sip:new@192.0.2.11>' }));
    expect(world.news()).toEqual(['200 INVITE']);
    expect(world.told).toMatchObject([{ reoffer: { port: 40_000 } }, 'changed']);
  });

  test('the far end needs no place on a trunk’s list to speak within it, and may say nothing else', () => {
    const world = makeWorld({
      handlers: { trunkOf: () => null, onCall: () => expect.fail('no call') },
    });
    world.place();
    from(world, 180, 'far');
    ok(world);
    expect(world.told).toMatchObject([{ progress: 180 }, { answered: {} }]);
    world.news();
    world.receive(requestText({ body: offerText }));
    expect(world.news()).toEqual(['403 INVITE']);
    world.receive(theirs(world, 'BYE'));
    expect(world.news()).toEqual(['200 BYE']);
    world.timers.advance(64_000);
    world.receive(requestText({ method: 'OPTIONS', branch: 'z9hG4bKlater' }));
    expect(world.news()).toEqual(['403 OPTIONS']);
    expect(world.timers.pending).toBe(0);
  });

  test('[TRK14] beside it the far end is a stranger like any other: five refusals at once, and then silence', () => {
    const world = makeWorld({ handlers: { trunkOf: () => null, onCall: () => expect.fail('no call') } });
    world.place();
    ok(world);
    world.news();
    for (let at = 0; at < 20; at++) {
      world.receive(requestText({ method: 'OPTIONS', branch: `z9hG4bK${at}` }));
      world.receive(requestText({ method: 'OPTIONS', branch: `z9hG4bKbad${at}` }).replace('CSeq: 1', 'CSeq: x'));
    }
    expect(world.news()).toHaveLength(5);
    world.receive(theirs(world, 'BYE'));
    expect(world.news()).toEqual(['200 BYE']);
  });

  test('an agent that closes ends what is answered, and takes back what rings', () => {
    const world = pickedUp();
    world.place();
    world.receive(answerTo(world, 180, [contact], 'INVITE'));
    world.news();
    world.agent.hangUpAll('over');
    expect(world.news().toSorted()).toEqual(['BYE', 'CANCEL']);
    world.place();
    world.timers.advance(0);
    expect(world.told.at(-1)).toEqual({ over: 'failed', status: null });
  });
});
