/** Who is not the far end of a call and speaks as if: with every tag right, from another place. */
import { describe, expect, test } from 'vitest';
import { header } from '../message.js';
import { answerTo, makeWorld, offerText, requestText, type World } from '../testing/world.js';

const answerText = 'v=0\r\no=- 1 1 IN IP4 198.51.100.1\r\n';
const trunks = new Map([
  ['192.0.2.10', 'tk_a'],
  ['192.0.2.20', 'tk_b'],
]);
const others = [
  ['a stranger', '203.0.113.66'],
  ['another trunk', '192.0.2.20'],
] as const;

interface Scene {
  world: World;
  ended: string[];
  reoffers: number;
  digits: string[];
  hangUp(): void;
}

/** A call from tk_a: ringing, or answered and acknowledged. */
function scene(answered: boolean): Scene {
  const scene: Scene = { world: null as never, ended: [], reoffers: 0, digits: [], hangUp: () => undefined };
  scene.world = makeWorld({
    handlers: {
      trunkOf: ({ address }) => trunks.get(address) ?? null,
      onCall(call) {
        scene.hangUp = () => call.hangUp('normal');
        call.ring();
        if (answered) call.answer(answerText);
        return {
          onAnswered() {},
          onAcknowledged() {},
          onEnded: (cause) => void scene.ended.push(cause),
          onReoffer: () => {
            scene.reoffers++;
            return answerText;
          },
          onDigit: (digit) => void scene.digits.push(digit),
        };
      },
    },
  });
  scene.world.receive(requestText({ body: offerText }));
  if (answered) scene.world.receive(inDialog(scene.world, 'ACK', 1));
  scene.world.news();
  return scene;
}

const ourTag = (world: World) => /tag=([0-9a-f]+)/.exec(header(world.lastResponse(), 'to') ?? '')?.[1] ?? '';
function inDialog(world: World, method: string, cseq = 2): string {
  const body = method === 'INVITE' || method === 'UPDATE' ? { body: offerText } : {};
  return requestText({ method, cseq, toTag: ourTag(world), branch: `z9hG4bK${method}${cseq}`, ...body });
}

describe.each(others)('%s with the tags of a call', (_, address) => {
  test.each(['BYE', 'INVITE', 'UPDATE', 'INFO', 'ACK'])('cannot do anything by %s', (method) => {
    const now = scene(true);
    now.world.receive(inDialog(now.world, method), { ...now.world.arrival, address });
    expect(now).toMatchObject({ ended: [], reoffers: 0, digits: [] });
    for (const word of now.world.news()) expect(word).toMatch(/^(403|481) /);
    expect(now.world.agent.counts.dialogs).toBe(1);
    // The one who is the far end still can.
    now.world.receive(inDialog(now.world, 'BYE', 3));
    expect(now.world.news()).toEqual(['200 BYE']);
    expect(now.ended).toEqual(['hung-up']);
  });

  test('cannot cancel it while it rings', () => {
    const now = scene(false);
    const cancel = requestText({ method: 'CANCEL', branch: 'z9hG4bKINVITE1' });
    now.world.receive(cancel, { ...now.world.arrival, address });
    expect(now.ended).toEqual([]);
    for (const word of now.world.news()) expect(word).toMatch(/^(403|481) /);
    now.world.receive(cancel);
    expect(now.world.news()).toEqual(['200 CANCEL', '487 INVITE']);
    expect(now.ended).toEqual(['cancelled']);
  });
});

test('a caller who asks for our password when we hang up is told none: the call is over, and that was all', () => {
  const now = scene(true);
  now.hangUp();
  expect(now.world.news()).toEqual(['BYE']);
  for (const [status, name] of [
    [401, 'www-authenticate'],
    [407, 'proxy-authenticate'],
  ] as const) {
    now.world.receive(answerTo(now.world, status, [{ name, value: 'Digest realm="tk_a", nonce="n", qop="auth"' }]));
  }
  now.world.timers.advance(60_000);
  expect(now.world.sent.every(({ message }) => header(message, 'authorization') === null)).toBe(true);
  expect(now.world.sent.every(({ message }) => header(message, 'proxy-authorization') === null)).toBe(true);
  expect(now.world.agent.counts.dialogs).toBe(0);
});
