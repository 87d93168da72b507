/** The HTTP service: everything under /api, the reference page, the desk, and the live connections on the same port. */
import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import Fastify, { LogController, type RouteOptions } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { epochMs } from '@denwaban/core';
import { createRealtime, type Realtime } from '../realtime/realtime.js';
import { guardAccess } from './access.js';
import type { App, HttpContext, HttpOptions } from './context.js';
import { serveDesk } from './desk.js';
import { answerBrokenHttp, answerErrors, sendError } from './errors.js';
import { describeApi } from './openapi.js';
import { serveReference } from './reference.js';
import { conversationRoutes } from './routes/conversations.js';
import { meRoutes } from './routes/me.js';
import { peopleRoutes } from './routes/people.js';
import { recordingRoutes } from './routes/recordings.js';
import { sessionRoutes } from './routes/session.js';
import { systemRoutes } from './routes/system.js';
import { guardOrigin, secure } from './security.js';

export interface Http {
  /** Binds to the settings' host and port. @throws the socket's error (`EADDRINUSE`, `EACCES`) when it cannot */
  listen(): Promise<{ port: number }>;
  /** Tells the desks that we go, lets answers under way finish for two seconds or `graceMs`, closes everything. */
  close(graceMs?: number): Promise<void>;
}

const sweepMs = 1_000;
const closeMsMax = 2_000;

export async function createHttp(options: HttpOptions): Promise<Http> {
  const { app, realtime } = await buildApp(options);
  let sweeper: NodeJS.Timeout | null = null;
  return {
    listen: async () => {
      await app.listen({ host: options.settings.httpHost, port: options.settings.httpPort });
      sweeper = setInterval(() => realtime.sweep(), sweepMs);
      const address = app.server.address();
      return { port: address !== null && typeof address === 'object' ? address.port : options.settings.httpPort };
    },
    close: async (graceMs = closeMsMax) => {
      if (sweeper !== null) clearInterval(sweeper);
      realtime.close();
      const impatient = setTimeout(() => app.server.closeAllConnections(), graceMs);
      await app.close();
      clearTimeout(impatient);
    },
  };
}

/** The parts without a bound port and without a clock of their own: tests drive `realtime.sweep` by hand. */
export async function buildApp(
  options: HttpOptions,
): Promise<{ app: App; realtime: Realtime; routes: readonly RouteOptions[] }> {
  const context: HttpContext = {
    ...options,
    clock: options.clock ?? { now: () => epochMs(Date.now()) },
    monotonic: options.monotonic ?? (() => performance.now()),
    sessionEnded: (secret) => realtime.sessionEnded(secret),
  };
  const realtime = createRealtime(context);
  const app: App = Fastify({
    loggerInstance: options.log,
    // Queries hold names and numbers of customers, so request lines are ours to write: the route, not the URL.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomBytes(9).toString('base64url'),
    requestIdHeader: false,
    trustProxy: options.trustProxy ?? false,
    bodyLimit: 64 * 1024,
    requestTimeout: 120_000, // 64 MB over a slow office line; without one a trickle of bytes holds a connection for ever
    keepAliveTimeout: 65_000,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => {
      secure(request, reply); // no hook has run: the path could not even be looked up
      void sendError(request, reply, error);
    },
    clientErrorHandler: answerBrokenHttp,
  }).withTypeProvider<ZodTypeProvider>();

  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.removeContentTypeParser('text/plain');
  const routes: RouteOptions[] = [];
  app.addHook('onRoute', (route) => void routes.push(route));

  answerErrors(app);
  guardOrigin(app);
  guardAccess(app, context);
  app.addHook('onResponse', async (request, reply) => {
    const { method, id } = request;
    const what = {
      method,
      route: request.routeOptions.url,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
      id,
    };
    request.log.debug(what, 'answered');
  });

  await describeApi(app, options.version);
  await serveReference(app);
  sessionRoutes(app, context);
  meRoutes(app, context);
  conversationRoutes(app, context);
  recordingRoutes(app, context);
  peopleRoutes(app, context);
  systemRoutes(app, context);
  await serveDesk(app, context);
  app.server.on('upgrade', (request, socket, head) => realtime.upgrade(request, socket, head));

  await app.ready();
  const bare = routes.find((route) => route.config?.access === undefined);
  if (bare !== undefined) throw new Error(`${String(bare.method)} ${bare.url} states no access`);
  return { app, realtime, routes };
}
