/** How a line sounds, from what can be measured of it: the E-model (ITU-T G.107) in its form for G.711. Pure. */

/** One direction of a line over a stretch of time. */
export interface Heard {
  /** 0…1. */
  lost: number;
  /** Mean length of a run of lost packets against what chance would make of it; 1 is chance (G.107 §7.3). */
  burstRatio: number;
  /** From mouth to ear, or as much of it as is known. */
  delayMs: number;
}

/** Nothing is wrong: G.107's own defaults give this. */
const ratingMax = 93.2;
/** G.711 itself takes nothing away (G.113, appendix I) … */
const equipment = 0;
/** … and stands loss as well as this with the concealment that every browser and telephone has (G.113, appendix I: 25.1; without 4.3). */
const lossRobustness = 25.1;

/** R, 0…100 and a little below or above: `ratingMax` less what delay and loss take. Echo is taken to be cancelled. */
export function rating({ lost, burstRatio, delayMs }: Heard): number {
  return ratingMax - delayImpairment(delayMs) - lossImpairment(lost, burstRatio);
}

/** Idd (G.107 §7.4): nothing up to 100 ms. */
export function delayImpairment(delayMs: number): number {
  if (delayMs <= 100) return 0;
  const x = Math.log2(delayMs / 100);
  return 25 * ((1 + x ** 6) ** (1 / 6) - 3 * (1 + (x / 3) ** 6) ** (1 / 6) + 2);
}

/** Ie-eff (G.107 §7.3). */
export function lossImpairment(lost: number, burstRatio = 1): number {
  const percent = 100 * lost;
  return equipment + ((95 - equipment) * percent) / (percent / Math.max(1, burstRatio) + lossRobustness);
}

/** The mean opinion score for R (G.107 annex B), 1…4.5. */
export function mosOf(r: number): number {
  if (r <= 0) return 1;
  if (r >= 100) return 4.5;
  return Math.max(1, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6);
}

/**
 * What the far end's playing buffer and the packets themselves add to the way: a packet is spoken before it leaves, and a buffer
 * keeps about twice the jitter, and two packets at least.
 */
export function delayOf(rttMs: number | null, jitterMs: number, ptimeMs: number): number {
  return (rttMs ?? 0) / 2 + ptimeMs + Math.max(2 * jitterMs, 2 * ptimeMs);
}
