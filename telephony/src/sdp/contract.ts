import type { SrtpKey, SrtpSuite } from '../rtp/srtp/index.js';

/** One `a=crypto` line that we can take (RFC 4568): the key its writer protects its own packets with. */
export interface SdpCrypto extends SrtpKey {
  /** Names the line: an answer repeats the tag of the one it took. */
  tag: number;
}

/**
 * How a trunk wants its audio: never encrypted, encrypted when the far end knows how, or not at all otherwise. The keys stand in
 * the SDP, so that whoever reads the signalling reads them too: only over TLS is `required` worth its name.
 */
export type SrtpPolicy = 'off' | 'optional' | 'required';

/** What matters to us in an audio description (RFC 8866, RFC 3264): one G.711 stream and its telephone-events. */
export interface SdpAudio {
  /** Connection address of the audio stream (media level before session level). */
  address: string;
  /** 0: the stream is refused. */
  port: number;
  /** Of PCMU and PCMA, in the order of the far end's preference or of the trunk's; empty: nothing in common. */
  codecs: ('PCMU' | 'PCMA')[];
  /** RFC 4733 at 8 000 Hz, or null. */
  dtmfPayloadType: number | null;
  /** How much sound the far end wants in a packet, within its maxptime. */
  ptimeMs: number;
  /** More than this it does not take in one; missing: it does not say. */
  maxptimeMs?: number;
  direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
  /** RTP/SAVP: the stream is encrypted, or there is none. */
  secure: boolean;
  /** Crypto lines that we can take, in their order. On plain RTP/AVP they say that the far end would encrypt if we do. */
  crypto: SdpCrypto[];
  /** Where the far end wants RTCP (RFC 3605); `mux`: on the port of RTP (RFC 5761); null: on the port above it. */
  rtcp: { address: string; port: number } | 'mux' | null;
  /** A fax line (T.38) stands beside it, or instead of it. */
  fax: boolean;
  /** Which media line of `raw` this is; -1 when it has no audio. */
  media: number;
  /** The raw text, needed to answer in the same order of media lines (RFC 3264 §6: every m= line is answered). */
  raw: string;
}

export type { SrtpKey, SrtpSuite };
