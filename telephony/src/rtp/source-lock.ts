/**
 * From whom a plain RTP leg takes packets. An RTP port is open to the world: whoever guesses it could speak into a call or
 * pull its audio away ("RTP bleed"). So the leg latches once, and from then on hears nobody else until it is aimed anew:
 *
 * - a packet from the very address and port of the SDP latches at once, and so does one from the SDP's address with another
 *   port (a NAT that maps ports; RFC 4961 asks for symmetric RTP but cannot force it);
 * - a packet from elsewhere latches only when the same stranger has sent a plausible run of packets and nobody who fits the
 *   SDP has spoken: a phone behind NAT that wrote its private address. The first one to speak wins, by `strangerRun` packets.
 */
export interface Source {
  address: string;
  port: number;
}

const strangerRun = 5;

export class SourceLock {
  /** The far end as its SDP says. */
  private expected: Source | null;
  private locked: Source | null = null;
  private stranger: (Source & { ssrc: number; sequence: number; run: number }) | null = null;

  constructor(expected: Source | null) {
    this.expected = expected;
  }

  get source(): Source | null {
    return this.locked;
  }

  /** Aims at a new far end and lets go of the old one. */
  aim(expected: Source): void {
    this.expected = expected;
    this.locked = null;
    this.stranger = null;
  }

  /** Whoever proved that they are the far end, wherever they are. */
  latch(address: string, port: number): void {
    this.locked = { address, port };
    this.stranger = null;
  }

  /**
   * @param ssrc and `sequence` of a packet that parsed as RTP
   * @returns whether the packet may pass; `latched` on the one that closes the lock
   */
  accept(address: string, port: number, ssrc: number, sequence: number): 'pass' | 'latched' | 'drop' {
    const locked = this.locked;
    if (locked !== null) return locked.port === port && locked.address === address ? 'pass' : 'drop';
    if (this.expected === null) return 'drop';
    if (address === this.expected.address) {
      this.locked = { address, port };
      this.stranger = null;
      return 'latched';
    }
    const known = this.stranger;
    if (known === null || known.address !== address || known.port !== port || known.ssrc !== ssrc) {
      // The first stranger keeps the place while it goes on; another one must not be able to push it out for ever.
      if (known === null || --known.run <= 0) this.stranger = { address, port, ssrc, sequence, run: 1 };
      return 'drop';
    }
    known.run = sequence === ((known.sequence + 1) & 0xffff) ? known.run + 1 : 1;
    known.sequence = sequence;
    if (known.run < strangerRun) return 'drop';
    this.locked = { address, port };
    this.stranger = null;
    return 'latched';
  }
}
