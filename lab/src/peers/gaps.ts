/** How long somebody who should have been heard was not: what one end heard, held against what the other end said. */
import { cut, find, rms } from './correlate.js';

const rate = 8_000;
const frame = 160;
/** Below this nobody speaks: a hole in a pause is no hole. */
const quiet = 0.01;

/**
 * The longest stretch of `heard` in which `said` is missing or has jumped, and where in `heard` it begins (of a jump: the second
 * in which it lies).
 *
 * Each second is aligned for itself around where the one before ended: a jitter buffer may slip by a frame, and a stream that
 * stopped and went on without filling the hole shows as a slip of its length.
 *
 * @param heard 8 kHz samples; what is compared begins and ends within a talk
 */
export function longestGap(heard: Float32Array, said: Float32Array): { ms: number; atMs: number } {
  let longest = { ms: 0, atMs: 0 };
  const take = (ms: number, atMs: number): void => {
    if (ms > longest.ms) longest = { ms, atMs };
  };
  let offset: number | null = null;
  for (let from = 0; from + rate <= heard.length; from += rate) {
    const piece = heard.subarray(from, from + rate);
    if (rms(piece) > quiet) {
      const around: { from: number; to: number } | undefined =
        offset === null ? undefined : { from: Math.max(0, from + offset - rate), to: from + offset + rate };
      const match = find(piece, said, around);
      if (match.coefficient > 0.5) {
        if (offset !== null) take(Math.abs(match.at - from - offset) / 8, from / 8);
        offset = match.at - from;
      }
    }
    if (offset === null) continue;
    const missing = longestMissing(piece, cut(said, 1, from + offset, from + offset + rate));
    take(missing.ms, from / 8 + missing.atMs);
  }
  if (offset === null) throw new Error('nothing of what was said was heard');
  return longest;
}

export const longestGapMs = (heard: Float32Array, said: Float32Array): number => longestGap(heard, said).ms;

function longestMissing(heard: Float32Array, said: Float32Array): { ms: number; atMs: number } {
  let run = 0;
  let longest = { ms: 0, atMs: 0 };
  for (let at = 0; at + frame <= said.length; at += frame) {
    const loud = rms(said.subarray(at, at + frame));
    run = loud > quiet && rms(heard.subarray(at, at + frame)) < loud * 0.25 ? run + 20 : 0;
    if (run > longest.ms) longest = { ms: run, atMs: at / 8 + 20 - run };
  }
  return longest;
}

/** The longest stretch in which nothing at all is heard, not even music: a voice's own pauses count. */
export function longestSilenceMs(heard: Float32Array): number {
  let run = 0;
  let longest = 0;
  for (let at = 0; at + frame <= heard.length; at += frame) {
    run = rms(heard.subarray(at, at + frame)) < quiet / 10 ? run + 20 : 0;
    longest = Math.max(longest, run);
  }
  return longest;
}

/** The longest time without a packet between two moments, which bound it on either side. */
export function longestPauseMs(arrivals: readonly number[], from: number, to: number): number {
  let longest = 0;
  let last = from;
  for (const at of arrivals) {
    if (at < from) continue;
    if (at > to) break;
    longest = Math.max(longest, at - last);
    last = at;
  }
  return Math.round(Math.max(longest, to - last));
}
