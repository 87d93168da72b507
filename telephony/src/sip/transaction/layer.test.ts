/** Our own requests through the layer: what the figures leave to it (matching, ACK of a refusal, forks). */
import { expect, test } from 'vitest';
import { header, noBody, type SipHeader, type SipRequest } from '../message.js';
import { parseMessage } from '../parse.js';
import type { Hop } from '../ports.js';
import { cancelOf } from '../requests.js';
import { responseTo } from '../responses.js';
import { serializeMessage } from '../serialize.js';
import { FakeTimers } from '../testing/world.js';
import type { Via } from '../via.js';
import { Alarms } from './alarms.js';
import { TransactionLayer } from './layer.js';

const hop: Hop = { transport: 'udp', address: '192.0.2.10', port: 5060, connection: null };
const via: Via = {
  transport: 'UDP',
  host: '198.51.100.1',
  port: 5060,
  params: [{ name: 'branch', value: 'z9hG4bKours' }],
};
const request = (method: string): SipRequest => ({
  kind: 'request',
  method,
  uri: 'sip:bob@192.0.2.10',
  headers: [
    { name: 'route', value: '<sip:192.0.2.20;lr>' },
    { name: 'max-forwards', value: '70' },
    { name: 'from', value: '<sip:us@198.51.100.1>;tag=us' },
    { name: 'to', value: '<sip:bob@192.0.2.10>' },
    { name: 'call-id', value: 'out' },
    { name: 'cseq', value: `7 ${method}` },
  ],
  body: noBody,
});

function setUp(method: string, transport: 'udp' | 'tcp' = 'udp') {
  const timers = new FakeTimers();
  const sent: SipRequest[] = [];
  const heard: (number | string)[] = [];
  let fail = (): void => {};
  let connection = 0;
  const layer = new TransactionLayer({
    alarms: new Alarms(timers, () => timers.now),
    wire: {
      send(_, bytes, failed) {
        const parsed = parseMessage(bytes);
        if (parsed.ok && parsed.message.kind === 'request') sent.push(parsed.message);
        fail = failed;
        return ++connection;
      },
    },
  });
  const transaction = layer.send(
    request(method),
    via,
    { ...hop, transport },
    {
      onResponse: (response) => void heard.push(response.status),
      onFailed: (because) => void heard.push(because),
    },
  );
  interface Over {
    branch?: string;
    method?: string;
    tag?: string;
    /** In place of the request's own. */
    header?: SipHeader;
  }
  const receive = (status: number, over: Over = {}): boolean => {
    const plain = request(over.method ?? method);
    const headers = plain.headers.map((one) => (one.name === over.header?.name ? over.header : one));
    const answered = { ...plain, headers };
    const way = { ...via, params: [{ name: 'branch', value: over.branch ?? 'z9hG4bKours' }] };
    const parsed = parseMessage(
      serializeMessage(responseTo(answered, way, status, null, { toTag: over.tag ?? 'bob' })),
    );
    if (!parsed.ok || parsed.message.kind !== 'response') throw new Error('unreadable');
    return layer.receiveResponse(parsed.message, parsed.essentials);
  };
  return { layer, transaction, timers, sent, heard, receive, fail: () => fail() };
}

test('a refused INVITE is acknowledged on its own branch, to the tag of the refusal, along its route', () => {
  const { sent, receive, heard } = setUp('INVITE');
  expect(receive(486, { tag: 'busy' })).toBe(true);
  const [invite, ack] = sent;
  expect(ack?.method).toBe('ACK');
  expect(ack?.uri).toBe(invite?.uri);
  expect(header(ack ?? request('ACK'), 'via')).toBe(header(invite ?? request('INVITE'), 'via'));
  expect(header(ack ?? request('ACK'), 'to')).toBe('<sip:bob@192.0.2.10>;tag=busy');
  expect(header(ack ?? request('ACK'), 'cseq')).toBe('7 ACK');
  expect(header(ack ?? request('ACK'), 'route')).toBe('<sip:192.0.2.20;lr>');
  expect(receive(486, { tag: 'busy' })).toBe(true);
  expect(sent).toHaveLength(3);
  expect(heard).toEqual([486]);
});

test('every 2xx of a forked INVITE is heard, and none is acknowledged by the transaction', () => {
  const { sent, receive, heard, timers, layer } = setUp('INVITE');
  receive(180, { tag: 'a' });
  receive(200, { tag: 'a' });
  receive(200, { tag: 'b' });
  expect(heard).toEqual([180, 200, 200]);
  expect(sent.map(({ method }) => method)).toEqual(['INVITE']);
  timers.advance(32_000);
  expect(layer.count).toBe(0);
  expect(receive(200, { tag: 'c' })).toBe(false);
});

test('an answer with another branch or method is nobody’s', () => {
  const { receive, heard } = setUp('BYE');
  expect(receive(200, { branch: 'z9hG4bKother' })).toBe(false);
  expect(receive(200, { method: 'INVITE' })).toBe(false);
  expect(heard).toEqual([]);
  expect(receive(200)).toBe(true);
});

test('an answer with our branch that bends Call-ID or our tag is nobody’s', () => {
  const { receive, heard, timers } = setUp('INVITE');
  expect(receive(200, { header: { name: 'call-id', value: 'other' } })).toBe(false);
  expect(receive(200, { header: { name: 'from', value: '<sip:us@198.51.100.1>;tag=them' } })).toBe(false);
  expect(receive(200, { header: { name: 'from', value: '<sip:us@198.51.100.1>' } })).toBe(false);
  expect(heard).toEqual([]);
  expect(receive(200, { header: { name: 'from', value: '"Us" <sip:us@198.51.100.1>;tag=us' } })).toBe(true);
  timers.advance(32_000);
});

test('an answer that comes late, between two copies of a refusal, does not spoil the ACK', () => {
  const { sent, receive, heard } = setUp('INVITE');
  receive(486, { tag: 'busy' });
  receive(180, { tag: 'busy' });
  receive(200, { tag: 'busy' });
  receive(486, { tag: 'busy' });
  const [, first, again] = sent;
  expect(again).toEqual(first);
  expect(heard).toEqual([486]);
});

test('CANCEL repeats the INVITE’s Via, target and number, so that every hop finds it', () => {
  const { sent } = setUp('INVITE');
  const [invite] = sent;
  if (invite === undefined) throw new Error('nothing sent');
  const cancel = cancelOf(invite);
  expect(cancel.method).toBe('CANCEL');
  expect(header(cancel, 'via')).toBe(header(invite, 'via'));
  expect(header(cancel, 'cseq')).toBe('7 CANCEL');
  expect(header(cancel, 'to')).toBe('<sip:bob@192.0.2.10>');
});

test('over UDP an unanswered INVITE is sent seven times in 32 s, over TCP once; then the user is told', () => {
  for (const [transport, times] of [
    ['udp', 7],
    ['tcp', 1],
  ] as const) {
    const { timers, sent, heard, layer } = setUp('INVITE', transport);
    timers.advance(32_000);
    expect(sent).toHaveLength(times);
    expect(heard).toEqual(['timeout']);
    expect(layer.count).toBe(0);
    expect(timers.pending).toBe(0);
  }
});

test('a transport error is told once, and the transaction is gone', () => {
  const { fail, heard, layer, timers } = setUp('BYE');
  fail();
  fail();
  expect(heard).toEqual(['transport']);
  expect(layer.count).toBe(0);
  expect(timers.pending).toBe(0);
});

test('when its TCP connection closes unanswered, a request goes out once more on another, and then fails', () => {
  const { sent, layer, heard } = setUp('BYE', 'tcp');
  layer.connectionClosed(7);
  expect(sent).toHaveLength(1);
  layer.connectionClosed(1);
  expect(sent).toHaveLength(2);
  expect(sent[1]).toEqual(sent[0]);
  layer.connectionClosed(1);
  layer.connectionClosed(2);
  expect(heard).toEqual(['transport']);
  const answered = setUp('BYE', 'tcp');
  answered.receive(200);
  answered.layer.connectionClosed(1);
  expect(answered.sent).toHaveLength(1);
});

test('what lingers after an answer keeps nothing of its request but the credentials that an ACK repeats', () => {
  const { transaction, receive } = setUp('INVITE');
  transaction.request.headers.push({ name: 'proxy-authorization', value: 'Digest x' });
  receive(180);
  expect(header(transaction.request, 'call-id')).toBe('out');
  receive(200);
  expect(transaction.request).toEqual({
    kind: 'request',
    method: 'INVITE',
    uri: 'sip:bob@192.0.2.10',
    headers: [{ name: 'proxy-authorization', value: 'Digest x' }],
    body: noBody,
  });
});

test('a copy of a refusal, half a minute on, is acknowledged like the first', () => {
  const { sent, receive } = setUp('INVITE');
  receive(486, { tag: 'busy' });
  receive(486, { tag: 'busy' });
  const [, first, again] = sent;
  expect(again?.method).toBe('ACK');
  expect(again).toEqual(first);
});
