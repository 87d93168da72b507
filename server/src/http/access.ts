/**
 * Who may come in at which route. Every route states its `access`; one that does not is refused at start (app.ts), so that
 * a forgotten line can never be an open door.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { errorCatalogue, type Role } from '@denwaban/core/wire';
import { Refusal, type Person, type Viewer } from '../services.js';
import { Buckets } from './bucket.js';
import type { HttpContext } from './context.js';
import { readSessionCookie } from './cookie.js';
import { sourceOf } from './source.js';

export type Access =
  | 'open' // anybody
  | 'demo' // anybody, in demo mode; otherwise there is no such thing
  | 'reference' // whoever is signed in; in demo mode anybody
  | 'signed-in'
  | 'supervisor'; // a supervisor or an admin

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    person: Person | null;
    sessionSecret: string | null;
  }
}

const atLeastSupervisor: readonly Role[] = ['supervisor', 'admin'];

/** For requests without a session: a page load is some twenty of them, and a whole office may stand behind one address. */
const anonymousRule = { burst: 300, perSecond: 50 };

/** Looks up the session of every request and refuses those whose route asks for more. */
export function guardAccess(app: FastifyInstance, context: HttpContext): void {
  const anonymous = new Buckets(anonymousRule);
  app.decorateRequest('person', null);
  app.decorateRequest('sessionSecret', null);
  app.addHook('onRequest', async (request, reply) => {
    const access = request.is404 ? 'open' : request.routeOptions.config.access;
    if (access === undefined) throw new Refusal('not-found', 'this route states no access');
    if (access === 'demo' && context.demo === null) throw new Refusal('not-found', 'only in demo mode');

    request.sessionSecret = readSessionCookie(request.headers.cookie);
    if (access !== 'open' && request.sessionSecret !== null) {
      const id = await context.store.sessions.find(request.sessionSecret);
      request.person = id === null ? null : context.store.people.byId(id);
    }
    if (request.person === null) {
      const now = context.monotonic();
      const bucket = anonymous.of(sourceOf(request.ip), now);
      if (!bucket.take(now)) {
        void reply.header('retry-after', String(Math.ceil(bucket.waitMs(now) / 1000)));
        throw new Refusal('too-many-tries', 'too many requests without a session from this address');
      }
    }
    if (access === 'open' || access === 'demo') return;
    if (access === 'reference' && context.demo !== null) return;
    const person = who(request);
    if (access === 'supervisor' && !atLeastSupervisor.includes(person.role)) {
      throw new Refusal('not-allowed', 'needs the role supervisor or admin');
    }
  });
}

/** The person behind a request to a route that needs one. @throws Refusal `not-signed-in` */
export function who(request: FastifyRequest): Person {
  if (request.person === null) throw new Refusal('not-signed-in', errorCatalogue['not-signed-in'].means);
  return request.person;
}

export function viewer(request: FastifyRequest): Viewer {
  const { id, role, team } = who(request);
  return { id, role, team };
}
