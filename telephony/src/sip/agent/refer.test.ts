/** Calls that the far end moves: REFER (RFC 3515), and an INVITE with Replaces (RFC 3891). */
import { describe, expect, test } from 'vitest';
import type { CallListener, DialogSnapshot, IncomingCall, ReferProgress, ReferWish } from '../contract.js';
import { header, type SipRequest } from '../message.js';
import { answerTo, makeWorld, offerText, requestText, type RequestWish, type World } from '../testing/world.js';

const answerText = 'v=0\r\no=- 1 1 IN IP4 198.51.100.1\r\n';
const inDialog = (world: World, wish: RequestWish) =>
  requestText({ toTag: world.calls[0]?.id ?? '', cseq: 2, ...wish });

function confirmed(): World {
  const world = makeWorld();
  world.receive(requestText({ body: offerText }));
  world.calls[0]?.answer(answerText);
  world.receive(inDialog(world, { method: 'ACK', cseq: 1, branch: 'z9hG4bKack' }));
  world.news();
  world.told.length = 0;
  return world;
}

describe('REFER', () => {
  const refer = (world: World, to: string, cseq = 2, more: string[] = []): void =>
    world.receive(inDialog(world, { method: 'REFER', cseq, extra: [`Refer-To: ${to}`, ...more] }));
  /** A floor that takes it on. */
  function willing(): { world: World; wishes: ReferWish[]; progress: () => ReferProgress } {
    const world = confirmed();
    const wishes: ReferWish[] = [];
    let latest: ReferProgress = { tell() {} };
    world.onRefer = (wish, progress) => {
      wishes.push(wish);
      latest = progress;
      return true;
    };
    return { world, wishes, progress: () => latest };
  }
  const told = (request: SipRequest) => [
    Buffer.from(request.body).toString(),
    header(request, 'subscription-state'),
    header(request, 'event'),
  ];

  test('is refused when nobody takes it on, and the call goes on', () => {
    const world = confirmed();
    refer(world, '<sip:bob@carrier.example>');
    expect(world.news()).toEqual(['403 REFER']);
    expect(world.agent.counts.dialogs).toBe(1);
    world.timers.advance(64_000);
    expect(world.timers.pending).toBe(0);
  });

  test('taken on: 202, then NOTIFY 100, then what is told, one after the other', () => {
    const { world, wishes, progress } = willing();
    refer(world, '"Bob" <sip:bob@carrier.example;user=phone>', 2, ['Referred-By: <sip:aiko@carrier.example>']);
    expect(wishes).toEqual([
      { target: 'sip:bob@carrier.example;user=phone', replaces: null, referredBy: '<sip:aiko@carrier.example>' },
    ]);
    expect(world.news()).toEqual(['202 REFER', 'NOTIFY']);
    expect(told(world.lastRequest())).toEqual(['SIP/2.0 100 Trying\r\n', 'active;expires=180', 'refer']);
    expect(header(world.lastRequest(), 'content-type')).toBe('message/sipfrag;version=2.0');
    progress().tell(180, 'Ringing');
    progress().tell(200, 'OK');
    progress().tell(486, 'Busy Here'); // too late
    expect(world.news()).toEqual([]);
    world.receive(answerTo(world, 200));
    expect(world.news()).toEqual(['NOTIFY']);
    expect(told(world.lastRequest())).toEqual(['SIP/2.0 200 OK\r\n', 'terminated;reason=noresource', 'refer']);
    world.receive(answerTo(world, 200));
    expect(world.news()).toEqual([]);
  });

  test('told at once, the outcome still comes after the 202', () => {
    const world = confirmed();
    world.onRefer = (_, progress) => {
      progress.tell(503, 'No way\r\nX: 1');
      return true;
    };
    refer(world, '<sip:bob@carrier.example>');
    expect(world.news()).toEqual(['202 REFER', 'NOTIFY']);
    expect(told(world.lastRequest())[0]).toBe('SIP/2.0 503 No way X: 1\r\n');
  });

  test('one at a time; the next names itself by its number', () => {
    const { world, progress } = willing();
    refer(world, '<sip:bob@carrier.example>');
    refer(world, '<sip:eve@carrier.example>', 3);
    expect(world.news()).toEqual(['202 REFER', 'NOTIFY', '491 REFER']);
    progress().tell(486, 'Busy Here');
    world.receive(answerTo(world, 200));
    world.receive(answerTo(world, 200));
    world.news();
    refer(world, '<sip:eve@carrier.example>', 4);
    expect(world.news()).toEqual(['202 REFER', 'NOTIFY']);
    expect(header(world.lastRequest(), 'event')).toBe('refer;id=4');
  });

  test('who does not want to hear is told no more', () => {
    const { world, progress } = willing();
    refer(world, '<sip:bob@carrier.example>');
    world.receive(answerTo(world, 481));
    progress().tell(180, 'Ringing');
    world.news();
    expect(world.agent.counts.dialogs).toBe(1);
    progress().tell(200, 'OK');
    expect(world.news()).toEqual([]);
  });

  test('nothing is told once the call is over', () => {
    const { world, progress } = willing();
    refer(world, '<sip:bob@carrier.example>');
    world.receive(answerTo(world, 200));
    world.receive(inDialog(world, { method: 'BYE', cseq: 3 }));
    world.news();
    progress().tell(200, 'OK');
    expect(world.news()).toEqual([]);
    world.timers.advance(200_000);
    expect(world.timers.pending).toBe(0);
  });

  test('the snapshot says that an outcome is owed, until it is told; both are news', () => {
    const { world, progress } = willing();
    const owed = () => world.calls[0]?.snapshot()?.referral;
    refer(world, '<sip:bob@carrier.example>');
    expect([world.told, owed()]).toEqual([['changed'], { id: null }]);
    world.receive(answerTo(world, 200));
    progress().tell(180, 'Ringing');
    world.receive(answerTo(world, 200));
    expect([world.told, owed()]).toEqual([['changed'], { id: null }]);
    progress().tell(486, 'Busy Here');
    expect([world.told, owed()]).toEqual([['changed', 'changed'], undefined]);
  });

  test('a process that takes the call up tells the outcome of a REFER that the one before took on: none', () => {
    const { world } = willing();
    refer(world, '<sip:bob@carrier.example>', 7);
    const left = JSON.parse(JSON.stringify(world.calls[0]?.snapshot())) as DialogSnapshot;
    for (const [id, event] of [
      [null, 'refer'],
      [7, 'refer;id=7'],
    ] as const) {
      const next = makeWorld();
      let call: IncomingCall | null = null;
      next.agent.adopt({ ...left, referral: { id } }, (taken) => {
        call = taken;
        return { onAnswered() {}, onAcknowledged() {}, onEnded() {}, onReoffer: () => null, onDigit() {} };
      });
      expect(next.news()).toEqual(['NOTIFY']);
      expect(told(next.lastRequest())).toEqual([
        'SIP/2.0 503 Service Unavailable\r\n',
        'terminated;reason=noresource',
        event,
      ]);
      next.receive(answerTo(next, 200));
      expect((call as IncomingCall | null)?.snapshot()?.referral).toBeUndefined();
      next.timers.advance(200_000);
      expect(next.news()).toEqual([]);
      expect(next.agent.counts.dialogs).toBe(1);
    }
  });

  test('an attended transfer names the call that it takes the place of', () => {
    const { world, wishes } = willing();
    const replaces = encodeURIComponent('abc@carrier.example;to-tag=1;from-tag=2');
    refer(world, `<sip:bob@carrier.example?X-Evil=1&Replaces=${replaces}&Subject=x>`);
    expect(wishes).toEqual([
      {
        target: 'sip:bob@carrier.example',
        replaces: 'abc@carrier.example;to-tag=1;from-tag=2',
        referredBy: null,
      },
    ]);
  });

  test.each([
    ['none', []],
    ['two', ['Refer-To: <sip:a@b>', 'Refer-To: <sip:c@d>']],
    ['a page', ['Refer-To: <https://carrier.example>']],
    ['another method', ['Refer-To: <sip:a@b;method=BYE>']],
    ['a call that cannot be read', ['Refer-To: <sip:a@b?Replaces=%ZZ>']],
    ['a call with a line end in it', ['Refer-To: <sip:a@b?Replaces=x%3Bto-tag%3D1%0D%0AX%3A1>']],
  ])('to %s is 400', (_, extra) => {
    const { world, wishes } = willing();
    world.receive(inDialog(world, { method: 'REFER', extra }));
    expect(world.news()).toEqual(['400 REFER']);
    expect(wishes).toEqual([]);
  });

  test('before the answer is refused', () => {
    const world = makeWorld();
    world.onRefer = () => expect.fail('asked');
    world.receive(requestText({ body: offerText }));
    world.calls[0]?.ring();
    world.receive(inDialog(world, { method: 'REFER', extra: ['Refer-To: <sip:bob@carrier.example>'] }));
    expect(world.news().at(-1)).toBe('403 REFER');
  });
});

describe('an INVITE with Replaces', () => {
  const listener: CallListener = {
    onAnswered() {},
    onAcknowledged() {},
    onEnded() {},
    onReoffer: () => null,
    onDigit() {},
  };
  const replacing = (world: World, replaces: string, wish: RequestWish = {}): void =>
    world.receive(
      requestText({
        callId: 'call-2',
        fromTag: 'other',
        branch: 'z9hG4bKreplacing',
        body: offerText,
        extra: ['Require: replaces', `Replaces: ${replaces}`],
        ...wish,
      }),
    );
  const known = (world: World) => `call-1;to-tag=${world.calls[0]?.id};from-tag=caller`;

  test('of the same trunk is handed to the call that it replaces, and to nobody else', () => {
    const world = confirmed();
    const given: IncomingCall[] = [];
    world.onReplaced = (call) => {
      given.push(call);
      return listener;
    };
    replacing(world, known(world));
    expect(given).toHaveLength(1);
    expect(world.calls).toHaveLength(1);
    given[0]?.answer(answerText);
    world.calls[0]?.hangUp('replaced');
    expect(world.news()).toEqual(['100 INVITE', '200 INVITE', 'BYE']);
    expect(world.agent.counts.dialogs).toBe(1);
  });

  test('is refused when the call’s floor does not take it on', () => {
    const world = confirmed();
    replacing(world, known(world));
    expect(world.news()).toEqual(['403 INVITE']);
    expect(world.agent.counts.dialogs).toBe(1);
  });

  test.each([
    ['a call that we do not know', 'call-9;to-tag=a;from-tag=b', 481],
    ['tags the wrong way round', 'call-1;to-tag=caller;from-tag=OURS', 481],
    ['another far end', 'call-1;to-tag=OURS;from-tag=somebody', 481],
    ['only a call that rings', 'call-1;to-tag=OURS;from-tag=caller;early-only', 486],
    ['without tags', 'call-1', 400],
    ['with nothing but tags', ';to-tag=OURS;from-tag=caller', 400],
    ['twice', 'call-1;to-tag=OURS;from-tag=caller\r\nReplaces: call-1;to-tag=OURS;from-tag=caller', 400],
  ])('%s: refused', (_, replaces, status) => {
    const world = confirmed();
    world.onReplaced = () => expect.fail('asked');
    replacing(world, replaces.replaceAll('OURS', world.calls[0]?.id ?? ''));
    expect(world.news()).toEqual([`${status} INVITE`]);
    expect(world.agent.counts.dialogs).toBe(1);
  });

  test('of another trunk that knows all the tags: 481', () => {
    const world = makeWorld({
      handlers: {
        trunkOf: ({ address }) => address,
        onCall: (call) => {
          world.calls.push(call);
          call.answer(answerText);
          return { ...listener, onReplaced: () => expect.fail('asked') };
        },
      },
    });
    world.receive(requestText({ body: offerText }));
    const elsewhere = { ...world.arrival, address: '203.0.113.9' };
    const extra = [`Replaces: ${known(world)}`];
    world.receive(requestText({ callId: 'c2', branch: 'z9hG4bKx', body: offerText, extra }), elsewhere);
    expect(world.news()).toEqual(['200 INVITE', '481 INVITE']);
  });

  test('of ours carries the call that a REFER named', () => {
    const world = makeWorld();
    world.place({ replaces: 'abc@carrier.example;to-tag=1;from-tag=2' });
    expect(header(world.lastRequest(), 'replaces')).toBe('abc@carrier.example;to-tag=1;from-tag=2');
    expect(header(world.lastRequest(), 'require')).toBe('replaces');
    world.place({ replaces: 'abc\r\nX: 1' });
    world.timers.advance(0);
    expect(world.told).toEqual([{ over: 'failed', status: null }]);
  });
});
