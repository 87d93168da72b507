import { sequencesApart } from './arithmetic.js';
import type { RtpHeader } from './header.js';

/**
 * What a packet is to the stream it claims to belong to.
 *
 * - `next`: newer than all before; `late`: reordered, but not seen yet
 * - `restart`: the sender began anew (other SSRC, or a far-away sequence number that goes on)
 * - `duplicate`: seen before, or too old to know: a replay is one of these
 * - `doubtful`: a lone packet of another SSRC or far away; believed only when its successor follows
 */
export type Verdict = 'next' | 'late' | 'restart' | 'duplicate' | 'doubtful';

const windowSize = 128;
const dropoutMax = 3_000;

/**
 * Follows one sender's packets (RFC 3550 appendix A.1, with a replay window): every packet counts once, and one stray
 * packet cannot throw the stream off. libdatachannel's SRTP has a replay window of its own; plain RTP has only this.
 */
export class IncomingStream {
  private ssrc = -1;
  /** Extended highest sequence number. */
  private highest = -1;
  private readonly seen = new Float64Array(windowSize).fill(-1);
  private doubtSsrc = -1;
  private doubtNext = -1;

  judge(header: RtpHeader): Verdict {
    if (this.highest < 0) {
      this.begin(header);
      return 'next';
    }
    if (header.ssrc !== this.ssrc) return this.doubt(header);
    const apart = sequencesApart(header.sequence, this.highest & 0xffff);
    if (apart > 0 && apart < dropoutMax) {
      this.highest += apart;
      this.seen[this.highest % windowSize] = this.highest;
      this.doubtNext = -1;
      return 'next';
    }
    if (apart > dropoutMax || apart < -dropoutMax) return this.doubt(header);
    const extended = this.highest + apart;
    if (apart <= -windowSize || this.seen[extended % windowSize] === extended) return 'duplicate';
    this.seen[extended % windowSize] = extended;
    return 'late';
  }

  /** Forgets the sender: whoever comes next is taken at once. */
  reset(): void {
    this.highest = -1;
    this.doubtNext = -1;
  }

  private begin(header: RtpHeader): void {
    this.ssrc = header.ssrc;
    // One turn up, so that packets from before the first one have positive extended numbers too.
    this.highest = 0x10000 + header.sequence;
    this.seen.fill(-1);
    this.seen[this.highest % windowSize] = this.highest;
    this.doubtNext = -1;
  }

  private doubt(header: RtpHeader): Verdict {
    if (header.ssrc === this.doubtSsrc && header.sequence === this.doubtNext) {
      this.begin(header);
      return 'restart';
    }
    this.doubtSsrc = header.ssrc;
    this.doubtNext = (header.sequence + 1) & 0xffff;
    return 'doubtful';
  }
}
