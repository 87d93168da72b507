/** A steady tone in µ-law, and whether it is what is heard. */
import { toUlaw } from '../../rtp/index.js';

/** 20 ms at 8 kHz of `hz`; whole periods, so that frames join without a click (50 Hz steps). */
export function toneFrame(hz: number): Uint8Array {
  return Uint8Array.from({ length: 160 }, (_, i) =>
    toUlaw(Math.round(8_000 * Math.sin((2 * Math.PI * hz * i) / 8_000))),
  );
}

export function loudness(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return samples.length === 0 ? 0 : Math.sqrt(sum / samples.length);
}

/** Energy at `hz` relative to all energy, 0…1 (Goertzel). */
export function toneShare(samples: Float32Array, hz: number): number {
  const turn = 2 * Math.cos((2 * Math.PI * hz) / 8_000);
  let [before, last] = [0, 0];
  for (const sample of samples) [before, last] = [last, sample + turn * last - before];
  const energy = loudness(samples) ** 2 * samples.length;
  return energy === 0 ? 0 : (2 * (last * last + before * before - turn * last * before)) / samples.length / energy;
}

/** What the last stretch of sound is: nothing, the person who hums `hz`, or something else. */
export function classify(samples: Float32Array, hz: number): 'silence' | 'sound' | 'person' {
  if (loudness(samples) < 0.003) return 'silence';
  return toneShare(samples, hz) > 0.8 ? 'person' : 'sound';
}
