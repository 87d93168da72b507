import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { BindOptions, DatagramListener, Datagrams, DatagramSocket, Endpoint } from './contract.js';

type LookedUp = (error: null, address: string, family: number) => void;
/** Ours and the kernel's: as little a failure as an ICMP error. */
const passing = new Set(['EAGAIN', 'EWOULDBLOCK', 'ENOBUFS', 'ECONNREFUSED']);

/** Datagrams by Node's own sockets: everywhere, and with an object or three for each packet. */
export const dgramDatagrams: Datagrams = {
  kind: 'dgram',
  behindMs: 0,
  bind: ({ address, port }: BindOptions) =>
    new Promise((resolve, reject) => {
      const family = isIPv6(address) ? 6 : 4;
      // Addresses are always figures: the usual look-up would cost a turn of the loop for each datagram.
      const lookup = (host: string, _: unknown, found: LookedUp) => found(null, host, family);
      const socket = createSocket({ type: `udp${family}`, lookup });
      socket.once('error', (error) => {
        socket.close();
        reject(error);
      });
      socket.bind({ address, port, exclusive: true }, () => {
        socket.removeAllListeners('error');
        resolve(new DgramSocket(socket, family));
      });
    }),
};

class DgramSocket implements DatagramSocket {
  readonly local: Endpoint & { family: 4 | 6 };
  unsent = 0;
  private readonly socket: Socket;
  private listener: DatagramListener | null = null;
  /** Whom we want to be connected with, and whom the kernel is: it is asked, and answers later. */
  private wanted: Endpoint | null = null;
  private connected: Endpoint | null = null;
  private connecting = false;
  private closed = false;

  constructor(socket: Socket, family: 4 | 6) {
    this.socket = socket;
    const { address, port } = socket.address();
    this.local = { address, port, family };
    // ICMP errors of a connected socket land here. A far end that is not listening yet is no failure of ours.
    socket.on('error', () => undefined);
  }

  listen(listener: DatagramListener): void {
    if (this.listener === null) this.socket.on('message', (bytes, from) => this.heard(bytes, from));
    this.listener = listener;
  }

  connect(to: Endpoint): void {
    if (this.closed) return;
    this.wanted = to;
    if (this.connected !== null) this.letGo();
    this.reach();
  }

  disconnect(): void {
    if (this.closed) return;
    this.wanted = null;
    if (this.connected !== null) this.letGo();
  }

  send(bytes: Uint8Array, to: Endpoint, failed?: () => void): void {
    if (this.closed) return;
    const sent = (error: Error | null | undefined): void => {
      if (error === null || error === undefined) return;
      this.unsent += 1;
      if (!passing.has((error as NodeJS.ErrnoException).code ?? '')) failed?.();
    };
    try {
      if (this.connected !== null) this.socket.send(bytes, sent);
      else this.socket.send(bytes, to.port, to.address, sent);
    } catch {
      // A port or family that the socket cannot send to; or, between the kernel's connect and our hearing of it, any address: the
      // one or other packet at the start of a call.
      this.unsent += 1;
      if (failed !== undefined && this.wanted === null) setImmediate(failed);
    }
  }

  sendText(text: string, to: Endpoint, failed?: () => void): void {
    this.send(Buffer.from(text, 'latin1'), to, failed);
  }

  receiveBuffer(bytes: number): number {
    try {
      this.socket.setRecvBufferSize(bytes);
      return this.socket.getRecvBufferSize();
    } catch {
      return 0;
    }
  }

  close(closed?: () => void): void {
    if (this.closed) {
      if (closed !== undefined) setImmediate(closed);
      return;
    }
    this.closed = true;
    this.socket.close(closed);
  }

  private heard(bytes: Buffer, { address, port }: Endpoint): void {
    if (this.closed) return;
    const only = this.wanted;
    // The kernel may not know yet, and strangers' datagrams may have been in its queue before it did.
    if (only !== null && (only.port !== port || only.address !== address)) return;
    this.listener?.(bytes, { address, port });
  }

  private reach(): void {
    const { wanted } = this;
    if (wanted === null || this.connecting) return;
    this.connecting = true;
    const answered = (error?: Error): void => {
      this.connecting = false;
      if (this.closed) return;
      if (error !== undefined && error !== null) {
        if (this.wanted === wanted) this.wanted = null;
        return;
      }
      this.connected = wanted;
      // It was wanted otherwise while the kernel was asked.
      if (this.wanted === wanted) return;
      this.letGo();
      this.reach();
    };
    try {
      this.socket.connect(wanted.port, wanted.address, answered);
    } catch (error) {
      answered(error as Error);
    }
  }

  private letGo(): void {
    this.connected = null;
    this.socket.disconnect();
  }
}
