/** Signing in and out, who I am, and what leaks (nothing). */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ErrorBody } from '@denwaban/core/wire';
import { anna, password } from './testing/fakes.js';
import { openHouse, type House } from './testing/house.js';

let house: House;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(() => house.close());

const cookieFrom = (response: Response): string => (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
const problem = async (response: Response): Promise<ErrorBody> => (await response.json()) as ErrorBody;

describe('signing in', () => {
  test('answers with oneself and a cookie that scripts cannot read and other sites cannot send', async () => {
    const response = await house.signIn(anna.email);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ id: anna.id, role: 'agent', presence: { state: 'offline' } });
    expect(response.headers.get('set-cookie')).toMatch(
      /^denwaban_session=[\w-]{20,}; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    const me = await house.fetch('/api/v1/me', { headers: { cookie: cookieFrom(response) } });
    expect(await me.json()).toMatchObject({ email: anna.email, team: { name: '営業' } });
  });

  test('spaces and capitals around an address do not matter', async () => {
    expect((await house.signIn(`  ${anna.email.toUpperCase()} `)).status).toBe(200);
  });

  test('an unknown address and a wrong password are answered alike, and both are looked at', async () => {
    const wrong = await house.signIn(anna.email, 'wrong');
    const unknown = await house.signIn('nobody@example.jp', 'wrong');
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    const [a, b] = [await problem(wrong), await problem(unknown)];
    expect({ ...a, requestId: '' }).toEqual({ ...b, requestId: '' });
    expect(a.code).toBe('sign-in-refused');
    expect(wrong.headers.get('set-cookie')).toBeNull();
    expect(house.store.verified).toBe(2);
  });

  test('after five wrong passwords the sixth waits, and says how long; the right one counts after the pause', async () => {
    for (let i = 0; i < 5; i++) await house.signIn(anna.email, 'wrong');
    const held = await house.signIn(anna.email);
    expect(held.status).toBe(429);
    expect(held.headers.get('retry-after')).toBe('30');
    expect((await problem(held)).code).toBe('too-many-tries');
    expect(house.store.verified).toBe(5);
    house.pass(30_000);
    expect((await house.signIn(anna.email)).status).toBe(200);
  });

  test('signing in again ends the session that this browser had', async () => {
    const first = cookieFrom(await house.signIn(anna.email));
    const second = cookieFrom(await house.signIn(anna.email, password, { cookie: first }));
    expect(second).not.toBe(first);
    expect((await house.fetch('/api/v1/me', { headers: { cookie: first } })).status).toBe(401);
    expect((await house.fetch('/api/v1/me', { headers: { cookie: second } })).status).toBe(200);
  });

  test('neither passwords nor cookies nor what people search for come into the log', async () => {
    const cookie = cookieFrom(await house.signIn(anna.email));
    await house.signIn(anna.email, 'secret-guess');
    await house.fetch('/api/v1/customers?q=himitsu', { headers: { cookie } });
    expect(house.log()).toContain('/api/v1/customers');
    for (const secret of [password, 'secret-guess', cookie.split('=')[1]!, 'himitsu']) {
      expect(house.log()).not.toContain(secret);
    }
  });

  test('Secure is set when a trusted proxy says that the browser came by https', async () => {
    const proxied = await openHouse({ trustProxy: true });
    try {
      const response = await proxied.signIn(anna.email, password, { 'x-forwarded-proto': 'https' });
      expect(response.headers.get('set-cookie')).toMatch(/; Secure$/);
      expect(response.headers.get('strict-transport-security')).toBe('max-age=31536000');
    } finally {
      await proxied.close();
    }
    const plain = await house.signIn(anna.email, password, { 'x-forwarded-proto': 'https' });
    expect(plain.headers.get('set-cookie')).not.toMatch(/Secure/);
  });
});

test('signing out ends the session and clears the cookie', async () => {
  const cookie = cookieFrom(await house.signIn(anna.email));
  const response = await house.fetch('/api/v1/session', { method: 'DELETE', headers: { cookie } });
  expect(response.status).toBe(204);
  expect(response.headers.get('set-cookie')).toMatch(/^denwaban_session=; .*Max-Age=0/);
  expect((await house.fetch('/api/v1/me', { headers: { cookie } })).status).toBe(401);
});

describe('presence', () => {
  const put = async (body: unknown) =>
    house.fetch('/api/v1/me/presence', {
      method: 'PUT',
      headers: { 'content-type': 'application/json', cookie: await house.cookieOf(anna) },
      body: JSON.stringify(body),
    });

  test('is said, and answered with what is so', async () => {
    const response = await put({ presence: 'away', reason: 'lunch' });
    expect(await response.json()).toMatchObject({ says: 'away', reason: 'lunch', state: 'away' });
  });

  test.each([
    [{ presence: 'gone' }, 'body/presence'],
    [{ presence: 'away' }, 'body/reason'],
    [{ presence: 'away', reason: 'no-answer' }, 'body/reason'], // the server's to say
    [null, 'body'],
    [[], 'body'],
  ])('%o is refused by the name of its field', async (body, field) => {
    const response = await put(body);
    expect(response.status).toBe(400);
    const { code, detail } = await problem(response);
    expect([code, detail.split(':')[0]]).toEqual(['bad-request', expect.stringMatching(`^${field}`)]);
  });
});

describe('pages of other sites', () => {
  test.each([
    ['http://evil.example', 403],
    ['null', 403],
    ['own', 200],
  ])('Origin %s', async (origin, status) => {
    const headers = { origin: origin === 'own' ? house.url : origin };
    expect((await house.signIn(anna.email, password, headers)).status).toBe(status);
  });

  test('are refused before anything is looked at, on every route that changes something', async () => {
    const cookie = await house.cookieOf(anna);
    for (const { method, url } of house.routes) {
      if (method === 'GET' || method === 'HEAD' || Array.isArray(method)) continue;
      const headers = { origin: 'http://evil.example', cookie };
      const response = await house.fetch(url, { method, headers });
      expect((await problem(response)).code, `${String(method)} ${url}`).toBe('wrong-origin');
    }
    expect(house.store.verified).toBe(0);
  });
});

test('the database being away is said as such, and nobody is told that they are signed out', async () => {
  const cookie = await house.cookieOf(anna);
  house.store.sessionsFail = Object.assign(new Error('connect ECONNREFUSED'), {
    code: 'ECONNREFUSED',
    syscall: 'connect',
  });
  const response = await house.fetch('/api/v1/me', { headers: { cookie } });
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('2');
  expect((await problem(response)).code).toBe('unavailable');
});
