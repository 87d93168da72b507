import { describe, expect, test } from 'vitest';
import { header, type SipHeader } from '../message.js';
import type { Hop } from '../ports.js';
import { FakeTimers, answerTo, makeWorld, offerText, type World } from '../testing/world.js';
import { Farewells, writeFarewell } from './farewell.js';

const hop: Hop = { transport: 'udp', address: '192.0.2.7', port: 5080, connection: 7 };
const response = {
  kind: 'response' as const,
  status: 503,
  reason: 'Service Unavailable',
  headers: [{ name: 'call-id', value: 'a@b' }],
  body: '',
};

function send(farewell: string) {
  const sent: { hop: Hop; text: string; ms: number }[] = [];
  const timers = new FakeTimers();
  const wire = {
    send: (to: Hop, text: string) => void sent.push({ hop: to, text, ms: timers.now }),
  };
  new Farewells({ timers } as never, wire as never).say(farewell);
  timers.advance(60_000);
  return sent;
}

test('a farewell is sent as it was written, over UDP more than once, by a connection of nobody’s', () => {
  const sent = send(writeFarewell(hop, response));
  expect(sent.map(({ ms }) => ms)).toEqual([0, 500, 1_500]);
  expect(sent[0]?.hop).toEqual({ ...hop, connection: null });
  expect(sent[0]?.text).toMatch(/^SIP\/2.0 503 Service Unavailable\r\n/);
  expect(send(writeFarewell({ ...hop, transport: 'tcp' }, response))).toHaveLength(1);
});

test.each(['', 'null', '[]', '{"transport":"udp"}', '{"transport":"sctp","address":"a","port":1,"message":""}'])(
  '%j is no farewell',
  (text) => expect(send(text)).toEqual([]),
);

describe('a telephone that answers a call of a process that died', () => {
  const contact: SipHeader = { name: 'contact', value: '<sip:bob@192.0.2.10:5070>' };
  const route: SipHeader = { name: 'record-route', value: '<sip:192.0.2.31;lr>' };
  const handlers = { trunkOf: () => null, onCall: () => expect.fail('no call') };

  /** The process that died, and the next one, which has just sent the CANCEL. */
  function passed(more: Partial<Parameters<typeof makeWorld>[0]> = {}): { dead: World; next: World } {
    const dead = makeWorld();
    dead.place();
    const next = makeWorld({ handlers, ...more });
    next.agent.sendFarewell(dead.farewells[0] ?? '');
    next.timers.advance(0);
    expect(next.news()).toEqual(['CANCEL']);
    return { dead, next };
  }
  const ok = (dead: World, ...headers: SipHeader[]) =>
    answerTo(dead, 200, [contact, route, ...headers], 'INVITE', offerText);
  const to = (tag: string): SipHeader => ({ name: 'to', value: `<sip:+81312345678@carrier.example>;tag=${tag}` });

  test('is acknowledged and hung up, by the way that its answer names, numbered above all that was', () => {
    const { dead, next } = passed();
    next.receive(ok(dead));
    expect(next.news()).toEqual(['ACK', 'BYE']);
    const [ack, bye] = next.sent.slice(-2).map(({ message }) => message);
    const invite = dead.sent[0]?.message;
    for (const message of [ack!, bye!]) {
      expect(message).toMatchObject({ uri: 'sip:bob@192.0.2.10:5070' });
      expect(header(message, 'route')).toBe('<sip:192.0.2.31;lr>');
      expect(header(message, 'call-id')).toBe(header(invite!, 'call-id'));
      expect(header(message, 'from')).toContain(/tag=\w+/.exec(header(invite!, 'from') ?? '')?.[0]);
      expect(header(message, 'to')).toContain('tag=far');
    }
    const number = (text: string | null) => Number.parseInt(text ?? '', 10);
    expect(number(header(ack!, 'cseq'))).toBe(number(header(invite!, 'cseq')));
    expect(number(header(bye!, 'cseq'))).toBeGreaterThan(number(header(invite!, 'cseq')) + 1_000);
    expect(next.sent.at(-1)?.hop.address).toBe('192.0.2.31');
  });

  test('has each copy acknowledged and one BYE; so has each other place where it rang, and nothing is left', () => {
    const { dead, next } = passed();
    next.receive(ok(dead));
    next.receive(ok(dead));
    next.receive(ok(dead, to('b')));
    expect(next.news()).toEqual(['ACK', 'BYE', 'ACK', 'ACK', 'BYE']);
    for (let at = 0; at < 40; at++) next.receive(ok(dead, to(`many${at}`)));
    expect(next.news().filter((name) => name === 'BYE')).toHaveLength(18);
    next.timers.advance(70_000);
    expect(next.timers.pending).toBe(0);
    expect(next.agent.counts).toEqual({ dialogs: 0, transactions: 0 });
  });

  test('is told the trunk’s password if its BYE is asked for one', () => {
    const credentialsOf = (trunk: string) => (trunk === 'tk' ? { username: 'us', password: 'secret' } : null);
    const { dead, next } = passed({ handlers: { ...handlers, credentialsOf } });
    next.receive(ok(dead));
    next.receive(answerTo(next, 407, [{ name: 'proxy-authenticate', value: 'Digest realm="c", nonce="n"' }], 'BYE'));
    expect(next.news()).toEqual(['ACK', 'BYE', 'BYE']);
    expect(header(next.lastRequest(), 'proxy-authorization')).toContain('username="us"');
  });

  test('and refuses after all is acknowledged', () => {
    const { dead, next } = passed();
    next.receive(answerTo(dead, 180, [contact], 'INVITE'));
    expect(next.news()).toEqual([]);
    next.receive(answerTo(dead, 487, [], 'INVITE'));
    expect(next.news()).toEqual(['ACK']);
    const via = (world: World) => header(world.sent.at(-1)!.message, 'via');
    expect(via(next)).toBe(header(dead.sent[0]!.message, 'via'));
  });

  test.each([
    ['branch', (text: string) => text.replace(/branch=[^;\r]+/, 'branch=z9hG4bKguess')],
    ['Call-ID', (text: string) => text.replace(/call-id: .*/i, 'Call-ID: guess')],
    ['tag of ours', (text: string) => text.replace(/(from: .*tag=).*/i, '$1guess')],
    ['number', (text: string) => text.replace(/cseq: .*/i, 'CSeq: 1 INVITE')],
    ['method', (text: string) => text.replace(/(cseq: \d+) INVITE/i, '$1 CANCEL')],
  ])('is let in by all that nobody can guess: another %s is nothing', (_, spoil) => {
    const { dead, next } = passed();
    const text = Buffer.from(ok(dead)).toString();
    expect(spoil(text)).not.toBe(text);
    next.receive(spoil(text));
    expect(next.news()).toEqual([]);
    next.receive(text);
    expect(next.news()).toEqual(['ACK', 'BYE']);
  });

  test('later than 64·T1, or once the agent is closed, is nobody’s', () => {
    const late = passed();
    late.next.timers.advance(31_999);
    expect(late.next.news()).toEqual(['CANCEL', 'CANCEL']);
    late.next.timers.advance(1);
    late.next.receive(ok(late.dead));
    expect(late.next.news()).toEqual([]);
    const closed = passed();
    closed.next.agent.close();
    closed.next.receive(ok(closed.dead));
    expect(closed.next.news()).toEqual([]);
    expect(closed.next.timers.pending).toBe(0);
  });
});
