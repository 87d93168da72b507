const firstMs = 500;
/** A far end may think for 200 ms before it acknowledges (RFC 9260 §6.2): less than that and the way would send everything twice. */
const leastMs = 300;
const mostMs = 3_000;

/** How long to wait for an answer before sending again (RFC 9260 §6.3.1, which is RFC 6298). In ms. */
export class Rto {
  ms = firstMs;
  private smoothed: number | null = null;
  private variation = 0;

  measured(rttMs: number): void {
    if (this.smoothed === null) {
      this.smoothed = rttMs;
      this.variation = rttMs / 2;
    } else {
      this.variation = 0.75 * this.variation + 0.25 * Math.abs(this.smoothed - rttMs);
      this.smoothed = 0.875 * this.smoothed + 0.125 * rttMs;
    }
    this.ms = Math.min(mostMs, Math.max(leastMs, this.smoothed + 4 * this.variation));
  }

  /** Nothing came in time: wait twice as long for the next. */
  backOff(): void {
    this.ms = Math.min(mostMs, this.ms * 2);
  }
}
