/** What was tapped of a stream as one sound on one clock. Pure. */
import type { TappedFrame } from './in-page.js';
import { decodeUlaw } from './wav.js';

export interface TapSound {
  samples: Float32Array;
  /** For sample `i` of `samples`: when it crossed the page's network edge, epoch ms, as the median over its frames. */
  startedAt: number;
  /** How far single frames stray from that steady clock, 95th percentile in ms. */
  jitterMs: number;
}

/** A timestamp that strays from the clock by this much belongs to another stream: they all begin anywhere (RFC 3550 §5.1). */
const strayMsMax = 2_000;

/**
 * Lays frames out by their RTP timestamps, so that loss is silence, and tells when its first sample crossed the network:
 * frames leave in bursts or late, so every frame votes for a start and the median wins. A page that builds its line anew
 * begins a new stream: its first frame is placed by the clock, the others after it.
 */
export function layOut(frames: readonly TappedFrame[]): TapSound {
  const [first] = frames;
  if (!first) throw new Error('nothing was tapped');
  let base = first.ticks;
  const placed = frames.map((frame) => {
    const byClock = Math.round((frame.at - first.at) * 8);
    let place = (frame.ticks - base) | 0; // the timestamp wraps at 2^32
    if (Math.abs(place - byClock) > strayMsMax * 8) {
      base = frame.ticks - byClock;
      place = byClock;
    }
    return { place, frame };
  });
  const samples = new Float32Array(Math.max(...placed.map(({ place, frame }) => place + frame.payload.length)));
  for (const { place, frame } of placed) if (place >= 0) samples.set(decodeUlaw(frame.payload), place);
  const starts = placed.map(({ place, frame }) => frame.at - place / 8).toSorted((a, b) => a - b);
  const startedAt = starts[starts.length >> 1] ?? first.at;
  const strays = starts.map((start) => Math.abs(start - startedAt)).toSorted((a, b) => a - b);
  return { samples, startedAt, jitterMs: strays[Math.floor(strays.length * 0.95)] ?? 0 };
}
