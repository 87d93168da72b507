/** Re-INVITEs of ours: one at a time, never across the far end's, and again after a glare (RFC 3261 §14.1). */
import { describe, expect, test } from 'vitest';
import { header, type SipHeader } from '../message.js';
import { answerTo, makeWorld, offerText, requestText, type RequestWish, type World } from '../testing/world.js';

const answerText = 'v=0\r\no=- 1 1 IN IP4 198.51.100.1\r\n';
const inDialog = (world: World, wish: RequestWish) =>
  requestText({ toTag: world.calls[0]?.id ?? '', cseq: 2, ...wish });
const contact: SipHeader = { name: 'contact', value: '<sip:bob@192.0.2.10>' };

function towardsUs(): World {
  const world = makeWorld();
  world.receive(requestText({ body: offerText }));
  world.calls[0]?.answer(answerText);
  world.receive(inDialog(world, { method: 'ACK', cseq: 1, branch: 'z9hG4bKack' }));
  world.news();
  world.told.length = 0;
  return world;
}
const bodyOf = (world: World) => Buffer.from(world.lastRequest().body).toString();

describe('a description of ours within a call', () => {
  test('goes out as re-INVITE, its 200 is acknowledged and told, and each copy of it acknowledged again', () => {
    const world = towardsUs();
    world.calls[0]?.reoffer('v=0 hold');
    expect(world.news()).toEqual(['INVITE']);
    expect(bodyOf(world)).toBe('v=0 hold');
    expect(header(world.lastRequest(), 'contact')).toContain('198.51.100.1');
    world.receive(answerTo(world, 200, [], 'INVITE', offerText));
    world.receive(answerTo(world, 200, [], 'INVITE', offerText));
    expect(world.news()).toEqual(['ACK', 'ACK']);
    expect(world.told).toMatchObject([{ reoffered: { port: 40_000 } }]);
  });

  test('a new Contact in its 200 is where the next request goes, and is told', () => {
    const world = towardsUs();
    world.calls[0]?.reoffer('v=0');
    world.receive(answerTo(world, 200, [{ name: 'contact', value: '<sip:new@192.0.2.77>' }], 'INVITE', offerText));
    expect(world.lastRequest().uri).toBe('sip:new@192.0.2.77');
    expect(world.told[0]).toBe('changed');
    expect(world.calls[0]?.snapshot()?.remoteTarget).toBe('sip:new@192.0.2.77');
  });

  test('a refusal is told, and the call goes on as it was', () => {
    const world = towardsUs();
    world.calls[0]?.reoffer('v=0');
    world.receive(answerTo(world, 488, [], 'INVITE'));
    expect(world.told).toEqual([{ reoffered: null }]);
    expect(world.agent.counts.dialogs).toBe(1);
  });

  test('the latest waits for the one on its way; those between are left out', () => {
    const world = towardsUs();
    const [call] = world.calls;
    for (const sdp of ['one', 'two', 'three']) call?.reoffer(sdp);
    expect(world.news()).toEqual(['INVITE']);
    world.receive(answerTo(world, 200, [], 'INVITE', offerText));
    expect(world.news().toSorted()).toEqual(['ACK', 'INVITE']);
    expect(world.sent.some(({ bytes }) => Buffer.from(bytes).toString().endsWith('\r\ntwo'))).toBe(false);
    expect(world.sent.some(({ bytes }) => Buffer.from(bytes).toString().endsWith('\r\nthree'))).toBe(true);
  });

  test('one that the far end does not know any more, or does not answer, ends the call', () => {
    const gone = towardsUs();
    gone.calls[0]?.reoffer('v=0');
    gone.receive(answerTo(gone, 481, [], 'INVITE'));
    expect(gone.told).toEqual([{ ended: 'failed' }]);
    const silent = towardsUs();
    silent.calls[0]?.reoffer('v=0');
    silent.timers.advance(32_000);
    expect(silent.told).toEqual([{ ended: 'failed' }]);
    expect(silent.news().at(-1)).toBe('BYE');
  });

  test('a hang-up meanwhile: the late 200 is acknowledged, and told to nobody', () => {
    const world = towardsUs();
    world.calls[0]?.reoffer('v=0');
    world.calls[0]?.hangUp('x');
    world.told.length = 0;
    world.receive(answerTo(world, 200, [], 'INVITE', offerText));
    expect(world.news()).toEqual(['INVITE', 'BYE', 'ACK']);
    expect(world.told).toEqual([]);
  });
});

describe('a far end that says "trying" to it, and no more', () => {
  test('is asked to forget it after 64·T1, and the call goes on', () => {
    const world = towardsUs();
    world.calls[0]?.reoffer('v=0');
    world.receive(answerTo(world, 100, [], 'INVITE'));
    world.news();
    world.timers.advance(32_000);
    expect(world.news()).toEqual(['CANCEL']);
    world.receive(answerTo(world, 487, [], 'INVITE'));
    expect(world.told).toEqual([{ reoffered: null }]);
    expect(world.agent.counts.dialogs).toBe(1);
  });

  test('keeps no transaction of ours once the call is over', () => {
    const world = towardsUs();
    world.calls[0]?.reoffer('v=0');
    world.receive(answerTo(world, 100, [], 'INVITE'));
    world.calls[0]?.hangUp('x');
    expect(world.news().toSorted()).toEqual(['BYE', 'CANCEL', 'INVITE']);
    world.timers.advance(100_000);
    expect(world.agent.counts.transactions).toBe(0);
    expect(world.timers.pending).toBe(0);
  });
});

describe('when both offer at a time', () => {
  test('theirs is answered 491 while ours is on its way; an UPDATE without an offer is not', () => {
    const world = towardsUs();
    world.calls[0]?.reoffer('v=0');
    world.receive(inDialog(world, { body: offerText }));
    world.receive(inDialog(world, { method: 'UPDATE', cseq: 3, body: offerText }));
    world.receive(inDialog(world, { method: 'UPDATE', cseq: 4 }));
    expect(world.news()).toEqual(['INVITE', '491 INVITE', '491 UPDATE', '200 UPDATE']);
    expect(world.told).toEqual([]);
  });

  test('ours waits for the ACK of theirs', () => {
    const world = towardsUs();
    world.receive(inDialog(world, { body: offerText }));
    world.calls[0]?.reoffer('v=0');
    expect(world.news()).toEqual(['200 INVITE']);
    world.receive(inDialog(world, { method: 'ACK', branch: 'z9hG4bKack2' }));
    expect(world.news()).toEqual(['INVITE']);
  });

  test('ours waits also for the ACK of the answer', () => {
    const world = makeWorld();
    world.receive(requestText({ body: offerText }));
    world.calls[0]?.answer(answerText);
    world.calls[0]?.reoffer('v=0');
    expect(world.news()).toEqual(['100 INVITE', '200 INVITE']);
    world.receive(inDialog(world, { method: 'ACK', cseq: 1, branch: 'z9hG4bKack' }));
    expect(world.news()).toEqual(['INVITE']);
  });

  test.each([
    ['who was called', 0, 2_000, (): World => towardsUs()],
    [
      'who called',
      2_100,
      4_000,
      (): World => {
        const world = makeWorld();
        const call = world.place();
        world.receive(answerTo(world, 200, [contact], 'INVITE', offerText));
        world.calls.push(call as never);
        world.news();
        return world;
      },
    ],
  ])('after a 491 %s tries again within %i to %i ms', (_, from, to, make) => {
    for (let draw = 0; draw < 40; draw++) {
      const world = make();
      // Each call takes its share of chance, so that the draws differ.
      for (let spent = 0; spent < draw; spent++)
        world.receive(requestText({ method: 'OPTIONS', branch: `z9hG4bK${spent}` }));
      world.news();
      world.calls[0]?.reoffer('again');
      world.receive(answerTo(world, 491, [], 'INVITE'));
      expect(world.news()).toEqual(['INVITE', 'ACK']);
      world.timers.advance(Math.max(0, from - 1));
      expect(world.news().filter((name) => name === 'INVITE' && from > 0)).toEqual([]);
      world.timers.advance(to - Math.max(0, from - 1));
      const again = world.sent.filter(({ bytes }) => Buffer.from(bytes).toString().endsWith('again'));
      expect(new Set(again.map(({ message }) => header(message, 'cseq'))).size).toBe(2);
    }
  });

  test('a newer description takes the place of the one that met theirs', () => {
    const world = towardsUs();
    world.calls[0]?.reoffer('old');
    world.receive(answerTo(world, 491, [], 'INVITE'));
    world.calls[0]?.reoffer('new');
    world.timers.advance(2_000);
    expect(bodyOf(world)).toBe('new');
  });
});
