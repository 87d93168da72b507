import { ownDatagrams, type Datagrams, type DatagramSocket } from '../net/datagrams/index.js';

/** The sockets of a plain RTP leg: RTP on an even port, RTCP on the one above (RFC 3550 §11). */
export interface RtpSockets {
  rtp: DatagramSocket;
  rtcp: DatagramSocket;
}

/** Hands out pairs of ports, going round, so that a port rests before it is used again and late packets of an old call find nobody. */
export class RtpPorts {
  private readonly datagrams: Datagrams;
  private readonly address: string;
  private readonly ports: number[] = [];
  private next = 0;

  constructor(address: string, portMin: number, portMax: number, datagrams: Datagrams = ownDatagrams().datagrams) {
    this.datagrams = datagrams;
    this.address = address;
    for (let port = portMin + (portMin % 2); port < portMax; port += 2) this.ports.push(port);
    // Not always from the same end: an outsider should not know where the first call after a start is.
    this.next = Math.floor(Math.random() * Math.max(1, this.ports.length));
  }

  get count(): number {
    return this.ports.length;
  }

  /** Binds the wanted pair, or else the next free one. @returns null when all are taken */
  async open(wanted?: number): Promise<RtpSockets | null> {
    // Not only of our own range: the process whose leg we take over had another part of the house's.
    const there = wanted === undefined ? null : await this.bindPair(wanted);
    if (there !== null) return there;
    for (let tries = 0; tries < this.ports.length; tries++) {
      const port = this.ports[this.next]!;
      this.next = (this.next + 1) % this.ports.length;
      const pair = await this.bindPair(port);
      if (pair !== null) return pair;
    }
    return null;
  }

  private async bindPair(port: number): Promise<RtpSockets | null> {
    const rtp = await this.bind(port);
    if (rtp === null) return null;
    const rtcp = await this.bind(port + 1);
    if (rtcp !== null) return { rtp, rtcp };
    rtp.close();
    return null;
  }

  /** @returns null when the port is taken, or no descriptor is left */
  private bind(port: number): Promise<DatagramSocket | null> {
    return this.datagrams.bind({ address: this.address, port }).catch(() => null);
  }
}
