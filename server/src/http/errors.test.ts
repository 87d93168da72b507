/** Errors are codes from one catalogue, whatever comes. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { errorBody, errorCatalogue, type ErrorCode } from '@denwaban/core/wire';
import { Refusal } from '../services.js';
import { codedError } from './errors.js';
import { anna, sato } from './testing/fakes.js';
import { openHouse, type House } from './testing/house.js';
import { errorsPage } from './testing/reference-pages.js';

let house: House;
let cookie: string;
beforeAll(async () => {
  house = await openHouse();
  cookie = await house.cookieOf(sato);
});
afterAll(() => house.close());

test('docs/reference/errors.md is the catalogue (write it anew with vitest -u)', async () => {
  await expect(errorsPage()).toMatchFileSnapshot('../../../docs/reference/errors.md');
});

describe('the catalogue, code by code, as the API answers it', () => {
  test.each(Object.entries(errorCatalogue))('%s', async (code, { http }) => {
    house.floor.refuseWith = new Refusal(code as ErrorCode, 'because of a test');
    const response = await house.fetch('/api/v1/me/presence', {
      method: 'PUT',
      headers: { 'content-type': 'application/json', cookie },
      body: JSON.stringify({ presence: 'available' }),
    });
    expect(response.status).toBe(http);
    expect(response.headers.get('retry-after')).toBe(code === 'unavailable' ? '2' : null);
    const body: unknown = await response.json();
    expect(body).toEqual({ code, detail: 'because of a test', requestId: response.headers.get('x-request-id') });
    expect(errorBody.safeParse(body).success).toBe(true);
  });
});

describe('what clients get wrong', () => {
  const json = { 'content-type': 'application/json' };
  test.each<[string, string, RequestInit, number, string, string]>([
    ['an unknown path', '/api/v1/nothing', {}, 404, 'not-found', 'there is nothing'],
    ['an unknown path below /api', '/api', {}, 404, 'not-found', 'there is nothing'],
    ['a wrong method', '/api/v1/health', { method: 'POST' }, 404, 'not-found', 'there is nothing'],
    [
      'broken JSON',
      '/api/v1/session',
      { method: 'POST', headers: json, body: '{"email":' },
      400,
      'bad-request',
      'body: is not',
    ],
    ['an empty body', '/api/v1/session', { method: 'POST', headers: json }, 400, 'bad-request', 'body'],
    [
      'a prototype in it',
      '/api/v1/session',
      { method: 'POST', headers: json, body: '{"__proto__":{}}' },
      400,
      'bad-request',
      'body',
    ],
    ['no body at all', '/api/v1/session', { method: 'POST' }, 400, 'bad-request', 'body'],
    [
      'a form',
      '/api/v1/session',
      { method: 'POST', body: new URLSearchParams({ email: 'a' }) },
      415,
      'wrong-content-type',
      '',
    ],
    ['text', '/api/v1/session', { method: 'POST', body: 'hello' }, 415, 'wrong-content-type', ''],
    [
      'too much',
      '/api/v1/session',
      { method: 'POST', headers: json, body: `"${'x'.repeat(70_000)}"` },
      413,
      'too-large',
      '',
    ],
    ['a field too many letters', '/api/v1/customers?limit=many', {}, 400, 'bad-request', 'querystring/limit'],
    ['a limit too high', '/api/v1/customers?limit=201', {}, 400, 'bad-request', 'querystring/limit'],
    ['a twice given field', '/api/v1/customers?q=a&q=b', {}, 400, 'bad-request', 'querystring/q'],
    ['a status that is none', '/api/v1/conversations?status=gone', {}, 400, 'bad-request', 'querystring/status'],
    ['a cursor of somebody else', '/api/v1/conversations?cursor=broken', {}, 400, 'bad-request', 'cursor'],
    ['an id of another kind', '/api/v1/conversations/ag_anna', {}, 404, 'not-found', ''],
    ['a customer of no such id', '/api/v1/customers/cu_2', {}, 404, 'not-found', ''],
    ['no customer but a conversation', '/api/v1/customers/cv_01', {}, 404, 'not-found', ''],
    ['an id that climbs', '/api/v1/conversations/cv_..%2F..%2Fetc/recording', {}, 404, 'not-found', ''],
    ['a path that cannot be decoded', '/api/v1/conversations/%zz', {}, 400, 'bad-request', 'path'],
    ['a very long id', `/api/v1/conversations/cv_${'a'.repeat(90)}`, {}, 400, 'bad-request', 'params/id'],
  ])('%s', async (_name, path, init, status, code, detail) => {
    const response = await house.fetch(path, { ...init, headers: { cookie, ...(init.headers as object) } });
    expect(response.status).toBe(status);
    const body = errorBody.parse(await response.json());
    expect(body.code).toBe(code);
    expect(body.detail).toMatch(detail);
    expect(body.requestId).toBe(response.headers.get('x-request-id'));
  });

  test('the detail never holds what was sent', async () => {
    const response = await house.post('/api/v1/session', { email: 4711, password: ['geheim'] });
    expect(await response.text()).not.toMatch(/4711|geheim/);
  });
});

test('something of ours that breaks: the client gets a code and an id, the log gets the rest under it', async () => {
  house.floor.refuseWith = new Error('the innermost thing broke');
  const response = await house.fetch('/api/v1/me/presence', {
    method: 'PUT',
    headers: { 'content-type': 'application/json', cookie },
    body: JSON.stringify({ presence: 'available' }),
  });
  expect(response.status).toBe(500);
  const text = await response.text();
  expect(text).not.toMatch(/innermost|at .*\.ts/);
  const { requestId } = errorBody.parse(JSON.parse(text));
  const line = house
    .log()
    .split('\n')
    .find((one) => one.includes('innermost'));
  expect(line).toContain(requestId);
});

test('an answer that does not fit its schema is our failure, not half an answer', async () => {
  const broken = await openHouse();
  try {
    broken.store.details.set('cv_01', { id: 'cv_01', secret: 'x' } as never);
    const response = await broken.fetch('/api/v1/conversations/cv_01', {
      headers: { cookie: await broken.cookieOf(anna) },
    });
    expect(response.status).toBe(500);
    expect(errorBody.parse(await response.json()).code).toBe('internal');
  } finally {
    await broken.close();
  }
});

test('whatever is thrown becomes a code', () => {
  fc.assert(
    fc.property(fc.anything(), (thrown) => {
      expect(Object.keys(errorCatalogue)).toContain(codedError(thrown).code);
    }),
  );
});

describe('bytes that are no HTTP', () => {
  const answerTo = async (bytes: string): Promise<string> => {
    const socket = connect(house.port, '127.0.0.1');
    let text = '';
    socket.on('data', (data) => (text += data.toString()));
    socket.on('error', () => undefined);
    socket.write(bytes);
    await once(socket, 'close');
    return text;
  };

  test('get one coded answer and the door', async () => {
    const text = await answerTo('INVITE sip:1@2 SIP/2.0\r\n\r\n');
    expect(text).toMatch(/^HTTP\/1.1 400 /);
    expect(errorBody.parse(JSON.parse(text.split('\r\n\r\n')[1]!)).code).toBe('bad-request');
  });

  test('headers without end are cut off', async () => {
    const text = await answerTo(`GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`);
    expect(text).toMatch(/^HTTP\/1.1 431 |^$/);
  });

  test('the house stands afterwards', async () => {
    expect((await house.fetch('/api/v1/health')).status).toBe(200);
  });
});

test('random JSON to every route that takes a body is refused or taken, and never breaks anything', async () => {
  const wild = await openHouse({ monotonic: () => 0 });
  try {
    const session = await wild.cookieOf(sato);
    const targets = [
      ['POST', '/api/v1/session'],
      ['PUT', '/api/v1/me/presence'],
      ['POST', '/api/v1/customers/import'],
    ] as const;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...targets), fc.jsonValue(), async ([method, url], value) => {
        const response = await wild.app.inject({
          method,
          url,
          headers: { cookie: session, 'content-type': 'application/json' },
          payload: JSON.stringify(value),
        });
        expect(response.statusCode).toBeLessThan(500);
      }),
      { numRuns: 200 },
    );
  } finally {
    await wild.close();
  }
});
