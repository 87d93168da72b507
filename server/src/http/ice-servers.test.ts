/** What a browser is given for the relay: for those who are signed in, for a while, and in no log. */
import { createHmac } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { iceServers } from '@denwaban/core/wire';
import type { TurnSettings } from '../turn-settings.js';
import { anna, sato } from './testing/fakes.js';
import { openHouse, type House } from './testing/house.js';

const urls = ['turn:turn.example.com:3478'];
let house: House;
afterEach(() => house.close());

async function open(turn: TurnSettings | null) {
  house = await openHouse({ settings: { httpHost: '127.0.0.1', httpPort: 0, turn } });
  return async (who = anna) => {
    const headers = { cookie: await house.cookieOf(who) };
    const response = await house.fetch('/api/v1/me/ice-servers', { headers });
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store']);
    return iceServers.parse(await response.json());
  };
}

test('without TURN there is none', async () => {
  const ask = await open(null);
  expect(await ask()).toEqual({ iceServers: [], policy: 'all', validMs: null });
});

test('nobody gets credentials without a session', async () => {
  await open({ urls, access: { secret: 'of-the-relay', seconds: 60 }, policy: 'all' });
  const response = await house.fetch('/api/v1/me/ice-servers');
  expect(response.status).toBe(401);
  expect(await response.text()).not.toContain('turn');
});

test('the name says when it ends and whose it is, the password is its HMAC under the secret', async () => {
  const ask = await open({ urls, access: { secret: 'of-the-relay', seconds: 60 }, policy: 'relay' });
  const { iceServers: servers, policy, validMs } = await ask();
  const username = `1700001060:${anna.id}`; // the house's clock stands at 1 700 001 000 s
  const credential = createHmac('sha1', 'of-the-relay').update(username).digest('base64');
  expect({ servers, policy, validMs }).toEqual({
    servers: [{ urls, username, credential }],
    policy: 'relay',
    validMs: 60_000,
  });
});

test('they are made anew at each request, and for each person', async () => {
  const ask = await open({ urls, access: { secret: 'of-the-relay', seconds: 60 }, policy: 'all' });
  const first = (await ask()).iceServers[0]!;
  house.pass(30_000);
  expect((await ask()).iceServers[0]!.username).toBe(`1700001090:${anna.id}`);
  expect((await ask(sato)).iceServers[0]!.username).toBe(`1700001090:${sato.id}`);
  expect((await ask(sato)).iceServers[0]!.credential).not.toBe(first.credential);
});

test('one fixed user is given as it is, without an end', async () => {
  const ask = await open({ urls, access: { user: 'floor', password: 'open sesame' }, policy: 'all' });
  expect(await ask()).toEqual({
    iceServers: [{ urls, username: 'floor', credential: 'open sesame' }],
    policy: 'all',
    validMs: null,
  });
});

test('neither secret nor password is in the log, however much is logged', async () => {
  const ask = await open({ urls, access: { secret: 'of-the-relay', seconds: 60 }, policy: 'all' });
  const { credential, username } = (await ask()).iceServers[0]!;
  expect(house.log()).toContain('/api/v1/me/ice-servers');
  for (const hidden of ['of-the-relay', credential, username]) expect(house.log()).not.toContain(hidden);
});
