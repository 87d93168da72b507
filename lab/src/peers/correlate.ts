/** Is this sound in that one, where, and how alike: normalised cross-correlation over every lag, by FFT. Pure. */

export interface Match {
  /** Pearson-like coefficient of the two waveforms at the best lag, −1…1. */
  coefficient: number;
  /** Where `piece` begins in `whole`, in samples. Negative: it began before `whole` did. */
  at: number;
}

/**
 * Finds `piece` in `whole`. The coefficient is taken over the samples that both have at that lag, so a piece that hangs over
 * an edge is judged by its overlap; at least half of the piece must overlap.
 *
 * @param piece   what is looked for; silence in it costs nothing, silence only is refused
 * @param between lags to look at, in samples; every one when left out
 */
export function find(piece: Float32Array, whole: Float32Array, between?: { from: number; to: number }): Match {
  if (energy(piece) === 0) throw new Error('the sound to look for is silence');
  if (between === undefined) return best(piece, whole, -Infinity, Infinity);
  // Only what the lags asked for can touch is transformed: a second's neighbourhood costs a fraction of a minute's.
  const start = Math.min(whole.length, Math.max(0, between.from));
  const near = whole.subarray(start, Math.max(start, between.to + piece.length));
  const match = best(piece, near, between.from - start, between.to - start);
  return match.coefficient === 0 ? match : { ...match, at: match.at + start };
}

function best(piece: Float32Array, whole: Float32Array, least: number, most: number): Match {
  const n = piece.length;
  const m = whole.length;
  const size = 2 ** Math.ceil(Math.log2(n + m));
  const products = crossCorrelate(piece, whole, size);
  const pieceSum = runningEnergy(piece);
  const wholeSum = runningEnergy(whole);
  let found: Match = { coefficient: -Infinity, at: 0 };
  const from = Math.max(least, -Math.floor(n / 2));
  const to = Math.min(most, m - Math.ceil(n / 2));
  for (let lag = from; lag <= to; lag++) {
    const begin = Math.max(0, -lag); // in piece
    const end = Math.min(n, m - lag);
    if (end <= begin) continue;
    const a = pieceSum[end]! - pieceSum[begin]!;
    const b = wholeSum[lag + end]! - wholeSum[lag + begin]!;
    // Of what is nearly silence any noise "correlates": such an overlap proves nothing.
    if (a < 1e-9 || b < 1e-9 || a < 0.25 * pieceSum[n]!) continue;
    const coefficient = products[lag < 0 ? lag + size : lag]! / Math.sqrt(a * b);
    if (coefficient > found.coefficient) found = { coefficient, at: lag };
  }
  return found.coefficient === -Infinity ? { coefficient: 0, at: 0 } : found;
}

/** products[lag mod size] = Σ piece[i] · whole[i + lag]. */
function crossCorrelate(piece: Float32Array, whole: Float32Array, size: number): Float64Array {
  const ar = new Float64Array(size);
  const ai = new Float64Array(size);
  const br = new Float64Array(size);
  const bi = new Float64Array(size);
  ar.set(piece);
  br.set(whole);
  fft(ar, ai);
  fft(br, bi);
  for (let i = 0; i < size; i++) {
    const re = br[i]! * ar[i]! + bi[i]! * ai[i]!; // b · conj(a)
    const im = bi[i]! * ar[i]! - br[i]! * ai[i]!;
    ar[i] = re;
    ai[i] = -im; // the inverse transform is the forward one of the conjugate
  }
  fft(ar, ai);
  for (let i = 0; i < size; i++) ar[i] = ar[i]! / size;
  return ar;
}

/** In-place radix-2 FFT; the length is a power of two. */
function fft(re: Float64Array, im: Float64Array): void {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [re[i], re[j]] = [re[j]!, re[i]!];
      [im[i], im[j]] = [im[j]!, im[i]!];
    }
  }
  const { cos, sin } = turnsOf(n);
  for (let length = 2; length <= n; length <<= 1) {
    const half = length >> 1;
    const stride = n / length;
    for (let start = 0; start < n; start += length) {
      for (let k = 0; k < half; k++) {
        const p = start + k;
        const q = p + half;
        const c = cos[k * stride]!;
        const d = sin[k * stride]!;
        const xr = re[q]! * c - im[q]! * d;
        const xi = re[q]! * d + im[q]! * c;
        re[q] = re[p]! - xr;
        im[q] = im[p]! - xi;
        re[p] = re[p]! + xr;
        im[p] = im[p]! + xi;
      }
    }
  }
}

const turns = new Map<number, { cos: Float64Array; sin: Float64Array }>();

/** cos and sin of −2πk/n for the first half of the circle; the same few sizes come again and again. */
function turnsOf(n: number): { cos: Float64Array; sin: Float64Array } {
  const known = turns.get(n);
  if (known) return known;
  const made = { cos: new Float64Array(n >> 1), sin: new Float64Array(n >> 1) };
  for (let k = 0; k < n >> 1; k++) {
    made.cos[k] = Math.cos((2 * Math.PI * k) / n);
    made.sin[k] = -Math.sin((2 * Math.PI * k) / n);
  }
  turns.set(n, made);
  return made;
}

function runningEnergy(samples: Float32Array): Float64Array {
  const sums = new Float64Array(samples.length + 1);
  for (let i = 0; i < samples.length; i++) sums[i + 1] = sums[i]! + samples[i]! * samples[i]!;
  return sums;
}

export function energy(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return sum;
}

/** Root mean square of the samples: 0 is silence, speech at a telephone's level about 0.05–0.2. */
export function rms(samples: Float32Array): number {
  return samples.length === 0 ? 0 : Math.sqrt(energy(samples) / samples.length);
}

/** Energy of one frequency relative to all energy, 0…1 (Goertzel): is this tone what is heard? */
export function toneShare(samples: Float32Array, hz: number, rate: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / rate);
  let s1 = 0;
  let s2 = 0;
  for (const sample of samples) [s1, s2] = [sample + coefficient * s1 - s2, s1];
  const power = s1 * s1 + s2 * s2 - coefficient * s1 * s2;
  const total = energy(samples);
  return total === 0 ? 0 : (2 * power) / samples.length / total;
}

/** The stretch of a sound between two moments in seconds. */
export function cut(samples: Float32Array, rate: number, fromS: number, toS = Infinity): Float32Array {
  return samples.subarray(
    Math.max(0, Math.round(fromS * rate)),
    toS === Infinity ? samples.length : Math.max(0, Math.round(toS * rate)),
  );
}
