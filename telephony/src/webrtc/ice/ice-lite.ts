import { HmacSha1 } from '../../rtp/srtp/sha1.js';
import { addressBytes } from './address-bytes.js';
import { bindingMethod, integrityHolds, stunAttributes, StunWriter, type StunMessage } from './stun.js';

export interface IceCredentials {
  ufrag: string;
  password: string;
}

/** One end of a UDP path, as the sockets tell it. */
interface From {
  readonly address: string;
  readonly port: number;
}

interface Path {
  at: From;
  checkedMs: number;
}

/** A browser has some interfaces and a relay or two, and each network change brings new ones. */
const pathsMax = 16;

export interface Checked {
  /** What goes back to where the check came from. */
  reply: Uint8Array | null;
  /** The check was authentic: whoever speaks from there is the far end. */
  valid: boolean;
  /** The newest path is gone for it. */
  dropped: From | null;
}

const dropped: Checked = { reply: null, valid: false, dropped: null };

/**
 * The lite side of ICE (RFC 8445 §2.5): it answers checks and makes none, is always controlled, and what it sends goes where the
 * controlling side nominated last. Pure.
 */
export class IceLite {
  private readonly username: string;
  private readonly password: HmacSha1;
  private readonly paths: Path[] = [];
  private nominated = false;
  /** Where to send. Before anything is nominated the first that was checked: the far end begins DTLS there. */
  target: From | null = null;
  /** Of the newest valid check, on whichever path (consent, RFC 7675). */
  checkedMs = Number.NaN;

  constructor(ours: IceCredentials, theirUfrag: string) {
    this.username = `${ours.ufrag}:${theirUfrag}`;
    this.password = new HmacSha1(Buffer.from(ours.password, 'latin1'));
  }

  /** Where valid checks came from. */
  get known(): readonly From[] {
    return this.paths.map(({ at }) => at);
  }

  /** Takes a message whose USERNAME begins with our fragment. */
  check(message: StunMessage, from: From, nowMs: number): Checked {
    // An indication keeps a NAT open and is not answered. Answers are none of ours: we ask nothing.
    if (message.kind !== 'request' || message.method !== bindingMethod) return dropped;
    if (message.integrityAt === null) return refused(message, 400, 'Bad Request');
    if (message.username !== this.username || !integrityHolds(message, this.password)) {
      return refused(message, 401, 'Unauthorized');
    }
    const { transaction } = message;
    if (message.unknown.length > 0) {
      const types = Uint8Array.from(message.unknown.slice(0, 32).flatMap((type) => [type >> 8, type & 255]));
      const writer = new StunWriter('error', transaction).addError(420, 'Unknown Attribute');
      const reply = writer.add(stunAttributes.unknownAttributes, types).sign(this.password).finish();
      return { reply, valid: false, dropped: null };
    }
    // The lite side cannot lead: the other has to change its mind (§7.3.1.1).
    if (message.role === 'controlled') {
      const writer = new StunWriter('error', transaction).addError(487, 'Role Conflict');
      return { reply: writer.sign(this.password).finish(), valid: false, dropped: null };
    }
    const gone = this.remember(from, nowMs);
    this.checkedMs = nowMs;
    if (message.useCandidate) {
      this.nominated = true;
      this.target = from;
    } else if (!this.nominated) this.target ??= from;
    const writer = new StunWriter('success', transaction).addXorAddress(addressBytes(from.address), from.port);
    return { reply: writer.sign(this.password).finish(), valid: true, dropped: gone };
  }

  /** @returns who had to make room */
  private remember(at: From, nowMs: number): From | null {
    const { paths } = this;
    const there = paths.find((path) => path.at.port === at.port && path.at.address === at.address);
    if (there !== undefined) {
      there.checkedMs = nowMs;
      return null;
    }
    paths.push({ at, checkedMs: nowMs });
    if (paths.length <= pathsMax) return null;
    let oldest = -1;
    for (const [i, path] of paths.entries()) {
      if (path.at === this.target || path.at === at) continue;
      if (oldest < 0 || path.checkedMs < paths[oldest]!.checkedMs) oldest = i;
    }
    return paths.splice(oldest, 1)[0]?.at ?? null;
  }
}

/** Without a signature: who asked did not prove that it knows the password, or would not know how to look. */
function refused(message: StunMessage, code: number, reason: string): Checked {
  return {
    reply: new StunWriter('error', message.transaction).addError(code, reason).finish(),
    valid: false,
    dropped: null,
  };
}
