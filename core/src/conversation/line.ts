/** How a line was: what an engineer measures, and the word a supervisor reads. */
import type { AgentId, EpochMs } from '../ids.js';

/** One direction of a line over a stretch of time. */
export interface DirectionQuality {
  packets: number;
  lostPercent: number;
  jitterMs: number;
  /** Mean opinion score, 1 (bad) to 4.5, by the E-model (ITU-T G.107). */
  mos: number;
}

export interface LineQuality {
  /** The worse direction's. */
  mos: number;
  /** What this party says, as it reached us; null when nothing came. */
  from: DirectionQuality | null;
  /** What this party hears, as its own reports tell; null when it sends none. */
  to: DirectionQuality | null;
  /** There and back on the network; null when nobody told. */
  rttMs: number | null;
}

/** One party's line in one talk. */
export interface LineStretch {
  /** null: the customer's own line; otherwise the agent's. */
  agent: AgentId | null;
  since: EpochMs;
  spanMs: number;
  /** Over the whole stretch, and its worst ten seconds. */
  mean: LineQuality;
  worst: LineQuality;
}

export type LineGrade = 'good' | 'fair' | 'poor';

/** R of 80 and 70 (G.107 annex B): above the first people are satisfied, below the second many are not. */
export const mosGood = 4.02;
export const mosFair = 3.6;

export function gradeOf(mos: number): LineGrade {
  return mos >= mosGood ? 'good' : mos >= mosFair ? 'fair' : 'poor';
}

/** The stretch is known by its party and its beginning: news of it replaces what was known. */
export function withStretch(lines: readonly LineStretch[], stretch: LineStretch): LineStretch[] {
  const others = lines.filter((one) => one.agent !== stretch.agent || one.since !== stretch.since);
  return [...others, stretch];
}
