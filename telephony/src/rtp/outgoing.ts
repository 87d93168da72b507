import { sequencesApart, ticksApart, ticksPerMs } from './arithmetic.js';
import type { RtpHeader, Stamp } from './header.js';

/** Above this a packet's lateness is no jitter: the sender paused without counting, or its clock leapt. */
const tolerated = 150 * ticksPerMs;
/** So many packets in a row must be late alike before a leap under one second is believed: in a burst after a stall each is less so. */
const believed = 5;
const alike = 30 * ticksPerMs;
const surely = 1_000 * ticksPerMs;
/** A pause this long between packets of our own making is an idle gap. */
const idleMs = 60;

/**
 * Sequence numbers and timestamps of one stream that we send, whatever feeds it: a bridge partner, then music, then another
 * partner.
 *
 * The rule that decides (measured with Chromium): the timestamp advances by wall clock over every idle gap, the sequence is
 * contiguous, and the first packet after a gap carries the marker. A receiver reads a contiguous timestamp after a gap as
 * network delay and keeps up to half a second of buffer for the rest of the connection.
 *
 * While one sender's packets are relayed, its own spacing is kept: its losses stay visible as losses, its reordering can be
 * undone by the receiver.
 */
export class OutgoingStream {
  readonly ssrc: number;
  private sequence: number;
  private timestamp: number;
  /** Ticks covered by the newest packet. */
  private ticks = 0;
  /** The wall clock's timestamp at `anchorMs`. */
  private anchorMs = Number.NaN;
  private anchorTimestamp: number;
  private lastMs = Number.NEGATIVE_INFINITY;
  private source: unknown = null;
  // The relay run: what to add to the sender's numbers, and how late its packets usually are against our wall clock.
  private inSsrc = -1;
  private runInSequence = 0;
  private sequenceOffset = 0;
  private timestampOffset = 0;
  private usualLateness = 0;
  private leaps = 0;
  private leapLateness = 0;

  constructor(ssrc: number, sequence: number, timestamp: number) {
    this.ssrc = ssrc >>> 0;
    this.sequence = sequence & 0xffff;
    this.timestamp = timestamp >>> 0;
    this.anchorTimestamp = this.timestamp;
  }

  /**
   * Numbers a packet that we made ourselves.
   *
   * @param source whose packets belong together; another one begins a new run
   */
  next(source: unknown, ticks: number, nowMs: number): Stamp {
    // Packets of 60 ms come 60 ms apart, and the clock that sends them may be late.
    const idle = source !== this.source || nowMs - this.lastMs > Math.max(idleMs, 20 + (2 * this.ticks) / ticksPerMs);
    if (idle) return this.begin(source, ticks, nowMs);
    this.timestamp = (this.timestamp + this.ticks) >>> 0;
    this.ticks = ticks;
    this.lastMs = nowMs;
    return { sequence: this.bump(), timestamp: this.timestamp, marker: false };
  }

  /** Numbers a further packet of the event that `next` began: same timestamp (RFC 4733 §2.5.1.3). */
  again(nowMs: number): Stamp {
    this.lastMs = nowMs;
    return { sequence: this.bump(), timestamp: this.timestamp, marker: false };
  }

  /**
   * Numbers a packet relayed from `source`.
   *
   * @param kind `event`: a telephone-event, whose timestamp stands still while time goes on; `restart`: the sender began anew
   * @returns null for a packet from before the run began: its number is already taken by what was sent then
   */
  relay(
    source: unknown,
    header: RtpHeader,
    ticks: number,
    nowMs: number,
    kind: 'audio' | 'event' | 'restart' = 'audio',
  ): Stamp | null {
    const known = source === this.source && header.ssrc === this.inSsrc && kind !== 'restart';
    if (!known || (kind === 'audio' && this.leapt(header, nowMs))) {
      const stamp = this.begin(source, ticks, nowMs);
      this.inSsrc = header.ssrc;
      this.runInSequence = header.sequence;
      this.sequenceOffset = stamp.sequence - header.sequence;
      this.timestampOffset = ticksApart(stamp.timestamp, header.timestamp);
      this.usualLateness = this.latenessOf(stamp.timestamp, nowMs);
      this.leaps = 0;
      return stamp;
    }
    if (sequencesApart(header.sequence, this.runInSequence) < 0) return null;
    // Keeps the run's beginning within half a turn of the sequence numbers, however long the call.
    if (sequencesApart(header.sequence, this.runInSequence) > 8_192) {
      this.runInSequence = (header.sequence - 4_096) & 0xffff;
    }
    const sequence = (header.sequence + this.sequenceOffset) & 0xffff;
    const timestamp = (header.timestamp + this.timestampOffset) >>> 0;
    this.lastMs = nowMs;
    if (sequencesApart(sequence, this.sequence) > 0) {
      this.sequence = sequence;
      this.timestamp = timestamp;
      this.ticks = ticks;
    }
    return { sequence, timestamp, marker: header.marker };
  }

  /** Nothing later was numbered yet. */
  isNewest({ sequence }: Stamp): boolean {
    return sequence === this.sequence;
  }

  /**
   * Numbers a further piece of the newest packet, which `relay` has just numbered. What the sender sent before that packet and comes after it
   * goes no further from now on: its number is a piece's.
   *
   * @param before ticks of the piece before
   */
  piece({ sequence }: RtpHeader, before: number, ticks: number): Stamp {
    this.runInSequence = sequence;
    this.sequenceOffset += 1;
    this.timestamp = (this.timestamp + before) >>> 0;
    this.ticks = ticks;
    return { sequence: this.bump(), timestamp: this.timestamp, marker: false };
  }

  /** A packet of the relayed sender that goes no further (comfort noise, an event): it must not look like a loss. */
  skip(source: unknown, header: RtpHeader): void {
    if (source === this.source && header.ssrc === this.inSsrc) this.sequenceOffset -= 1;
  }

  /**
   * Nothing is relayed for a while. Without this word the same sender coming back would go on with its own numbers, and what it
   * said meanwhile to nobody would look lost.
   */
  pause(): void {
    this.source = null;
  }

  private begin(source: unknown, ticks: number, nowMs: number): Stamp {
    if (Number.isNaN(this.anchorMs)) {
      this.anchorMs = nowMs;
    } else {
      const wall = this.wallTimestamp(nowMs);
      const contiguous = (this.timestamp + this.ticks) >>> 0;
      // A sender whose clock runs fast has brought us ahead of the wall clock: never step back.
      this.timestamp = ticksApart(wall, contiguous) > 0 ? wall : contiguous;
    }
    this.source = source;
    this.inSsrc = -1;
    this.ticks = ticks;
    this.lastMs = nowMs;
    return { sequence: this.bump(), timestamp: this.timestamp, marker: true };
  }

  private leapt(header: RtpHeader, nowMs: number): boolean {
    const timestamp = (header.timestamp + this.timestampOffset) >>> 0;
    const lateness = this.latenessOf(timestamp, nowMs);
    const excess = lateness - this.usualLateness;
    if (Math.abs(excess) <= tolerated) {
      this.leaps = 0;
      // Falls at once, rises slowly: what a packet on an undisturbed path shows, following the sender's clock drift.
      this.usualLateness += excess < 0 ? excess : excess / 256;
      return false;
    }
    const agrees = this.leaps > 0 && Math.abs(lateness - this.leapLateness) <= alike;
    this.leaps = agrees ? this.leaps + 1 : 1;
    if (!agrees) this.leapLateness = lateness;
    return Math.abs(excess) >= surely || this.leaps >= believed || (header.marker && excess > 0);
  }

  private latenessOf(timestamp: number, nowMs: number): number {
    return ticksApart(this.wallTimestamp(nowMs), timestamp);
  }

  private wallTimestamp(nowMs: number): number {
    return (this.anchorTimestamp + Math.round((nowMs - this.anchorMs) * ticksPerMs)) >>> 0;
  }

  private bump(): number {
    this.sequence = (this.sequence + 1) & 0xffff;
    return this.sequence;
  }
}
