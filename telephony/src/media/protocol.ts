/**
 * What control and a media process say to each other over a Unix socket: one JSON object a line.
 *
 * The media process is driven by these messages only. It knows legs (plain strings) and sounds, nothing of calls, agents or
 * customers. It keeps its legs when control goes away and gives them all up only when nobody came back within `orphanMs`.
 */
import type { FaxTone, LineQuality, OwnKeys, SrtpKey } from '../rtp/index.js';

export const mediaProtocolVersion = 1;

/** Where and how the far end of a plain RTP leg wants its audio. */
export interface RtpRemote {
  address: string;
  port: number;
  codec: 'PCMU' | 'PCMA';
  /** RFC 4733 payload type the far end accepts, or null. */
  dtmfPayloadType: number | null;
  ptimeMs: number;
  /** More than this it does not take in a packet; missing: whatever comes. */
  maxptimeMs?: number;
  /** As the far end declares it: it sends, it receives. `sendrecv` is both. */
  direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
  /** What the far end encrypts its packets with, and by whose suite we encrypt ours; null or missing: plain RTP. */
  srtp?: SrtpKey | null;
  /** Where it wants RTCP; missing: on the port above its RTP; null: nowhere. */
  rtcp?: { address: string; port: number } | 'mux' | null;
}

export type MediaRequest =
  | { type: 'hello'; version: number }
  /**
   * Opens a plain RTP leg: one UDP socket pair on the first free even port. The remote may come later by `aim-rtp`. `port`: rather
   * on this one, if it can be had: there its far end looks for it since the process died that had it. `near`: rather in the process
   * of this leg, whom it will have to do with. `keys`: those that a process before this one protected the leg's audio with.
   */
  | {
      type: 'open-rtp';
      leg: string;
      remote: RtpRemote | null;
      port?: number;
      near?: string;
      note?: string;
      keys?: OwnKeys;
    }
  /** What control wants to be told of the leg by `hello`, should it have forgotten: not read, not logged, gone with the leg. */
  | { type: 'note'; leg: string; note: string }
  /** Our own SRTP keys of this leg, the same for its whole life: what control needs to write an SDP. Never logged, never in a list. */
  | { type: 'keys-of'; leg: string }
  /** New remote after a re-INVITE. The source lock is released and taken anew. */
  | { type: 'aim-rtp'; leg: string; remote: RtpRemote }
  /** Opens a WebRTC leg from a browser's offer (no trickle). `heartbeat`: expect the data channel `ctl` and prove it. */
  | { type: 'open-webrtc'; leg: string; offer: string; heartbeat: boolean }
  | { type: 'close'; leg: string }
  /**
   * Loops a sound to the leg in place of whatever plays; null stops. Names that begin with `announcement-` play once, and
   * `followedBy` (looped) comes after such a one, else silence. While the leg is bridged and not held nothing is played.
   */
  | { type: 'play'; leg: string; sound: string | null; followedBy?: string }
  /** The two hear each other. Whatever plays to either stops. */
  | { type: 'bridge'; a: string; b: string }
  | { type: 'unbridge'; a: string; b: string }
  /**
   * `leg` hears what `to` says, and is not heard there; what plays to `leg` goes on until the first packet. It ends with the next
   * `play` or `bridge` of either. `no-such-leg` also when the two live in different processes. `meanwhile`: the sound that `leg`
   * hears as soon as nothing at all has come from `to` for 2 s, until something does; `again`: also after its first packet.
   */
  | { type: 'listen'; leg: string; to: string; meanwhile?: { sound: string; again: boolean } }
  /** `leg` hears the sound, its bridge partner silence; the bridge stays. */
  | { type: 'hold'; leg: string; sound: string }
  | { type: 'resume'; leg: string }
  /** Two-channel WAV at `path`: left what the leg says, right what it hears from a bridge partner (not music). Idempotent by `recording`. `resume`: the file of a process that died is gone on with, the time in between silent. */
  | { type: 'record'; recording: string; leg: string; path: string; resume?: boolean }
  | { type: 'stop-record'; recording: string }
  | { type: 'dtmf'; leg: string; digits: string };

/** A leg that the process holds, told to whoever says hello: what another control process needs to go on with it. */
export interface HeldLeg {
  leg: string;
  bridgedTo: string | null;
  recording: string | null;
  proven: boolean;
  /** It is on hold in its bridge. */
  held: boolean;
  /** A sound plays to it. */
  playing: boolean;
  /** What control noted of it; null for nothing. */
  note: string | null;
  /** Where the far end of plain RTP sends to; null for WebRTC. */
  rtp: { address: string; port: number } | null;
}

/** The value with which each request is answered when it succeeds. */
export interface MediaReplies {
  hello: {
    version: number;
    pid: number;
    legs: HeldLeg[];
  };
  'open-rtp': { address: string; port: number; keys: OwnKeys };
  /** `secure`: its audio is encrypted now. */
  'keys-of': { keys: OwnKeys; secure: boolean };
  'aim-rtp': null;
  'open-webrtc': { answer: string };
  close: null;
  note: null;
  play: null;
  /** When the bridge stood, epoch ms. */
  bridge: { at: number };
  unbridge: null;
  listen: null;
  hold: null;
  resume: null;
  record: null;
  'stop-record': { path: string; durationMs: number; bytes: number } | null;
  dtmf: null;
}

export type MediaErrorCode =
  | 'version' // the two sides are of different versions
  | 'no-such-leg'
  | 'leg-exists'
  | 'no-port' // the RTP port range is used up
  | 'bad-sdp'
  | 'not-connected' // the WebRTC leg has no path yet
  | 'disk' // the recording cannot be written
  | 'bad-request'
  | 'failed';

export type MediaReply =
  | { n: number; ok: true; value: unknown }
  | { n: number; ok: false; code: MediaErrorCode; detail: string };

export interface MediaLoad {
  legs: number;
  /** Plain RTP legs that can still be opened. */
  freePorts: number;
  /**
   * By how much the worst of its turns came late in the last quarter of a second, or for how long it has not kept up with what
   * comes, ms: packets waited that long.
   */
  lateMs: number;
  /** It ends as soon as nobody talks or waits in it, to make room for a newer version: nothing new should be opened here. */
  retiring: boolean;
}

/** Control → media: each request carries a number that its reply repeats. */
export type MediaRequestFrame = MediaRequest & { n: number };

/** Media → control, unasked. `at` is epoch ms. */
export type MediaEvent =
  | { type: 'leg-connected'; leg: string; at: number }
  /** The leg is gone without being told to; its id is free again. */
  | {
      type: 'leg-lost';
      leg: string;
      at: number;
      because: 'ice' | 'closed' | 'rtp-silence' | 'heartbeat' | 'orphaned' | 'failed';
    }
  /** The heartbeat has gone round: audio can flow. Sent again after `line-suspect` when the echo is back. */
  | { type: 'line-proven'; leg: string; at: number; rttMs: number }
  /** No echo for 3 s while idle, or no RTP for 1 s in a bridge. The leg is kept: it may come back. */
  | { type: 'line-suspect'; leg: string; at: number; because: 'heartbeat' | 'rtp-silence' }
  | { type: 'dtmf'; leg: string; at: number; digit: string }
  /** A fax machine is at the far end of plain RTP: it calls (CNG), or answers (CED). Told once, in the first 10 s of its audio. */
  | { type: 'fax-tone'; leg: string; at: number; tone: FaxTone }
  /**
   * How the leg's line was in the bridge that stands since `since`: every 10 s with all that was measured in it, and a last time
   * (`final`) when it ends, before anything else is told of that. `worst` is the worst 10 s.
   */
  | {
      type: 'leg-quality';
      leg: string;
      at: number;
      since: number;
      final: boolean;
      spanMs: number;
      mean: LineQuality;
      worst: LineQuality;
    }
  /** Told once for each recording, however it came to its end; the reply to `stop-record` has the same figures. */
  | {
      type: 'recording-finished';
      recording: string;
      leg: string;
      at: number;
      path: string;
      durationMs: number;
      bytes: number;
    }
  /** Once a second: how the process does. */
  | ({ type: 'load'; at: number } & MediaLoad)
  | {
      type: 'log';
      level: 'info' | 'warn' | 'error';
      message: string;
      data?: Record<string, string | number | boolean | null>;
    };

export type MediaFrame = ({ kind: 'reply' } & MediaReply) | ({ kind: 'event' } & MediaEvent);

/** Settings of a media process, given as one JSON argument on its command line. */
export interface MediaSettings {
  /** Path of the Unix socket it listens on. */
  socket: string;
  /** Address that RTP and ICE bind to, and the one written into SDP when it differs (NAT). */
  bindAddress: string;
  publicAddress: string;
  /** First port is the ICE/UDP mux of all WebRTC legs; the rest serve plain RTP. Must lie outside the ephemeral range. */
  portMin: number;
  portMax: number;
  /** Folder that may hold the company's own sounds; ours are built in. */
  soundsFolder: string | null;
  /** How long legs outlive control. */
  orphanMs: number;
}
