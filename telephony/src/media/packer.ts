const ticksPerMs = 8;
const frameMs = 20;
/** What we pack at all: below, headers outweigh sound; above, one loss takes a syllable. */
const leastMs = 10;
const mostMs = 60;

/** Frames of 20 ms in, packets of the length that the far end asks for out. What does not fill a packet waits for the next frame. */
export class Packer {
  private readonly kept = new Uint8Array(((mostMs + frameMs) * ticksPerMs) | 0);
  private length = 0;

  /** @param frame 160 samples; null: nothing more comes, so that what waits goes as it is */
  pack(frame: Uint8Array | null, ptimeMs: number, send: (payload: Uint8Array) => void): void {
    if (frame !== null) {
      this.kept.set(frame, this.length);
      this.length += frame.length;
    }
    const size = packetTicks(ptimeMs);
    let at = 0;
    for (; this.length - at >= size; at += size) send(this.kept.subarray(at, at + size));
    if (frame === null && at < this.length) {
      send(this.kept.subarray(at, this.length));
      at = this.length;
    }
    this.kept.copyWithin(0, at, this.length);
    this.length -= at;
  }
}

/** Samples in a packet: whole tens of milliseconds, never more than was asked for. */
export function packetTicks(ptimeMs: number): number {
  return Math.min(mostMs, Math.max(leastMs, Math.floor(ptimeMs / 10) * 10)) * ticksPerMs;
}
