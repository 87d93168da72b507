/**
 * When a leg's silence means that its far end is gone. Pure: time comes in as an argument.
 *
 * ICE's own state is no help: Chromium needs 7 to 17 s and libdatachannel 13 s to notice a dead path, a killed tab says nothing
 * at all, and a WebSocket pong is answered by a browser whose page is frozen. So: echo while idle, RTP while talking.
 *
 *            echo                    idle: no echo 2.75 s │ bridged: no RTP 1 s
 *   unproven ────▶ proven ◀──────────────────────────────▶ suspect ──▶ lost (bridged: no RTP 10 s)
 *                        idle: echo │ bridged: RTP again
 */
export type Finding =
  | { type: 'proven'; rttMs: number }
  | { type: 'suspect'; because: 'heartbeat' | 'rtp-silence' }
  | { type: 'lost'; because: 'ice' | 'heartbeat' | 'rtp-silence' };

/**
 * - `line`: an agent's warm line, with a heartbeat on its data channel
 * - `web`: a browser without one, that sends audio all the time
 * - `rtp`: plain RTP; a far end that has never spoken is left alone, since its signalling tells us when it leaves
 */
export type WatchKind = 'line' | 'web' | 'rtp';

/** How long a WebRTC path may take to come up, and to be proven. */
export const setUpMsMax = 15_000;
/** Below 3 s by the watchdog's own period, so that a frozen desk is known within 3 s. */
export const echoMissingMsMax = 2_700;
export const silenceSuspectMs = 1_000;
export const silenceLostMs = 10_000;
export const rtpSilenceLostMs = 30_000;

/** What is known of a leg at the moment of looking. Times are monotonic ms. */
export interface Signs {
  connected: boolean;
  /** Newest RTP packet; NaN before the first. */
  heardMs: number;
  bridgedSinceMs: number | null;
  /** Newest RTCP packet; NaN before the first. Counts for telephones alone: a browser reports with a frozen page too. */
  reportedMs: number;
  /** The far end has said that it sends, and not that it is silent. */
  expectsAudio: boolean;
}

export class LineWatch {
  readonly kind: WatchKind;
  private readonly openedMs: number;
  private connectedMs = Number.NaN;
  private echoedMs = Number.NaN;
  private rttMs = 0;
  private status: 'unproven' | 'proven' | 'suspect' = 'unproven';
  private suspectedFor: 'heartbeat' | 'rtp-silence' | null = null;

  constructor(kind: WatchKind, nowMs: number) {
    this.kind = kind;
    this.openedMs = nowMs;
  }

  get proven(): boolean {
    return this.status === 'proven';
  }

  /** The echo of a beat came back. */
  echoed(rttMs: number, nowMs: number, signs: Signs): Finding | null {
    this.echoedMs = nowMs;
    this.rttMs = rttMs;
    if (this.status === 'proven') return null;
    // In a bridge a page that echoes but sends no audio is still mute: only RTP clears that.
    if (this.suspectedFor === 'rtp-silence' && signs.bridgedSinceMs !== null) return null;
    return this.prove();
  }

  /** Looked at a few times a second. */
  check(nowMs: number, signs: Signs): Finding | null {
    if (this.kind === 'rtp') {
      const signMs = Math.max(signs.heardMs, signs.reportedMs || 0);
      const silent = signs.expectsAudio && nowMs - signMs > rtpSilenceLostMs;
      return silent ? { type: 'lost', because: 'rtp-silence' } : null;
    }
    if (!signs.connected) return nowMs - this.openedMs > setUpMsMax ? { type: 'lost', because: 'ice' } : null;
    if (Number.isNaN(this.connectedMs)) this.connectedMs = nowMs;
    if (this.kind === 'web') {
      const since = Math.max(this.connectedMs, signs.heardMs || 0);
      return nowMs - since > silenceLostMs ? { type: 'lost', because: 'rtp-silence' } : null;
    }
    return signs.bridgedSinceMs === null
      ? this.checkIdle(nowMs)
      : this.checkBridged(nowMs, signs, signs.bridgedSinceMs);
  }

  private checkIdle(nowMs: number): Finding | null {
    if (this.status === 'unproven') {
      return nowMs - this.openedMs > setUpMsMax ? { type: 'lost', because: 'heartbeat' } : null;
    }
    if (this.status === 'suspect' || nowMs - this.echoedMs <= echoMissingMsMax) return null;
    return this.suspect('heartbeat');
  }

  private checkBridged(nowMs: number, signs: Signs, bridgedSinceMs: number): Finding | null {
    const silentMs = nowMs - Math.max(bridgedSinceMs, signs.heardMs || 0);
    if (silentMs > silenceLostMs) return { type: 'lost', because: 'rtp-silence' };
    if (silentMs > silenceSuspectMs) return this.status === 'suspect' ? null : this.suspect('rtp-silence');
    const speaks = signs.heardMs > bridgedSinceMs;
    return this.status === 'suspect' && speaks ? this.prove() : null;
  }

  private prove(): Finding {
    this.status = 'proven';
    this.suspectedFor = null;
    return { type: 'proven', rttMs: this.rttMs };
  }

  private suspect(because: 'heartbeat' | 'rtp-silence'): Finding {
    this.status = 'suspect';
    this.suspectedFor = because;
    return { type: 'suspect', because };
  }
}
