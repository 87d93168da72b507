/** REGISTER as it goes out, and what we make of the answers. The clock is the test's. */
import { describe, expect, test } from 'vitest';
import { parseDigest } from '../digest/header.js';
import { header, type SipHeader } from '../message.js';
import type { Hop } from '../ports.js';
import { answerTo, makeWorld, type World } from '../testing/world.js';
import type { UserAgentOptions } from './user-agent.js';
import { keepRegistered, type RegistrationNews, type Registrar, type RegistrationPlan } from './registrar.js';

const hop = (last: number, transport: Hop['transport'] = 'udp'): Hop => ({
  ...{ transport, address: `203.0.113.${last}`, port: 5060, connection: null },
});

interface House {
  world: World;
  registrar: Registrar;
  news: RegistrationNews[];
  /** Whose hops were asked for. */
  asked: number[];
}

function house(
  over: Partial<UserAgentOptions> = {},
  plan: Partial<RegistrationPlan> = {},
  servers: Hop[][] = [[hop(1)]],
): House {
  const world = makeWorld(over);
  const news: RegistrationNews[] = [];
  const asked: number[] = [];
  const registrar = keepRegistered(
    { ...world.agent.core, now: () => world.timers.now },
    { publicAddress: '198.51.100.1', port: 5060, ...over },
    {
      servers: servers.length,
      hopsOf(server, found) {
        asked.push(server);
        found(servers[server] ?? []);
      },
      ...{ user: '0312345678', domain: 'carrier.example', expiresS: 600, contactHost: null },
      credentials: { username: 'auth', password: 'secret' },
      ...plan,
    },
    (one) => void news.push(one),
  );
  return { world, registrar, news, asked };
}
/** When the second request went out, copies of the first aside. */
const secondAt = (world: World) =>
  world.sent.find(({ message }) => header(message, 'cseq') !== header(world.sent[0]?.message ?? message, 'cseq'))?.at ??
  NaN;
const contactOf = (world: World) => header(world.lastRequest(), 'contact') ?? '';
const granted = (world: World, seconds = 120): SipHeader => ({
  ...{ name: 'contact', value: `${contactOf(world).replace('>', '>;q=1')};expires=${seconds}` },
});
/** An answer that says where it saw us. */
function seenFrom(world: World, place: string, headers: SipHeader[] = []): Uint8Array {
  const [address = '', port = ''] = place.split(' ');
  const text = Buffer.from(answerTo(world, 200, headers)).toString('latin1');
  return Buffer.from(text.replace(/;rport(?=[;\r])/, `;received=${address};rport=${port}`), 'latin1');
}

describe('[TRK8] REGISTER', () => {
  test('goes to the domain, with our address, one Call-ID and From tag, and rising numbers', () => {
    const { world, news } = house();
    const first = world.lastRequest();
    expect(first).toMatchObject({ method: 'REGISTER', uri: 'sip:carrier.example' });
    expect(header(first, 'to')).toBe('<sip:0312345678@carrier.example>');
    expect(header(first, 'contact')).toBe('<sip:0312345678@198.51.100.1:5060;transport=udp>');
    expect(header(first, 'expires')).toBe('600');
    world.receive(
      answerTo(world, 401, [{ name: 'www-authenticate', value: 'Digest realm="c", nonce="n", qop="auth"' }]),
    );
    const second = world.lastRequest();
    const answer = parseDigest(header(second, 'authorization') ?? '');
    expect(answer?.get('username')).toBe('auth');
    expect(answer?.get('uri')).toBe('sip:carrier.example');
    world.receive(answerTo(world, 200, [granted(world)]));
    expect(news.at(-1)).toMatchObject({ standing: true, because: null, flow: { address: '203.0.113.1' } });
    // Granted 120 s: the refresh comes between 90 and 108 s, to the same place.
    world.timers.advance(89_000);
    expect(world.lastRequest()).toBe(second);
    world.timers.advance(19_000);
    const third = world.lastRequest();
    expect(third).not.toBe(second);
    for (const name of ['call-id', 'from']) expect(header(third, name)).toBe(header(first, name));
    const numbers = [first, second, third].map((one) => Number.parseInt(header(one, 'cseq') ?? '', 10));
    expect(new Set(numbers).size).toBe(3);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  });

  test('takes the time of its own address, not of others’, nor what it asked for', () => {
    const { world } = house();
    const other: SipHeader = { name: 'contact', value: '<sip:0312345678@192.0.2.99:5060>;expires=7000' };
    world.receive(answerTo(world, 200, [other, granted(world, 100), { name: 'expires', value: '9000' }]));
    world.timers.advance(120_000);
    expect(secondAt(world)).toBeGreaterThanOrEqual(75_000);
    expect(secondAt(world)).toBeLessThanOrEqual(90_000);
  });

  test('refused: said, and asked again after half a minute at the least', () => {
    const { world, news } = house();
    world.receive(answerTo(world, 403));
    expect(news.at(-1)).toEqual({ standing: false, because: { status: 403 }, flow: null });
    world.timers.advance(60_000);
    expect(secondAt(world)).toBeGreaterThanOrEqual(30_000);
    world.receive(answerTo(world, 403));
    expect(news.filter((one) => JSON.stringify(one.because) === '{"status":403}').length).toBeLessThanOrEqual(2);
  });

  test('silent: the next address after 8 s, then the next server; no address at all is said', () => {
    const { world, news, asked } = house({}, {}, [[hop(1), hop(2)], []]);
    world.timers.advance(8_000);
    expect(world.sent.at(-1)?.hop.address).toBe('203.0.113.2');
    world.timers.advance(8_000);
    expect(asked).toEqual([0, 1]);
    expect(news.at(-1)).toMatchObject({ standing: false, because: 'no-address' });
    world.timers.advance(4_100);
    expect(asked).toEqual([0, 1, 0]);
  });

  test('while it stands a failed refresh is not yet the end of it', () => {
    const { world, news } = house();
    world.receive(answerTo(world, 200, [granted(world, 100)]));
    world.timers.advance(90_000);
    world.timers.advance(8_000);
    expect(news.at(-1)).toMatchObject({ standing: true, because: 'timeout' });
    world.timers.advance(30_000);
    expect(news.at(-1)).toMatchObject({ standing: false });
  });
});

describe('[TRK8] behind a NAT', () => {
  const inside = { publicAddress: '192.168.1.5' };

  test('the address and port that the registrar sees are registered at once, and in every REGISTER after that', () => {
    const { world } = house(inside);
    world.receive(seenFrom(world, '198.51.100.99 31000', [granted(world)]));
    expect(contactOf(world)).toBe('<sip:0312345678@198.51.100.99:31000;transport=udp>');
    world.receive(seenFrom(world, '198.51.100.99 31000', [granted(world)]));
    world.news();
    world.timers.advance(80_000);
    expect(world.news()).toEqual([]);
    world.timers.advance(28_000);
    expect(contactOf(world)).toBe('<sip:0312345678@198.51.100.99:31000;transport=udp>');
  });

  test('[TRK19] a name that the carrier knows us by is registered, whatever address it sees', () => {
    const { world } = house(inside, { contactHost: 'sbc.example.com' });
    world.receive(seenFrom(world, '198.51.100.99 31000', [granted(world)]));
    expect(world.news()).toEqual(['REGISTER']);
    expect(contactOf(world)).toBe('<sip:0312345678@sbc.example.com:5060;transport=udp>');
  });

  test('a public address that was configured is not argued with', () => {
    const { world } = house();
    world.receive(seenFrom(world, '198.51.100.99 31000', [granted(world)]));
    expect(contactOf(world)).toContain('198.51.100.1:5060');
  });

  test('a registrar that sees us as we are teaches nothing', () => {
    const { world } = house(inside);
    world.receive(seenFrom(world, '192.168.1.5 5060', [granted(world)]));
    expect(world.news()).toEqual(['REGISTER']);
  });
});

describe('[TRK8] over a connection', () => {
  test('that breaks, the address is registered anew on another', () => {
    const { world, registrar } = house({}, {}, [[hop(1, 'tls')]]);
    expect(contactOf(world)).toBe('<sip:0312345678@198.51.100.1:5061;transport=tls>');
    world.receive(answerTo(world, 200, [granted(world)]));
    registrar.connectionClosed(98);
    world.timers.advance(3_000);
    expect(world.news()).toEqual(['REGISTER']);
    registrar.connectionClosed(99);
    world.timers.advance(3_000);
    expect(world.news()).toEqual(['REGISTER']);
  });
});

describe('[TRK9] the end', () => {
  test('of the house takes the address back, password and all, and is told', () => {
    const { world, registrar } = house();
    world.receive(answerTo(world, 200, [granted(world)]));
    let gone = 0;
    registrar.stop(() => void gone++);
    expect(header(world.lastRequest(), 'expires')).toBe('0');
    world.receive(
      answerTo(world, 401, [{ name: 'www-authenticate', value: 'Digest realm="c", nonce="n", qop="auth"' }]),
    );
    expect(header(world.lastRequest(), 'authorization')).not.toBeNull();
    expect(gone).toBe(0);
    world.receive(answerTo(world, 200));
    expect(gone).toBe(1);
    world.timers.advance(600_000);
    expect(world.timers.pending).toBe(0);
  });

  test('of the process leaves the address as it is', () => {
    const { world, registrar } = house();
    world.receive(answerTo(world, 200, [granted(world)]));
    registrar.leave();
    world.timers.advance(600_000);
    expect(world.news()).toEqual(['REGISTER']);
    expect(world.timers.pending).toBe(0);
  });

  test('of a house that was never registered is at once', () => {
    const { registrar } = house();
    let gone = 0;
    registrar.stop(() => void gone++);
    expect(gone).toBe(1);
  });
});
