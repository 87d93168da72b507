import type { Sack } from './chunks.js';
import { packetBytesMax } from './packet.js';
import { apart } from './serial.js';

const firstBytes = 4 * packetBytesMax;
const mostBytes = 64 * 1024;

/** How much may be on its way at one time (RFC 9260 §7.2): what the far end has room for, and what the path seems to carry. */
export class Flow {
  /** cwnd. */
  congestionBytes = firstBytes;
  private threshold = mostBytes;
  /** Acknowledged since the window last grew, beyond the threshold. */
  private gathered = 0;
  /** Until this TSN is acknowledged, one loss has been answered already. */
  private recoverTsn: number | null = null;
  private theirBytes: number;

  constructor(window: number) {
    this.theirBytes = window;
  }

  /** One chunk may always be on its way: with no room at the far end it is the question whether there is some again (§6.1 A). */
  lets(flying: number, bytes: number): boolean {
    if (flying === 0) return true;
    return flying < this.congestionBytes && flying + bytes <= this.theirBytes;
  }

  /** @param full whether the path was made full use of: only then does it prove that it carries more */
  acknowledged(bytes: number, { cumulative, window }: Sack, full: boolean): void {
    this.theirBytes = window;
    if (this.recoverTsn !== null && apart(cumulative, this.recoverTsn) >= 0) this.recoverTsn = null;
    if (bytes === 0 || !full || this.recoverTsn !== null) return;
    if (this.congestionBytes <= this.threshold) this.grow(Math.min(bytes, packetBytesMax));
    else {
      this.gathered += bytes;
      if (this.gathered < this.congestionBytes) return;
      this.gathered -= this.congestionBytes;
      this.grow(packetBytesMax);
    }
  }

  /** A chunk was lost, others came (§7.2.4). */
  missed(tsn: number, lastTsn: number): void {
    if (this.recoverTsn !== null && apart(tsn, this.recoverTsn) <= 0) return;
    this.recoverTsn = lastTsn;
    this.threshold = Math.max(this.congestionBytes / 2, 4 * packetBytesMax);
    this.congestionBytes = this.threshold;
    this.gathered = 0;
  }

  /** Nothing came (§7.2.3). */
  timedOut(): void {
    this.threshold = Math.max(this.congestionBytes / 2, 4 * packetBytesMax);
    this.congestionBytes = packetBytesMax;
    this.gathered = 0;
    this.recoverTsn = null;
  }

  private grow(bytes: number): void {
    this.congestionBytes = Math.min(mostBytes, this.congestionBytes + bytes);
  }
}
