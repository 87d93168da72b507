import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { readRtpHeader, SourceLock, type Codec, type Transport, type TransportListener } from '../rtp/index.js';
import type { RtpRemote } from './protocol.js';

/** One plain RTP leg on one UDP port. Once its far end is locked the socket is connected: cheaper, and the kernel drops strangers. */
export class RtpTransport implements Transport {
  readonly kind = 'rtp';
  readonly port: number;
  private readonly socket: Socket;
  private readonly listener: TransportListener;
  private readonly now: () => number;
  private readonly lock: SourceLock;
  private remote: RtpRemote | null;
  /** Where packets go: the far end's SDP at first, then whence it speaks (symmetric RTP, RFC 4961). */
  private target: { address: string; port: number } | null = null;
  private connected = false;
  private connecting = false;
  private closed = false;

  constructor(socket: Socket, remote: RtpRemote | null, listener: TransportListener, now: () => number) {
    this.socket = socket;
    this.port = socket.address().port;
    this.listener = listener;
    this.now = now;
    this.remote = remote;
    this.lock = new SourceLock(remote);
    this.retarget();
    socket.on('message', (packet, from) => this.arrived(packet, from.address, from.port));
    // ICMP errors of a connected socket land here. A far end that is not listening yet is no failure of ours.
    socket.on('error', () => undefined);
  }

  get codec(): Codec {
    return this.remote?.codec ?? 'PCMU';
  }

  get dtmfPayloadType(): number | null {
    return this.remote?.dtmfPayloadType ?? null;
  }

  get open(): boolean {
    return this.remote !== null && !this.closed;
  }

  /** The far end says that it sends: its silence means something. */
  get expectsAudio(): boolean {
    const direction = this.remote?.direction;
    return direction === 'sendrecv' || direction === 'sendonly';
  }

  aim(remote: RtpRemote): void {
    const before = this.remote;
    this.remote = remote;
    // The same far end with another direction (hold and back): the lock stands, so that nobody can slip in.
    if (before !== null && before.address === remote.address && before.port === remote.port) {
      this.retarget();
      return;
    }
    this.lock.aim(remote);
    this.disconnect();
    this.retarget();
  }

  send(packet: Uint8Array): void {
    const target = this.target;
    if (target === null || this.closed) return;
    try {
      if (this.connected) this.socket.send(packet);
      else this.socket.send(packet, target.port, target.address);
    } catch {
      // Between the kernel's connect and our hearing of it the address is refused: one packet lost at the start of a call.
    }
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.target = null;
    this.socket.close();
  }

  private arrived(packet: Buffer, address: string, port: number): void {
    if (this.closed) return;
    const source = this.lock.source;
    if (source === null) {
      const header = readRtpHeader(packet);
      if (header === null) return;
      if (this.lock.accept(address, port, header.ssrc, header.sequence) === 'drop') return;
      this.retarget();
      this.connect();
      this.listener.connected();
    } else if (source.port !== port || source.address !== address) {
      // Connected or not: strangers' packets may have been in the queue before the kernel began to refuse them.
      return;
    }
    this.listener.packet(packet, this.now());
  }

  private retarget(): void {
    const remote = this.remote;
    const wanted =
      remote !== null &&
      (remote.direction === 'sendrecv' || remote.direction === 'recvonly') &&
      !isUnspecified(remote.address);
    this.target = wanted ? (this.lock.source ?? { address: remote.address, port: remote.port }) : null;
  }

  private connect(): void {
    const source = this.lock.source;
    if (source === null || this.connected || this.connecting) return;
    this.connecting = true;
    this.socket.connect(source.port, source.address, (error?: Error) => {
      this.connecting = false;
      if (this.closed || error) return;
      this.connected = true;
      // The leg may have been aimed elsewhere while the kernel was asked.
      if (this.lock.source === source) return;
      this.disconnect();
      this.connect();
    });
  }

  private disconnect(): void {
    if (!this.connected) return;
    this.connected = false;
    this.socket.disconnect();
  }
}

/** Old phones hold by aiming us at nowhere (RFC 2543 §B.5). */
const isUnspecified = (address: string): boolean => address === '0.0.0.0' || address === '::';

/** Hands out even RTP ports, going round, so that a port rests before it is used again and late packets of an old call find nobody. */
export class RtpPorts {
  private readonly address: string;
  private readonly ports: number[] = [];
  private next = 0;

  constructor(address: string, portMin: number, portMax: number) {
    this.address = address;
    for (let port = portMin + (portMin % 2); port <= portMax; port += 2) this.ports.push(port);
    // Not always from the same end: an outsider should not know where the first call after a start is.
    this.next = Math.floor(Math.random() * Math.max(1, this.ports.length));
  }

  /** Binds the next free port. @returns null when all are taken */
  async open(): Promise<Socket | null> {
    for (let tries = 0; tries < this.ports.length; tries++) {
      const port = this.ports[this.next]!;
      this.next = (this.next + 1) % this.ports.length;
      const socket = await bind(this.address, port);
      if (socket !== null) return socket;
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
