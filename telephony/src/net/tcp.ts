/**
 * SIP over TCP: connections that come and that we make, kept and used both ways.
 *
 * An answer goes back on the connection of its request, a request in a dialog on the connection where the far end was last
 * heard (RFC 3261 §18); only when that is gone a new one is made.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { StreamFramer } from '../sip/framer.js';
import type { Arrival, Hop, SipLog } from '../sip/ports.js';
import { plainAddress } from './address.js';

export interface TcpLimits {
  connections: number;
  connectionsPerSource: number;
  /** Connections of strangers, who get a refusal and are closed. */
  strangers: number;
  /** Silence after which a connection is closed. */
  idleMs: number;
  strangerIdleMs: number;
  /** A message must be complete this long after its first byte. */
  messageMs: number;
  connectMs: number;
  /** Bytes waiting to be written to a peer that does not read. */
  backlogBytes: number;
}

export const defaultTcpLimits: TcpLimits = {
  connections: 2_000,
  connectionsPerSource: 500,
  strangers: 50,
  idleMs: 30 * 60_000,
  strangerIdleMs: 5_000,
  messageMs: 10_000,
  connectMs: 5_000,
  backlogBytes: 1_048_576,
};

export interface TcpTransport {
  start(): Promise<void>;
  /** @returns the connection that took it */
  send(hop: Hop, bytes: Uint8Array, failed: () => void): number | null;
  close(): Promise<void>;
  readonly connections: number;
}

interface Connection {
  id: number;
  socket: Socket;
  address: string;
  port: number;
  stranger: boolean;
  /** Told when the connection breaks before what they wrote went out. */
  waiting: Set<() => void>;
  messageTimer: NodeJS.Timeout | null;
}

export function createTcpTransport(options: {
  host: string;
  port: number;
  receive(bytes: Uint8Array, arrival: Arrival): void;
  /** Is this source one of ours? */
  isKnown(address: string, port: number): boolean;
  /** A connection is gone, after those whose bytes it never took were told. */
  closed(connection: number): void;
  log: SipLog;
  limits?: Partial<TcpLimits>;
}): TcpTransport {
  const limits = { ...defaultTcpLimits, ...options.limits };
  const byId = new Map<number, Connection>();
  /** Connections that we made, by where to. */
  const made = new Map<string, Connection>();
  const perSource = new Map<string, number>();
  let strangers = 0;
  let lastId = 0;
  let server: Server | null = null;

  function adopt(socket: Socket, address: string, port: number, stranger: boolean, key: string | null): Connection {
    const connection: Connection = {
      id: ++lastId,
      socket,
      address,
      port,
      stranger,
      waiting: new Set(),
      messageTimer: null,
    };
    byId.set(connection.id, connection);
    perSource.set(address, (perSource.get(address) ?? 0) + 1);
    if (stranger) strangers++;
    if (key !== null) made.set(key, connection);
    const framer = new StreamFramer();
    socket.setNoDelay(true);
    socket.setTimeout(stranger ? limits.strangerIdleMs : limits.idleMs, () => socket.destroy());
    socket.on('data', (chunk: Buffer) => onData(connection, framer, chunk));
    socket.on('error', () => {}); // `close` follows, and says the same
    socket.on('close', () => {
      byId.delete(connection.id);
      const left = (perSource.get(address) ?? 1) - 1;
      if (left > 0) perSource.set(address, left);
      else perSource.delete(address);
      if (stranger) strangers--;
      if (key !== null && made.get(key) === connection) made.delete(key);
      if (connection.messageTimer !== null) clearTimeout(connection.messageTimer);
      for (const failed of connection.waiting) failed();
      connection.waiting.clear();
      options.closed(connection.id);
    });
    return connection;
  }

  function onData(connection: Connection, framer: StreamFramer, chunk: Buffer): void {
    const { socket, address, port, id } = connection;
    for (const frame of framer.push(chunk)) {
      if (frame.type === 'ping') socket.write('\r\n');
      else if (frame.type === 'broken') {
        options.log.debug({ address, port, code: frame.code }, 'sip: TCP stream cannot be followed');
        socket.destroy();
        return;
      } else {
        options.receive(frame.bytes, { transport: 'tcp', address, port, connection: id });
        if (connection.stranger) return void socket.end();
      }
    }
    // Slow-loris: a byte now and then keeps a connection from being idle, but not a message from being late.
    if (framer.pending === 0) {
      if (connection.messageTimer !== null) clearTimeout(connection.messageTimer);
      connection.messageTimer = null;
    } else connection.messageTimer ??= setTimeout(() => socket.destroy(), limits.messageMs);
  }

  function write(connection: Connection, bytes: Uint8Array, failed: () => void): number | null {
    const { socket, waiting } = connection;
    if (socket.writableLength > limits.backlogBytes) {
      socket.destroy();
      setImmediate(failed);
      return null;
    }
    waiting.add(failed);
    socket.write(bytes, (error) => {
      // On an error `close` tells everyone who waits.
      if (error === null || error === undefined) waiting.delete(failed);
    });
    return connection.id;
  }

  return {
    start: () =>
      new Promise((resolve, reject) => {
        const opening = createServer({ keepAlive: true, keepAliveInitialDelay: 60_000 }, (socket) => {
          const address = plainAddress(socket.remoteAddress ?? '');
          const port = socket.remotePort ?? 0;
          const stranger = !options.isKnown(address, port);
          const full = byId.size >= limits.connections || (perSource.get(address) ?? 0) >= limits.connectionsPerSource;
          if (address === '' || full || (stranger && strangers >= limits.strangers)) {
            socket.on('error', () => {});
            socket.destroy();
          } else adopt(socket, address, port, stranger, null);
        });
        opening.on('error', (error) => {
          if (server === null) reject(error);
          else options.log.error({ err: error }, 'sip: TCP listener failed');
        });
        opening.listen({ host: options.host, port: options.port, exclusive: true }, () => {
          server = opening;
          resolve();
        });
      }),

    send(hop, bytes, failed) {
      const key = `${hop.address}\n${hop.port}`;
      const open = (hop.connection === null ? undefined : byId.get(hop.connection)) ?? made.get(key);
      if (open !== undefined && open.socket.writable) return write(open, bytes, failed);
      if (server === null || byId.size >= limits.connections) {
        setImmediate(failed);
        return null;
      }
      const socket = connect({ host: hop.address, port: hop.port });
      const connection = adopt(socket, hop.address, hop.port, false, key);
      const patience = setTimeout(() => socket.destroy(), limits.connectMs);
      socket.once('connect', () => clearTimeout(patience));
      socket.once('close', () => clearTimeout(patience));
      return write(connection, bytes, failed);
    },

    async close() {
      const closing = server;
      server = null;
      const gone = [...byId.values()].map(
        ({ socket }) =>
          new Promise<void>((resolve) => {
            socket.once('close', () => resolve());
            // What was written last (a BYE, an answer) may still go out; a peer that does not read may not keep us.
            socket.destroySoon();
            setTimeout(() => socket.destroy(), 200).unref();
          }),
      );
      await Promise.all(gone);
      if (closing !== null) await new Promise<void>((resolve) => closing.close(() => resolve()));
    },

    get connections() {
      return byId.size;
    },
  };
}
