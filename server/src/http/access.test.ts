/** Every route × everybody. A route without a row fails, and so does a row without a route. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { admin, anna, sato } from './testing/fakes.js';
import { openHouse, type House } from './testing/house.js';

type Row = { none: number; agent: number; supervisor: number; admin: number; body?: unknown; url?: string };
const everybody = (status: number) => ({ none: status, agent: status, supervisor: status, admin: status });
const signedIn = (status: number) => ({ ...everybody(status), none: 401 });

const rows: Record<string, Row> = {
  'GET /api/v1/health': everybody(200),
  'GET /api/v1/system': { none: 401, agent: 403, supervisor: 200, admin: 200 },
  'POST /api/v1/session': { ...everybody(401), body: { email: 'nobody@example.jp', password: 'x' } },
  'DELETE /api/v1/session': signedIn(204),
  'GET /api/v1/me': signedIn(200),
  'GET /api/v1/me/ice-servers': signedIn(200),
  'PUT /api/v1/me/presence': { ...signedIn(200), body: { presence: 'available' } },
  'GET /api/v1/conversations': signedIn(200),
  'GET /api/v1/conversations/:id': { ...signedIn(200), url: '/api/v1/conversations/cv_01' },
  'GET /api/v1/conversations/:id/recording': { ...signedIn(404), url: '/api/v1/conversations/cv_01/recording' },
  'HEAD /api/v1/conversations/:id/recording': { ...signedIn(404), url: '/api/v1/conversations/cv_01/recording' },
  'GET /api/v1/conversations/:id/peaks': { ...signedIn(404), url: '/api/v1/conversations/cv_01/peaks' },
  'GET /api/v1/customers': signedIn(200),
  'GET /api/v1/customers/:id': { ...signedIn(200), url: '/api/v1/customers/cu_1' },
  'POST /api/v1/customers/import': { none: 401, agent: 403, supervisor: 200, admin: 200, body: { csv: 'name\n' } },
  'GET /api/v1/agents': signedIn(200),
  'GET /api/v1/demo': everybody(404),
  'GET /api/v1/openapi.json': signedIn(200),
  'GET /api/docs/': signedIn(200),
  'GET /api/docs/json': signedIn(200),
  'GET /api/docs/yaml': signedIn(200),
  'GET /api/docs/static/index.html': { ...signedIn(302) },
  'GET /api/docs/static/swagger-initializer.js': signedIn(200),
  'GET /api/docs/static/*': { ...signedIn(200), url: '/api/docs/static/swagger-ui.css' },
};
/** What differs in demo mode: the demo company is there, and the reference is for everybody. */
const demoRows: Record<string, Row> = {
  'GET /api/v1/demo': everybody(200),
  'GET /api/v1/openapi.json': everybody(200),
  ...Object.fromEntries(
    Object.entries(rows)
      .filter(([route]) => route.startsWith('GET /api/docs/'))
      .map(([route, row]) => [route, { ...row, none: row.agent }]),
  ),
};

const people = { none: null, agent: anna, supervisor: sato, admin } as const;

describe.each([
  ['in earnest', {}, { demo: null }],
  ['in demo mode', demoRows, {}],
])('who may come in, %s', (_mode, over, changes) => {
  let house: House;
  beforeAll(async () => {
    house = await openHouse(changes);
  });
  afterAll(() => house.close());

  test('the table has every route, and no other', () => {
    const inApp = new Set<string>();
    for (const { method, url } of house.routes) {
      for (const one of [method].flat()) {
        // HEAD goes with its GET, except where it is a route of its own; /api/docs is /api/docs/
        const path = url.replace(/\/docs$/, '/docs/');
        if (one === 'HEAD' && rows[`HEAD ${path}`] === undefined) expect(rows).toHaveProperty([`GET ${path}`]);
        else inApp.add(`${String(one)} ${path}`);
      }
    }
    expect([...inApp].toSorted()).toEqual(Object.keys(rows).toSorted());
  });

  describe.each(Object.entries({ ...rows, ...over }))('%s', (route, row) => {
    test.each(Object.entries(people))('%s', async (as, person) => {
      const [method = 'GET', pattern = ''] = route.split(' ');
      const response = await house.fetch(row.url ?? pattern, {
        method,
        redirect: 'manual',
        headers: {
          ...(row.body !== undefined && { 'content-type': 'application/json' }),
          ...(person !== null && { cookie: await house.cookieOf(person) }),
        },
        ...(row.body !== undefined && { body: JSON.stringify(row.body) }),
      });
      expect(response.status).toBe(row[as as keyof typeof people]);
      await response.arrayBuffer();
    });
  });
});

test('a cookie of nobody, and one of somebody who is gone, open nothing', async () => {
  const house = await openHouse();
  try {
    expect((await house.fetch('/api/v1/me', { headers: { cookie: 'denwaban_session=made-up' } })).status).toBe(401);
    const gone = await house.cookieOf({ ...anna, id: 'ag_gone' as typeof anna.id });
    expect((await house.fetch('/api/v1/me', { headers: { cookie: gone } })).status).toBe(401);
  } finally {
    await house.close();
  }
});
