import type { DataChannel, PeerConnection, Track } from 'node-datachannel';
import type { Transport, TransportListener } from '../rtp/index.js';
import { Heartbeat } from './heartbeat.js';

export interface WebRtcTransportOptions {
  dtmfPayloadType: number | null;
  heartbeat: boolean;
  listener: TransportListener;
  now: () => number;
}

/** One browser: an audio track in PCMU and, for a warm line, the data channel `ctl` with the heartbeat. */
export class WebRtcTransport implements Transport {
  readonly kind = 'webrtc';
  readonly codec = 'PCMU';
  readonly dtmfPayloadType: number | null;
  readonly ptimeMs = 20;
  readonly payloadBytesMax = Infinity;
  private readonly peer: PeerConnection;
  private readonly track: Track;
  private readonly listener: TransportListener;
  private readonly heartbeat: Heartbeat | null;
  private channel: DataChannel | null = null;
  /** As the library told. Kept here, since to ask it costs a call into it for each packet. */
  private opened = false;
  private closed = false;

  constructor(peer: PeerConnection, track: Track, options: WebRtcTransportOptions) {
    this.peer = peer;
    this.track = track;
    this.dtmfPayloadType = options.dtmfPayloadType;
    const { listener, now } = options;
    this.listener = listener;
    this.heartbeat = options.heartbeat
      ? new Heartbeat({ now, send: (text) => this.say(text), echoed: (rttMs) => listener.echoed?.(rttMs) })
      : null;
    track.onOpen(() => {
      if (this.closed) return;
      this.opened = true;
      listener.connected();
    });
    track.onMessage((packet) => {
      if (!this.closed) listener.packet(packet, now());
    });
    track.onClosed(() => this.ended('closed'));
    peer.onDataChannel((channel) => this.adopt(channel));
    peer.onStateChange((state) => {
      // `disconnected` may heal; what silence means is the line watch's to say.
      if (state === 'failed') this.ended('ice');
      if (state === 'closed') this.ended('closed');
    });
  }

  get open(): boolean {
    return this.opened && !this.closed;
  }

  send(packet: Uint8Array): void {
    if (!this.open) return;
    try {
      this.track.sendMessageBinary(packet as Buffer);
    } catch {
      // Throws when the track closed a moment ago; its own callback tells of that.
    }
  }

  /** Told apart from RTP by its type, and encrypted as what it is, by the library. */
  sendRtcp(packet: Uint8Array): void {
    this.send(packet);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.heartbeat?.stop();
    for (const part of [this.channel, this.track, this.peer]) {
      try {
        part?.close();
      } catch {
        // Closed already by the far end.
      }
    }
  }

  private ended(because: 'ice' | 'closed'): void {
    if (this.closed) return;
    this.close();
    this.listener.lost(because);
  }

  private adopt(channel: DataChannel): void {
    if (this.heartbeat === null || this.channel !== null || channel.getLabel() !== 'ctl') return;
    const { heartbeat } = this;
    this.channel = channel;
    const begin = (): void => {
      if (!this.closed) heartbeat.start();
    };
    channel.onOpen(begin);
    channel.onMessage((message) => {
      if (!this.closed && typeof message === 'string') heartbeat.heard(message);
    });
    channel.onClosed(() => heartbeat.stop());
    if (channel.isOpen()) begin();
  }

  private say(text: string): void {
    try {
      if (this.channel?.isOpen() === true) this.channel.sendMessage(text);
    } catch {
      // The channel is going: the missing echo will tell.
    }
  }
}
