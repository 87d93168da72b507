/** SIP over TCP. What it shares with TLS is in stream.ts. */
import { connect } from 'node:net';
import { createStreamTransport, type StreamOptions, type StreamTransport } from './stream.js';

export function createTcpTransport(options: StreamOptions): StreamTransport {
  return createStreamTransport(
    {
      transport: 'tcp',
      accept: (socket, ready) => (ready(), socket),
      dial(hop, ready) {
        const socket = connect({ host: hop.address, port: hop.port });
        socket.once('connect', ready);
        return socket;
      },
      keyOf: (hop) => `${hop.address}\n${hop.port}`,
    },
    options,
  );
}
