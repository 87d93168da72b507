import { ticksApart, ticksPerMs, type Codec, type RtpHeader } from '../../rtp/index.js';

/** One audio packet of a stream, as it arrived. */
export interface HeardPacket {
  ssrc: number;
  timestamp: number;
  /** Milliseconds since the recording began, by the monotonic clock. */
  arrivalMs: number;
  codec: Codec;
  /** G.711, one byte a sample. Copied where it is kept, so the buffer may be used again at once. */
  payload: Uint8Array;
}

/** Of a packet as it came; the payload is a view of it. */
export function heard(packet: Uint8Array, header: RtpHeader, codec: Codec, nowMs: number): HeardPacket {
  const payload = packet.subarray(header.payloadOffset, header.payloadOffset + header.payloadLength);
  return { ssrc: header.ssrc, timestamp: header.timestamp, arrivalMs: nowMs, codec, payload };
}

/** Puts `payload` at a sample of the recording (may be negative: from before it began). */
export type Place = (atSample: number, payload: Uint8Array, codec: Codec) => void;

/** A packet that is further off than this from where its timestamp belongs starts a new anchor, if its successors agree. */
const strayTicks = 150 * ticksPerMs;
/** How long a new anchor listens before it is fixed to the quickest packet; and what may wait at most. */
const settleMs = 300;
const waitingMax = 250;
/** Drift of a sender's clock is looked at over windows of this length and taken out when it reaches `driftTicks`. */
const driftWindowMs = 4_000;
const driftTicks = 16 * ticksPerMs;

/**
 * Lays one direction's packets on the recording's clock by RTP time.
 *
 * The first packets of a stream wait until the quickest of them is known: a packet can be late by jitter but never early, so the
 * quickest shows where RTP time lies on our clock, to within the network's undisturbed delay. From then on a packet's place comes from its
 * timestamp alone: loss leaves silence of its own length, reordering puts itself right. When timestamps and arrivals part by
 * more than 150 ms (another agent, another SSRC, a sender that paused without counting) the same is done anew; a burst after a
 * network stall is recognised by its end and stays where it was spoken.
 */
export class StreamPlacement {
  private readonly place: Place;
  private ssrc = -1;
  /** Last timestamp, and the same counted without wrapping. */
  private lastTimestamp = 0;
  private lastTicks = 0;
  /** Sample of the recording = ticks + offset. */
  private offset = 0;
  private waiting: HeardPacket[] = [];
  private windowEndsMs = 0;
  private windowLeast = Number.POSITIVE_INFINITY;

  constructor(place: Place) {
    this.place = place;
  }

  hear(packet: HeardPacket): void {
    if (packet.ssrc === this.ssrc) {
      const ticks = this.lastTicks + ticksApart(packet.timestamp, this.lastTimestamp);
      const lateness = packet.arrivalMs * ticksPerMs - (ticks + this.offset);
      if (Math.abs(lateness) <= strayTicks) {
        // What waits belongs to this anchor after all: the tail of a stall has caught up with the clock.
        if (this.waiting[0]?.ssrc === this.ssrc) this.placeWaiting();
        this.follow(packet.timestamp, ticks);
        this.place(ticks + this.offset, packet.payload, packet.codec);
        this.watchDrift(packet.arrivalMs, lateness);
        return;
      }
    }
    const first = this.waiting[0];
    if (first !== undefined && first.ssrc !== packet.ssrc) this.anchorWaiting();
    this.waiting.push({ ...packet, payload: new Uint8Array(packet.payload) });
    if (this.waiting.length >= waitingMax) this.anchorWaiting();
    else this.settle(packet.arrivalMs);
  }

  /** Places what has waited long enough; everything when the recording ends. */
  settle(nowMs: number): void {
    const first = this.waiting[0];
    if (first !== undefined && nowMs - first.arrivalMs >= settleMs) this.anchorWaiting();
  }

  private anchorWaiting(): void {
    const first = this.waiting[0];
    if (first === undefined) return;
    let least = Number.POSITIVE_INFINITY;
    for (const packet of this.waiting) {
      least = Math.min(least, packet.arrivalMs * ticksPerMs - ticksApart(packet.timestamp, first.timestamp));
    }
    this.ssrc = first.ssrc;
    this.lastTimestamp = first.timestamp;
    this.lastTicks = 0;
    this.offset = Math.round(least);
    this.windowEndsMs = first.arrivalMs + driftWindowMs;
    this.windowLeast = Number.POSITIVE_INFINITY;
    this.placeWaiting();
  }

  private placeWaiting(): void {
    const packets = this.waiting;
    this.waiting = [];
    for (const packet of packets) {
      const ticks = this.lastTicks + ticksApart(packet.timestamp, this.lastTimestamp);
      // Nobody speaks ahead of the present. Painted there, a wild timestamp would carry the canvas away from everybody's now.
      if (ticks + this.offset - packet.arrivalMs * ticksPerMs > strayTicks) continue;
      this.follow(packet.timestamp, ticks);
      this.place(ticks + this.offset, packet.payload, packet.codec);
    }
  }

  private follow(timestamp: number, ticks: number): void {
    if (ticks <= this.lastTicks) return;
    this.lastTimestamp = timestamp;
    this.lastTicks = ticks;
  }

  private watchDrift(arrivalMs: number, lateness: number): void {
    if (arrivalMs >= this.windowEndsMs) {
      // The least lateness of a whole window is no jitter; only with a few seconds of speech in it is it worth a step.
      if (Math.abs(this.windowLeast) >= driftTicks && Number.isFinite(this.windowLeast)) {
        this.offset += Math.round(this.windowLeast);
      }
      this.windowEndsMs = arrivalMs + driftWindowMs;
      this.windowLeast = Number.POSITIVE_INFINITY;
      return;
    }
    this.windowLeast = Math.min(this.windowLeast, lateness);
  }
}
