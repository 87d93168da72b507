/** Oneself. */
import { iceServers, me, presenceRequest, presenceView, type Me } from '@denwaban/core/wire';
import { iceServersOf } from '../../auth/turn-credentials.js';
import type { Floor, Person } from '../../services.js';
import { who } from '../access.js';
import type { App, HttpContext } from '../context.js';
import { errors, json, needsSession } from '../openapi.js';

export function meOf(person: Person, floor: Floor): Me {
  return {
    id: person.id,
    email: person.email,
    name: person.name,
    role: person.role,
    team: person.team === null ? null : { id: person.team, name: person.teamName ?? '' },
    presence: floor.presence(person.id),
  };
}

export function meRoutes(app: App, { floor, settings, clock }: HttpContext): void {
  app.route({
    method: 'GET',
    url: '/api/v1/me',
    config: { access: 'signed-in' },
    schema: {
      operationId: 'getMe',
      tags: ['session'],
      summary: 'Who is signed in',
      security: needsSession,
      response: { 200: json('The person behind the session.', me), ...errors('not-signed-in') },
    },
    handler: async (request, reply) => reply.code(200).send(meOf(who(request), floor)),
  });

  app.route({
    method: 'GET',
    url: '/api/v1/me/ice-servers',
    config: { access: 'signed-in' },
    schema: {
      operationId: 'getIceServers',
      tags: ['session'],
      summary: 'How one’s browser may reach the audio by a relay',
      description: 'Made anew at each request, for this agent. To be kept in memory only.',
      security: needsSession,
      response: { 200: json('For RTCPeerConnection.', iceServers), ...errors('not-signed-in') },
    },
    handler: async (request, reply) => reply.code(200).send(iceServersOf(settings.turn, who(request).id, clock.now())),
  });

  app.route({
    method: 'PUT',
    url: '/api/v1/me/presence',
    config: { access: 'signed-in' },
    schema: {
      operationId: 'setPresence',
      tags: ['session'],
      summary: 'Say that one is available or away',
      description: 'Answered when it is on disk. Calls are offered only when the audio path of a desk is proven too.',
      security: needsSession,
      body: presenceRequest,
      response: {
        200: json('What is so now.', presenceView),
        ...errors('not-signed-in', 'bad-request', 'busy', 'wrong-origin', 'wrong-content-type', 'too-large'),
      },
    },
    handler: async (request, reply) => reply.code(200).send(await floor.setPresence(who(request).id, request.body)),
  });
}
