/** The OpenAPI document, made from the same schemas that check the requests. */
import swagger from '@fastify/swagger';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import * as wire from '@denwaban/core/wire';
import type { App } from './context.js';

/**
 * Schemas that get a name of their own in the document. It is in zod's global registry, where `.describe()` keeps its words
 * too, because a document is made from one registry.
 */
for (const [id, schema] of Object.entries({
  Error: wire.errorBody,
  Health: wire.health,
  System: wire.systemView,
  Trunk: wire.trunkView,
  SignIn: wire.signIn,
  Me: wire.me,
  IceServers: wire.iceServers,
  Team: wire.team,
  Presence: wire.presenceView,
  PresenceRequest: wire.presenceRequest,
  Agent: wire.agentView,
  AgentList: wire.agentList,
  Customer: wire.customerView,
  CustomerList: wire.customerList,
  ImportRequest: wire.importRequest,
  ImportResult: wire.importResult,
  ConversationSummary: wire.conversationSummary,
  ConversationList: wire.conversationList,
  Conversation: wire.conversationDetail,
  RecordingPeaks: wire.recordingPeaks,
  DemoInfo: wire.demoInfo,
})) {
  z.globalRegistry.add(schema, { ...z.globalRegistry.get(schema), id });
}

export async function describeApi(app: App, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Denwaban',
        version,
        description:
          'Every conversation of the contact centre, who talked, why it was routed so, and its recording. Times are epoch ' +
          'milliseconds, telephone numbers E.164. Sign in with `POST /api/v1/session`; the cookie it sets is the session. ' +
          'Every error is `{code, detail, requestId}`; docs/reference/errors.md lists the codes.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      components: { securitySchemes: { session: { type: 'apiKey', in: 'cookie', name: 'denwaban_session' } } },
      tags: [
        { name: 'session', description: 'Signing in and out, and oneself.' },
        { name: 'conversations', description: 'The record of what customers and agents said and did.' },
        { name: 'people', description: 'Customers and agents.' },
        { name: 'system', description: 'The installation itself.' },
      ],
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => withoutUnused(jsonSchemaTransformObject(document)),
  });
}

/** Each named schema comes in two forms, as it is read and as it is written; only one of them is referred to. */
function withoutUnused<Document>(document: Document): Document {
  const { components } = document as { components?: { schemas?: Record<string, unknown> } };
  const schemas = components?.schemas ?? {};
  for (let before = -1; before !== Object.keys(schemas).length;) {
    before = Object.keys(schemas).length;
    const text = JSON.stringify(document);
    for (const name of Object.keys(schemas)) {
      if (!text.includes(`"#/components/schemas/${name}"`)) delete schemas[name];
    }
  }
  return document;
}

/** A JSON answer with words of its own in the document. */
export function json<Schema extends z.ZodType>(description: string, schema: Schema) {
  return { description, content: { 'application/json': { schema } } };
}

type Refused = { [Status in number]: ReturnType<typeof json<typeof wire.errorBody>> };

/**
 * The error answers of a route, grouped by status: what it can refuse with, and what any route can (`internal`,
 * `unavailable`, `too-many-tries`).
 */
export function errors(...codes: wire.ErrorCode[]): Refused {
  const byStatus: Record<number, wire.ErrorCode[]> = {};
  for (const code of new Set<wire.ErrorCode>([...codes, 'too-many-tries', 'internal', 'unavailable'])) {
    (byStatus[wire.errorCatalogue[code].http] ??= []).push(code);
  }
  const answers: Record<number, ReturnType<typeof json<typeof wire.errorBody>>> = {};
  for (const [status, list] of Object.entries(byStatus)) {
    const words = list.map((code) => `\`${code}\`: ${wire.errorCatalogue[code].means}`).join(' ');
    answers[Number(status)] = json(words, wire.errorBody);
  }
  return answers;
}

export const needsSession = [{ session: [] }];
