/** The OpenAPI document and the reference page tell the truth about the routes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeCodes } from '../realtime/peer.js';
import { anna } from './testing/fakes.js';
import { openHouse, type House } from './testing/house.js';
import { apiPage } from './testing/reference-pages.js';

interface Operation {
  operationId: string;
  summary: string;
  security: unknown[];
  parameters?: { name: string; in: string }[];
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: Record<string, unknown> }> }>;
}
interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; securitySchemes: object };
}

let house: House;
let document: Document;
let operations: { method: string; path: string; operation: Operation }[];
beforeAll(async () => {
  house = await openHouse({ demo: null });
  const headers = { cookie: await house.cookieOf(anna) };
  document = (await (await house.fetch('/api/v1/openapi.json', { headers })).json()) as Document;
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
});
afterAll(() => house.close());

/** The API's own routes, as the document writes their paths. HEAD goes with its GET and is not written down. */
const apiRoutes = () =>
  house.routes
    .filter(({ url }) => url.startsWith('/api/v1/'))
    .flatMap((route) => [route.method].flat().map((method) => ({ ...route, method: String(method) })))
    .filter(({ method }) => method !== 'HEAD')
    .map(({ method, url, config }) => ({
      method,
      path: url.replace(/:(\w+)/g, '{$1}'),
      access: config?.access ?? 'open',
    }));

test('every route of the API is in it', () => {
  const names = (list: { method: string; path: string }[]) =>
    list.map(({ method, path }) => `${method} ${path}`).toSorted();
  expect(names(operations)).toEqual(names(apiRoutes()));
  expect(document.openapi).toBe('3.1.0');
});

test('operation ids are there and unique', () => {
  const ids = operations.map(({ operation }) => operation.operationId);
  expect(ids.every((id) => /^[a-z][A-Za-z]+$/.test(id))).toBe(true);
  expect(new Set(ids).size).toBe(ids.length);
});

test('every operation says what it answers, with the one error body for every refusal', () => {
  for (const { method, path, operation } of operations) {
    const where = `${method} ${path}`;
    expect(operation.summary, where).toBeTruthy();
    const statuses = Object.keys(operation.responses);
    expect(
      statuses.some((status) => status.startsWith('2')),
      where,
    ).toBe(true);
    expect(statuses, where).toEqual(expect.arrayContaining(['429', '500', '503']));
    for (const [status, response] of Object.entries(operation.responses)) {
      expect(response.description, `${where} ${status}`).not.toBe('Default Response');
      if (Number(status) < 400 || (path.endsWith('/health') && status === '503')) continue;
      expect(response.content?.['application/json']?.schema, `${where} ${status}`).toEqual({
        $ref: '#/components/schemas/Error',
      });
    }
  }
});

test('what needs a session says so', () => {
  for (const { method, path, access } of apiRoutes()) {
    const { operation } = operations.find((one) => one.method === method && one.path === path)!;
    const open = access === 'open' || access === 'demo';
    expect(operation.security ?? [], `${method} ${path}`).toEqual(open ? [] : [{ session: [] }]);
    expect(Object.keys(operation.responses).includes('401') || open, `${method} ${path}`).toBe(true);
  }
});

test('every reference leads somewhere, and nothing defined is left unused', () => {
  const text = JSON.stringify(document);
  const references = new Set([...text.matchAll(/#\/components\/schemas\/(\w+)/g)].map((match) => match[1]));
  const defined = Object.keys(document.components.schemas);
  for (const name of references) expect(defined).toContain(name);
  expect(defined.filter((name) => !references.has(name))).toEqual([]);
});

test('parameters and bodies of the routes are described', () => {
  const of = (path: string, method: string) => document.paths[path]![method]!;
  const names = of('/api/v1/conversations', 'get').parameters?.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining(['from', 'until', 'customer', 'agent', 'number', 'q', 'cursor', 'limit']),
  );
  expect(of('/api/v1/customers/import', 'post').requestBody).toBeDefined();
  expect(of('/api/v1/conversations/{id}/recording', 'get').responses['206']?.content).toHaveProperty(['audio/wav']);
});

test('docs/reference/api.md lists these routes (write it anew with vitest -u)', async () => {
  const routes = apiRoutes().map(({ method, path, access }) => {
    const { operation } = operations.find((one) => one.method === method && one.path === path)!;
    return { method, path, access, summary: operation.summary };
  });
  await expect(apiPage(routes, closeCodes)).toMatchFileSnapshot('../../../docs/reference/api.md');
});

describe('the reference page', () => {
  test('loads, and everything on it comes from this server', async () => {
    const headers = { cookie: await house.cookieOf(anna) };
    const page = await house.fetch('/api/docs/', { headers });
    const html = await page.text();
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]!);
    expect(assets.length).toBeGreaterThan(4);
    for (const asset of assets) {
      const address = new URL(asset, `${house.url}/api/docs/`);
      expect(address.origin).toBe(house.url);
      const response = await house.fetch(address.pathname, { headers });
      expect(response.status, asset).toBe(200);
      await response.arrayBuffer();
    }
    expect(html).not.toMatch(/<script(?![^>]*src=)/);
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/script-src 'self';/);
    expect(policy).not.toMatch(/https?:/);
  });

  test('it reads the very document of this server', async () => {
    const headers = { cookie: await house.cookieOf(anna) };
    const script = await (await house.fetch('/api/docs/static/swagger-initializer.js', { headers })).text();
    expect(script).toContain("resolveUrl('./json')");
    expect(await (await house.fetch('/api/docs/json', { headers })).json()).toEqual(document);
  });
});
