/** What the HTTP and live layers are given, and the types they share. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Clock } from '@denwaban/core';
import type { DemoInfo, SystemView } from '@denwaban/core/wire';
import type { Floor, Settings, Store, WebPhones } from '../services.js';

export interface HttpOptions {
  store: Store;
  floor: Floor;
  /** The customer's phone in the browser; null when there is none. Served in demo mode only. */
  phones: WebPhones | null;
  /** Null: not in demo mode. */
  demo: DemoInfo | null;
  settings: Pick<Settings, 'httpHost' | 'httpPort' | 'turn'>;
  version: string;
  /** Changes with every build of the desk. */
  build: string;
  /** Where the built desk lies (index.html and assets/); null serves the API only. */
  deskDir: string | null;
  system: () => Promise<SystemView>;
  log: FastifyBaseLogger;
  /** Wall clock for what people see. */
  clock?: Clock;
  /** Milliseconds that never go back, for limits and deadlines. */
  monotonic?: () => number;
  /** Which proxies' X-Forwarded-* to believe (Fastify's `trustProxy`). None by default. */
  trustProxy?: boolean | string;
}

export interface HttpContext extends HttpOptions {
  clock: Clock;
  monotonic: () => number;
  /** Tells the live connections that came with this session that it is over. */
  sessionEnded: (secret: string) => void;
}

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;
