import { toUlaw } from '../../rtp/index.js';

/**
 * Four seconds that no other stretch of time looks like: noise in syllables, from a seed. Correlation finds its place to the
 * sample, which a tone's would not.
 */
export function voice(seed: number, seconds = 4): Float32Array {
  let state = seed >>> 0 || 1;
  const chance = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const samples = new Float32Array(seconds * 8_000);
  let level = 0;
  let smooth = 0;
  for (let i = 0; i < samples.length; i++) {
    if (i % 1_000 === 0) level = 0.05 + 0.3 * chance();
    smooth = 0.7 * smooth + 0.3 * (chance() - 0.5);
    samples[i] = smooth * level * 2;
  }
  return samples;
}

export const asUlaw = (samples: Float32Array): Uint8Array =>
  Uint8Array.from(samples, (sample) => toUlaw(Math.round(sample * 32_767)));

/**
 * Where `piece` lies in `whole`, by plain correlation over the given lags.
 *
 * @returns the best lag in samples and its coefficient
 */
export function locate(
  piece: Float32Array,
  whole: Float32Array,
  lags: { from: number; to: number },
): { at: number; coefficient: number } {
  let best = { at: 0, coefficient: -1 };
  for (let lag = lags.from; lag <= lags.to; lag++) {
    let [product, a, b] = [0, 0, 0];
    for (let i = Math.max(0, -lag); i < piece.length && i + lag < whole.length; i++) {
      product += piece[i]! * whole[i + lag]!;
      a += piece[i]! ** 2;
      b += whole[i + lag]! ** 2;
    }
    const coefficient = a > 0 && b > 0 ? product / Math.sqrt(a * b) : 0;
    if (coefficient > best.coefficient) best = { at: lag, coefficient };
  }
  return best;
}
