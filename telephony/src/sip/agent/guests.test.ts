/** Callers from anywhere with a password: let in, asked, locked out, and never told which of their words was wrong. */
import { describe, expect, test } from 'vitest';
import { answerChallenge, chooseChallenge } from '../digest/client.js';
import { secretOf } from '../digest/compute.js';
import { challengeFor, verify } from '../digest/server.js';
import { header, headerValues } from '../message.js';
import type { Arrival } from '../ports.js';
import { makeWorld, offerText, requestText, type RequestWish, type World } from '../testing/world.js';

const uri = 'sip:0312345678@198.51.100.1';
const guests = {
  realm: 'house',
  algorithms: ['SHA-256', 'MD5'] as ('SHA-256' | 'MD5')[],
  accounts: [{ trunk: 'tk_guest', username: 'anna', password: 'right' }],
};

interface Caller {
  world: World;
  trunks: string[];
  send(wish?: RequestWish): void;
  /** Answers the last challenge. */
  answer(over?: { user?: string; password?: string; count?: number; md5?: boolean; wish?: RequestWish }): string;
  from: Arrival;
}

function caller(over: { guests?: typeof guests | null; address?: string } = {}): Caller {
  const trunks: string[] = [];
  let calls = 0;
  const world = makeWorld({
    handlers: {
      trunkOf: () => null,
      isTrunk: (trunk) => trunk === 'tk_guest',
      ...(over.guests === null ? {} : { guests: over.guests ?? guests }),
      onCall(call, trunk) {
        trunks.push(trunk);
        world.calls.push(call);
        return {
          ...{ onAnswered() {}, onAcknowledged() {}, onReoffer: () => null, onDigit() {} },
          onEnded: (cause) => void world.told.push({ ended: cause }),
        };
      },
    },
  });
  const from: Arrival = { transport: 'udp', address: over.address ?? '203.0.113.50', port: 5060, connection: null };
  let last: RequestWish = {};
  const one: Caller = {
    ...{ world, trunks, from },
    send(wish = {}) {
      calls += 1;
      last = { body: offerText, uri, branch: `z9hG4bK${calls}`, cseq: calls, ...wish };
      world.receive(requestText(last), from);
    },
    answer({ user = 'anna', password = 'right', count = 1, md5 = false, wish = {} } = {}) {
      const values = headerValues(world.lastResponse(), 'www-authenticate');
      const challenge = chooseChallenge(md5 ? values.filter((value) => /MD5/.test(value)) : values);
      if (challenge === null) throw new Error('nothing was asked');
      const parts = { method: 'INVITE', uri, body: offerText };
      const value = answerChallenge(challenge, { user, password }, parts, count, 'cnonce');
      one.send({ ...wish, extra: [`Authorization: ${value}`] });
      return value;
    },
  };
  return one;
}
const bytesOf = (world: World) =>
  Buffer.from(world.sent.at(-1)?.bytes ?? [])
    .toString('latin1')
    .replace(/nonce="[^"]*"/g, '')
    .replace(/branch=[^;]*|CSeq: \d+/g, '');

describe('[TRK13] a caller from anywhere', () => {
  test.each([false, true])('who knows the password is that trunk’s (MD5: %s)', (md5) => {
    const one = caller();
    one.send();
    expect(one.world.news()).toEqual(['401 INVITE']);
    expect(
      headerValues(one.world.lastResponse(), 'www-authenticate').map((value) => /algorithm=([^,]*)/.exec(value)?.[1]),
    ).toEqual([...['SHA-256', 'MD5']]);
    one.answer({ md5 });
    expect(one.trunks).toEqual(['tk_guest']);
  });

  test('may then cancel, acknowledge and hang up; copies are copies, and not judged again', () => {
    const one = caller();
    one.send();
    const value = one.answer();
    const wish = { body: offerText, uri, branch: 'z9hG4bK2', cseq: 2, extra: [`Authorization: ${value}`] };
    one.world.news();
    one.world.receive(requestText(wish), one.from);
    expect(one.world.news()).toEqual(['100 INVITE']);
    expect(one.trunks).toHaveLength(1);
    one.world.receive(requestText({ method: 'CANCEL', uri, branch: 'z9hG4bK2', cseq: 2 }), one.from);
    expect(one.world.news()).toEqual(['200 CANCEL', '487 INVITE']);
    const toTag = /tag=(.*)/.exec(header(one.world.lastResponse(), 'to') ?? '')?.[1] ?? '';
    one.world.receive(requestText({ method: 'ACK', uri, branch: 'z9hG4bK2', cseq: 2, toTag }), one.from);
    one.world.timers.advance(40_000);
    expect(one.world.news()).toEqual([]);
    expect(one.world.told).toEqual([{ ended: 'cancelled' }]);
  });

  test('may hang up an answered call, and is nobody again when it is over', () => {
    const one = caller();
    one.send();
    one.answer();
    one.world.calls[0]?.answer('v=0\r\n');
    const toTag = /tag=(.*)/.exec(header(one.world.lastResponse(), 'to') ?? '')?.[1] ?? '';
    one.world.receive(requestText({ method: 'ACK', uri, branch: 'z9hG4bKa', cseq: 2, toTag }), one.from);
    one.world.news();
    const elsewhere = { ...one.from, address: '203.0.113.51' };
    one.world.receive(requestText({ method: 'BYE', uri, branch: 'z9hG4bKb', cseq: 3, toTag }), elsewhere);
    expect(one.world.news()).toEqual(['403 BYE']);
    one.world.receive(requestText({ method: 'BYE', uri, branch: 'z9hG4bKc', cseq: 4, toTag }), one.from);
    expect(one.world.news()).toEqual(['200 BYE']);
    one.world.receive(requestText({ method: 'OPTIONS', uri, branch: 'z9hG4bKd', cseq: 5 }), one.from);
    expect(one.world.news()).toEqual(['403 OPTIONS']);
  });

  test('who answers with a nonce of another address, an old one, or twice with one count, is asked anew', () => {
    const one = caller();
    one.send();
    const home = { ...one.from };
    one.from.address = '203.0.113.99';
    one.answer();
    expect(one.trunks).toEqual([]);
    expect(headerValues(one.world.lastResponse(), 'www-authenticate')[0]).toContain('stale=true');
    one.from.address = home.address;
    one.send();
    const value = one.answer();
    one.send({ branch: 'z9hG4bKreplay', callId: 'another', extra: [`Authorization: ${value}`] });
    expect(one.trunks).toHaveLength(1);
    expect(headerValues(one.world.lastResponse(), 'www-authenticate')[0]).toContain('stale=true');
    one.world.timers.advance(61_000);
    one.answer();
    expect(headerValues(one.world.lastResponse(), 'www-authenticate')[0]).toContain('stale=true');
    one.answer();
    expect(one.trunks).toHaveLength(2);
  });

  test('is told the same, byte for byte, whatever was wrong', () => {
    const answers = [{ user: 'nobody', password: 'right' }, { password: 'wrong' }].map((over) => {
      const one = caller();
      one.send();
      one.answer(over);
      return bytesOf(one.world);
    });
    expect(answers[0]).toBe(answers[1]);
    expect(answers[0]).toContain('401');
    expect(answers[0]).not.toMatch(/anna|nobody/);
  });

  test('is locked out after five wrong passwords, even with the right one, alike for names that are none; that is logged once', () => {
    for (const user of ['anna', 'nobody']) {
      const one = caller();
      const news: string[] = [];
      one.send();
      for (let count = 0; count < 7; count++) {
        one.world.timers.advance(1_100);
        one.answer({ user, password: 'wrong' });
        news.push(one.world.news().at(-1) ?? '');
        if (count < 5) expect(one.world.lastResponse().status, `${count}`).toBe(401);
        else break;
      }
      expect(one.world.lastResponse().status).toBe(403);
      one.world.timers.advance(1_100);
      one.send();
      one.world.timers.advance(1_100);
      one.answer({ user });
      expect(one.trunks).toEqual([]);
      expect(one.world.lastResponse().status).toBe(403);
      const words = one.world.logged.filter(({ message }) => message.includes('locked out'));
      expect(words).toHaveLength(1);
      expect(JSON.stringify(words)).not.toContain(user);
      if (user !== 'anna') continue;
      one.world.timers.advance(900_000);
      one.send();
      one.world.timers.advance(1_100);
      one.answer();
      expect(one.trunks).toEqual(['tk_guest']);
    }
  });
});

describe('[TRK14] what a forged address can be sent', () => {
  test('without trunks that take passwords: never more than came, and only a 403', () => {
    const one = caller({ guests: null });
    one.send();
    expect(one.world.news()).toEqual(['403 INVITE']);
    expect(one.world.sent.at(-1)?.bytes.length).toBeLessThanOrEqual(requestText({ body: offerText, uri }).length);
  });

  test('with them: at most twice what came, and only to an INVITE', () => {
    const one = caller();
    const tiny =
      'INVITE sip:a SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bKx\r\nFrom: <sip:a@a>;tag=a\r\nTo: <sip:a@a>\r\nCall-ID: a\r\nCSeq: 1 INVITE\r\n\r\n';
    one.world.receive(tiny, one.from);
    expect(one.world.news()).toEqual([]);
    one.send();
    const bytesIn = requestText({ body: offerText, uri, branch: 'z9hG4bK1', cseq: 1 }).length;
    expect(one.world.sent.at(-1)?.bytes.length).toBeLessThanOrEqual(bytesIn * 2);
    one.send({ method: 'REGISTER' });
    one.send({ method: 'OPTIONS' });
    expect(one.world.news()).toEqual(['401 INVITE', '403 REGISTER', '403 OPTIONS']);
  });

  test('with them: a flood from one address hears a few answers, and then silence', () => {
    const one = caller();
    for (let count = 0; count < 100; count++) one.send();
    expect(one.world.news().length).toBeLessThanOrEqual(5);
  });
});

test('[TRK13] a guest’s call is taken up by the next process, though its address says nothing', () => {
  const one = caller();
  one.send();
  one.answer();
  one.world.calls[0]?.answer('v=0\r\n');
  const snapshot = one.world.calls[0]?.snapshot();
  if (!snapshot) throw new Error('no snapshot');
  const next = caller();
  const listener = { onAnswered() {}, onAcknowledged() {}, onReoffer: () => null, onDigit() {}, onEnded() {} };
  expect(next.world.agent.adopt(snapshot, () => listener)).toBe(true);
  const bye = requestText({ method: 'BYE', uri, branch: 'z9hG4bKbye', cseq: 9, toTag: snapshot.localTag });
  next.world.receive(bye, next.from);
  expect(next.world.news()).toEqual(['200 BYE']);
  expect(next.world.agent.adopt({ ...snapshot, callId: 'x', trunk: 'tk_gone' }, () => listener)).toBe(false);
});

/**
 * How far apart two distributions are, at their widest (Kolmogorov and Smirnov). Below `1.95 · √(2/n)` they are told apart by chance
 * only, once in a thousand times.
 */
function widestGap(a: readonly number[], b: readonly number[]): number {
  const [left, right] = [a.toSorted((x, y) => x - y), b.toSorted((x, y) => x - y)];
  let [i, j, widest] = [0, 0, 0];
  while (i < left.length && j < right.length) {
    const at = Math.min(left[i] ?? 0, right[j] ?? 0);
    while (i < left.length && (left[i] ?? 0) <= at) i++;
    while (j < right.length && (right[j] ?? 0) <= at) j++;
    widest = Math.max(widest, Math.abs(i / left.length - j / right.length));
  }
  return widest;
}

test('[TRK13] of 5,000 tries each, who exists and who does not are not told apart by the time that it takes', () => {
  const realm = { realm: 'house', key: new Uint8Array(32), nonceMs: 60_000, algorithms: ['SHA-256', 'MD5'] as const };
  const challenge = chooseChallenge(challengeFor(realm, 1_000, (count) => new Uint8Array(count), false));
  if (challenge === null) throw new Error('nothing was asked');
  const known = secretOf('SHA-256', 'anna', 'house', 'right');
  const tryAs = (user: string) => {
    const parts = { method: 'INVITE', uri, body: '' };
    const credentials = [answerChallenge(challenge, { user, password: 'wrong' }, parts, 1, 'cnonce')];
    return (): number => {
      const from = process.hrtime.bigint();
      const verdict = verify(realm, { ...parts, credentials }, (name) => (name === 'anna' ? known : null), 2_000);
      const took = Number(process.hrtime.bigint() - from);
      if (verdict.ok || verdict.because !== 'wrong') throw new Error('it was not judged');
      return took;
    };
  };
  const gapOf = (): number => {
    const [anna, nina] = [tryAs('anna'), tryAs('nina')];
    for (let n = 0; n < 6_000; n++) (n % 2 === 0 ? anna : nina)();
    const times: [number[], number[]] = [[], []];
    // In pairs, and each first as often as the other: whatever else the machine does befalls both.
    for (let n = 0; n < 5_000; n++) {
      const first = n % 2;
      for (const who of [first, 1 - first]) times[who === 0 ? 0 : 1].push((who === 0 ? anna : nina)());
    }
    return widestGap(...times);
  };
  // The best of three: a collection of garbage may fall on one of them, a hash more or less falls on all.
  expect(Math.min(gapOf(), gapOf(), gapOf())).toBeLessThan(1.95 * Math.sqrt(2 / 5_000));
});
