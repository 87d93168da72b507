const size = 128;

/** Which of the newest packets of a stream were seen (RFC 3711 §3.3.2). Twice what the RFC asks for, since G.711 at 10 ms is quick. */
export class ReplayWindow {
  /** Index of the newest packet. */
  highest: number;
  private readonly seen = new Float64Array(size).fill(-1);

  constructor(first: number) {
    this.highest = first;
    this.mark(first);
  }

  /** Seen before, or too old to know. */
  has(index: number): boolean {
    return index <= this.highest - size || this.seen[index % size] === index;
  }

  mark(index: number): void {
    if (index > this.highest) this.highest = index;
    this.seen[index % size] = index;
  }
}
