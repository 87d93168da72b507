/** Headers of every answer, and the check that a request which changes something comes from a page of ours. */
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../services.js';

/** For everything that is no page: nothing may be loaded, nothing may frame it. */
const apiPolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

export const securityHeaders = {
  'content-security-policy': apiPolicy,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin',
  'permissions-policy':
    'microphone=(self), speaker-selection=(self), autoplay=(self), camera=(), geolocation=(), payment=(), usb=(), display-capture=()',
  'origin-agent-cluster': '?1', // the board in a window of its own gets a process of its own
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/**
 * The policy of the desk's page. No inline script; style elements only with the nonce that the page was given (the waveform
 * draws in a shadow root and needs one). The sockets are named because not every browser counts ws: as 'self'.
 *
 * @param host the Host header, already checked by `isPlainHost`
 */
export function deskPolicy(nonce: string, host: string | null): string {
  const sockets = host === null ? '' : ` ws://${host} wss://${host}`;
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data: blob:",
    "font-src 'self'",
    `connect-src 'self' blob:${sockets}`,
    "media-src 'self' blob:",
    "worker-src 'self' blob:",
    "manifest-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'self'",
  ].join('; ');
}

/** The reference page (Swagger UI, served by us): all of it is local, and it needs nothing inline. */
export const referencePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

export const isPlainHost = (host: string | undefined): host is string =>
  host !== undefined && /^[A-Za-z0-9.-]+(:\d{1,5})?$|^\[[0-9A-Fa-f:.]+\](:\d{1,5})?$/.test(host);

/**
 * Whether a browser on a page of another site sent this. Browsers put Origin on every request that changes something and on
 * every WebSocket; what has none (curl, a script) carries no cookie against its user's will and may pass.
 *
 * @param host what the client believes to talk to: the Host header, or X-Forwarded-Host of a trusted proxy
 */
export function isFromElsewhere(headers: IncomingHttpHeaders, host: string | undefined): boolean {
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  if (typeof site === 'string' && site !== 'same-origin' && site !== 'none') return true;
  if (origin === undefined) return false;
  try {
    // Only the host: behind a proxy that ends TLS the scheme we see is not the browser's.
    const url = new URL(origin);
    return host === undefined || url.host !== new URL(`${url.protocol}//${host}`).host;
  } catch {
    return true; // "null" (a sandboxed frame, a file) and nonsense
  }
}

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

export function secure(request: FastifyRequest, reply: FastifyReply): void {
  void reply.headers(securityHeaders).header('x-request-id', request.id);
}

export function guardOrigin(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    secure(request, reply);
    if (request.protocol === 'https') void reply.header('strict-transport-security', 'max-age=31536000');
    if (request.url.startsWith('/api/')) void reply.header('cache-control', 'no-store');
    if (!safeMethods.has(request.method) && isFromElsewhere(request.headers, request.host)) {
      throw new Refusal('wrong-origin', 'the Origin of the request is not this host');
    }
  });
}
