/** The desk's page and files, and the headers of everything. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fillPage } from './desk.js';
import { openHouse, type House } from './testing/house.js';

let folder: string;
let house: House;
const page =
  '<!doctype html><html><head><meta name="denwaban-build" content="%DENWABAN_BUILD%"></head><body><script type="module" src="/assets/app-1a2b.js"></script></body></html>';

beforeAll(async () => {
  await mkdir('/tmp/http', { recursive: true });
  folder = await mkdtemp('/tmp/http/desk-');
  await mkdir(join(folder, 'dist', 'assets'), { recursive: true });
  await writeFile(join(folder, 'secret.txt'), 'secret');
  await writeFile(join(folder, 'dist', 'index.html'), page);
  await writeFile(join(folder, 'dist', 'favicon.svg'), '<svg/>');
  await writeFile(join(folder, 'dist', '.env'), 'secret');
  await writeFile(join(folder, 'dist', 'assets', 'app-1a2b.js'), 'export {}');
  await writeFile(join(folder, 'dist', 'assets', 'app-1a2b.js.map'), '{}');
  await symlink(join(folder, 'secret.txt'), join(folder, 'dist', 'link.txt')).catch(() => undefined);
  house = await openHouse({ deskDir: join(folder, 'dist') });
});
afterAll(async () => {
  await house.close();
  await rm(folder, { recursive: true });
});

test('a file that a newer build took away is not there: 404, not a failure of ours', async () => {
  const gone = join(folder, 'dist', 'assets', 'gone-9f9f.js');
  await writeFile(gone, 'export {}');
  const later = await openHouse({ deskDir: join(folder, 'dist') });
  try {
    expect((await later.fetch('/assets/gone-9f9f.js')).status).toBe(200);
    await rm(gone);
    expect((await later.fetch('/assets/gone-9f9f.js')).status).toBe(404);
  } finally {
    await later.close();
  }
});

describe('the page', () => {
  test.each(['/', '/sign-in', '/conversations', '/conversations/cv_01', '/board', '/phone', '/sign-in?next=%2F'])(
    '%s',
    async (path) => {
      const response = await house.fetch(path);
      expect(response.status).toBe(200);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'same-origin',
        'origin-agent-cluster': '?1',
        'cross-origin-opener-policy': 'same-origin',
      });
      expect(await response.text()).toContain('<meta name="denwaban-build" content="b1">');
    },
  );

  test('its policy allows no inline script, no framing, and a new nonce for styles each time', async () => {
    const [a, b] = await Promise.all([house.fetch('/'), house.fetch('/')]);
    const policy = a.headers.get('content-security-policy') ?? '';
    expect(policy).not.toMatch(/unsafe/);
    expect(policy).toMatch(/script-src 'self';.*frame-ancestors 'none'/);
    expect(policy).toContain(`ws://127.0.0.1:${house.port}`);
    const nonce = /'nonce-([\w-]{20,})'/.exec(policy)?.[1];
    expect(await a.text()).toContain(`<meta name="denwaban-nonce" content="${nonce}">`);
    expect(b.headers.get('content-security-policy')).not.toBe(policy);
    expect(a.headers.get('permissions-policy')).toContain('microphone=(self)');
  });

  test('HEAD too; other methods find nothing', async () => {
    expect((await house.fetch('/board', { method: 'HEAD' })).status).toBe(200);
    expect((await house.fetch('/board', { method: 'POST' })).status).toBe(404);
  });

  test('says whether this is a demo, and without one there is no phone', async () => {
    expect(await (await house.fetch('/')).text()).toContain('<meta name="denwaban-demo" content="1">');
    const earnest = await openHouse({ deskDir: join(folder, 'dist'), demo: null });
    try {
      expect(await (await earnest.fetch('/')).text()).toContain('<meta name="denwaban-demo" content="0">');
      for (const path of ['/phone', '/phone/', '/Phone']) expect((await earnest.fetch(path)).status).toBe(404);
    } finally {
      await earnest.close();
    }
  });

  test('placeholders are filled where they stand, and what a build is called cannot break out', () => {
    const values = { build: '"><script>', demo: true, nonce: 'n$&n' };
    const filled = fillPage('<head data-build="%DENWABAN_BUILD%" data-demo="%DENWABAN_DEMO%"></head>', values);
    expect(filled).toBe(
      '<head data-build="&#34;&#62;&#60;script&#62;" data-demo="1"><meta name="denwaban-build" content="&#34;&#62;&#60;script&#62;"><meta name="denwaban-demo" content="1"><meta name="denwaban-nonce" content="n$&n"></head>',
    );
  });
});

describe('files', () => {
  test('hashed ones are kept for ever, others are asked for again', async () => {
    const asset = await house.fetch('/assets/app-1a2b.js');
    expect([asset.status, asset.headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable']);
    expect(asset.headers.get('content-type')).toMatch(/^(text|application)\/javascript/);
    expect(asset.headers.get('x-content-type-options')).toBe('nosniff');
    expect((await house.fetch('/favicon.svg')).headers.get('cache-control')).toBe('no-cache');
  });

  test.each([
    '/assets/gone-9f.js', // never the page in place of a script
    '/assets/app-1a2b.js.map',
    '/assets/',
    '/index.html',
    '/.env',
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/api',
    '/api/v2/health',
    '/API/v1/health',
  ])('%s: nothing', async (path) => {
    const response = await house.app.inject({ method: 'GET', url: path });
    expect(response.statusCode).toBe(404);
    expect(response.json()).toMatchObject({ code: 'not-found' });
    expect(response.body).not.toContain('secret');
  });
});

test('without a built desk the API still stands', async () => {
  const bare = await openHouse();
  try {
    expect((await bare.fetch('/')).status).toBe(404);
    expect((await bare.fetch('/api/v1/health')).status).toBe(200);
  } finally {
    await bare.close();
  }
});

test('a desk folder without a page is said at start, not at the first visit', async () => {
  await expect(openHouse({ deskDir: join(folder, 'dist', 'assets') })).rejects.toThrow('index.html');
});
