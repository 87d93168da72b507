/** The installation itself: its health, the demo company, the API's own description. */
import { z } from 'zod';
import { demoInfo, health, systemView, type SystemView } from '@denwaban/core/wire';
import { Refusal } from '../../services.js';
import type { App, HttpContext } from '../context.js';
import { errors, json, needsSession } from '../openapi.js';

export function systemRoutes(app: App, context: HttpContext): void {
  const look = atMostOncePer(500, context);

  app.route({
    method: 'GET',
    url: '/api/v1/health',
    config: { access: 'open' },
    schema: {
      operationId: 'getHealth',
      tags: ['system'],
      summary: 'Whether everything works',
      description: 'No session needed. 503 with the same body when a part does not work.',
      security: [],
      response: {
        200: json('Everything works.', health),
        ...errors(),
        503: json('A part does not work.', health),
      },
    },
    handler: async (_request, reply) => {
      const now = await look();
      // A stranger learns whether it works, not by which carriers we are reached.
      return reply.code(now.status === 'ok' ? 200 : 503).send(health.parse(now));
    },
  });

  app.route({
    method: 'GET',
    url: '/api/v1/system',
    config: { access: 'supervisor' },
    schema: {
      operationId: 'getSystem',
      tags: ['system'],
      summary: 'How each part is, and what it carries now',
      description: 'For supervisors and admins. 200 also when a part does not work: `status` tells.',
      security: needsSession,
      response: { 200: json('The parts.', systemView), ...errors('not-signed-in', 'not-allowed') },
    },
    handler: async (_request, reply) => reply.code(200).send(await look()),
  });

  app.route({
    method: 'GET',
    url: '/api/v1/demo',
    config: { access: 'demo' },
    schema: {
      operationId: 'getDemo',
      tags: ['system'],
      summary: 'Who lives in the demo company and how to call it',
      description: 'Only in demo mode, and then without a session.',
      security: [],
      response: { 200: json('The demo company.', demoInfo), ...errors('not-found') },
    },
    handler: async (_request, reply) => {
      if (context.demo === null) throw new Refusal('not-found', 'only in demo mode');
      return reply.code(200).send(context.demo);
    },
  });

  app.route({
    method: 'GET',
    url: '/api/v1/openapi.json',
    config: { access: 'reference' },
    schema: {
      operationId: 'getOpenApi',
      tags: ['system'],
      summary: 'This document',
      description: 'Needs a session, except in demo mode.',
      security: needsSession,
      response: { 200: json('OpenAPI 3.1.', z.record(z.string(), z.unknown())), ...errors('not-signed-in') },
    },
    handler: async (_request, reply) => reply.code(200).send({ ...app.swagger() }),
  });
}

/** One look at the parts serves everybody who asks within `ms`: health needs no session, so it must cost next to nothing. */
function atMostOncePer(ms: number, { system: look, monotonic }: HttpContext): () => Promise<SystemView> {
  let last: { at: number; answer: Promise<SystemView> } | null = null;
  return () => {
    if (last === null || monotonic() - last.at >= ms) last = { at: monotonic(), answer: look() };
    return last.answer;
  };
}
