import { createHmac, timingSafeEqual } from 'node:crypto';

/** What two sides have agreed on when an association stands. */
export interface Agreement {
  ourTag: number;
  theirTag: number;
  /** Of our first DATA chunk, and of theirs. */
  ourTsn: number;
  theirTsn: number;
  /** Bytes that they have room for at the start. */
  theirWindow: number;
  /** Streams each way, numbered from 0. */
  streams: number;
  /** They take RE-CONFIG (RFC 6525). */
  resets: boolean;
}

/** An agreement that lies with the far end until it echoes it (RFC 9260 §5.1.3): an INIT costs no memory here. */
export interface Cookie extends Agreement {
  /** When it was made, in ms. */
  madeMs: number;
  /** The tags of the association that stood at that time; 0 without one (§5.2.2). */
  tieOurs: number;
  tieTheirs: number;
}

const factsBytes = 40;
const macBytes = 32;
export const cookieMsMax = 60_000;

/** Seals cookies with HMAC-SHA-256, so that only our own come back. */
export class CookieJar {
  private readonly secret: Uint8Array;

  /** @param secret 32 bytes that nobody can guess, of this association alone */
  constructor(secret: Uint8Array) {
    this.secret = secret;
  }

  seal(cookie: Cookie): Buffer {
    const facts = Buffer.alloc(factsBytes);
    facts.writeDoubleBE(cookie.madeMs, 0);
    facts.writeUInt32BE(cookie.ourTag, 8);
    facts.writeUInt32BE(cookie.theirTag, 12);
    facts.writeUInt32BE(cookie.ourTsn, 16);
    facts.writeUInt32BE(cookie.theirTsn, 20);
    facts.writeUInt32BE(cookie.theirWindow, 24);
    facts.writeUInt32BE(cookie.tieOurs, 28);
    facts.writeUInt32BE(cookie.tieTheirs, 32);
    facts.writeUInt16BE(cookie.streams, 36);
    facts.writeUInt16BE(cookie.resets ? 1 : 0, 38);
    return Buffer.concat([facts, this.mac(facts)]);
  }

  /** @returns null for whatever is not, to the byte, what was sealed here */
  open(bytes: Buffer): Cookie | null {
    if (bytes.length !== factsBytes + macBytes) return null;
    const facts = bytes.subarray(0, factsBytes);
    if (!timingSafeEqual(this.mac(facts), bytes.subarray(factsBytes))) return null;
    return {
      madeMs: facts.readDoubleBE(0),
      ourTag: facts.readUInt32BE(8),
      theirTag: facts.readUInt32BE(12),
      ourTsn: facts.readUInt32BE(16),
      theirTsn: facts.readUInt32BE(20),
      theirWindow: facts.readUInt32BE(24),
      tieOurs: facts.readUInt32BE(28),
      tieTheirs: facts.readUInt32BE(32),
      streams: facts.readUInt16BE(36),
      resets: facts.readUInt16BE(38) === 1,
    };
  }

  private mac(facts: Uint8Array): Buffer {
    return createHmac('sha256', this.secret).update(facts).digest();
  }
}
