import { ticksApart, ticksPerMs } from './arithmetic.js';
import type { RtpHeader } from './header.js';
import type { Verdict } from './incoming.js';

/** A step in transit beyond this is no jitter: the sender's clock leapt, or it paused without counting. */
const leap = 1_000 * ticksPerMs;

export interface Received {
  /** By the sender's numbers. */
  expected: number;
  received: number;
  /** Runs of missing packets, and how many were missing in them: losses that come in bursts are heard more. */
  gaps: number;
  missing: number;
  /** Sum over packets of the jitter that stood then, in ticks; divided by `jitters` it is the mean. */
  jitterSum: number;
  jitters: number;
}

/** Counts what one far end sends us (RFC 3550 A.3, A.8), over all the streams it begins. */
export class Reception {
  ssrc = 0;
  /** Newest sequence number with its turns. */
  highest = 0;
  /** Ticks, the estimator of A.8. */
  jitter = 0;
  private transit = Number.NaN;
  readonly total: Received = { expected: 0, received: 0, gaps: 0, missing: 0, jitterSum: 0, jitters: 0 };

  /** @param verdict of a packet that was believed @param audio its timestamp goes on with time, as an event's does not */
  heard(header: RtpHeader, verdict: Verdict, audio: boolean, nowMs: number): void {
    const { total } = this;
    total.received += 1;
    if (verdict === 'late') {
      // Counted as missing when its successor overtook it.
      if (total.missing > 0) total.missing -= 1;
      return;
    }
    if (verdict === 'restart' || header.ssrc !== this.ssrc || total.expected === 0) {
      this.ssrc = header.ssrc;
      this.highest = header.sequence;
      this.transit = Number.NaN;
      this.jitter = 0;
      total.expected += 1;
    } else {
      const step = (header.sequence - this.highest) & 0xffff;
      this.highest += step;
      total.expected += step;
      if (step > 1) {
        total.gaps += 1;
        total.missing += step - 1;
      }
    }
    if (audio) this.watchJitter(header, nowMs);
  }

  private watchJitter(header: RtpHeader, nowMs: number): void {
    const arrival = Math.round(nowMs * ticksPerMs) | 0;
    const transit = ticksApart(arrival, header.timestamp);
    const step = Math.abs(ticksApart(transit, this.transit));
    // At the marker of a talkspurt the timestamps may have leapt with reason.
    if (!Number.isNaN(this.transit) && step < leap && !header.marker) this.jitter += (step - this.jitter) / 16;
    this.transit = transit;
    this.total.jitterSum += this.jitter;
    this.total.jitters += 1;
  }
}
