import { causes, chunkTypes, readInit, writeFault, writeInit } from './chunks.js';
import { CookieJar, cookieMsMax, type Agreement, type Cookie } from './cookie.js';
import { ackParameters, agree, judgeInit, ourExtensions, ourInit } from './handshake.js';
import { headBytes, packetBytesMax, words, writeChunk, writeParameter } from './packet.js';
import type { Repeat } from './repeat.js';

export interface OpeningPorts {
  now(): number;
  random(bytes: number): Uint8Array;
  sendTo(tag: number, chunks: readonly Buffer[]): void;
}

/** Verification tags; 0: none yet. */
export interface Tags {
  ours: number;
  theirs: number;
}

/** Why there will be no association: the cause to abort with. */
export interface Refusal {
  cause: number;
}

/** INIT and COOKIE ECHO go out so often (RFC 9260 §16: once, and 8 times again). */
const timesMax = 9;

/** The four ways of the handshake (RFC 9260 §5), from both ends. */
export class Opening {
  /** Of the association that stands or is on its way. */
  tags: Tags = { ours: 0, theirs: 0 };
  private readonly ports: OpeningPorts;
  private readonly repeat: Repeat;
  private readonly jar: CookieJar;
  private state: 'closed' | 'cookie-wait' | 'cookie-echoed' | 'established' = 'closed';
  private tsn = 0;
  /** Holds as soon as COOKIE ACK comes. */
  private pending: Agreement | null = null;

  constructor(ports: OpeningPorts, repeat: Repeat) {
    this.ports = ports;
    this.repeat = repeat;
    this.jar = new CookieJar(Uint8Array.from(ports.random(32)));
  }

  begin(): void {
    if (this.state !== 'closed') return;
    const { tag, tsn } = this.numbers();
    this.tags.ours = tag;
    this.tsn = tsn;
    this.sendInit();
  }

  /** Answers without keeping anything: what it comes to lies in the cookie. */
  heardInit(value: Buffer): void {
    const init = readInit(value);
    if (init === null || init.tag === 0) return;
    const judged = judgeInit(init);
    if (!judged.ok) return this.ports.sendTo(init.tag, [writeFault('abort', judged.cause)]);
    // On our way ourselves, we stay who we are (§5.2.1); else this one has nothing to do with what stands (§5.2.2).
    const onOurWay = this.state === 'cookie-wait' || this.state === 'cookie-echoed';
    const ours = onOurWay ? { tag: this.tags.ours, tsn: this.tsn } : this.numbers();
    const ties = { tieOurs: this.tags.ours, tieTheirs: this.tags.theirs };
    const cookie: Cookie = { ...agree(ours, init, judged.resets), ...ties, madeMs: this.ports.now() };
    const rest = ackParameters(this.jar.seal(cookie), judged.unrecognized);
    this.ports.sendTo(init.tag, [writeInit('initAck', ourInit(ours.tag, ours.tsn, rest))]);
  }

  /**
   * RFC 9260 §5.2.4.
   *
   * @returns what holds now; 'again' for the cookie of what stands, whose COOKIE ACK was lost; the tag of a far end that starts
   *   anew; null for a cookie that opens nothing
   */
  heardCookie(value: Buffer, tag: number): Agreement | 'again' | { anew: number } | null {
    const cookie = this.jar.open(value);
    if (cookie === null || tag !== cookie.ourTag) return null;
    const { tags } = this;
    const stands = this.state === 'established';
    if (stands && cookie.ourTag === tags.ours && cookie.theirTag === tags.theirs) return 'again';
    const lateMs = this.ports.now() - cookie.madeMs - cookieMsMax;
    if (lateMs > 0) {
      const about = words(Math.min(0xffff_ffff, Math.round(lateMs * 1_000)));
      this.ports.sendTo(cookie.theirTag, [writeFault('error', causes.staleCookie, about)]);
      return null;
    }
    if (stands) {
      const anew = cookie.tieOurs === tags.ours && cookie.tieTheirs === tags.theirs;
      return anew ? { anew: cookie.theirTag } : null;
    }
    if (this.state !== 'closed' && cookie.ourTag !== tags.ours) return null;
    return this.established(cookie);
  }

  /** @returns the ERROR to send beside the cookie, a refusal, or null */
  heardInitAck(value: Buffer): Refusal | { error: Buffer } | null {
    const init = readInit(value);
    if (this.state !== 'cookie-wait' || init === null || init.tag === 0) return null;
    const judged = judgeInit(init);
    this.tags.theirs = init.tag;
    if (!judged.ok) return { cause: judged.cause };
    if (judged.cookie === null) return { cause: causes.invalidMandatoryParameter };
    // One that does not fit into a packet of ours cannot go back.
    if (judged.cookie.length > packetBytesMax - headBytes - 4) return { cause: causes.protocolViolation };
    this.pending = agree({ tag: this.tags.ours, tsn: this.tsn }, init, judged.resets);
    this.state = 'cookie-echoed';
    const echo = writeChunk(chunkTypes.cookieEcho, 0, judged.cookie);
    this.repeat.start(init.tag, echo, timesMax, this.ports.now());
    if (judged.unrecognized.length === 0) return null;
    const named = judged.unrecognized.map((parameter) => writeParameter(parameter.type, parameter.value));
    return { error: writeFault('error', causes.unrecognizedParameters, Buffer.concat(named)) };
  }

  heardCookieAck(): Agreement | null {
    return this.state === 'cookie-echoed' && this.pending !== null ? this.established(this.pending) : null;
  }

  /** Our cookie came too late: once more from the start (§5.2.6). */
  heardError(value: Buffer): void {
    const isStale = value.length >= 4 && value.readUInt16BE(0) === causes.staleCookie;
    if (this.state !== 'cookie-echoed' || !isStale) return;
    this.tags.theirs = 0;
    this.pending = null;
    this.sendInit();
  }

  private sendInit(): void {
    this.state = 'cookie-wait';
    const init = writeInit('init', ourInit(this.tags.ours, this.tsn, ourExtensions));
    this.repeat.start(0, init, timesMax, this.ports.now());
  }

  private established(agreed: Agreement): Agreement {
    this.tags = { ours: agreed.ourTag, theirs: agreed.theirTag };
    this.state = 'established';
    this.pending = null;
    this.repeat.stop();
    return agreed;
  }

  private numbers(): { tag: number; tsn: number } {
    const bytes = Buffer.from(this.ports.random(8));
    return { tag: bytes.readUInt32BE(0) || 1, tsn: bytes.readUInt32BE(4) };
  }
}
