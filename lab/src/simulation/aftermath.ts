/** What is told of a simulated talk and a simulated recording when they are over. */
import type { AgentId, EpochMs, LegId, PhoneEvent, RecordingId } from '@denwaban/core';

export function finishedRecording(
  recording: { id: RecordingId; leg: LegId; startedAt: EpochMs },
  at: EpochMs,
): Extract<PhoneEvent, { type: 'recording.finished' }> {
  const durationMs = at - recording.startedAt;
  return {
    type: 'recording.finished',
    recording: recording.id,
    leg: recording.leg,
    at,
    path: `/recordings/${recording.id}.wav`,
    durationMs,
    bytes: 44 + durationMs * 32,
  };
}

const clean = { packets: 500, lostPercent: 0, jitterMs: 1, mos: 4.41 };
const quality = { mos: 4.41, from: clean, to: clean, rttMs: 20 };

/** Nobody loses a packet here: both lines were as good as they can be. Nothing when nobody talked. */
export function measuredLines(
  leg: { id: LegId; talk: { agent: AgentId; since: EpochMs } | null },
  at: EpochMs,
): PhoneEvent[] {
  if (leg.talk === null) return [];
  const { agent, since } = leg.talk;
  const spanMs = at - since;
  return [null, agent].map((whose) => ({
    type: 'line.measured',
    customer: leg.id,
    agent: whose,
    at,
    since,
    final: true,
    spanMs,
    mean: quality,
    worst: quality,
  }));
}
