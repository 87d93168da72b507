import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';

/** The sockets of a plain RTP leg: RTP on an even port, RTCP on the one above (RFC 3550 §11). */
export interface RtpSockets {
  rtp: Socket;
  rtcp: Socket;
}

/** Hands out pairs of ports, going round, so that a port rests before it is used again and late packets of an old call find nobody. */
export class RtpPorts {
  private readonly address: string;
  private readonly ports: number[] = [];
  private next = 0;

  constructor(address: string, portMin: number, portMax: number) {
    this.address = address;
    for (let port = portMin + (portMin % 2); port < portMax; port += 2) this.ports.push(port);
    // Not always from the same end: an outsider should not know where the first call after a start is.
    this.next = Math.floor(Math.random() * Math.max(1, this.ports.length));
  }

  get count(): number {
    return this.ports.length;
  }

  /** Binds the next free pair. @returns null when all are taken */
  async open(): Promise<RtpSockets | null> {
    for (let tries = 0; tries < this.ports.length; tries++) {
      const port = this.ports[this.next]!;
      this.next = (this.next + 1) % this.ports.length;
      const rtp = await bind(this.address, port);
      if (rtp === null) continue;
      const rtcp = await bind(this.address, port + 1);
      if (rtcp !== null) return { rtp, rtcp };
      rtp.close();
    }
    return null;
  }
}

function bind(address: string, port: number): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    socket.once('error', () => {
      socket.close();
      resolve(null);
    });
    socket.bind({ address, port, exclusive: true }, () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}
