/**
 * What TCP and TLS share: connections that come and that we make, cut into messages, kept and used both ways, and limited.
 *
 * An answer goes back on the connection of its request, a request in a dialog on the connection where the far end was last
 * heard (RFC 3261 §18); only when that is gone a new one is made.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { SipTransport } from '../sip/contract.js';
import { StreamFramer } from '../sip/framer.js';
import type { Arrival, Hop, SipLog } from '../sip/ports.js';
import { plainAddress } from './address.js';

export interface StreamLimits {
  connections: number;
  connectionsPerSource: number;
  /** Connections of strangers, who get a refusal and are closed. */
  strangers: number;
  /** Silence after which a connection is closed. */
  idleMs: number;
  strangerIdleMs: number;
  /** A message must be complete this long after its first byte. */
  messageMs: number;
  /** For a connection of ours to stand, and for a handshake of TLS from either side. */
  connectMs: number;
  /** For an answer to the two line ends that ask whether somebody is there (RFC 5626 §4.4.1). */
  pongMs: number;
  /** Bytes waiting to be written to a peer that does not read. */
  backlogBytes: number;
}

export const defaultStreamLimits: StreamLimits = {
  connections: 2_000,
  connectionsPerSource: 500,
  strangers: 50,
  idleMs: 30 * 60_000,
  strangerIdleMs: 5_000,
  messageMs: 10_000,
  connectMs: 5_000,
  pongMs: 10_000,
  backlogBytes: 1_048_576,
};

export interface StreamTransport {
  /** @throws Error with `code` EADDRINUSE and the like */
  start(): Promise<void>;
  /** @param message a byte string @returns the connection that took it */
  send(hop: Hop, message: string, failed: () => void): number | null;
  /** Asks whether the far end of an open connection is there; without an answer in time the connection is closed. */
  ping(hop: Hop): void;
  close(): Promise<void>;
  readonly connections: number;
}

export interface StreamOptions {
  host: string;
  /** Null: no listener; connections are only made. */
  port: number | null;
  receive(bytes: Uint8Array, arrival: Arrival): void;
  /** Is this source one of ours? */
  isKnown(address: string, port: number): boolean;
  /**
   * Where strangers may prove who they are: their connection is not closed after the first message, but as ever when they are idle.
   * True for an address that has done so: from then on it is one of ours.
   */
  proven?: ((address: string) => boolean) | null;
  /** A connection is gone, after those whose bytes it never took were told. */
  closed(connection: number): void;
  log: SipLog;
  limits?: Partial<StreamLimits>;
}

/** What makes TCP and TLS differ. */
export interface StreamKind {
  transport: Exclude<SipTransport, 'udp'>;
  /** Takes what came over TCP: itself, or TLS on top of it. `ready` when it can carry messages. */
  accept(socket: Socket, ready: () => void): Socket;
  /**
   * Takes a connection that has to prove itself before it counts for anything. It is destroyed where it does not.
   *
   * @returns false when nothing is asked of who comes from there: then it is `accept`ed
   */
  prove?(socket: Socket, address: string, taken: (socket: Socket) => void): boolean;
  /** Begins a connection; writes may begin at once. `ready` when it stands. */
  dial(hop: Hop, ready: () => void): Socket;
  /** Connections to hops of one key may serve each other. */
  keyOf(hop: Hop): string;
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
  /** Runs while an answer to our two line ends is awaited. */
  pongTimer: NodeJS.Timeout | null;
  /**
   * What is to be written once the connection stands; null when it does. Over TLS nothing may go out before the far end has shown
   * who it is, and Node would send it as soon as the handshake is through.
   */
  early: (() => void)[] | null;
  earlyBytes: number;
}

/** One count over all streams of the process, so that a connection's number alone says which it is. */
let lastId = 0;

export function createStreamTransport(kind: StreamKind, options: StreamOptions): StreamTransport {
  const limits = { ...defaultStreamLimits, ...options.limits };
  const byId = new Map<number, Connection>();
  /** Connections that we made, by where to. */
  const made = new Map<string, Connection>();
  const perSource = new Map<string, number>();
  /** Connections that have yet to prove themselves. */
  const unproven = new Set<Socket>();
  let strangers = 0;
  let open = false;
  let server: Server | null = null;

  function adopt(socket: Socket, address: string, port: number, stranger: boolean, key: string | null): Connection {
    const connection: Connection = {
      ...{ id: ++lastId, socket, address, port, stranger },
      ...{ waiting: new Set<() => void>(), messageTimer: null, pongTimer: null, early: null, earlyBytes: 0 },
    };
    byId.set(connection.id, connection);
    perSource.set(address, (perSource.get(address) ?? 0) + 1);
    if (stranger) strangers++;
    if (key !== null) made.set(key, connection);
    const framer = new StreamFramer();
    socket.setNoDelay(true);
    socket.setTimeout(stranger ? limits.strangerIdleMs : limits.idleMs, () => socket.destroy());
    socket.on('data', (chunk: Buffer) => onData(connection, framer, chunk));
    // `close` follows, and says the same to those who wait; what a certificate lacked is worth a line.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (key === null || kind.transport !== 'tls') return;
      options.log.warn({ address, port, code: error.code, problem: error.message }, 'sip: TLS connection failed');
    });
    socket.on('close', () => {
      byId.delete(connection.id);
      const left = (perSource.get(address) ?? 1) - 1;
      if (left > 0) perSource.set(address, left);
      else perSource.delete(address);
      if (connection.stranger) strangers--;
      if (key !== null && made.get(key) === connection) made.delete(key);
      for (const timer of [connection.messageTimer, connection.pongTimer]) if (timer !== null) clearTimeout(timer);
      for (const failed of connection.waiting) failed();
      connection.waiting.clear();
      options.closed(connection.id);
    });
    return connection;
  }

  /** A connection that does not come to stand is nobody's: slow handshakes would else hold places for nothing. */
  function hurry(socket: Socket): () => void {
    const patience = setTimeout(() => socket.destroy(), limits.connectMs);
    const calm = () => clearTimeout(patience);
    socket.once('close', calm);
    return calm;
  }

  function onData(connection: Connection, framer: StreamFramer, chunk: Buffer): void {
    const { socket, address, port, id } = connection;
    // Whatever comes shows that somebody is there.
    if (connection.pongTimer !== null) clearTimeout(connection.pongTimer);
    connection.pongTimer = null;
    for (const frame of framer.push(chunk)) {
      if (frame.type === 'ping') socket.write('\r\n');
      else if (frame.type === 'broken') {
        options.log.debug({ address, port, code: frame.code }, 'sip: stream cannot be followed');
        socket.destroy();
        return;
      } else {
        options.receive(frame.bytes, { transport: kind.transport, address, port, connection: id });
        if (connection.stranger && !hasProven(connection)) return void socket.end();
      }
    }
    // Slow-loris: a byte now and then keeps a connection from being idle, but not a message from being late.
    if (framer.pending === 0) {
      if (connection.messageTimer !== null) clearTimeout(connection.messageTimer);
      connection.messageTimer = null;
    } else connection.messageTimer ??= setTimeout(() => socket.destroy(), limits.messageMs);
  }

  /** @returns false when a stranger has had their answer and is to go */
  function hasProven(connection: Connection): boolean {
    const { proven } = options;
    if (proven === undefined || proven === null) return false;
    if (proven(connection.address)) {
      connection.stranger = false;
      strangers--;
      connection.socket.setTimeout(limits.idleMs);
    }
    return true;
  }

  function write(connection: Connection, message: string, failed: () => void): number | null {
    const { socket, waiting } = connection;
    if (socket.writableLength + connection.earlyBytes > limits.backlogBytes) {
      socket.destroy();
      setImmediate(failed);
      return null;
    }
    waiting.add(failed);
    const now = () =>
      void socket.write(message, 'latin1', (error) => {
        // On an error `close` tells everyone who waits.
        if (error === null || error === undefined) waiting.delete(failed);
      });
    if (connection.early === null) now();
    else {
      connection.early.push(now);
      connection.earlyBytes += message.length;
    }
    return connection.id;
  }

  const standing = (hop: Hop): Connection | undefined =>
    (hop.connection === null ? undefined : byId.get(hop.connection)) ?? made.get(kind.keyOf(hop));

  function take(raw: Socket): void {
    const address = plainAddress(raw.remoteAddress ?? '');
    const port = raw.remotePort ?? 0;
    const stranger = !options.isKnown(address, port);
    const full =
      byId.size + unproven.size >= limits.connections || (perSource.get(address) ?? 0) >= limits.connectionsPerSource;
    if (address === '' || full || (stranger && strangers >= limits.strangers)) {
      raw.on('error', () => {});
      raw.destroy();
      return;
    }
    let proven = () => {};
    const isProving = kind.prove?.(raw, address, (socket) => {
      proven();
      if (open) adopt(socket, address, port, false, null);
      else socket.destroy();
    });
    if (isProving === true) {
      const patient = hurry(raw);
      unproven.add(raw);
      proven = () => {
        patient();
        unproven.delete(raw);
      };
      raw.on('error', () => {}).once('close', () => unproven.delete(raw));
      return;
    }
    let calm = () => {};
    const socket = kind.accept(raw, () => calm());
    if (kind.transport === 'tls') calm = hurry(socket);
    adopt(socket, address, port, stranger, null);
  }

  return {
    start: () =>
      new Promise((resolve, reject) => {
        if (options.port === null) {
          open = true;
          return resolve();
        }
        const opening = createServer({ keepAlive: true, keepAliveInitialDelay: 60_000 }, take);
        opening.on('error', (error) => {
          if (server === null) reject(error);
          else options.log.error({ err: error }, `sip: ${kind.transport.toUpperCase()} listener failed`);
        });
        opening.listen({ host: options.host, port: options.port, exclusive: true }, () => {
          server = opening;
          open = true;
          resolve();
        });
      }),

    send(hop, message, failed) {
      const known = standing(hop);
      if (known !== undefined && known.socket.writable) return write(known, message, failed);
      if (!open || byId.size >= limits.connections) {
        setImmediate(failed);
        return null;
      }
      let stands = () => {};
      const socket = kind.dial(hop, () => stands());
      const connection = adopt(socket, hop.address, hop.port, false, kind.keyOf(hop));
      const calm = hurry(socket);
      connection.early = [];
      stands = () => {
        calm();
        const early = connection.early ?? [];
        connection.early = null;
        connection.earlyBytes = 0;
        for (const send of early) send();
      };
      return write(connection, message, failed);
    },

    ping(hop) {
      const connection = standing(hop);
      if (
        connection === undefined ||
        !connection.socket.writable ||
        connection.pongTimer !== null ||
        connection.early !== null
      )
        return;
      connection.pongTimer = setTimeout(() => connection.socket.destroy(), limits.pongMs);
      connection.socket.write('\r\n\r\n');
    },

    async close() {
      const closing = server;
      server = null;
      open = false;
      for (const raw of unproven) raw.destroy();
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
