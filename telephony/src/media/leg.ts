import { randomBytes } from 'node:crypto';
import {
  codecOf,
  digitSteps,
  FaxTones,
  IncomingStream,
  isRtcp,
  LineMeter,
  OutgoingStream,
  payloadTypeOf,
  readRtpHeader,
  rtpHeaderBytes,
  TelephoneEventReader,
  transcode,
  writeRtpHeader,
  linearTable,
  type Codec,
  type EventStep,
  type FaxTone,
  type RtpHeader,
  type Transport,
} from '../rtp/index.js';
import type { Bridge } from './bridge.js';
import { isDue, type Meanwhile } from './listening.js';
import { Packer } from './packer.js';
import { sendInPieces } from './pieces.js';
import type { Player } from './player.js';
import { heard, type Recording } from './recorder/index.js';
import type { Ticker } from './ticker.js';

export interface LegContext {
  ticker: Ticker;
  now: () => number;
  /** The epoch time of a monotonic moment. */
  wallMs: (nowMs: number) => number;
  /** How far apart our RTCP reports are, on average. */
  reportMs: number;
  onDigit: (leg: Leg, digit: string) => void;
  onFax: (leg: Leg, tone: FaxTone) => void;
}

/** G.711 of 200 ms: more is no telephone audio. */
const payloadBytesMax = 1_600;
const frameTicks = 160;
const comfortNoise = 13;
/** A fax machine calls as soon as it is answered, every 3.5 s: after so many samples (10 s) nobody listens for one any more. */
const faxSamples = 80_000;

/**
 * One party: what comes in is judged, recorded and relayed to the bridge partner at once (no mixing, no buffer); what goes out
 * is one RTP stream of ours, whoever feeds it.
 */
export class Leg {
  readonly id: string;
  transport!: Transport;
  /** Of control's, for the control that comes next. */
  note: string | null = null;
  bridge: Bridge | null = null;
  recording: { id: string; recording: Recording } | null = null;
  /** Monotonic time of the newest believable audio packet; NaN before the first. */
  heardMs = Number.NaN;
  /** Monotonic time of the newest RTCP packet: who reports is there, though they may be silent. */
  reportedMs = Number.NaN;
  /** The far end said, in so many words, that it is silent (comfort noise, RFC 3389): no packet for a while means nothing. */
  resting = false;
  readonly meter: LineMeter;
  /** Who hears this one and is not heard, and whom this one hears so. */
  private ear: Leg | null = null;
  private mouth: Leg | null = null;
  private meanwhile: Meanwhile | null = null;
  private readonly context: LegContext;
  private fax: { tones: FaxTones; left: number } | null = null;
  private reportDueMs = Number.NaN;
  private readonly incoming = new IncomingStream();
  private readonly events = new TelephoneEventReader();
  readonly outgoing: OutgoingStream;
  private player: { player: Player; packer: Packer; stop: () => void } | null = null;
  private digits: { steps: EventStep[]; stop: () => void } | null = null;

  constructor(id: string, context: LegContext) {
    this.id = id;
    this.context = context;
    // Random starts (RFC 3550 §5.1): an outsider must not be able to guess a place in the stream.
    const chance = randomBytes(22);
    this.outgoing = new OutgoingStream(chance.readUInt32BE(0), chance.readUInt16BE(4) & 0x7fff, chance.readUInt32BE(6));
    // A name for this leg alone (RFC 7022 §4.2): nobody can tell two calls of ours to be of one house by it.
    this.meter = new LineMeter(this.outgoing.ssrc, chance.toString('base64', 10), context.wallMs);
  }

  get ssrc(): number {
    return this.outgoing.ssrc;
  }

  get partner(): Leg | null {
    const bridge = this.bridge;
    return bridge === null ? null : bridge.a === this ? bridge.b : bridge.a;
  }

  get held(): boolean {
    return this.bridge?.held.has(this) ?? false;
  }

  /** Takes a packet from the transport. Anything may be in it. */
  received(packet: Uint8Array, nowMs: number): void {
    const header = readRtpHeader(packet);
    if (header === null) {
      if (!isRtcp(packet)) return;
      this.reportedMs = nowMs;
      this.meter.read(packet, nowMs);
      return;
    }
    if (header.payloadLength > payloadBytesMax) return;
    const verdict = this.incoming.judge(header);
    if (verdict === 'duplicate' || verdict === 'doubtful') return;
    if (verdict === 'restart') this.events.reset();
    this.heardMs = nowMs;
    this.resting = header.payloadType === comfortNoise;
    const bridge = this.bridge;
    const partner = bridge === null ? this.ear : bridge.held.size > 0 ? null : this.partner;
    const codec = codecOf(header.payloadType);
    this.meter.heard(header, verdict, codec !== null, nowMs);
    if (codec === null) {
      this.receivedEvent(packet, header, partner, nowMs);
      return;
    }
    if (header.payloadLength === 0) return;
    if (this.fax !== null) this.listenForFax(this.fax, packet, header, codec);
    if (this.recording !== null) {
      this.recording.recording.hear('left', heard(packet, header, codec, nowMs));
    }
    if (partner !== null && partner === this.ear) partner.hush();
    partner?.hear(this, packet, header, codec, nowMs, verdict === 'restart' ? 'restart' : 'audio');
  }

  get playing(): boolean {
    return this.player !== null;
  }

  /** Sends a sound in place of whatever plays, or is listened to; null ends it. */
  play(player: Player | null): void {
    this.hush();
    this.endListening();
    if (player !== null) this.sound(player);
  }

  private sound(player: Player): void {
    const packer = new Packer();
    const stop = this.context.ticker.add((nowMs) => {
      if (!this.sendFrame(player, packer, nowMs)) this.play(null);
    });
    this.player = { player, packer, stop };
  }

  /**
   * Hears `mouth` without being heard, until either is played to, bridged or closed. What plays here goes on until the first packet:
   * a far end may announce audio and send none.
   */
  listen(mouth: Leg, meanwhile: Meanwhile | null): void {
    const already = this.mouth === mouth;
    if (!already) {
      this.endListening();
      mouth.endListening();
    }
    if (this === mouth || this.bridge !== null || mouth.bridge !== null) return;
    const sinceMs = (already ? this.meanwhile?.sinceMs : undefined) ?? meanwhile?.sinceMs ?? 0;
    this.mouth = mouth;
    mouth.ear = this;
    this.meanwhile = meanwhile === null ? null : { ...meanwhile, sinceMs };
  }

  private fillSilence(nowMs: number): void {
    const { mouth, meanwhile } = this;
    if (mouth === null || meanwhile === null || this.player !== null) return;
    if (!isDue(meanwhile, mouth.heardMs, nowMs)) return;
    this.pauseRelay();
    this.sound(meanwhile.player());
  }

  private endListening(): void {
    for (const [mouth, ear] of [
      [this.mouth, this],
      [this, this.ear],
    ] as const) {
      if (mouth === null || ear === null) continue;
      ear.pauseRelay();
      mouth.ear = null;
      ear.mouth = null;
      ear.meanwhile = null;
    }
  }

  private hush(): void {
    this.player?.stop();
    this.player = null;
  }

  /** Sends digits after those still under way. @returns false when the far end knows no telephone-events */
  sendDigits(digits: string): boolean {
    if (this.transport.dtmfPayloadType === null) return false;
    const steps = digitSteps(digits);
    if (this.digits !== null) {
      this.digits.steps.push(...steps);
      return true;
    }
    const sending = { steps, stop: (): void => undefined };
    this.digits = sending;
    sending.stop = this.context.ticker.add((nowMs) => {
      const step = sending.steps.shift();
      if (step === undefined) {
        sending.stop();
        this.digits = null;
      } else if (step !== null) {
        this.sendEvent(step, nowMs);
      }
    });
    return true;
  }

  /** Looked at a few times a second. */
  check(nowMs: number): void {
    this.fillSilence(nowMs);
    this.report(nowMs);
  }

  /** Tells the far end how it is heard, when that is due (RFC 3550 §6.2: not all at one beat). */
  private report(nowMs: number): void {
    const { reportMs } = this.context;
    if (nowMs < this.reportDueMs) return;
    const first = Number.isNaN(this.reportDueMs);
    this.reportDueMs = nowMs + reportMs * (first ? 0.5 * Math.random() : 0.5 + Math.random());
    if (first) return;
    const packet = this.transport.open ? this.meter.write(nowMs) : null;
    if (packet !== null) this.transport.sendRtcp(packet);
  }

  /** What the partner says does not go out any more, or not for now. */
  pauseRelay(): void {
    this.outgoing.pause();
  }

  /** Everything that runs on its behalf ends. The recording is the engine's to finish. */
  close(): void {
    this.play(null);
    this.digits?.stop();
    this.digits = null;
    this.transport.close();
  }

  /** Takes what the bridge partner says. While digits go out the far end hears nothing else (RFC 4733 §2.5.1.2). */
  private hear(
    from: Leg,
    packet: Uint8Array,
    header: RtpHeader,
    codec: Codec,
    nowMs: number,
    kind: 'audio' | 'restart',
  ): void {
    if (this.digits !== null) {
      this.outgoing.skip(from, header);
      return;
    }
    if (this.recording !== null) {
      this.recording.recording.hear('right', heard(packet, header, codec, nowMs));
    }
    const stamp = this.outgoing.relay(from, header, header.payloadLength, nowMs, kind);
    if (stamp === null) return;
    const wanted = this.transport.codec;
    const end = header.payloadOffset + header.payloadLength;
    if (codec !== wanted) transcode(packet, codec, header.payloadOffset, end);
    if (header.payloadLength > this.transport.payloadBytesMax) return sendInPieces(this, packet, header, stamp, nowMs);
    // The new header is written right before the payload, over the old one: the packet is never copied.
    const start = header.payloadOffset - rtpHeaderBytes;
    writeRtpHeader(packet, start, payloadTypeOf[wanted], stamp, this.outgoing.ssrc);
    this.meter.sent(stamp.timestamp, header.payloadLength, nowMs);
    this.transport.send(start === 0 && end === packet.length ? packet : packet.subarray(start, end));
  }

  /** Is it a machine that calls? Asked of telephones; costs 0.7 µs a packet while it lasts. */
  expectFax(): void {
    this.fax = { tones: new FaxTones(), left: faxSamples };
  }

  private listenForFax(fax: NonNullable<Leg['fax']>, packet: Uint8Array, header: RtpHeader, codec: Codec): void {
    const end = header.payloadOffset + header.payloadLength;
    const tone = fax.tones.hear(packet, header.payloadOffset, end, linearTable(codec));
    fax.left -= header.payloadLength;
    if (tone !== null || fax.left <= 0) this.fax = null;
    if (tone !== null) this.context.onFax(this, tone);
  }

  private receivedEvent(packet: Uint8Array, header: RtpHeader, partner: Leg | null, nowMs: number): void {
    if (header.payloadType === this.transport.dtmfPayloadType) {
      const payload = packet.subarray(header.payloadOffset, header.payloadOffset + header.payloadLength);
      const digit = this.events.read(header.ssrc, header.timestamp, payload);
      if (digit !== null) this.context.onDigit(this, digit);
      if (partner !== null && partner.relayEvent(this, packet, header, nowMs)) return;
    }
    // Comfort noise and what we do not know goes no further, and must not look like a loss.
    partner?.outgoing.skip(this, header);
  }

  private relayEvent(from: Leg, packet: Uint8Array, header: RtpHeader, nowMs: number): boolean {
    const payloadType = this.transport.dtmfPayloadType;
    if (payloadType === null || this.digits !== null) return false;
    const stamp = this.outgoing.relay(from, header, 0, nowMs, 'event');
    if (stamp === null) return true;
    const start = header.payloadOffset - rtpHeaderBytes;
    writeRtpHeader(packet, start, payloadType, { ...stamp, marker: header.marker }, this.outgoing.ssrc);
    this.meter.sent(stamp.timestamp, header.payloadLength, nowMs);
    this.transport.send(packet.subarray(start, header.payloadOffset + header.payloadLength));
    return true;
  }

  private sendFrame(player: Player, packer: Packer, nowMs: number): boolean {
    const frame = new Uint8Array(frameTicks);
    const more = player.frame(frame, 0);
    // While digits go out the far end hears nothing else; what would have sounded meanwhile is over.
    if (this.digits === null) {
      packer.pack(more ? frame : null, this.transport.ptimeMs, (payload) => this.sendSound(player, payload, nowMs));
    }
    return more;
  }

  private sendSound(player: Player, payload: Uint8Array, nowMs: number): void {
    const packet = new Uint8Array(rtpHeaderBytes + payload.length);
    packet.set(payload, rtpHeaderBytes);
    const codec = this.transport.codec;
    if (codec === 'PCMA') transcode(packet, 'PCMU', rtpHeaderBytes);
    const stamp = this.outgoing.next(player, payload.length, nowMs);
    writeRtpHeader(packet, 0, payloadTypeOf[codec], stamp, this.outgoing.ssrc);
    this.meter.sent(stamp.timestamp, payload.length, nowMs);
    this.transport.send(packet);
  }

  private sendEvent(step: NonNullable<EventStep>, nowMs: number): void {
    const payloadType = this.transport.dtmfPayloadType;
    if (payloadType === null) return;
    // Each event is a run of its own: its timestamp is the moment the key went down.
    const stamp = step.begins ? this.outgoing.next({}, frameTicks * 5, nowMs) : this.outgoing.again(nowMs);
    const packet = new Uint8Array(rtpHeaderBytes + step.payload.length);
    writeRtpHeader(packet, 0, payloadType, { ...stamp, marker: step.begins }, this.outgoing.ssrc);
    packet.set(step.payload, rtpHeaderBytes);
    this.meter.sent(stamp.timestamp, step.payload.length, nowMs);
    this.transport.send(packet);
  }
}
