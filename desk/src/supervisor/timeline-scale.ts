/** The arithmetic of a timeline drawn to scale. Pure; all times are epoch ms, places are percent of the width. */
import type { ConversationDetail } from '@denwaban/core/wire';

export type Segment = ConversationDetail['segments'][number];

export interface Lane {
  /** Null: the customer's own lane, with the waits. */
  agent: { id: string; name: string } | null;
  segments: Segment[];
}

/** One lane for the customer, one for each agent in the order of their first appearance. */
export function lanesOf(segments: readonly Segment[]): Lane[] {
  const lanes = new Map<string, Lane>([['', { agent: null, segments: [] }]]);
  for (const segment of segments) {
    const key = segment.agent?.id ?? '';
    const lane = lanes.get(key) ?? { agent: segment.agent, segments: [] };
    lane.segments.push(segment);
    lanes.set(key, lane);
  }
  return [...lanes.values()].filter((lane) => lane.segments.length > 0);
}

export interface Scale {
  from: number;
  until: number;
  place(at: number): number;
  ticks: number[];
}

const stepsMs = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400].map((seconds) => seconds * 1000);

/** @param now end of what is still going on */
export function scaleOf(startedAt: number, segments: readonly Segment[], now: number): Scale {
  const from = Math.min(startedAt, ...segments.map((segment) => segment.startedAt));
  const until = Math.max(from + 1_000, ...segments.map((segment) => segment.endedAt ?? now));
  const step = stepsMs.find((ms) => (until - from) / ms <= 8) ?? 14_400_000;
  const ticks: number[] = [];
  for (let at = 0; at <= until - from; at += step) ticks.push(from + at);
  return { from, until, ticks, place: (at) => (100 * (Math.min(until, Math.max(from, at)) - from)) / (until - from) };
}
