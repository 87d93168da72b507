/**
 * Serves the built desk. The page is never cached and is written anew for each request, so that a reload is always the
 * server's version; what it loads has a hash in its name and is kept for ever.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../services.js';
import type { App, HttpContext } from './context.js';
import { deskPolicy, isPlainHost } from './security.js';

export async function serveDesk(app: App, { deskDir, build, demo }: HttpContext): Promise<void> {
  const page = deskDir === null ? null : await readFile(join(deskDir, 'index.html'), 'utf8');
  if (deskDir !== null) {
    await app.register(async (scope) => {
      scope.addHook('onRoute', (route) => {
        route.config = { ...route.config, access: 'open' };
      });
      await scope.register(fastifyStatic, {
        root: deskDir,
        prefix: '/',
        // One route per file that is there now: nothing that a path could reach beyond, and no look at the disk for the rest.
        wildcard: false,
        index: false,
        globIgnore: ['index.html', '**/*.map'],
        cacheControl: false,
        schemaHide: true,
        setHeaders: (reply, path) => {
          const hashed = path.startsWith(join(deskDir, 'assets'));
          reply.setHeader('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache');
        },
      });
    });
  }

  app.setNotFoundHandler(async (request, reply) => {
    if (page === null || !isAppRoute(request, demo !== null)) {
      throw new Refusal('not-found', 'there is nothing at this path');
    }
    return sendPage(request, reply, page, { build, demo: demo !== null });
  });
}

/** Every path that is neither of the API nor looks like a file is a screen of the desk, which has its own "not found". */
export function isAppRoute(request: Pick<FastifyRequest, 'method' | 'url'>, demo: boolean): boolean {
  if (request.method !== 'GET' && request.method !== 'HEAD') return false;
  const path = request.url.replace(/[?#].*$/s, '');
  if (/^\/api(\/|$)/i.test(path) || /^\/assets\//i.test(path)) return false;
  if (/^\/phone(\/|$)/i.test(path)) return demo; // a customer's phone is a thing of the demo
  return !/\.[^/]*$/.test(path);
}

function sendPage(
  request: FastifyRequest,
  reply: FastifyReply,
  page: string,
  { build, demo }: { build: string; demo: boolean },
): FastifyReply {
  const nonce = randomBytes(16).toString('base64url');
  const { host } = request.headers;
  return reply
    .code(200)
    .headers({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': deskPolicy(nonce, isPlainHost(host) ? host : null),
    })
    .send(fillPage(page, { build, demo, nonce }));
}

/**
 * Puts what the page has to know into it: `%DENWABAN_BUILD%`, `%DENWABAN_DEMO%` (`1` or `0`) and `%DENWABAN_NONCE%` where the
 * page has them, and as meta elements of those names where it has not.
 */
export function fillPage(
  page: string,
  { build, demo, nonce }: { build: string; demo: boolean; nonce: string },
): string {
  const values = { build: escapeAttribute(build), demo: demo ? '1' : '0', nonce };
  let metas = '';
  for (const [name, value] of Object.entries(values)) {
    if (!page.includes(`name="denwaban-${name}"`)) metas += `<meta name="denwaban-${name}" content="${value}">`;
  }
  return page
    .replaceAll('%DENWABAN_BUILD%', () => values.build)
    .replaceAll('%DENWABAN_DEMO%', () => values.demo)
    .replaceAll('%DENWABAN_NONCE%', () => values.nonce)
    .replace('</head>', () => `${metas}</head>`);
}

const escapeAttribute = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
