/** SIP over UDP: one socket for everything. */
import type { Arrival, Hop, SipLog } from '../sip/ports.js';
import { plainAddress, socketAddress } from './address.js';
import { ownDatagrams, type Choice, type DatagramSocket, type Endpoint } from './datagrams/index.js';

/** A burst of calls arrives faster than one turn of the loop takes. */
const receiveBufferBytes = 4 * 1024 * 1024;
/** Messages taken before timers and connections have their turn. */
const burst = 32;

export interface UdpTransport {
  /** @throws Error with `code` EADDRINUSE and the like */
  start(): Promise<void>;
  /** @param message a byte string */
  send(hop: Hop, message: string, failed: () => void): null;
  close(): Promise<void>;
}

export function createUdpTransport(options: {
  host: string;
  port: number;
  /** @param bytes the receiver's until it returns */
  receive(bytes: Uint8Array, arrival: Arrival): void;
  log: SipLog;
  /** Default: the best that this machine has. */
  choice?: Choice;
}): UdpTransport {
  const { datagrams, because } = options.choice ?? ownDatagrams();
  let socket: DatagramSocket | null = null;
  /** A far end speaks often, and the socket's word for it stays the same object. */
  const arrivals = new WeakMap<Endpoint, Arrival>();

  function arrivalFrom(from: Endpoint): Arrival {
    let arrival = arrivals.get(from);
    if (arrival === undefined) {
      arrival = { transport: 'udp', address: plainAddress(from.address), port: from.port, connection: null };
      arrivals.set(from, arrival);
    }
    return arrival;
  }

  return {
    async start() {
      const opening = await datagrams.bind({ address: options.host, port: options.port, burst });
      const room = opening.receiveBuffer(receiveBufferBytes);
      options.log.debug({ kind: datagrams.kind, because, room }, 'sip: UDP socket open');
      opening.listen((bytes, from) => options.receive(bytes, arrivalFrom(from)));
      socket = opening;
    },

    send(hop, message, failed) {
      if (socket === null) setImmediate(failed);
      else {
        const to = { address: socketAddress(hop.address, socket.local.family), port: hop.port };
        socket.sendText(message, to, failed);
      }
      return null;
    },

    close: () =>
      new Promise((resolve) => {
        const closing = socket;
        socket = null;
        if (closing === null) resolve();
        else closing.close(resolve);
      }),
  };
}
