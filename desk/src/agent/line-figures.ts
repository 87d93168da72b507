/** How good the line is, read from the browser's own statistics. */
export interface LineFigures {
  at: number;
  rttMs: number | null;
  /** Share of the customer's packets that did not arrive in this call, percent; null while nothing flows. */
  lossPercent: number | null;
  /** How the browser speaks to the relay that the audio goes through; null when it goes straight. */
  relay: 'udp' | 'tcp' | 'tls' | null;
}

export async function readFigures(peer: RTCPeerConnection, at: number): Promise<LineFigures> {
  const figures: LineFigures = { at, rttMs: null, lossPercent: null, relay: null };
  const report = await peer.getStats();
  report.forEach((entry: Record<string, unknown>) => {
    if (entry['type'] === 'candidate-pair' && entry['nominated'] === true) {
      const seconds = entry['currentRoundTripTime'];
      if (typeof seconds === 'number') figures.rttMs = Math.round(seconds * 1000);
      const local = report.get(String(entry['localCandidateId'])) as Record<string, unknown> | undefined;
      figures.relay = relayOf(local ?? {});
    }
    if (entry['type'] === 'inbound-rtp' && entry['kind'] === 'audio') {
      const lost = Math.max(0, Number(entry['packetsLost'] ?? 0));
      const received = Number(entry['packetsReceived'] ?? 0);
      if (received > 0) figures.lossPercent = Math.round((1000 * lost) / (lost + received)) / 10;
    }
  });
  return figures;
}

function relayOf({ candidateType, relayProtocol }: Record<string, unknown>): LineFigures['relay'] {
  if (candidateType !== 'relay') return null;
  return relayProtocol === 'tcp' || relayProtocol === 'tls' ? relayProtocol : 'udp';
}
