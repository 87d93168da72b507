/** The live connections: who may open one, and what keeps them all alive. One `sweep` a second serves every deadline. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { AgentId } from '@denwaban/core';
import type { ServerMessage } from '@denwaban/core/wire';
import { Buckets } from '../http/bucket.js';
import type { HttpContext } from '../http/context.js';
import { readSessionCookie } from '../http/cookie.js';
import { codedError, endWith } from '../http/errors.js';
import { isFromElsewhere } from '../http/security.js';
import { sourceOf } from '../http/source.js';
import { BoardHub } from './board-hub.js';
import { ColleaguesHub } from './colleagues-hub.js';
import { LiveConnection } from './live.js';
import { closeCodes } from './peer.js';
import { CallCounter, PhoneConnection } from './phone.js';

export interface Realtime {
  /** An HTTP upgrade request. Answers, or takes the socket over. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Once a second. */
  sweep(): void;
  sessionEnded(secret: string): void;
  close(): void;
}

const messageBytesMax = 64 * 1024;
/** Tabs of one person. Beyond it something is broken, and every one costs states and boards. */
const perAgentMax = 20;
/** Connections without a session: what is left over after the demo phones. */
const anonymousRule = { burst: 60, perSecond: 5 };
const sweepMsPlanned = 1_000;
/** A sweep this much later than planned means that we were not running: see Peer.sweep. */
const lateMsMin = 3_000;

export function createRealtime(context: HttpContext): Realtime {
  const { store, demo, phones, log, monotonic } = context;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: messageBytesMax, perMessageDeflate: false });
  const boards = new BoardHub(context.floor);
  const colleagues = new ColleaguesHub(context.floor, randomUUID().slice(0, 8));
  const lives = new Set<LiveConnection>();
  const phoneLines = new Set<PhoneConnection>();
  const calls = new CallCounter();
  const anonymous = new Buckets(anonymousRule);
  let sweptAt = monotonic();
  let closed = false;

  async function openLive(request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    const secret = readSessionCookie(request.headers.cookie);
    const agent = secret === null ? null : await store.sessions.find(secret);
    const known = agent !== null && store.people.byId(agent) !== null;
    if (socket.destroyed || closed) {
      socket.destroy();
      return;
    }
    if (
      (!known || secret === null) &&
      !anonymous.of(sourceOf(socket.remoteAddress ?? ''), monotonic()).take(monotonic())
    ) {
      endWith(socket, 429, { code: 'too-many-tries', detail: 'too many connections without a session' });
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      if (!known || secret === null) {
        // A page cannot read the status of a refused upgrade, but it can read a message and a close code.
        turnAway(webSocket, { type: 'signed-out' }, closeCodes.signedOut, 'not signed in');
      } else if (countOf(agent) >= perAgentMax) {
        const detail = 'too many connections of one person';
        turnAway(webSocket, { type: 'error', code: 'too-many-tries', detail, re: null }, closeCodes.tooMany, detail);
      } else {
        const live: LiveConnection = new LiveConnection({
          socket: webSocket,
          agent,
          secret,
          context,
          boards,
          colleagues,
          onClose: () => lives.delete(live),
        });
        lives.add(live);
      }
    });
  }

  function countOf(agent: AgentId): number {
    let count = 0;
    for (const live of lives) if (live.agent === agent) count += 1;
    return count;
  }

  function openPhone(request: IncomingMessage, socket: Socket, head: Buffer): void {
    if (demo === null || phones === null) {
      endWith(socket, 404, { code: 'not-found', detail: 'only in demo mode' });
      return;
    }
    const source = sourceOf(socket.remoteAddress ?? '');
    if (!anonymous.of(source, monotonic()).take(monotonic())) {
      endWith(socket, 429, { code: 'too-many-tries', detail: 'too many connections from this address' });
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const phone: PhoneConnection = new PhoneConnection({
        socket: webSocket,
        source,
        phones,
        calls,
        context,
        onClose: () => phoneLines.delete(phone),
      });
      phoneLines.add(phone);
    });
  }

  async function upgrade(request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    const path = (request.url ?? '').replace(/\?.*$/s, '');
    if (closed) {
      endWith(socket, 503, { code: 'unavailable', detail: 'the server is closing' });
    } else if (path !== '/api/v1/live' && path !== '/api/v1/phone') {
      endWith(socket, 404, { code: 'not-found', detail: 'there is no WebSocket at this path' });
    } else if (isFromElsewhere({ origin: request.headers.origin }, hostOf(request))) {
      // Origin alone: every browser sends it with a WebSocket, whatever it thinks of the address otherwise.
      endWith(socket, 403, { code: 'wrong-origin', detail: 'the Origin of the request is not this host' });
    } else if (path === '/api/v1/phone') {
      openPhone(request, socket, head);
    } else {
      await openLive(request, socket, head);
    }
  }

  function hostOf(request: IncomingMessage): string | undefined {
    const forwarded = context.trustProxy ? request.headers['x-forwarded-host'] : undefined;
    return typeof forwarded === 'string' ? forwarded.split(',')[0]?.trim() : request.headers.host;
  }

  return {
    upgrade: (request, socket, head) => {
      if (!(socket instanceof Socket)) {
        socket.destroy();
        return;
      }
      socket.on('error', () => socket.destroy());
      upgrade(request, socket, head).catch((error: unknown) => {
        const { code, detail, ours } = codedError(error);
        if (ours) log.error({ err: error }, 'live: a connection could not be opened');
        if (!socket.destroyed) endWith(socket, code === 'unavailable' ? 503 : 500, { code, detail });
      });
    },
    sweep: () => {
      const now = monotonic();
      const late = now - sweptAt - sweepMsPlanned;
      const lateMs = late >= lateMsMin ? late : 0;
      sweptAt = now;
      for (const live of lives) live.sweep(now, lateMs);
      for (const phone of phoneLines) phone.sweep(now, lateMs);
      try {
        boards.sweep();
        colleagues.sweep();
      } catch (error) {
        log.error({ err: error }, 'live: the board could not be sent');
      }
    },
    sessionEnded: (secret) => {
      for (const live of lives) if (live.secret === secret) live.endSession();
    },
    close: () => {
      closed = true;
      for (const live of lives) live.close(closeCodes.going, 'the server is closing');
      for (const phone of phoneLines) phone.close(closeCodes.going, 'the server is closing');
      // What has not said goodbye by then is cut; a closed server must not wait for a sleeping laptop.
      const cut = setTimeout(() => {
        for (const client of sockets.clients) client.terminate();
      }, 500);
      sockets.close(() => clearTimeout(cut));
    },
  };
}

function turnAway(socket: WebSocket, message: ServerMessage, code: number, reason: string): void {
  socket.on('error', () => socket.terminate());
  socket.send(JSON.stringify(message));
  socket.close(code, reason);
  // ws waits 30 s for the other side's goodbye; a crowd of strangers is not worth that
  const impatient = setTimeout(() => socket.terminate(), 2_000);
  socket.on('close', () => clearTimeout(impatient));
}
