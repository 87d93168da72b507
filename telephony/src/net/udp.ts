/** SIP over UDP: one socket for everything. */
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Arrival, Hop, SipLog } from '../sip/ports.js';
import { plainAddress, socketAddress } from './address.js';

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
}): UdpTransport {
  const family = isIPv6(options.host) ? 6 : 4;
  let socket: Socket | null = null;

  return {
    start: () =>
      new Promise((resolve, reject) => {
        // Addresses are always figures: the usual look-up would cost a turn of the loop for each datagram.
        const lookup = (
          host: string,
          _options: unknown,
          found: (error: null, address: string, family: number) => void,
        ) => found(null, host, family);
        const opening = createSocket({ type: family === 6 ? 'udp6' : 'udp4', lookup });
        // Without this listener a bind that fails is never reported and the promise never settles.
        opening.on('error', (error) => {
          if (socket === null) reject(error);
          else options.log.error({ err: error }, 'sip: UDP socket failed');
        });
        opening.on('message', (bytes, from) => {
          const { address, port } = from;
          options.receive(bytes, { transport: 'udp', address: plainAddress(address), port, connection: null });
        });
        opening.bind({ address: options.host, port: options.port, exclusive: true }, () => {
          socket = opening;
          try {
            // A burst of calls arrives faster than one turn of the loop takes.
            opening.setRecvBufferSize(4 * 1024 * 1024);
          } catch (error) {
            options.log.debug({ err: error }, 'sip: UDP receive buffer stays at its default');
          }
          resolve();
        });
      }),

    send(hop, bytes, failed) {
      if (socket === null) {
        setImmediate(failed);
        return null;
      }
      try {
        socket.send(bytes, hop.port, socketAddress(hop.address, family), (error) => {
          if (error !== null && error !== undefined) failed();
        });
      } catch {
        // A port or family that the socket cannot send to.
        setImmediate(failed);
      }
      return null;
    },

    close: () =>
      new Promise((resolve) => {
        const closing = socket;
        socket = null;
        if (closing === null) resolve();
        else closing.close(() => resolve());
      }),
  };
}
