import { causes, chunkTypes, writeFault } from './chunks.js';
import type { Agreement } from './cookie.js';
import { Opening } from './opening.js';
import { headBytes, packetBytesMax, readPacket, writeChunk, writePacket, type Chunk, type Ports } from './packet.js';
import { Repeat } from './repeat.js';
import { Rto } from './rto.js';
import { Session, type Fault } from './session.js';

export interface AssociationPorts {
  /** In ms; never goes back. */
  now(): number;
  /** Bytes that nobody can guess. */
  random(bytes: number): Uint8Array;
  /** One packet for DTLS, whole. */
  send(packet: Uint8Array): void;
  /** The far end's page opened a channel. */
  opened(channel: { id: number; label: string }): void;
  message(channelId: number, text: string): void;
  /** The far end closed a channel; the association goes on. */
  gone?(channelId: number): void;
  /** Told once, and never after `close()`. 'silent': no answer for about 25 s; 'bad': it sent what nobody may send. */
  closed(because: 'far-end' | 'silent' | 'bad'): void;
}

/** a=sctp-port of nearly everybody (RFC 8841 §5). */
const usualPort = 5_000;
/** SHUTDOWN ACK goes out so often. Nobody needs the answer. */
const endsMax = 4;
/** Answers to one packet. */
const answersMax = 64;
/** Larger than any that is sent: the answer must fit into one packet of ours. */
const heartbeatBytesMax = 1_024;
/** What an ERROR repeats of a chunk that nobody knows. */
const reportBytesMax = 64;
/** T: the tag is the sender's own. */
const reversedBit = 1;

/**
 * Our side of SCTP inside DTLS (RFC 8831, RFC 8261, RFC 9260), as far as data channels with short texts need it. Bytes in, bytes out.
 *
 *     closed ──INIT heard──► closed (all that was said lies in the cookie) ──COOKIE ECHO heard──► established
 *     closed ──begin()──► cookie-wait ──INIT ACK──► cookie-echoed ──COOKIE ACK──► established            (opening.ts)
 *     established ──SHUTDOWN heard──► shutdown-received ──all acknowledged──► shutdown-ack-sent ──SHUTDOWN COMPLETE──► ended
 *     any ──ABORT heard, close(), silence, nonsense──► ended
 *
 * It answers, or begins when told to; both at once is fine (§5.2.1). Left out, since a warm line has no use for it: more than one
 * address, partial reliability (RFC 3758), interleaving (RFC 8260), packets without checksum (RFC 9653), heartbeats of our own (the
 * line has its own), sending of unordered or binary messages, channels that both sides number beforehand, and an association that
 * starts anew inside the same DTLS: that one ends.
 */
export class Association {
  private readonly ports: AssociationPorts;
  private readonly sctpPorts: Ports;
  private readonly rto = new Rto();
  private readonly repeat: Repeat;
  private readonly opening: Opening;
  private state: 'opening' | 'established' | 'shutdown-received' | 'shutdown-ack-sent' | 'ended' = 'opening';
  private session: Session | null = null;
  private answers: Buffer[] = [];
  private reading = false;

  /** @param theirPort a=sctp-port of their offer; ours is 5000 */
  constructor(ports: AssociationPorts, theirPort = usualPort) {
    this.ports = ports;
    this.sctpPorts = { ours: usualPort, theirs: theirPort };
    const sendTo = (tag: number, chunks: readonly Buffer[]): void => this.sendTo(tag, chunks);
    this.repeat = new Repeat(this.rto, sendTo);
    this.opening = new Opening({ now: () => ports.now(), random: (bytes) => ports.random(bytes), sendTo }, this.repeat);
  }

  /** Sends an INIT, unless there is an association already or one on its way. Nobody needs to: browsers begin by themselves. */
  begin(): void {
    if (this.state === 'opening') this.opening.begin();
  }

  /** Takes what came out of DTLS. Never throws, whatever it is; the bytes are not kept. */
  receive(packet: Uint8Array): void {
    if (this.state === 'ended') return;
    const read = readPacket(packet, this.sctpPorts);
    if (read === null) return;
    this.reading = true;
    try {
      this.heard(read.tag, read.chunks);
    } finally {
      this.reading = false;
    }
    this.flush();
  }

  /**
   * Opens a channel of ours, ordered and reliable.
   *
   * @param channelId even where we are the DTLS client, else odd (RFC 8832 §6), and not in use
   * @returns false when there is no association, or no such stream
   */
  open(channelId: number, label: string): boolean {
    if (this.state !== 'established' || this.session?.open(channelId, label) !== true) return false;
    this.flush();
    return true;
  }

  /** Ends a channel; what was said before still goes. */
  closeChannel(channelId: number): void {
    this.session?.closeChannel(channelId);
    this.flush();
  }

  /** @returns false when it was not taken: no such channel, longer than 16 kB, or 64 kB wait already */
  say(channelId: number, text: string): boolean {
    if (this.state !== 'established' || this.session?.say(channelId, text) !== true) return false;
    this.flush();
    return true;
  }

  /** When `timer()` is to be called, on the clock of `now()`; null: not before something else happens. May change with every call. */
  nextTimer(): number | null {
    const [start, session] = [this.repeat.dueMs, this.session?.dueMs ?? null];
    return start === null || session === null ? (start ?? session) : Math.min(start, session);
  }

  /** Does what is due. Too early or too often does no harm. */
  timer(): void {
    if (this.state === 'ended') return;
    const now = this.ports.now();
    if (this.repeat.dueMs !== null && now >= this.repeat.dueMs) this.sendAgain();
    if (this.session?.timer() === 'silent') return this.abort(causes.userAbort, 'silent');
    this.flush();
  }

  /** Ends at once, with an ABORT: DTLS goes at the same moment, so that there is no time for a SHUTDOWN to be answered. */
  close(): void {
    if (this.state === 'ended') return;
    const { theirs } = this.opening.tags;
    if (theirs !== 0) this.sendTo(theirs, [writeFault('abort', causes.userAbort)]);
    this.forget();
  }

  private heard(tag: number, chunks: readonly Chunk[]): void {
    const first = chunks[0];
    if (first === undefined) return;
    if (first.type === chunkTypes.init) {
      // Alone and without a tag, or it is none (§8.5.1 A).
      if (chunks.length > 1 || tag !== 0) return;
      if (this.state === 'shutdown-ack-sent') return this.sendAgain();
      return this.opening.heardInit(first.value);
    }
    if (first.type === chunkTypes.cookieEcho && !this.heardCookie(first.value, tag)) return;
    for (const chunk of chunks) {
      if (this.answers.length >= answersMax || !this.isFor(tag, chunk)) return;
      if (!this.heardChunk(chunk) || this.isOver()) return;
    }
  }

  /** ABORT and SHUTDOWN COMPLETE of somebody who has forgotten us bear their own tag (§8.5.1 B, C). */
  private isFor(tag: number, { type, flags }: Chunk): boolean {
    const { ours, theirs } = this.opening.tags;
    const mayReverse = type === chunkTypes.abort || type === chunkTypes.shutdownComplete;
    const due = mayReverse && (flags & reversedBit) !== 0 ? theirs : ours;
    return due !== 0 && tag === due;
  }

  /** @returns whether to go on with the packet */
  private heardChunk(chunk: Chunk): boolean {
    const { type, value } = chunk;
    const { state } = this;
    switch (type) {
      case chunkTypes.data:
        return state !== 'established' || this.holds(this.session?.data(chunk));
      case chunkTypes.reConfig:
        return state !== 'established' || this.holds(this.session?.reConfig(chunk));
      case chunkTypes.sack:
        return this.holds(this.session?.sack(chunk));
      case chunkTypes.heartbeat:
        if (value.length <= heartbeatBytesMax) this.answers.push(writeChunk(chunkTypes.heartbeatAck, 0, value));
        return true;
      case chunkTypes.initAck:
        this.heardInitAck(value);
        return false;
      case chunkTypes.cookieAck:
        this.establish(this.opening.heardCookieAck());
        return true;
      case chunkTypes.error:
        this.opening.heardError(value);
        return true;
      case chunkTypes.abort:
        this.end('far-end');
        return false;
      case chunkTypes.shutdown:
        return this.heardShutdown(value);
      case chunkTypes.shutdownAck:
        // We never ask for it; where both sides are at the end of theirs, each answers (§9.2).
        if (state !== 'shutdown-ack-sent') return true;
        this.sendTo(this.opening.tags.theirs, [writeChunk(chunkTypes.shutdownComplete)]);
        this.end('far-end');
        return false;
      case chunkTypes.shutdownComplete:
        if (state === 'shutdown-ack-sent') this.end('far-end');
        return false;
      case chunkTypes.init:
        return false; // in company, it is none
      case chunkTypes.cookieEcho: // heard already, where it stands first
      case chunkTypes.heartbeatAck:
        return true;
      default:
        return this.heardUnknown(chunk);
    }
  }

  /** The two highest bits of a chunk that nobody knows say what to do (§3.2). */
  private heardUnknown({ type, flags, value }: Chunk): boolean {
    const reported = writeChunk(type, flags, value.subarray(0, reportBytesMax));
    if ((type & 0x40) !== 0) this.answers.push(writeFault('error', causes.unrecognizedChunk, reported));
    return (type & 0x80) !== 0;
  }

  /** @returns whether to go on with the packet */
  private heardCookie(value: Buffer, tag: number): boolean {
    const found = this.opening.heardCookie(value, tag);
    if (found === null) return false;
    if (found !== 'again' && 'anew' in found) {
      this.sendTo(found.anew, [writeFault('abort', causes.userAbort)]);
      this.end('far-end');
      return false;
    }
    if (found !== 'again') this.establish(found);
    this.answers.push(writeChunk(chunkTypes.cookieAck));
    return true;
  }

  private heardInitAck(value: Buffer): void {
    const found = this.opening.heardInitAck(value);
    if (found === null) return;
    if ('error' in found) this.answers.push(found.error);
    else this.abort(found.cause, 'bad');
  }

  private heardShutdown(value: Buffer): boolean {
    if (this.state === 'shutdown-ack-sent') this.sendAgain();
    if (this.session === null || value.length < 4) return true;
    this.state = 'shutdown-received';
    return this.holds(this.session.acknowledged(value.readUInt32BE(0)));
  }

  private establish(agreed: Agreement | null): void {
    if (agreed === null) return;
    this.state = 'established';
    this.session = new Session(agreed, this.rto, {
      now: () => this.ports.now(),
      // Whoever closes while hearing one message hears no other.
      opened: (channel) => void (this.isOver() || this.ports.opened(channel)),
      message: (channelId, text) => void (this.isOver() || this.ports.message(channelId, text)),
      gone: (channelId) => void (this.isOver() || this.ports.gone?.(channelId)),
    });
  }

  private sendAgain(): void {
    if (this.repeat.again(this.ports.now())) return;
    this.end(this.state === 'opening' ? 'silent' : 'far-end');
  }

  private holds(fault: Fault | undefined): boolean {
    if (fault === null || fault === undefined) return true;
    this.abort(fault.cause, 'bad', fault.about);
    return false;
  }

  /** Fills packets with answers and data until there is nothing that may go. */
  private flush(): void {
    if (this.reading) return; // once, after the whole packet
    const { theirs } = this.opening.tags;
    if (theirs === 0) this.answers = [];
    while (!this.isOver()) {
      const chunks: Buffer[] = [];
      let room = packetBytesMax - headBytes;
      while (this.answers[0] !== undefined && this.answers[0].length <= room) {
        room -= this.answers[0].length;
        chunks.push(this.answers.shift()!);
      }
      if (this.session !== null) chunks.push(...this.session.take(room));
      if (chunks.length === 0) break;
      this.sendTo(theirs, chunks);
    }
    if (this.state !== 'shutdown-received' || this.session?.settled !== true) return;
    this.state = 'shutdown-ack-sent';
    this.session = null; // a reset that is still to be answered has no more sense, and no more time
    this.repeat.start(theirs, writeChunk(chunkTypes.shutdownAck), endsMax, this.ports.now());
  }

  private sendTo(tag: number, chunks: readonly Buffer[]): void {
    this.ports.send(writePacket(this.sctpPorts, tag, chunks));
  }

  private isOver(): boolean {
    return this.state === 'ended';
  }

  private abort(cause: number, because: 'far-end' | 'silent' | 'bad', about?: Uint8Array): void {
    if (this.isOver()) return;
    const { theirs } = this.opening.tags;
    if (theirs !== 0) this.sendTo(theirs, [writeFault('abort', cause, about)]);
    this.end(because);
  }

  private end(because: 'far-end' | 'silent' | 'bad'): void {
    if (this.isOver()) return;
    this.forget();
    this.ports.closed(because);
  }

  private forget(): void {
    this.state = 'ended';
    this.session = null;
    this.repeat.stop();
    this.answers = [];
  }
}
