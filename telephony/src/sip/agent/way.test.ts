/** Requests within a call whose far end names hosts: where they go, in what order, and what happens when nobody is there. */
import { expect, test } from 'vitest';
import type { SipHeader, SipMessage } from '../message.js';
import type { Place, Target } from '../resolve.js';
import { serializeMessage } from '../serialize.js';
import { answerTo, makeWorld, offerText, requestText, udpPeer, type World } from '../testing/world.js';
import type { UserAgentOptions } from './user-agent.js';

const place = (address: string, port = 5060, transport: Place['transport'] = 'udp'): Place => ({
  ...{ transport, address, port },
});

/** A resolver that answers when the test says so. */
function world(over: Partial<UserAgentOptions> = {}) {
  const asked: Target[] = [];
  const answers: ((places: readonly Place[]) => void)[] = [];
  const made = makeWorld({ find: (target, found) => (asked.push(target), void answers.push(found)), ...over });
  const say = (...places: Place[]) => {
    for (const answer of answers.splice(0)) answer(places);
  };
  return { world: made, asked, say };
}
const named = (host: string): SipHeader => ({ name: 'contact', value: `<sip:bob@${host}>` });
const sentTo = ({ sent }: World, method: string): string[] =>
  sent.flatMap(({ hop, message }) =>
    message.kind === 'request' && message.method === method ? [`${hop.address}:${hop.port}`] : [],
  );
const pickedUp = (far: World, contact: SipHeader): void =>
  far.receive(answerTo(far, 200, [contact], 'INVITE', offerText));

/** The far end's answer to a request of ours that was not the latest. */
function answerOf(request: SipMessage | undefined, status: number): Uint8Array {
  const kept = ['via', 'from', 'to', 'call-id', 'cseq'];
  const headers = (request?.headers ?? []).filter(({ name }) => kept.includes(name));
  return Buffer.from(serializeMessage({ kind: 'response', status, reason: 'x', headers, body: '' }));
}

test('ACK and BYE wait for the look-up, and keep their order', () => {
  const { world: far, asked, say } = world();
  const call = far.place();
  pickedUp(far, named('sbc7.carrier.example:5070'));
  call.hangUp('done');
  expect(far.news()).toEqual(['INVITE']);
  expect(asked).toEqual([{ host: 'sbc7.carrier.example', port: 5070, transport: 'udp' }]);
  say(place('203.0.113.7', 5070));
  expect(far.news()).toEqual(['ACK', 'BYE']);
  expect([sentTo(far, 'ACK'), sentTo(far, 'BYE')]).toEqual([['203.0.113.7:5070'], ['203.0.113.7:5070']]);
});

test('the nearest route is looked up, not the Contact behind it', () => {
  const { world: far, asked } = world();
  far.place();
  const route = { name: 'record-route', value: '<sip:edge.carrier.example;lr>' };
  far.receive(answerTo(far, 200, [named('inner.example'), route], 'INVITE', offerText));
  expect(asked.map(({ host }) => host)).toEqual(['edge.carrier.example']);
});

test('a name that leads nowhere, or a DNS that does not answer in 2 s: where the far end was last heard', () => {
  for (const silent of [false, true]) {
    const { world: far, say } = world();
    far.place();
    pickedUp(far, named('sbc7.carrier.example'));
    if (silent) far.timers.advance(2_000);
    else say();
    expect(sentTo(far, 'ACK')).toEqual(['192.0.2.10:5060']);
    say(place('203.0.113.7'));
    expect(sentTo(far, 'ACK')).toHaveLength(1);
  }
});

test('a name may not lead into our machine or our network, nor to a group', () => {
  const { world: far, say } = world();
  far.place();
  pickedUp(far, named('rebound.example'));
  say(place('127.0.0.1'), place('10.0.0.1'), place('169.254.169.254'), place('224.0.0.1'), place('::1'));
  expect(sentTo(far, 'ACK')).toEqual(['192.0.2.10:5060']);
});

test('what was looked up is kept for the call, until the far end names another host', () => {
  const { world: far, asked, say } = world();
  far.receive(requestText({ body: offerText, contact: '<sip:aiko@one.example>' }));
  far.calls[0]?.answer('v=0\r\n');
  far.receive(requestText({ method: 'ACK', toTag: far.calls[0]?.id ?? '' }));
  far.calls[0]?.reoffer(offerText);
  say(place('203.0.113.1'));
  far.receive(answerTo(far, 200, [], 'INVITE', offerText));
  expect([sentTo(far, 'INVITE'), sentTo(far, 'ACK')]).toEqual([['203.0.113.1:5060'], ['203.0.113.1:5060']]);
  expect(asked).toHaveLength(1);
  const moved = { method: 'UPDATE', toTag: far.calls[0]?.id ?? '', cseq: 2, contact: '<sip:aiko@two.example>' };
  far.receive(requestText(moved));
  far.calls[0]?.hangUp('done');
  expect(asked.map(({ host }) => host)).toEqual(['one.example', 'two.example']);
  say(place('203.0.113.2'));
  expect(sentTo(far, 'BYE')).toEqual(['203.0.113.2:5060']);
});

test('nobody at the first address: the next one, and at last where the far end was heard, each try with a number of its own', () => {
  const { world: far, say } = world();
  const call = far.place();
  pickedUp(far, named('sbc7.carrier.example'));
  say(place('203.0.113.7'), place('203.0.113.8'));
  call.hangUp('done');
  far.timers.advance(100_000);
  const tried = [...new Set(sentTo(far, 'BYE'))];
  expect(tried).toEqual(['203.0.113.7:5060', '203.0.113.8:5060', '192.0.2.10:5060']);
  far.timers.advance(100_000);
  expect(far.agent.counts).toEqual({ dialogs: 0, transactions: 0 });
  expect(far.timers.pending).toBe(0);
});

test('an address that says nothing costs 4 seconds, not half a minute', () => {
  const { world: far, say } = world();
  const call = far.place();
  pickedUp(far, named('sbc7.carrier.example'));
  say(place('203.0.113.7'));
  call.hangUp('done');
  far.timers.advance(3_900);
  expect(new Set(sentTo(far, 'BYE'))).toEqual(new Set(['203.0.113.7:5060']));
  far.timers.advance(200);
  expect(sentTo(far, 'BYE').at(-1)).toBe('192.0.2.10:5060');
});

test('a re-INVITE that is answered late, after it went elsewhere, is acknowledged and counts for nothing', () => {
  const { world: far, say } = world();
  const call = far.place();
  pickedUp(far, named('sbc7.carrier.example'));
  say(place('203.0.113.7'));
  call.reoffer(offerText);
  const first = far.sent.at(-1);
  far.timers.advance(4_000);
  const second = far.sent.findLast(({ message }) => message.kind === 'request' && message.method === 'INVITE');
  expect([first?.hop.address, second?.hop.address]).toEqual(['203.0.113.7', '192.0.2.10']);
  far.told.length = 0;
  far.receive(answerTo(far, 200, [], 'INVITE', offerText));
  expect(far.told).toMatchObject([{ reoffered: {} }]);
  far.news();
  far.receive(answerOf(first?.message, 200));
  expect(far.news()).toEqual(['ACK']);
  expect(far.told).toHaveLength(1);
});

test('a 200 that is repeated was not acknowledged: the ACK goes to the next address, and the BYE after it', () => {
  const { world: far, say } = world({ userAgent: 'Denwaban' });
  const call = far.place();
  pickedUp(far, named('sbc7.carrier.example'));
  say(place('203.0.113.7'));
  pickedUp(far, named('sbc7.carrier.example'));
  expect(sentTo(far, 'ACK')).toEqual(['203.0.113.7:5060', '192.0.2.10:5060']);
  const agents = far.sent.flatMap(({ message }) => message.headers.filter(({ name }) => name === 'user-agent'));
  expect(agents).toHaveLength(far.sent.length);
  call.hangUp('done');
  expect(sentTo(far, 'BYE')).toEqual(['192.0.2.10:5060']);
});

test('of several addresses the one that the far end speaks from comes first', () => {
  const { world: far, say } = world();
  far.place();
  pickedUp(far, named('sbc7.carrier.example'));
  say(place('203.0.113.7'), place('192.0.2.10', 5080));
  expect(sentTo(far, 'ACK')).toEqual(['192.0.2.10:5080']);
});

test('our password is told to the trunk, and not to a host that a Contact names', () => {
  const isAt = (_: string, { address }: { address: string }) => address === udpPeer.address;
  const handlers = { trunkOf: () => 'tk', onCall: () => ({}) as never, isAt };
  for (const [address, answers] of [
    ['203.0.113.66', false],
    ['192.0.2.10', true],
  ] as const) {
    const { world: far, say } = world({ handlers });
    const call = far.place({ credentials: { username: 'us', password: 'secret' } });
    pickedUp(far, named('sbc7.carrier.example'));
    say(place(address));
    call.hangUp('done');
    const challenge = { name: 'proxy-authenticate', value: 'Digest realm="c", nonce="n", qop="auth"' };
    far.receive(answerTo(far, 407, [challenge], 'BYE'));
    expect(sentTo(far, 'BYE')).toHaveLength(answers ? 2 : 1);
  }
});

test('over TLS the certificate is to be of the name that was given, and judged as the trunk says', () => {
  const tlsPeerOf = () => ({ name: 'sip.carrier.example', ca: 'PEM', verify: true });
  const { world: far, say } = world({ handlers: { trunkOf: () => 'tk', onCall: () => ({}) as never, tlsPeerOf } });
  far.place({ hops: [{ transport: 'tls', address: '192.0.2.10', port: 5061, connection: null }] });
  pickedUp(far, named('sbc7.carrier.example'));
  say(place('203.0.113.7', 5061, 'tls'), place('203.0.113.8', 5060, 'udp'));
  const ack = far.sent.at(-1);
  expect(ack?.hop).toMatchObject({
    ...{ transport: 'tls', address: '203.0.113.7', port: 5061 },
    tls: { name: 'sbc7.carrier.example', ca: 'PEM', verify: true },
  });
});

test('an end of the house waits for the look-up that its BYE needs', () => {
  const { world: far, say } = world();
  const call = far.place();
  pickedUp(far, named('sbc7.carrier.example'));
  call.hangUp('done');
  let settled = false;
  far.agent.whenSettled(() => (settled = true));
  expect(settled).toBe(false);
  say(place('203.0.113.7'));
  expect([sentTo(far, 'BYE'), settled]).toEqual([['203.0.113.7:5060'], false]);
  far.receive(answerTo(far, 200, [], 'BYE'));
  expect(settled).toBe(true);
});

test('a hundred look-ups at a time: a caller with names without end gets no more', () => {
  const { world: far, asked } = world();
  for (let n = 0; n < 120; n++) {
    const call = far.place();
    pickedUp(far, named(`h${n}.example`));
    call.hangUp('done');
  }
  expect(asked).toHaveLength(100);
  expect(sentTo(far, 'BYE')).toHaveLength(20);
  far.agent.close();
  expect(far.timers.pending).toBe(0);
});
