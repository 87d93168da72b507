/** How good the line is, read from the browser's own statistics. */
export interface LineFigures {
  at: number;
  rttMs: number | null;
  /** Share of the customer's packets that did not arrive in this call, percent; null while nothing flows. */
  lossPercent: number | null;
}

export async function readFigures(peer: RTCPeerConnection, at: number): Promise<LineFigures> {
  const figures: LineFigures = { at, rttMs: null, lossPercent: null };
  const report = await peer.getStats();
  report.forEach((entry: Record<string, unknown>) => {
    if (entry['type'] === 'candidate-pair' && entry['nominated'] === true) {
      const seconds = entry['currentRoundTripTime'];
      if (typeof seconds === 'number') figures.rttMs = Math.round(seconds * 1000);
    }
    if (entry['type'] === 'inbound-rtp' && entry['kind'] === 'audio') {
      const lost = Math.max(0, Number(entry['packetsLost'] ?? 0));
      const received = Number(entry['packetsReceived'] ?? 0);
      if (received > 0) figures.lossPercent = Math.round((1000 * lost) / (lost + received)) / 10;
    }
  });
  return figures;
}
