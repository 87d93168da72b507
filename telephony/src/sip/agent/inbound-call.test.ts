import { describe, expect, test } from 'vitest';
import { header, headerValues } from '../message.js';
import { makeWorld, offerText, requestText, tcpPeer, type RequestWish, type World } from '../testing/world.js';

const invite = (wish: RequestWish = {}) => requestText({ body: offerText, ...wish });
const answerText = 'v=0\r\no=- 1 1 IN IP4 198.51.100.1\r\n';

/** Our tag, from the latest answer. */
const ourTag = (world: World) => /tag=([0-9a-f]+)/.exec(header(world.lastResponse(), 'to') ?? '')?.[1] ?? '';
const inDialog = (world: World, wish: RequestWish) => requestText({ toTag: ourTag(world), cseq: 2, ...wish });
const ack = (world: World, wish: RequestWish = {}) =>
  inDialog(world, { method: 'ACK', cseq: 1, branch: 'z9hG4bKack', ...wish });

function answered(over: Parameters<typeof makeWorld>[0] = {}, wish: RequestWish = {}): World {
  const world = makeWorld(over);
  world.receive(invite(wish));
  world.calls[0]?.answer(answerText);
  world.news();
  return world;
}

function confirmed(over: Parameters<typeof makeWorld>[0] = {}, wish: RequestWish = {}): World {
  const world = answered(over, wish);
  world.receive(ack(world));
  world.news();
  world.told.length = 0;
  return world;
}

describe('an ordinary call', () => {
  test('INVITE, 100, 180, 200, ACK, BYE, 200: each side is told once', () => {
    const world = makeWorld();
    world.receive(invite());
    expect(world.news()).toEqual(['100 INVITE']);
    const [call] = world.calls;
    expect(call).toMatchObject({
      to: '0312345678',
      from: '+81901112222',
      fromName: 'Aiko',
      offer: { codecs: ['PCMU', 'PCMA'] },
    });
    expect(call?.snapshot()).toBeNull();
    call?.ring();
    call?.answer(answerText);
    expect(world.news()).toEqual(['180 INVITE', '200 INVITE']);
    expect(world.told).toEqual(['answered']);
    world.receive(ack(world));
    world.receive(inDialog(world, { method: 'BYE' }));
    expect(world.news()).toEqual(['200 BYE']);
    expect(world.told).toEqual(['answered', { acknowledged: null }, { ended: 'hung-up' }]);
    expect(world.agent.counts.dialogs).toBe(0);
    // What lingers for stray copies is gone within half a minute, and no timer is left.
    world.timers.advance(32_000);
    expect(world.agent.counts).toEqual({ dialogs: 0, transactions: 0 });
    expect(world.timers.pending).toBe(0);
  });

  test('a caller who answers at once in onCall needs no 100', () => {
    const world = makeWorld();
    world.onCall = (call) => call.answer(answerText);
    world.receive(invite());
    expect(world.news()).toEqual(['200 INVITE']);
    expect(world.told).toEqual(['answered']);
  });

  test('what another process could end the INVITE with is there until the answer', () => {
    const world = makeWorld();
    world.receive(invite());
    const [call] = world.calls;
    expect(call?.farewell()).toContain('503 Service Unavailable');
    call?.answer(answerText);
    expect(call?.farewell()).toBeNull();
  });

  test('the 200 carries Contact on our public address, Allow, the SDP and the Record-Routes; 100 has no tag', () => {
    const world = makeWorld();
    world.receive(invite({ extra: ['Record-Route: <sip:p1.example;lr>, <sip:p2.example;lr>'] }));
    expect(header(world.lastResponse(), 'to')).not.toContain('tag=');
    world.calls[0]?.answer(answerText);
    const response = world.lastResponse();
    expect(header(response, 'contact')).toBe('<sip:denwaban@198.51.100.1:5060;transport=udp>');
    expect(headerValues(response, 'record-route')).toEqual(['<sip:p1.example;lr>', '<sip:p2.example;lr>']);
    expect(header(response, 'content-type')).toBe('application/sdp');
    expect(header(response, 'server')).toBeNull();
    expect(Buffer.from(response.body).toString()).toBe(answerText);
  });

  test('ringing is repeated every minute until it is answered', () => {
    const world = makeWorld();
    world.receive(invite());
    world.calls[0]?.ring();
    world.news();
    world.timers.advance(120_000);
    expect(world.news()).toEqual(['180 INVITE', '180 INVITE']);
    world.calls[0]?.answer(answerText);
    world.receive(ack(world));
    world.news();
    world.timers.advance(120_000);
    expect(world.news()).toEqual([]);
  });

  test('an INVITE without SDP: our 200 offers, the ACK answers', () => {
    const world = makeWorld();
    world.receive(requestText());
    expect(world.calls[0]?.offer).toBeNull();
    world.calls[0]?.answer(answerText);
    world.receive(ack(world, { body: offerText }));
    expect(world.told.at(-1)).toMatchObject({ acknowledged: { port: 40_000 } });
  });

  test('copies of the INVITE on the way are answered with the same 180, and make no second call', () => {
    const world = makeWorld();
    world.receive(invite());
    world.calls[0]?.ring();
    world.receive(invite());
    expect(world.news()).toEqual(['100 INVITE', '180 INVITE', '180 INVITE']);
    expect(world.calls).toHaveLength(1);
  });
});

describe('the answer and its ACK (§13.3.1.4)', () => {
  test('the 200 is repeated at T1, doubling up to T2, until the ACK', () => {
    const world = answered();
    const before = world.timers.now;
    world.timers.advance(12_000);
    const at = world.sent
      .filter(({ message }) => message.kind === 'response' && message.status === 200)
      .map((sent) => sent.at - before);
    expect(at).toEqual([0, 500, 1_500, 3_500, 7_500, 11_500]);
    world.receive(ack(world));
    world.news();
    world.timers.advance(60_000);
    expect(world.news()).toEqual([]);
  });

  test('over TCP too: the ACK may be lost at a hop behind', () => {
    const world = makeWorld();
    world.receive(invite({ transport: 'TCP' }), tcpPeer);
    world.calls[0]?.answer(answerText);
    world.news();
    world.timers.advance(500);
    expect(world.news()).toEqual(['200 INVITE']);
    expect(world.sent.at(-1)?.hop).toMatchObject({ transport: 'tcp', connection: 7 });
  });

  test('no ACK in 64·T1: BYE, and the call has failed', () => {
    const world = answered();
    world.timers.advance(31_999);
    expect(world.told).toEqual(['answered']);
    world.timers.advance(1);
    expect(world.told).toEqual(['answered', { ended: 'failed' }]);
    expect(world.news().at(-1)).toBe('BYE');
    expect(world.agent.counts.dialogs).toBe(0);
  });

  test('a hang-up before the ACK waits for it: BYE may not overtake (§15)', () => {
    const world = answered();
    world.calls[0]?.hangUp('agent hung up');
    expect(world.news()).toEqual([]);
    world.receive(ack(world));
    expect(world.news()).toEqual(['BYE']);
    expect(world.told).toEqual(['answered', { acknowledged: null }, { ended: 'hung-up' }]);
  });

  test('an ACK of another number confirms nothing', () => {
    const world = answered();
    world.receive(ack(world, { cseq: 2 }));
    expect(world.told).toEqual(['answered']);
    world.timers.advance(500);
    expect(world.news()).toEqual(['200 INVITE']);
  });

  test('copies of the ACK are told once', () => {
    const world = answered();
    world.receive(ack(world));
    world.receive(ack(world));
    expect(world.told).toEqual(['answered', { acknowledged: null }]);
  });
});

describe('giving up', () => {
  test('CANCEL while ringing: 200 to it, 487 to the INVITE, both with our tag', () => {
    const world = makeWorld();
    world.receive(invite({ branch: 'z9hG4bKx' }));
    world.calls[0]?.ring();
    const tag = ourTag(world);
    world.news();
    world.receive(requestText({ method: 'CANCEL', branch: 'z9hG4bKx', cseqMethod: 'CANCEL' }));
    expect(world.news()).toEqual(['200 CANCEL', '487 INVITE']);
    expect(world.sent.slice(-2).map(({ message }) => header(message, 'to')?.includes(`tag=${tag}`))).toEqual([
      true,
      true,
    ]);
    expect(world.told).toEqual([{ ended: 'cancelled' }]);
    // The 487 is repeated until its ACK, which belongs to the INVITE's transaction.
    world.timers.advance(500);
    expect(world.news()).toEqual(['487 INVITE']);
    world.receive(ack(world, { branch: 'z9hG4bKx' }));
    world.timers.advance(32_000);
    expect(world.news()).toEqual([]);
    expect(world.agent.counts.transactions).toBe(0);
  });

  test('CANCEL that crosses our 200: answered 200 and without effect (§9.2)', () => {
    const world = answered();
    world.receive(requestText({ method: 'CANCEL', branch: 'z9hG4bKINVITE1' }));
    expect(world.news()).toEqual(['200 CANCEL']);
    world.receive(ack(world));
    expect(world.told).toEqual(['answered', { acknowledged: null }]);
  });

  test('answering after the CANCEL does nothing', () => {
    const world = makeWorld();
    world.receive(invite());
    world.receive(requestText({ method: 'CANCEL', branch: 'z9hG4bKINVITE1' }));
    world.news();
    const [call] = world.calls;
    call?.answer(answerText);
    call?.ring();
    call?.refuse(486, 'Busy');
    call?.hangUp('x');
    expect(call?.snapshot()).toBeNull();
    expect(world.news()).toEqual([]);
    expect(world.told).toEqual([{ ended: 'cancelled' }]);
  });

  test('CANCEL of nothing: 481', () => {
    const world = makeWorld();
    world.receive(requestText({ method: 'CANCEL' }));
    expect(world.news()).toEqual(['481 CANCEL']);
  });

  test('BYE while ringing: 200 to it and 487 to the INVITE', () => {
    const world = makeWorld();
    world.receive(invite());
    world.calls[0]?.ring();
    world.news();
    world.receive(inDialog(world, { method: 'BYE' }));
    expect(world.news()).toEqual(['200 BYE', '487 INVITE']);
    expect(world.told).toEqual([{ ended: 'cancelled' }]);
  });

  test('Expires runs out: 487', () => {
    const world = makeWorld();
    world.receive(invite({ extra: ['Expires: 30'] }));
    world.calls[0]?.ring();
    world.news();
    world.timers.advance(30_000);
    expect(world.news()).toEqual(['487 INVITE']);
    expect(world.told).toEqual([{ ended: 'cancelled' }]);
  });

  test('Expires is of no interest once answered', () => {
    const world = confirmed({}, { extra: ['Expires: 30'] });
    world.timers.advance(60_000);
    expect(world.told).toEqual([]);
  });

  test('refuse: a warning says what is wrong, and never a line of somebody else’s', () => {
    const world = makeWorld();
    world.receive(invite());
    world.calls[0]?.refuse(488, 'No', undefined, { code: 304, text: 'no "fax"\r\nContact: x' });
    expect(world.lastResponse().headers.filter(({ name }) => name === 'warning')).toEqual([
      { name: 'warning', value: '304 denwaban "no faxContact: x"' },
    ]);
  });
  test('refuse: status, words in UTF-8, Retry-After; never a line of somebody else’s', () => {
    const world = makeWorld();
    world.receive(invite());
    world.calls[0]?.refuse(503, '混雑\r\nContact: <sip:evil@x>', 5);
    const response = world.lastResponse();
    expect(response.status).toBe(503);
    expect(Buffer.from(response.reason, 'latin1').toString('utf8')).toBe('混雑 Contact: <sip:evil@x>');
    expect(header(response, 'retry-after')).toBe('5');
    expect(header(response, 'contact')).toBeNull();
    expect(world.told).toEqual([{ ended: 'failed' }]);
  });

  test('a status that is no refusal becomes 500', () => {
    for (const status of [200, 180, 0, 700, Number.NaN]) {
      const world = makeWorld();
      world.receive(invite());
      world.calls[0]?.refuse(status, 'x');
      expect(world.lastResponse().status).toBe(500);
    }
  });

  test('hangUp before an answer: 480', () => {
    const world = makeWorld();
    world.receive(invite());
    world.calls[0]?.hangUp('nobody there');
    expect(world.news()).toEqual(['100 INVITE', '480 INVITE']);
    expect(world.told).toEqual([{ ended: 'hung-up' }]);
  });

  test('a listener that throws breaks nothing', () => {
    const world = makeWorld({
      handlers: {
        trunkOf: () => 'tk',
        onCall() {
          throw new Error('planted');
        },
      },
    });
    world.receive(invite());
    expect(world.news()).toEqual(['500 INVITE']);
    expect(world.logged.some(({ level }) => level === 'error')).toBe(true);
    expect(world.agent.counts.dialogs).toBe(0);
  });
});

describe('requests in the dialog', () => {
  test('our BYE goes to the Contact with our tags swapped, numbered, with a Reason', () => {
    const world = confirmed();
    world.calls[0]?.hangUp('customer "waited" too long');
    const bye = world.lastRequest();
    expect(bye.uri).toBe('sip:aiko@192.0.2.10:5060');
    expect(header(bye, 'to')).toBe('<sip:+81901112222@carrier.example>;tag=caller');
    expect(header(bye, 'from')).toMatch(/^<sip:0312345678@198\.51\.100\.1>;tag=[0-9a-f]{24}$/);
    expect(header(bye, 'reason')).toBe('Q.850;cause=16;text="customer waited too long"');
    expect(header(bye, 'via')).toMatch(/^SIP\/2\.0\/UDP 198\.51\.100\.1:5060;branch=z9hG4bK[0-9a-f]{32};rport$/);
    expect(world.sent.at(-1)?.hop).toMatchObject({ transport: 'udp', address: '192.0.2.10', port: 5060 });
    expect(world.told).toEqual([{ ended: 'hung-up' }]);
  });

  test('our BYE is repeated until answered, and given up after 64·T1', () => {
    const world = confirmed();
    world.calls[0]?.hangUp('x');
    world.timers.advance(31_999);
    expect(world.news()).toHaveLength(11);
    world.timers.advance(60_000);
    expect(world.news()).toEqual([]);
    expect(world.agent.counts.transactions).toBe(0);
  });

  test('BYEs that cross: theirs is answered 481 once ours has ended the call', () => {
    const world = confirmed();
    const theirs = inDialog(world, { method: 'BYE' });
    world.calls[0]?.hangUp('x');
    world.receive(theirs);
    expect(world.news()).toEqual(['BYE', '481 BYE']);
    expect(world.told).toEqual([{ ended: 'hung-up' }]);
  });

  test('a re-INVITE asks for our answer, repeats its 200 until the ACK, and moves the remote target', () => {
    const world = confirmed();
    world.receive(
      inDialog(world, { body: offerText.replace('RTP/AVP 0', 'RTP/AVP 8'), contact: '<sip:new@192.0.2.11>' }),
    );
    expect(world.told).toMatchObject([{ reoffer: { codecs: ['PCMA'] } }, 'changed']);
    world.timers.advance(500);
    expect(world.news()).toEqual(['200 INVITE', '200 INVITE']);
    world.receive(ack(world, { cseq: 2, branch: 'z9hG4bKack2' }));
    world.timers.advance(60_000);
    expect(world.news()).toEqual([]);
    expect(world.told).toHaveLength(2);
    world.calls[0]?.hangUp('x');
    expect(world.lastRequest().uri).toBe('sip:new@192.0.2.11');
    expect(world.sent.at(-1)?.hop).toMatchObject({ address: '192.0.2.11', port: 5060 });
  });

  test('a re-INVITE without SDP: our offer, and the answer of its ACK', () => {
    const world = confirmed();
    world.receive(inDialog(world, {}));
    world.receive(ack(world, { cseq: 2, body: offerText }));
    expect(world.told).toMatchObject([{ reoffer: null }, { acknowledged: { port: 40_000 } }]);
  });

  test('a re-INVITE that is refused leaves the call and its target as they were', () => {
    const world = confirmed();
    world.reanswer = null;
    world.receive(inDialog(world, { body: offerText, contact: '<sip:new@192.0.2.11>' }));
    expect(world.news()).toEqual(['488 INVITE']);
    expect(world.agent.counts.dialogs).toBe(1);
    expect(world.calls[0]?.snapshot()?.remoteTarget).toBe('sip:aiko@192.0.2.10:5060');
  });

  test('a second re-INVITE before the ACK of the first: 500 with Retry-After up to 10 s', () => {
    const world = confirmed();
    world.receive(inDialog(world, { body: offerText }));
    world.receive(inDialog(world, { body: offerText, cseq: 3 }));
    expect(world.news()).toEqual(['200 INVITE', '500 INVITE']);
    expect(Number(header(world.lastResponse(), 'retry-after'))).toBeLessThan(10);
    expect(world.told).toHaveLength(1);
  });

  test('no ACK to the 200 of a re-INVITE ends the call', () => {
    const world = confirmed();
    world.receive(inDialog(world, { body: offerText }));
    world.timers.advance(32_000);
    expect(world.told.at(-1)).toEqual({ ended: 'failed' });
    expect(world.news().at(-1)).toBe('BYE');
  });

  test('UPDATE with SDP is answered with ours, without SDP it only moves the target; while ringing an offer waits', () => {
    const world = confirmed();
    world.receive(inDialog(world, { method: 'UPDATE', body: offerText }));
    world.receive(inDialog(world, { method: 'UPDATE', cseq: 3, contact: '<sip:moved@192.0.2.10>' }));
    expect(world.news()).toEqual(['200 UPDATE', '200 UPDATE']);
    expect(world.told).toMatchObject([{ reoffer: {} }, 'changed']);
    expect(world.calls[0]?.snapshot()?.remoteTarget).toBe('sip:moved@192.0.2.10');
    const ringing = makeWorld();
    ringing.receive(invite());
    ringing.calls[0]?.ring();
    ringing.receive(inDialog(ringing, { method: 'UPDATE', body: offerText }));
    expect(ringing.news().at(-1)).toBe('500 UPDATE');
  });

  test('requests older than what was seen: 500', () => {
    const world = confirmed();
    world.receive(inDialog(world, { method: 'OPTIONS', cseq: 9 }));
    world.receive(inDialog(world, { method: 'OPTIONS', cseq: 8 }));
    expect(world.news()).toEqual(['200 OPTIONS', '500 OPTIONS']);
  });

  test.each([
    ['application/dtmf-relay', 'Signal=5\r\nDuration=160\r\n', '5'],
    ['application/dtmf-relay', 'Signal= *\r\n', '*'],
    ['application/dtmf', '11', '#'],
    ['application/dtmf', 'a', 'A'],
  ])('INFO %s %j is the digit %s', (type, body, digit) => {
    const world = confirmed();
    world.receive(inDialog(world, { method: 'INFO', type, body }));
    expect(world.news()).toEqual(['200 INFO']);
    expect(world.told).toEqual([{ digit }]);
  });

  test('INFO without a body is a keep-alive, of another kind 415, without a digit 400', () => {
    const world = confirmed();
    world.receive(inDialog(world, { method: 'INFO', cseq: 2 }));
    world.receive(inDialog(world, { method: 'INFO', cseq: 3, type: 'application/xml', body: '<x/>' }));
    world.receive(inDialog(world, { method: 'INFO', cseq: 4, type: 'application/dtmf', body: 'five' }));
    expect(world.news()).toEqual(['200 INFO', '415 INFO', '400 INFO']);
    expect(world.told).toEqual([]);
  });

  test('a wrong tag or Call-ID: 481, and the call goes on', () => {
    const world = confirmed();
    world.receive(inDialog(world, { method: 'BYE', fromTag: 'other', branch: 'z9hG4bK1' }));
    world.receive(inDialog(world, { method: 'BYE', callId: 'call-2', branch: 'z9hG4bK2' }));
    world.receive(requestText({ method: 'BYE', toTag: 'guess', branch: 'z9hG4bK3' }));
    expect(world.news()).toEqual(['481 BYE', '481 BYE', '481 BYE']);
    expect(world.agent.counts.dialogs).toBe(1);
  });

  test('another trunk that knows all the tags is still not the caller: 481', () => {
    const world = confirmed({
      handlers: {
        trunkOf: ({ address }) => address,
        onCall: (call) => {
          call.answer(answerText);
          return { onAnswered() {}, onAcknowledged() {}, onEnded() {}, onReoffer: () => null, onDigit() {} };
        },
      },
    });
    const bye = inDialog(world, { method: 'BYE' });
    world.receive(bye, { ...world.arrival, address: '203.0.113.9' });
    expect(world.news()).toEqual(['481 BYE']);
    expect(world.agent.counts.dialogs).toBe(1);
    world.receive(bye.replace('z9hG4bKBYE2', 'z9hG4bKBYE3'));
    expect(world.news()).toEqual(['200 BYE']);
  });
});
