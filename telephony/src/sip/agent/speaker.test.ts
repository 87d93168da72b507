/** Whose words they are that belong to a call, where two trunks share an address. */
import { describe, expect, test } from 'vitest';
import type { CallListener, DialogSnapshot, SipEndpointHandlers } from '../contract.js';
import { header } from '../message.js';
import { answerTo, makeWorld, offerText, requestText, type RequestWish, type World } from '../testing/world.js';

const answerText = 'v=0\r\no=- 1 1 IN IP4 198.51.100.1\r\n';
const shared = '192.0.2.10';
const ofOne = '192.0.2.20';
const ofBoth = '192.0.2.30';
const ofOther = '192.0.2.40';

/** Of the trunks that list an address, the one that stands first is found by it. */
const lists: [string, string[]][] = [
  ['tk_other', [shared, ofBoth, ofOther]],
  ['tk_one', [ofOne, ofBoth]],
];

/** @param replaced is told the trunk of each call that takes another's place */
function worldOf(replaced: unknown[] = []): World {
  const onCall: SipEndpointHandlers['onCall'] = (call): CallListener => {
    world.calls.push(call);
    world.onCall?.(call);
    return {
      onAnswered() {},
      onAcknowledged() {},
      onEnded: (cause) => void world.told.push({ ended: cause }),
      onReoffer: () => null,
      onDigit() {},
      onReplaced(next) {
        next.answer(answerText);
        replaced.push(next.snapshot()?.trunk);
        return { onAnswered() {}, onAcknowledged() {}, onEnded() {}, onReoffer: () => null, onDigit() {} };
      },
    };
  };
  const world = makeWorld({
    handlers: {
      trunkOf: ({ address }) => lists.find(([, all]) => all.includes(address))?.[0] ?? null,
      isAt: (trunk, { address }) => lists.some(([id, all]) => id === trunk && all.includes(address)),
      isTrunk: (trunk) => lists.some(([id]) => id === trunk),
      onCall,
    },
  });
  return world;
}

describe('a call placed by one trunk to an address that another one lists', () => {
  function placed(): { world: World; say(wish: RequestWish, address: string): string[] } {
    const world = worldOf();
    world.place({ trunk: 'tk_one' });
    const invite = world.sent[0]?.message;
    world.receive(answerTo(world, 200, [{ name: 'contact', value: '<sip:bob@192.0.2.10>' }], 'INVITE', offerText));
    world.news();
    const [callId, ours] = [
      header(invite!, 'call-id') ?? '',
      /tag=(\w+)/.exec(header(invite!, 'from') ?? '')?.[1] ?? '',
    ];
    return {
      world,
      say(wish, address) {
        world.receive(requestText({ fromTag: 'far', toTag: ours, callId, ...wish }), { ...world.arrival, address });
        return world.news();
      },
    };
  }

  test.each([
    ['where we called', shared],
    ['another address of its trunk', ofOne],
    ['one that both trunks list', ofBoth],
  ])('is hung up from %s', (_, address) => {
    const { world, say } = placed();
    expect(say({ method: 'BYE' }, address)).toEqual(['200 BYE']);
    expect(world.told.at(-1)).toEqual({ over: 'hung-up', status: null });
    expect(world.agent.counts.dialogs).toBe(0);
  });

  test('is nothing to the other trunk where only that one is, and nothing to whoever has but one of the tags', () => {
    const { world, say } = placed();
    expect(say({ method: 'BYE', branch: 'z9hG4bK1' }, ofOther)).toEqual(['481 BYE']);
    expect(say({ method: 'BYE', branch: 'z9hG4bK2', fromTag: 'guess' }, shared)).toEqual(['481 BYE']);
    expect(say({ method: 'BYE', branch: 'z9hG4bK3', callId: 'guess' }, shared)).toEqual(['481 BYE']);
    expect(say({ method: 'BYE', branch: 'z9hG4bK4' }, '203.0.113.9')).toEqual(['403 BYE']);
    expect(world.agent.counts.dialogs).toBe(1);
  });

  test('leaves the other trunk what is no part of it: its own calls', () => {
    const { world } = placed();
    world.receive(requestText({ callId: 'theirs', body: offerText }));
    expect(world.calls).toHaveLength(1);
    expect(world.agent.counts.dialogs).toBe(2);
  });
});

describe('a call that came in by one of two trunks', () => {
  test('is hung up, and cancelled, from an address that both list', () => {
    for (const [method, heard] of [
      ['BYE', ['200 BYE']],
      ['CANCEL', ['200 CANCEL', '487 INVITE']],
    ] as const) {
      const world = worldOf();
      if (method === 'BYE') world.onCall = (call) => call.answer(answerText);
      const branch = 'z9hG4bKin';
      world.receive(requestText({ body: offerText, branch }), { ...world.arrival, address: ofOne });
      const toTag = world.calls[0]?.id ?? '';
      world.news();
      const wish = method === 'CANCEL' ? { branch } : { toTag, cseq: 2 };
      const say = (address: string) => {
        world.receive(requestText({ method, ...wish }), { ...world.arrival, address });
        return world.news();
      };
      expect(say(ofOther)).toEqual([`481 ${method}`]);
      if (method === 'BYE') Object.assign(wish, { branch: 'z9hG4bKagain' });
      expect(say(ofBoth)).toEqual(heard);
      expect(world.told).toEqual([{ ended: method === 'BYE' ? 'hung-up' : 'cancelled' }]);
    }
  });

  test.each([
    ['both list', ofBoth, ['200 INVITE'], ['tk_one']],
    ['its trunk alone lists', ofOne, ['200 INVITE'], ['tk_one']],
    ['the other trunk alone lists', ofOther, ['481 INVITE'], []],
    ['nobody lists', '203.0.113.9', ['403 INVITE'], []],
  ])('gives its place to who names it, by its own trunk: from an address that %s', (_, address, answers, by) => {
    const replaced: unknown[] = [];
    const world = worldOf(replaced);
    world.onCall = (call) => call.answer(answerText);
    world.receive(requestText({ body: offerText }), { ...world.arrival, address: ofOne });
    const inPlaceOf = (fromTag: string, from: string): string[] => {
      const extra = [`Replaces: call-1;to-tag=${world.calls[0]?.id};from-tag=${fromTag}`];
      const wish = { callId: fromTag, fromTag: 'next', branch: `z9hG4bK${fromTag}`, body: offerText, extra };
      world.news();
      world.receive(requestText(wish), { ...world.arrival, address: from });
      return world.news();
    };
    expect(inPlaceOf('guess', ofBoth)).toEqual(['481 INVITE']);
    expect(inPlaceOf('caller', address)).toEqual(answers);
    expect(replaced).toEqual(by);
    expect(world.calls).toHaveLength(1);
  });

  test('or went out by one is still its trunk’s once another process has taken it up', () => {
    const first = worldOf();
    const call = first.place({ trunk: 'tk_one' }); // to an address that the other trunk lists
    first.receive(answerTo(first, 200, [{ name: 'contact', value: '<sip:bob@192.0.2.10>' }], 'INVITE', offerText));
    const left = JSON.parse(JSON.stringify(call.snapshot())) as DialogSnapshot;
    expect(left.trunk).toBe('tk_one');

    const world = worldOf();
    const listener = { onAnswered() {}, onAcknowledged() {}, onReoffer: () => null, onDigit() {} };
    world.agent.adopt(left, () => ({ ...listener, onEnded: (cause) => void world.told.push({ ended: cause }) }));
    const bye = { method: 'BYE', fromTag: 'far', toTag: left.localTag, callId: left.callId };
    world.receive(requestText({ ...bye, branch: 'z9hG4bK1' }), { ...world.arrival, address: ofOther });
    expect(world.news()).toEqual(['481 BYE']);
    world.receive(requestText({ ...bye, branch: 'z9hG4bK2' }), { ...world.arrival, address: ofOne });
    expect(world.news()).toEqual(['200 BYE']);
    expect(world.told).toEqual([{ ended: 'hung-up' }]);
  });
});
