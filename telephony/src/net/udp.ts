/** SIP over UDP: one socket for everything. */
import type { Arrival, Hop, SipLog } from '../sip/ports.js';
import { plainAddress, socketAddress } from './address.js';
import { ownDatagrams, type Choice, type DatagramSocket } from './datagrams/index.js';

/** A burst of calls arrives faster than one turn of the loop takes. */
const receiveBufferBytes = 4 * 1024 * 1024;
/** Messages taken before timers and connections have their turn. */
const burst = 32;

export interface UdpTransport {
  /** @throws Error with `code` EADDRINUSE and the like */
  start(): Promise<void>;
  send(hop: Hop, bytes: Uint8Array, failed: () => void): null;
  close(): Promise<void>;
}

export function createUdpTransport(options: {
  host: string;
  port: number;
  receive(bytes: Uint8Array, arrival: Arrival): void;
  log: SipLog;
  /** Default: the best that this machine has. */
  choice?: Choice;
}): UdpTransport {
  const { datagrams, because } = options.choice ?? ownDatagrams();
  let socket: DatagramSocket | null = null;

  return {
    async start() {
      const opening = await datagrams.bind({ address: options.host, port: options.port, burst });
      const room = opening.receiveBuffer(receiveBufferBytes);
      options.log.debug({ kind: datagrams.kind, because, room }, 'sip: UDP socket open');
      opening.listen((bytes, { address, port }) => {
        // A copy: a message is kept for as long as its transaction.
        const arrival = { transport: 'udp', address: plainAddress(address), port, connection: null } as const;
        options.receive(Buffer.from(bytes), arrival);
      });
      socket = opening;
    },

    send(hop, bytes, failed) {
      if (socket === null) setImmediate(failed);
      else socket.send(bytes, { address: socketAddress(hop.address, socket.local.family), port: hop.port }, failed);
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
