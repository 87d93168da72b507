import type { DirectionQuality, LineQuality } from './line-meter.js';

/** Shorter stretches do not tell how bad a line was: one packet of ten is no 10 %. */
const tellingMs = 2_000;

/** Adds up a line's stretches: how it was on the whole, and when it was worst. */
export class QualitySum {
  worst: LineQuality | null = null;
  private spanMs = 0;
  private readonly parts: { quality: LineQuality; ms: number }[] = [];

  add(quality: LineQuality, ms: number): void {
    this.spanMs += ms;
    this.parts.push({ quality, ms });
    // One in place of two: a call of hours keeps no list of hours.
    if (this.parts.length > 1) this.parts.splice(0, 2, merge(this.parts[0]!, this.parts[1]!));
    if (this.worst !== null && (ms < tellingMs || quality.mos >= this.worst.mos)) return;
    this.worst = quality;
  }

  get ms(): number {
    return this.spanMs;
  }

  /** Weighted by time; null before the first. */
  get mean(): LineQuality | null {
    const whole = this.parts[0]?.quality;
    if (whole === undefined) return null;
    return {
      mos: round(whole.mos, 100),
      from: whole.from && tidy(whole.from),
      to: whole.to && tidy(whole.to),
      rttMs: whole.rttMs === null ? null : round(whole.rttMs, 10),
    };
  }
}

interface Part {
  quality: LineQuality;
  ms: number;
}

function merge(a: Part, b: Part): Part {
  const weigh = (x: number, y: number): number => (a.ms + b.ms === 0 ? y : (x * a.ms + y * b.ms) / (a.ms + b.ms));
  const direction = (x: DirectionQuality | null, y: DirectionQuality | null): DirectionQuality | null => {
    if (x === null || y === null) return x ?? y;
    return {
      packets: x.packets + y.packets,
      lostPercent: weigh(x.lostPercent, y.lostPercent),
      jitterMs: weigh(x.jitterMs, y.jitterMs),
      mos: weigh(x.mos, y.mos),
    };
  };
  const [p, q] = [a.quality, b.quality];
  return {
    ms: a.ms + b.ms,
    quality: {
      mos: weigh(p.mos, q.mos),
      from: direction(p.from, q.from),
      to: direction(p.to, q.to),
      rttMs: p.rttMs === null || q.rttMs === null ? (p.rttMs ?? q.rttMs) : weigh(p.rttMs, q.rttMs),
    },
  };
}

const round = (value: number, to: number): number => Math.round(value * to) / to;
const tidy = (one: DirectionQuality): DirectionQuality => ({
  packets: one.packets,
  lostPercent: round(one.lostPercent, 100),
  jitterMs: round(one.jitterMs, 10),
  mos: round(one.mos, 100),
});
