/** A whole HTTP service on a port of its own, over fakes, with a clock that tests move. */
import { once } from 'node:events';
import { pino } from 'pino';
import { WebSocket, type ClientOptions } from 'ws';
import type { z } from 'zod';
import { epochMs } from '@denwaban/core';
import { phoneServerMessage, serverMessage } from '@denwaban/core/wire';
import type { Person } from '../../services.js';
import { buildApp } from '../app.js';
import type { HttpOptions } from '../context.js';
import { demo, fakeFloor, fakePhones, fakeStore, password, running } from './fakes.js';

export type House = Awaited<ReturnType<typeof openHouse>>;

export async function openHouse(changes: Partial<HttpOptions> = {}) {
  const store = fakeStore();
  const floor = fakeFloor();
  const phones = fakePhones();
  const lines: string[] = [];
  let now = 1_000_000;
  const { app, realtime, routes } = await buildApp({
    store,
    floor,
    phones,
    demo,
    settings: { httpHost: '127.0.0.1', httpPort: 0, turn: null },
    version: '0.1.0',
    build: 'b1',
    deskDir: null,
    system: async () => running,
    log: pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) }),
    clock: { now: () => epochMs(1_700_000_000_000 + now) },
    monotonic: () => now,
    ...changes,
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const address = app.server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const sockets: WebSocket[] = [];

  const house = {
    app,
    realtime,
    routes,
    store,
    floor,
    phones,
    port,
    url: `http://127.0.0.1:${port}`,
    /** Every line that was logged, as text. */
    log: () => lines.join(''),
    /** Moves the clock, sweeping once a second as the server does. */
    pass: (ms: number) => {
      for (const end = now + ms; now < end;) {
        now = Math.min(end, now + 1_000);
        realtime.sweep();
      }
    },
    /** Moves the clock with nothing of ours running meanwhile. */
    stall: (ms: number) => {
      now += ms;
    },
    fetch: (path: string, init: RequestInit = {}) => fetch(`http://127.0.0.1:${port}${path}`, init),
    post: (path: string, body: unknown, headers: Record<string, string> = {}) =>
      fetch(`http://127.0.0.1:${port}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      }),
    /** A session, without the road through the sign-in. */
    cookieOf: async (person: Person) => `denwaban_session=${await store.sessions.begin(person.id)}`,
    signIn: (email: string, given = password, headers: Record<string, string> = {}) =>
      house.post('/api/v1/session', { email, password: given }, headers),
    socket: (path: string, headers: Record<string, string> = {}, options: ClientOptions = {}) => {
      const schema = path.startsWith('/api/v1/phone') ? phoneServerMessage : serverMessage;
      const client = new Client(new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers, ...options }), schema);
      sockets.push(client.socket);
      return client;
    },
    /** A desk or board that has said hello and been welcomed. */
    enter: async (who: Person | string, page: 'desk' | 'board' = 'desk') => {
      const cookie = typeof who === 'string' ? who : await house.cookieOf(who);
      const client = house.socket('/api/v1/live', { cookie });
      client.say({ type: 'hello', v: 1, build: 'b1', page });
      await client.next('welcome');
      await client.next(page);
      return client;
    },
    close: async () => {
      for (const socket of sockets) socket.terminate();
      realtime.close();
      app.server.closeAllConnections(); // bodies that a test did not read
      await app.close();
    },
  };
  return house;
}

/** What a test reads: every field may be there. */
export type Heard = { type: string; [field: string]: unknown };

/** A WebSocket client that remembers what it heard, in order. */
export class Client {
  readonly socket: WebSocket;
  readonly heard: Heard[] = [];
  #wake: (() => void) | null = null;
  #closed: { code: number; reason: string } | null = null;
  readonly #open: Promise<unknown>;

  /** @param schema every message is held against it: one that does not fit fails the run */
  constructor(socket: WebSocket, schema: z.ZodType<Heard>) {
    this.socket = socket;
    this.#open = once(socket, 'open').catch(() => undefined);
    socket.on('message', (data: Buffer) => {
      this.heard.push(schema.parse(JSON.parse(data.toString())));
      this.#wake?.();
    });
    socket.on('error', () => undefined);
    socket.on('close', (code, reason) => {
      this.#closed = { code, reason: reason.toString() };
      this.#wake?.();
    });
  }

  say(message: unknown): void {
    this.sayRaw(JSON.stringify(message));
  }

  sayRaw(data: string | Buffer): void {
    void this.#open.then(() => {
      if (this.socket.readyState === WebSocket.OPEN) this.socket.send(data);
    });
  }

  /** The next message of this type; those before it are put aside for good. */
  async next(type: string): Promise<Heard> {
    for (;;) {
      const message = this.heard.shift();
      if (message?.type === type) return message;
      if (message !== undefined) continue;
      if (this.#closed !== null) throw new Error(`closed with ${this.#closed.code} before ${type}`);
      await this.#something();
    }
  }

  /** Resolves when a ping has gone there and back: everything said before it has been dealt with. */
  async settled(n = Math.floor(Math.random() * 1e9)): Promise<void> {
    this.say({ type: 'ping', n });
    for (;;) {
      const at = this.heard.findIndex((message) => message.type === 'pong' && message['n'] === n);
      if (at >= 0) {
        this.heard.splice(at, 1);
        return;
      }
      if (this.#closed !== null) throw new Error(`closed with ${this.#closed.code}`);
      await this.#something();
    }
  }

  async closed(): Promise<{ code: number; reason: string }> {
    while (this.#closed === null) await this.#something();
    return this.#closed;
  }

  #something(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = null;
        resolve();
      };
    });
  }
}
