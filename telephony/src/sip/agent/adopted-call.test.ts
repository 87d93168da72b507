/** A call whose process died and that another one takes up: to the far end it is the same dialog (RFC 3261 §12). */
import { describe, expect, test } from 'vitest';
import type { CallListener, DialogSnapshot, IncomingCall } from '../contract.js';
import { header } from '../message.js';
import { makeWorld, offerText, requestText, tcpPeer, type RequestWish, type World } from '../testing/world.js';

const wallNow = () => 1_772_000_000_000;
const answerText = 'v=0\r\no=- 1 1 IN IP4 198.51.100.1\r\n';

/** What a process leaves behind after INVITE, 200 and ACK, having been through a JSON text. */
function left(wish: RequestWish = {}, first = makeWorld()): DialogSnapshot {
  first.receive(requestText({ body: offerText, ...wish }));
  first.calls[0]?.answer(answerText);
  const snapshot = first.calls[0]?.snapshot();
  if (!snapshot) throw new Error('no snapshot');
  return JSON.parse(JSON.stringify(snapshot)) as DialogSnapshot;
}

function adopted(snapshot: DialogSnapshot, over: Parameters<typeof makeWorld>[0] = {}) {
  const world = makeWorld({ wallNow, ...over });
  let call: IncomingCall | undefined;
  const listener: CallListener = {
    onAnswered: () => void world.told.push('answered'),
    onAcknowledged: (answer) => void world.told.push({ acknowledged: answer }),
    onEnded: (cause) => void world.told.push({ ended: cause }),
    onReoffer: (offer) => (world.told.push({ reoffer: offer }), world.reanswer),
    onDigit: (digit) => void world.told.push({ digit }),
  };
  const taken = world.agent.adopt(snapshot, (given) => {
    call = given;
    return listener;
  });
  return { world, call, taken };
}
const inDialog = (world: World, snapshot: DialogSnapshot, wish: RequestWish) =>
  world.receive(requestText({ toTag: snapshot.localTag, cseq: 2, ...wish }));

describe('an adopted call', () => {
  test('is ended by the far end’s BYE, and told once', () => {
    const snapshot = left();
    const { world, taken } = adopted(snapshot);
    expect(taken).toBe(true);
    expect(world.agent.counts.dialogs).toBe(1);
    inDialog(world, snapshot, { method: 'BYE' });
    expect(world.news()).toEqual(['200 BYE']);
    expect(world.told).toEqual([{ ended: 'hung-up' }]);
    expect(world.agent.counts.dialogs).toBe(0);
  });

  test('is ended by our BYE: same dialog, by the same way, above every number of the process before', () => {
    const snapshot = left({ extra: ['Record-Route: <sip:192.0.2.99;lr>'] });
    const { world, call } = adopted(snapshot);
    call?.hangUp('done');
    const bye = world.lastRequest();
    expect(world.news()).toEqual(['BYE']);
    expect(header(bye, 'call-id')).toBe('call-1');
    expect(header(bye, 'from')).toContain(`;tag=${snapshot.localTag}`);
    expect(header(bye, 'to')).toContain(';tag=caller');
    expect(header(bye, 'route')).toBe('<sip:192.0.2.99;lr>');
    expect(world.sent[0]?.hop).toMatchObject({ address: '192.0.2.99' });
    const number = Number(header(bye, 'cseq')?.split(' ')[0]);
    expect(number).toBeGreaterThan(snapshot.localCseq + 1_000);
    expect(number).toBeLessThan(2 ** 31);
    expect(world.told).toEqual([{ ended: 'hung-up' }]);
  });

  test('answers a re-INVITE and INFO as before, and refuses what is older than the dialog', () => {
    const snapshot = left({ cseq: 7 });
    const { world } = adopted(snapshot);
    inDialog(world, snapshot, { cseq: 6, method: 'INFO' });
    expect(world.news()).toEqual(['500 INFO']);
    inDialog(world, snapshot, { cseq: 8, body: offerText });
    expect(world.news()).toEqual(['200 INVITE']);
    inDialog(world, snapshot, { cseq: 8, method: 'ACK', branch: 'z9hG4bKa' });
    inDialog(world, snapshot, { cseq: 9, method: 'INFO', body: 'Signal=5\r\n', type: 'application/dtmf-relay' });
    expect(world.news()).toEqual(['200 INFO']);
    expect(world.told).toEqual([{ reoffer: expect.anything() }, { digit: '5' }]);
  });

  test('never uses the TCP connection number of a dead process', () => {
    const snapshot = left({ transport: 'TCP', contact: null }, Object.assign(makeWorld(), { arrival: tcpPeer }));
    const { world, call } = adopted(snapshot);
    call?.hangUp('done');
    expect(world.sent[0]?.hop).toMatchObject({ transport: 'tcp', connection: null });
  });

  test('is taken up once, and only from a source that is still one of ours', () => {
    const snapshot = left();
    const { world } = adopted(snapshot);
    expect(world.agent.adopt(snapshot, () => expect.fail('taken up twice'))).toBe(false);
    const strange = adopted(snapshot, {
      handlers: { trunkOf: () => null, onCall: () => expect.fail('no call') },
    });
    expect(strange.taken).toBe(false);
    expect(strange.world.agent.counts.dialogs).toBe(0);
  });

  test('commands that belong to a call not yet answered are nothing', () => {
    const { world, call } = adopted(left());
    call?.ring();
    call?.answer(answerText);
    call?.refuse(486, '');
    expect(world.news()).toEqual([]);
    expect(world.told).toEqual([]);
    expect(world.timers.pending).toBe(0);
  });

  test('outlives a process that leaves it, and new calls are refused meanwhile', () => {
    const { world } = adopted(left());
    world.agent.leaveAll();
    expect(world.news()).toEqual([]);
    world.receive(requestText({ body: offerText, callId: 'call-2', fromTag: 'other' }));
    expect(world.news()).toEqual(['503 INVITE']);
    expect(world.told).toEqual([]);
  });
});
