/** Signing in and out. */
import { z } from 'zod';
import { errorCatalogue, me, signIn } from '@denwaban/core/wire';
import { Refusal } from '../../services.js';
import type { App, HttpContext } from '../context.js';
import { clearedSessionCookie, sessionCookie } from '../cookie.js';
import { Lanes } from '../lanes.js';
import { errors, json, needsSession } from '../openapi.js';
import { SignInGate } from '../sign-in-gate.js';
import { sourceOf } from '../source.js';
import { meOf } from './me.js';

export function sessionRoutes(app: App, context: HttpContext): void {
  const { store, log } = context;
  const gate = new SignInGate(context.monotonic);
  // argon2id takes tens of megabytes and milliseconds of a core each: a crowd at nine o'clock waits its turn.
  const lanes = new Lanes(2, 200);

  app.route({
    method: 'POST',
    url: '/api/v1/session',
    config: { access: 'open' },
    schema: {
      operationId: 'signIn',
      tags: ['session'],
      summary: 'Sign in',
      description: 'Sets the session cookie. Wrong passwords are slowed down; `Retry-After` says for how long.',
      body: signIn,
      response: {
        200: json('Signed in.', me),
        ...errors(
          'bad-request',
          'sign-in-refused',
          'too-many-tries',
          'wrong-origin',
          'wrong-content-type',
          'too-large',
        ),
      },
    },
    handler: async (request, reply) => {
      const { email, password } = request.body;
      const source = sourceOf(request.ip);
      const attempt = gate.begin(email, source);
      if ('waitMs' in attempt) {
        void reply.header('retry-after', String(Math.ceil(attempt.waitMs / 1000)));
        throw new Refusal('too-many-tries', 'too many wrong passwords; wait before the next try');
      }
      const answer = await lanes
        .run(() => store.people.verify(email, password))
        .catch((error: unknown) => {
          attempt.unknown();
          throw error;
        });
      if (answer === null) {
        attempt.unknown();
        void reply.header('retry-after', '2');
        throw new Refusal('too-many-tries', 'too many are signing in at this moment');
      }
      const person = answer.value;
      if (person === null) {
        if (attempt.wrong()) log.warn({ source }, 'sign-in: several wrong passwords for one account; slowed down');
        throw new Refusal('sign-in-refused', errorCatalogue['sign-in-refused'].means);
      }
      attempt.right();
      const secret = await store.sessions.begin(person.id);
      // The session that this browser had is over; its cookie is about to be overwritten.
      if (request.sessionSecret !== null) await end(request.sessionSecret);
      void reply.header('set-cookie', sessionCookie(secret, request.protocol === 'https'));
      return reply.code(200).send(meOf(person, context.floor));
    },
  });

  app.route({
    method: 'DELETE',
    url: '/api/v1/session',
    config: { access: 'signed-in' },
    schema: {
      operationId: 'signOut',
      tags: ['session'],
      summary: 'Sign out',
      description: 'Ends the session and every live connection that came with it.',
      security: needsSession,
      response: { 204: z.undefined().describe('Signed out.'), ...errors('not-signed-in', 'wrong-origin') },
    },
    handler: async (request, reply) => {
      if (request.sessionSecret !== null) await end(request.sessionSecret);
      void reply.header('set-cookie', clearedSessionCookie(request.protocol === 'https'));
      return reply.code(204).send();
    },
  });

  async function end(secret: string): Promise<void> {
    await store.sessions.end(secret);
    context.sessionEnded(secret);
  }
}
