import { describe, expect, test } from 'vitest';
import { header, headerValues, type SipHeader } from '../message.js';
import type { Hop } from '../ports.js';
import { requestOutside } from '../requests.js';
import { parseDigest } from '../digest/header.js';
import { answerTo, makeWorld, type World } from '../testing/world.js';
import type { OutsideRequest } from './outside.js';

const hop = (last: number): Hop => ({ transport: 'udp', address: `192.0.2.${last}`, port: 5060, connection: null });
const credentials = { username: 'denwaban', password: 'secret' };

interface Sent {
  world: World;
  outside: OutsideRequest;
  heard: (number | string)[];
}

function send(
  method: string,
  hops: Hop[],
  over: { credentials?: typeof credentials | null; cseq?: number; hopMs?: number } = {},
): Sent {
  const world = makeWorld();
  const heard: (number | string)[] = [];
  const outside = world.agent.sendOutside(
    {
      hops,
      credentials: over.credentials === undefined ? credentials : over.credentials,
      ...(over.cseq === undefined ? {} : { cseq: over.cseq }),
      ...(over.hopMs === undefined ? {} : { hopMs: over.hopMs }),
      request: ({ address }) =>
        requestOutside({
          method,
          uri: `sip:${address}`,
          from: '<sip:denwaban@carrier.example>',
          fromTag: 'us',
          to: '<sip:denwaban@carrier.example>',
          callId: 'one',
        }),
    },
    {
      onResponse: ({ status }) => void heard.push(status),
      onFailed: (because) => void heard.push(because),
    },
  );
  return { world, outside, heard };
}
const places = (world: World) => world.sent.map(({ hop: to }) => to.address.split('.')[3]);
const challenge = (nonce: string, more = '', name = 'www-authenticate'): SipHeader => ({
  name,
  value: `Digest realm="carrier", nonce="${nonce}", qop="auth"${more}`,
});
const branchOf = (world: World) => /branch=([^;]+)/.exec(header(world.lastRequest(), 'via') ?? '')?.[1];
const numberOf = (world: World) => Number.parseInt(header(world.lastRequest(), 'cseq') ?? '', 10);

describe('the next hop (RFC 3263 §4.3)', () => {
  test('is tried on 503, with a new branch and the next CSeq, the same Call-ID and tag; its word is final', () => {
    const { world, heard } = send('OPTIONS', [hop(1), hop(2)]);
    const before = [branchOf(world), numberOf(world), header(world.lastRequest(), 'from')];
    world.receive(answerTo(world, 503));
    expect(places(world)).toEqual(['1', '2']);
    expect(branchOf(world)).not.toBe(before[0]);
    expect(numberOf(world)).toBe(Number(before[1]) + 1);
    expect(header(world.lastRequest(), 'from')).toBe(before[2]);
    expect(world.lastRequest().uri).toBe('sip:192.0.2.2');
    world.receive(answerTo(world, 503));
    expect(heard).toEqual([503]);
    expect(places(world)).toEqual(['1', '2']);
  });

  test('is tried when one is silent for 64·T1, and when nothing can be sent', () => {
    const { world, heard } = send('OPTIONS', [hop(1), hop(2)]);
    world.timers.advance(31_999);
    expect(new Set(places(world))).toEqual(new Set(['1']));
    world.timers.advance(1);
    expect(places(world).at(-1)).toBe('2');
    world.broken = true;
    world.timers.advance(1_000);
    expect(heard).toEqual(['transport']);
    world.timers.advance(60_000);
    expect(heard).toEqual(['transport']);
    expect(world.timers.pending).toBe(0);
  });

  test('is tried sooner when there is no time for 64·T1; what then still comes is nothing', () => {
    const { world, heard } = send('OPTIONS', [hop(1), hop(2)], { hopMs: 3_000 });
    const late = answerTo(world, 200);
    world.timers.advance(3_000);
    expect(places(world).at(-1)).toBe('2');
    world.receive(late);
    expect(heard).toEqual([]);
    world.timers.advance(3_000);
    expect(heard).toEqual(['timeout']);
    world.timers.advance(60_000);
    expect(heard).toEqual(['timeout']);
    expect(world.timers.pending).toBe(0);
    const answered = send('OPTIONS', [hop(1), hop(2)], { hopMs: 3_000 });
    answered.world.receive(answerTo(answered.world, 200));
    answered.world.timers.advance(3_000);
    expect(answered.heard).toEqual([200]);
    expect(places(answered.world)).toEqual(['1']);
  });

  test('is not tried on a refusal, nor once a phone rings', () => {
    const refused = send('OPTIONS', [hop(1), hop(2)]);
    refused.world.receive(answerTo(refused.world, 404));
    expect(refused.heard).toEqual([404]);
    const ringing = send('INVITE', [hop(1), hop(2)]);
    ringing.world.receive(answerTo(ringing.world, 180));
    ringing.world.receive(answerTo(ringing.world, 503));
    expect(ringing.heard).toEqual([180, 503]);
    expect(ringing.world.news()).toEqual(['INVITE', 'ACK']);
  });

  test('without any hop the request has failed, but not before the call returns', () => {
    const { world, heard } = send('OPTIONS', []);
    expect(heard).toEqual([]);
    world.timers.advance(0);
    expect(heard).toEqual(['transport']);
  });
});

describe('a password that is asked for', () => {
  test.each([
    [401, 'www-authenticate', 'authorization'],
    [407, 'proxy-authenticate', 'proxy-authorization'],
  ])('by %i is answered once, to the same hop', (status, asks, answers) => {
    const { world, heard } = send('REGISTER', [hop(1), hop(2)], { cseq: 41 });
    expect(header(world.lastRequest(), answers)).toBeNull();
    world.receive(answerTo(world, status, [challenge('n1', '', asks)]));
    expect(places(world)).toEqual(['1', '1']);
    expect(numberOf(world)).toBe(42);
    const answer = parseDigest(header(world.lastRequest(), answers) ?? '');
    expect(answer?.get('nonce')).toBe('n1');
    expect(answer?.get('nc')).toBe('00000001');
    expect(answer?.get('username')).toBe('denwaban');
    world.receive(answerTo(world, status, [challenge('n2', '', asks)]));
    expect(heard).toEqual([status]);
  });

  test('is answered again when only the nonce was too old, but not twice for one nonce, and not for ever', () => {
    const { world, heard } = send('REGISTER', [hop(1)]);
    for (const nonce of ['a', 'b', 'c', 'd']) {
      world.receive(answerTo(world, 401, [challenge(nonce, ', stale=true')]));
      expect(parseDigest(header(world.lastRequest(), 'authorization') ?? '')?.get('nonce')).toBe(nonce);
    }
    world.receive(answerTo(world, 401, [challenge('e', ', stale=true')]));
    expect(heard).toEqual([401]);
    const twice = send('REGISTER', [hop(1)]);
    twice.world.receive(answerTo(twice.world, 401, [challenge('a')]));
    twice.world.receive(answerTo(twice.world, 401, [challenge('a', ', stale=true')]));
    expect(twice.heard).toEqual([401]);
  });

  test('by a proxy and then by the server behind it: both are answered', () => {
    const { world, heard } = send('INVITE', [hop(1)]);
    world.receive(answerTo(world, 407, [challenge('p', '', 'proxy-authenticate')]));
    world.receive(answerTo(world, 401, [challenge('s')]));
    expect(headerValues(world.lastRequest(), 'proxy-authorization')).toHaveLength(1);
    expect(headerValues(world.lastRequest(), 'authorization')).toHaveLength(1);
    expect(world.news()).toEqual(['INVITE', 'ACK', 'INVITE', 'ACK', 'INVITE']);
    expect(heard).toEqual([]);
  });

  test('is answered in SHA-256 when that is offered beside MD5', () => {
    const { world } = send('OPTIONS', [hop(1)]);
    world.receive(answerTo(world, 401, [challenge('m', ', algorithm=MD5'), challenge('s', ', algorithm=SHA-256')]));
    expect(parseDigest(header(world.lastRequest(), 'authorization') ?? '')?.get('algorithm')).toBe('SHA-256');
  });

  test('is told to nobody else: the next hop gets a request without it', () => {
    const { world } = send('OPTIONS', [hop(1), hop(2)]);
    world.receive(answerTo(world, 401, [challenge('n1')]));
    world.receive(answerTo(world, 503));
    expect(places(world).at(-1)).toBe('2');
    expect(header(world.lastRequest(), 'authorization')).toBeNull();
  });

  test('is a refusal when we have none, or know no such scheme', () => {
    const without = send('OPTIONS', [hop(1)], { credentials: null });
    without.world.receive(answerTo(without.world, 401, [challenge('n')]));
    expect(without.heard).toEqual([401]);
    const strange = send('OPTIONS', [hop(1)]);
    strange.world.receive(answerTo(strange.world, 401, [{ name: 'www-authenticate', value: 'Basic realm="x"' }]));
    expect(strange.heard).toEqual([401]);
  });
});

describe('an INVITE that is no longer wanted (§9.1)', () => {
  test('is cancelled by the INVITE’s own branch, once somebody has answered at all', () => {
    const { world, outside, heard } = send('INVITE', [hop(1), hop(2)]);
    const branch = branchOf(world);
    outside.cancel();
    expect(world.news()).toEqual(['INVITE']);
    world.receive(answerTo(world, 100));
    expect(world.news()).toEqual(['CANCEL']);
    expect(branchOf(world)).toBe(branch);
    expect(header(world.lastRequest(), 'cseq')).toMatch(/ CANCEL$/);
    world.receive(answerTo(world, 200));
    world.receive(answerTo(world, 487, [], 'INVITE'));
    expect(world.news()).toEqual(['ACK']);
    expect(heard).toEqual([100, 487]);
    world.timers.advance(64_000);
    expect(world.timers.pending).toBe(0);
  });

  test('tries no further hop, answers no challenge, and is given up after 64·T1', () => {
    const { world, outside, heard } = send('INVITE', [hop(1), hop(2)]);
    world.receive(answerTo(world, 100));
    outside.cancel();
    world.news();
    world.timers.advance(31_999);
    expect(heard).toEqual([100]);
    world.timers.advance(1);
    expect(heard).toEqual([100, 'timeout']);
    expect(new Set(places(world))).toEqual(new Set(['1']));
    const challenged = send('INVITE', [hop(1)]);
    challenged.world.receive(answerTo(challenged.world, 100));
    challenged.outside.cancel();
    challenged.world.receive(answerTo(challenged.world, 401, [challenge('n')], 'INVITE'));
    expect(challenged.heard).toEqual([100, 401]);
  });
});
