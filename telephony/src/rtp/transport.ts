import type { Codec } from './g711.js';

/** How a leg's packets come and go: plain RTP (`media/rtp-transport.ts`) or WebRTC (`webrtc/`). */
export interface Transport {
  readonly kind: 'rtp' | 'webrtc';
  /** What the far end wants to be sent. */
  readonly codec: Codec;
  /** Payload type of telephone-events, both ways; null when the far end knows none. */
  readonly dtmfPayloadType: number | null;
  /** How much sound the far end wants in a packet. */
  readonly ptimeMs: number;
  /** How much the far end takes in one packet, bytes: what is relayed comes as its sender packs it. */
  readonly payloadBytesMax: number;
  /** Whether a packet sent now has a way to the far end. */
  readonly open: boolean;
  /** @param packet a whole RTP packet; the transport may keep it until it is gone. Never throws: a packet that cannot go is lost */
  send(packet: Uint8Array): void;
  /** @param packet a compound RTCP packet of ours */
  sendRtcp(packet: Uint8Array): void;
  /** Ends it. Nothing is reported afterwards. Safe to call twice. */
  close(): void;
}

/** What a transport tells its leg. */
export interface TransportListener {
  /** An RTP or RTCP packet from the far end (its source already believed). The leg may write to it. */
  packet(packet: Uint8Array, nowMs: number): void;
  /** Audio can flow. */
  connected(): void;
  lost(because: 'ice' | 'closed' | 'failed'): void;
  /** The data channel's echo came back. */
  echoed?(rttMs: number): void;
}
