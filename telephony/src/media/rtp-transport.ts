import { isIPv4, SocketAddress } from 'node:net';
import type { DatagramSocket, Endpoint } from '../net/datagrams/index.js';
import {
  isRtcp,
  readRtpHeader,
  SourceLock,
  SrtpSession,
  ticksPerMs,
  type Codec,
  type OwnKeys,
  type Source,
  type Transport,
  type TransportListener,
} from '../rtp/index.js';
import type { RtpRemote } from './protocol.js';
import type { RtpSockets } from './rtp-ports.js';

/**
 * One RTP leg on a pair of UDP ports, plain or encrypted. Once its far end is locked the socket is connected: cheaper, and the kernel
 * drops strangers. Encrypted, only what is authentic closes the lock or is heard at all.
 */
export class RtpTransport implements Transport {
  readonly kind = 'rtp';
  readonly port: number;
  readonly keys: OwnKeys;
  payloadBytesMax = Infinity;
  private readonly socket: DatagramSocket;
  private readonly control: ControlPort;
  private readonly listener: TransportListener;
  private readonly now: () => number;
  private readonly lock: SourceLock;
  private readonly srtp: SrtpSession;
  private remote: RtpRemote | null;
  /** Where packets go: the far end's SDP at first, then whence it speaks (symmetric RTP, RFC 4961). */
  private target: Source | null = null;
  private closed = false;

  constructor(
    { rtp, rtcp }: RtpSockets,
    remote: RtpRemote | null,
    keys: OwnKeys,
    listener: TransportListener,
    now: () => number,
  ) {
    this.socket = rtp;
    this.keys = keys;
    this.srtp = new SrtpSession(keys);
    this.port = rtp.local.port;
    this.listener = listener;
    this.now = now;
    this.remote = remote === null ? null : this.readable(remote);
    this.payloadBytesMax = payloadBytesMax(remote);
    this.srtp.agree(remote?.srtp ?? null);
    this.lock = new SourceLock(this.remote);
    this.control = new ControlPort(rtcp, (packet) => this.heardControl(packet));
    this.retarget();
    rtp.listen((packet, from) => this.arrived(packet, from));
  }

  get codec(): Codec {
    return this.remote?.codec ?? 'PCMU';
  }

  get dtmfPayloadType(): number | null {
    return this.remote?.dtmfPayloadType ?? null;
  }

  get ptimeMs(): number {
    return this.remote?.ptimeMs ?? 20;
  }

  get open(): boolean {
    return this.remote !== null && !this.closed;
  }

  /** Audio is encrypted now. */
  get secure(): boolean {
    return this.srtp.sender !== null;
  }

  /** The far end says that it sends: its silence means something. */
  get expectsAudio(): boolean {
    const direction = this.remote?.direction;
    return direction === 'sendrecv' || direction === 'sendonly';
  }

  aim(wanted: RtpRemote): void {
    const before = this.remote;
    const remote = this.readable(wanted);
    this.remote = remote;
    this.payloadBytesMax = payloadBytesMax(remote);
    this.srtp.agree(remote.srtp ?? null);
    // The same far end with another direction (hold and back): the lock stands, so that nobody can slip in.
    if (before !== null && before.address === remote.address && before.port === remote.port) {
      this.retarget();
      return;
    }
    this.lock.aim(remote);
    this.socket.disconnect();
    this.retarget();
  }

  send(packet: Uint8Array): void {
    const { sender } = this.srtp;
    if (this.target === null) return;
    const sent = sender === null ? packet : sender.protect(packet);
    if (sent !== null) this.write(sent);
  }

  sendRtcp(packet: Uint8Array): void {
    const { target, remote } = this;
    if (target === null || remote === null || remote.rtcp === null) return;
    const { sender } = this.srtp;
    const sent = sender === null ? packet : sender.protectRtcp(packet);
    if (remote.rtcp === 'mux') this.write(sent);
    else this.control.send(sent);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.target = null;
    this.socket.close();
    this.control.close();
  }

  private write(packet: Uint8Array): void {
    if (this.target !== null) this.socket.send(packet, this.target);
  }

  private arrived(packet: Uint8Array, { address, port }: Endpoint): void {
    if (this.closed) return;
    const source = this.lock.source;
    if (source !== null) {
      if (source.port !== port || source.address !== address) return;
      if (isRtcp(packet)) return this.heardControl(packet);
      const { receiver } = this.srtp;
      const plain = receiver === null ? packet : receiver.unprotect(packet);
      if (plain !== null) this.listener.packet(plain, this.now());
      return;
    }
    const header = readRtpHeader(packet);
    if (header === null || this.remote === null) return;
    const { receiver } = this.srtp;
    const plain = receiver === null ? packet : receiver.unprotect(packet);
    if (plain === null) return;
    // Who holds the key is the far end, wherever its NAT lets it speak from.
    if (receiver !== null) this.lock.latch(address, port);
    else if (this.lock.accept(address, port, header.ssrc, header.sequence) === 'drop') return;
    this.retarget();
    this.socket.connect({ address, port });
    this.listener.connected();
    this.listener.packet(plain, this.now());
  }

  private heardControl(packet: Uint8Array): void {
    if (this.closed) return;
    const { receiver } = this.srtp;
    const plain = receiver === null ? packet : receiver.unprotectRtcp(packet);
    if (plain !== null) this.listener.packet(plain, this.now());
  }

  private retarget(): void {
    const remote = this.remote;
    const wanted =
      remote !== null &&
      (remote.direction === 'sendrecv' || remote.direction === 'recvonly') &&
      !isUnspecified(remote.address);
    this.target = wanted ? (this.lock.source ?? { address: remote.address, port: remote.port }) : null;
    this.control.aim(this.target, remote?.rtcp ?? null);
  }

  /** The far end's address as our socket will write it, so that the two can be compared. */
  private readable(remote: RtpRemote): RtpRemote {
    return { ...remote, address: asWritten(remote.address, this.socket.local.family === 6) };
  }
}

/**
 * The RTCP port of a leg. It hears whoever shares an address with the RTP far end: reports are figures, and a false one harms
 * nobody's call; encrypted ones prove themselves.
 */
class ControlPort {
  private readonly socket: DatagramSocket;
  private readonly heard: (packet: Uint8Array) => void;
  private target: Source | null = null;
  /** Whence it speaks, when that is another port than the SDP said (NAT). */
  private symmetric: Source | null = null;

  constructor(socket: DatagramSocket, heard: (packet: Uint8Array) => void) {
    this.socket = socket;
    this.heard = heard;
    socket.listen((packet, from) => {
      if (this.target === null || from.address !== this.target.address || !isRtcp(packet)) return;
      this.symmetric = { address: from.address, port: from.port };
      this.heard(packet);
    });
  }

  aim(rtp: Source | null, told: NonNullable<RtpRemote['rtcp']> | null): void {
    const before = this.target;
    if (rtp === null || told === 'mux') this.target = null;
    else if (told !== null && told.address === rtp.address) this.target = told;
    else this.target = { address: rtp.address, port: Math.min(rtp.port + 1, 65_535) };
    if (this.target?.address !== before?.address || this.target?.port !== before?.port) this.symmetric = null;
  }

  send(packet: Uint8Array): void {
    const to = this.symmetric ?? this.target;
    if (to !== null) this.socket.send(packet, to);
  }

  close(): void {
    this.target = null;
    this.symmetric = null;
    this.socket.close();
  }
}

/** Whole tens of milliseconds, as everywhere. */
function payloadBytesMax(remote: RtpRemote | null): number {
  const maxptimeMs = remote?.maxptimeMs;
  return maxptimeMs === undefined ? Infinity : Math.floor(maxptimeMs / 10) * 10 * ticksPerMs;
}

/** Old phones hold by aiming us at nowhere (RFC 2543 §B.5). */
const isUnspecified = (address: string): boolean => address === '0.0.0.0' || address === '::';

function asWritten(address: string, onIPv6: boolean): string {
  if (isIPv4(address)) return onIPv6 && !isUnspecified(address) ? `::ffff:${address}` : address;
  return new SocketAddress({ address, family: 'ipv6' }).address;
}
