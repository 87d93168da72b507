import { masterBytes, readMasterKey, type SrtpKey, type SrtpSuite } from './keys.js';
import { SrtpReceiver, SrtpSender } from './stream.js';

/** Our own keys of one leg, by suite: each suite has its own, so that an offer of both gives nothing away twice. */
export type OwnKeys = Readonly<Record<SrtpSuite, string>>;

/** @param random 60 bytes that nobody can guess */
export function ownKeys(random: Uint8Array): OwnKeys {
  const part = (n: number): string =>
    Buffer.from(random.subarray(n * masterBytes, (n + 1) * masterBytes)).toString('base64');
  return { AES_CM_128_HMAC_SHA1_80: part(0), AES_CM_128_HMAC_SHA1_32: part(1) };
}

/**
 * SRTP of one leg, both ways, through its re-negotiations: the far end's new key begins anew, its old one goes on where it was
 * (RFC 4568 §7.1.4); ours stay for the leg's life, and so do their counters, for a number must not be used twice under a key.
 */
export class SrtpSession {
  private readonly ours: OwnKeys;
  private readonly senders = new Map<SrtpSuite, SrtpSender>();
  private theirs: SrtpKey | null = null;
  sender: SrtpSender | null = null;
  receiver: SrtpReceiver | null = null;

  constructor(ours: OwnKeys) {
    this.ours = ours;
  }

  /** @param theirs what the far end protects its packets with; null: the leg is plain RTP from here on */
  agree(theirs: SrtpKey | null): void {
    if (theirs?.suite === this.theirs?.suite && theirs?.key === this.theirs?.key) return;
    this.theirs = theirs;
    if (theirs === null) {
      this.sender = null;
      this.receiver = null;
      return;
    }
    const { suite } = theirs;
    this.receiver = new SrtpReceiver(suite, need(readMasterKey(theirs.key)));
    let sender = this.senders.get(suite);
    if (sender === undefined) {
      sender = new SrtpSender(suite, need(readMasterKey(this.ours[suite])));
      this.senders.set(suite, sender);
    }
    this.sender = sender;
  }
}

function need(master: Buffer | null): Buffer {
  if (master === null) throw new Error('no master key of 30 bytes'); // never with the key in it
  return master;
}
