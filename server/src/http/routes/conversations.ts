/** The record: conversations as the viewer may see them. */
import { z } from 'zod';
import { isId, type ConversationId } from '@denwaban/core';
import { conversationDetail, conversationList, conversationQuery } from '@denwaban/core/wire';
import { Refusal } from '../../services.js';
import { viewer } from '../access.js';
import type { App, HttpContext } from '../context.js';
import { errors, json, needsSession } from '../openapi.js';

export const conversationParams = z.object({ id: z.string().max(60).describe('`cv_…`') });

/** @throws Refusal `not-found` when it cannot be the id of a conversation */
export function conversationId(text: string): ConversationId {
  if (!isId('cv', text)) throw new Refusal('not-found', 'there is no such conversation');
  return text;
}

export function conversationRoutes(app: App, { store }: HttpContext): void {
  app.route({
    method: 'GET',
    url: '/api/v1/conversations',
    config: { access: 'signed-in' },
    schema: {
      operationId: 'listConversations',
      tags: ['conversations'],
      summary: 'Conversations, newest first',
      description: 'Pass `next` of one page as `cursor` of the following one; null is the end.',
      security: needsSession,
      querystring: conversationQuery,
      response: { 200: json('A page of conversations.', conversationList), ...errors('not-signed-in', 'bad-request') },
    },
    handler: async (request, reply) =>
      reply.code(200).send(await store.conversations.list(viewer(request), request.query)),
  });

  app.route({
    method: 'GET',
    url: '/api/v1/conversations/:id',
    config: { access: 'signed-in' },
    schema: {
      operationId: 'getConversation',
      tags: ['conversations'],
      summary: 'One conversation with its timeline and trace',
      security: needsSession,
      params: conversationParams,
      response: {
        200: json('The conversation.', conversationDetail),
        ...errors('not-signed-in', 'not-found', 'bad-request'),
      },
    },
    handler: async (request, reply) => {
      const found = await store.conversations.get(viewer(request), conversationId(request.params.id));
      if (found === null) throw new Refusal('not-found', 'there is no such conversation');
      return reply.code(200).send(found);
    },
  });
}
