import type { Endpoint } from '../net/datagrams/index.js';
import { isRtcp, SrtpReceiver, SrtpSender, type Transport, type TransportListener } from '../rtp/index.js';
import type { BrowserLeg, BrowserPort } from './browser-port.js';
import { ControlChannel } from './control-channel.js';
import { DtlsConnection, type SrtpMasters } from './dtls/connection.js';
import type { DtlsContext } from './dtls/context.js';
import { IceLite, type IceCredentials } from './ice/ice-lite.js';
import type { StunMessage } from './ice/stun.js';

export interface OwnTransportOptions {
  port: BrowserPort;
  dtls: DtlsContext;
  ours: IceCredentials;
  theirs: { ufrag: string; fingerprints: readonly string[] };
  dtmfPayloadType: number | null;
  heartbeat: boolean;
  listener: TransportListener;
  now: () => number;
}

/** Without a valid check for so long we may not send any more (RFC 7675 §5.1). The line watch has spoken long before. */
export const consentMs = 30_000;
const suite = 'AES_CM_128_HMAC_SHA1_80';

/**
 * One browser, by our own ICE, DTLS and SRTP: an audio track in PCMU and, for a warm line, the data channel `ctl` with the
 * heartbeat.
 */
export class OwnTransport implements Transport, BrowserLeg {
  readonly kind = 'webrtc';
  readonly codec = 'PCMU';
  readonly dtmfPayloadType: number | null;
  readonly ptimeMs = 20;
  readonly payloadBytesMax = Infinity;
  private readonly port: BrowserPort;
  private readonly ufrag: string;
  private readonly listener: TransportListener;
  private readonly now: () => number;
  private readonly ice: IceLite;
  private readonly dtls: DtlsConnection;
  private readonly control: ControlChannel | null;
  private sender: SrtpSender | null = null;
  private receiver: SrtpReceiver | null = null;
  private retry: NodeJS.Timeout | null = null;
  private closed = false;

  constructor({ port, dtls, ours, theirs, dtmfPayloadType, heartbeat, listener, now }: OwnTransportOptions) {
    this.port = port;
    this.ufrag = ours.ufrag;
    this.dtmfPayloadType = dtmfPayloadType;
    this.listener = listener;
    this.now = now;
    this.ice = new IceLite(ours, theirs.ufrag);
    this.dtls = new DtlsConnection(dtls, 'server', (fingerprint) => theirs.fingerprints.includes(fingerprint), {
      send: (packet) => this.write(packet),
      connected: (keys) => this.connected(keys),
      data: (packet) => this.control?.receive(packet),
      ended: (because) => this.lose(because),
    });
    const control = {
      now,
      send: (packet: Uint8Array): void => void this.dtls.send(packet),
      echoed: (rttMs: number): void => listener.echoed?.(rttMs),
      closed: (): void => this.lose('closed'),
    };
    this.control = heartbeat ? new ControlChannel(control) : null;
    port.admit(ours.ufrag, this);
  }

  get ended(): boolean {
    return this.closed;
  }

  get open(): boolean {
    return this.sender !== null && !this.closed;
  }

  send(packet: Uint8Array): void {
    const sent = this.sender?.protect(packet) ?? null;
    if (sent !== null) this.write(sent);
  }

  sendRtcp(packet: Uint8Array): void {
    if (this.sender !== null) this.write(this.sender.protectRtcp(packet));
  }

  checked(message: StunMessage, from: Endpoint): void {
    if (this.closed) return;
    const { reply, valid, dropped } = this.ice.check(message, from, this.now());
    if (dropped !== null) this.port.forget(dropped, this);
    if (valid) this.port.learn(from, this);
    if (reply !== null) this.port.socket.send(reply, from);
  }

  heard(bytes: Buffer): void {
    if (this.closed) return;
    const first = bytes[0]!;
    if (first >= 128 && first < 192) {
      const { receiver } = this;
      if (receiver === null) return;
      const plain = isRtcp(bytes) ? receiver.unprotectRtcp(bytes) : receiver.unprotect(bytes);
      if (plain !== null) this.listener.packet(plain, this.now());
    } else if (first >= 20 && first < 64) {
      this.dtls.receive(bytes);
      this.awaitAnswer();
    }
  }

  /** Looked at now and then. */
  check(nowMs: number): void {
    if (nowMs - this.ice.checkedMs > consentMs) this.lose('ice');
  }

  close(): void {
    if (this.closed) return;
    this.control?.stop();
    this.dtls.close();
    this.closed = true;
    this.sender = null;
    this.receiver = null;
    if (this.retry !== null) clearTimeout(this.retry);
    this.port.dismiss(this.ufrag);
    for (const path of this.ice.known) this.port.forget(path, this);
  }

  private connected({ ours, theirs }: SrtpMasters): void {
    this.sender = new SrtpSender(suite, ours);
    this.receiver = new SrtpReceiver(suite, theirs);
    this.listener.connected();
  }

  /** While the handshake lasts: what is lost of it is said again. */
  private awaitAnswer(): void {
    if (this.retry !== null) clearTimeout(this.retry);
    const waitMs = this.closed ? null : this.dtls.timeoutMs;
    this.retry = waitMs === null ? null : setTimeout(() => this.again(), waitMs);
  }

  private again(): void {
    this.dtls.timeout();
    this.awaitAnswer();
  }

  private lose(because: 'ice' | 'closed' | 'failed'): void {
    if (this.closed) return;
    this.close();
    this.listener.lost(because);
  }

  private write(packet: Uint8Array): void {
    const { target } = this.ice;
    if (target !== null) this.port.socket.send(packet, target);
  }
}
