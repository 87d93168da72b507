/** Customers and agents. */
import { z } from 'zod';
import { isId } from '@denwaban/core';
import { agentList, customerList, customerQuery, customerView, importRequest, importResult } from '@denwaban/core/wire';
import { Refusal } from '../../services.js';
import type { App, HttpContext } from '../context.js';
import { Lanes } from '../lanes.js';
import { errors, json, needsSession } from '../openapi.js';

const customerParams = z.object({ id: z.string().max(60).describe('`cu_…`') });

/** The CSV itself may have 64 MiB; escaped in JSON it grows a little. */
const importBytesMax = 80 * 1024 * 1024;

export function peopleRoutes(app: App, { store, floor }: HttpContext): void {
  const imports = new Lanes(1, 0);

  app.route({
    method: 'GET',
    url: '/api/v1/agents',
    config: { access: 'signed-in' },
    schema: {
      operationId: 'listAgents',
      tags: ['people'],
      summary: 'Everybody who answers calls, with their presence',
      security: needsSession,
      response: { 200: json('All of them.', agentList), ...errors('not-signed-in') },
    },
    handler: async (_request, reply) => reply.code(200).send({ items: floor.agents() }),
  });

  app.route({
    method: 'GET',
    url: '/api/v1/customers',
    config: { access: 'signed-in' },
    schema: {
      operationId: 'listCustomers',
      tags: ['people'],
      summary: 'Customers by name, kana, company or number',
      security: needsSession,
      querystring: customerQuery,
      response: { 200: json('A page of customers.', customerList), ...errors('not-signed-in', 'bad-request') },
    },
    handler: async (request, reply) => reply.code(200).send(await store.customers.list(request.query)),
  });

  app.route({
    method: 'GET',
    url: '/api/v1/customers/:id',
    config: { access: 'signed-in' },
    schema: {
      operationId: 'getCustomer',
      tags: ['people'],
      summary: 'One customer',
      security: needsSession,
      params: customerParams,
      response: { 200: json('The customer.', customerView), ...errors('not-signed-in', 'not-found', 'bad-request') },
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const found = isId('cu', id) ? await store.customers.get(id) : null;
      if (found === null) throw new Refusal('not-found', 'there is no such customer');
      return reply.code(200).send(found);
    },
  });

  app.route({
    method: 'POST',
    url: '/api/v1/customers/import',
    config: { access: 'supervisor' },
    bodyLimit: importBytesMax,
    schema: {
      operationId: 'importCustomers',
      tags: ['people'],
      summary: 'Create and update customers from a CSV file',
      description:
        'Answers what would happen unless `dryRun` is false. With any problem in the file nothing is written.',
      security: needsSession,
      body: importRequest,
      response: {
        200: json('What was done, or would be.', importResult),
        ...errors(
          'not-signed-in',
          'not-allowed',
          'bad-request',
          'busy',
          'wrong-origin',
          'wrong-content-type',
          'too-large',
        ),
      },
    },
    handler: async (request, reply) => {
      const done = await imports.run(() => store.customers.import(request.body.csv, request.body.dryRun));
      if (done === null) throw new Refusal('busy', 'another import is running');
      return reply.code(200).send(done.value);
    },
  });
}
