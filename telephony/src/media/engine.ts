import { randomBytes } from 'node:crypto';
import { ownKeys, type Transport, type TransportListener } from '../rtp/index.js';
import { OfferError, type WebRtcOpener } from '../webrtc/index.js';
import { dissolve, hold, join, resume } from './bridge.js';
import { MediaError, messageOf } from './contract.js';
import { Leg, type LegContext } from './leg.js';
import { heldOf, signsOf, type Entry } from './entry.js';
import { LineWatch, type Finding, type WatchKind } from './line-watch.js';
import { listen } from './listening.js';
import { playerOf } from './players.js';
import { mediaProtocolVersion, type MediaEvent, type MediaReplies, type MediaRequest } from './protocol.js';
import { Measures } from './measures.js';
import { Recordings } from './recordings.js';
import { touchedBy } from './requests.js';
import { RtpPorts } from './rtp-ports.js';
import { RtpTransport } from './rtp-transport.js';
import type { Sounds } from './sounds.js';
import { standingOf, type Standing } from './standing.js';
import { createTicker } from './ticker.js';
import { Turns } from './turns.js';

export interface EngineOptions {
  bindAddress: string;
  publicAddress: string;
  /** Ports of plain RTP, both ends included. */
  rtpPortMin: number;
  rtpPortMax: number;
  sounds: Sounds;
  webrtc: WebRtcOpener;
  emit: (event: MediaEvent) => void;
  /** Epoch and monotonic milliseconds. */
  wallNow?: () => number;
  now?: () => number;
  /** How far apart RTCP reports and measures of bridged lines are. */
  reportMs?: number;
  measureMs?: number;
}

type RtpOpening = Extract<MediaRequest, { type: 'open-rtp' }>;

const watchdogMs = 250;
const reportMs = 5_000;
const measureMs = 10_000;

/** Carries out requests on legs, bridges, sounds and recordings. Knows sockets of legs, but nothing of who asks. */
export class MediaEngine {
  private readonly options: EngineOptions;
  private readonly now: () => number;
  private readonly wallNow: () => number;
  private readonly legs = new Map<string, Entry>();
  private readonly recordings: Recordings;
  private readonly measures: Measures;
  private readonly ports: RtpPorts;
  private readonly context: LegContext;
  private readonly turns = new Turns();
  private watchdog: NodeJS.Timeout | null = null;

  constructor(options: EngineOptions) {
    this.options = options;
    this.now = options.now ?? (() => performance.now());
    this.wallNow = options.wallNow ?? (() => Date.now());
    this.ports = new RtpPorts(options.bindAddress, options.rtpPortMin, options.rtpPortMax);
    this.recordings = new Recordings({
      emit: options.emit,
      now: this.now,
      wallNow: this.wallNow,
      isAlive: (leg) => this.legs.get(leg.id)?.leg === leg,
    });
    const { now, wallNow } = this;
    this.measures = new Measures({ emit: options.emit, now, wallNow, everyMs: options.measureMs ?? measureMs });
    const epochMs = this.wallNow() - this.now();
    this.context = {
      wallMs: (nowMs) => epochMs + nowMs,
      reportMs: options.reportMs ?? reportMs,
      ticker: createTicker(this.now, (error) => this.log('error', 'a sound failed', { detail: messageOf(error) })),
      now: this.now,
      onDigit: (leg, digit) => options.emit({ type: 'dtmf', leg: leg.id, at: this.wallNow(), digit }),
      onFax: (leg, tone) => options.emit({ type: 'fax-tone', leg: leg.id, at: this.wallNow(), tone }),
    };
  }

  get legCount(): number {
    return this.legs.size;
  }

  get standing(): Standing {
    return standingOf(this.legs.values(), this.ports.count, this.recordings.idle);
  }

  /**
   * Carries out one request. Requests that touch the same leg are carried out in the order they came in, so control need not
   * wait for one reply before it asks the next.
   *
   * @throws MediaError
   */
  async handle<Type extends MediaRequest['type']>(
    request: Extract<MediaRequest, { type: Type }>,
  ): Promise<MediaReplies[Type]> {
    const value: unknown = await this.turns.take(touchedBy(request), async () => this.carryOut(request));
    return value as MediaReplies[Type];
  }

  /** Nobody came back for the legs: all are given up. */
  abandon(): void {
    for (const { leg } of this.legs.values()) this.lose(leg, 'orphaned');
  }

  /** Ends every leg without a word and resolves when all recordings are on disk. */
  async shutDown(): Promise<void> {
    for (const { leg } of this.legs.values()) this.drop(leg);
    await this.recordings.settled();
  }

  private carryOut(request: MediaRequest): unknown {
    switch (request.type) {
      case 'hello':
        return this.hello(request.version);
      case 'open-rtp':
        return this.openRtp(request);
      case 'note':
        this.need(request.leg).note = request.note;
        return null;
      case 'keys-of': {
        const { keys, secure } = this.needRtp(request.leg);
        return { keys, secure };
      }
      case 'aim-rtp':
        this.needRtp(request.leg).aim(request.remote);
        return null;
      case 'open-webrtc':
        return this.openWebRtc(request.leg, request.offer, request.heartbeat);
      case 'close':
        this.drop(this.need(request.leg));
        return null;
      case 'play':
        return this.play(request.leg, request.sound, request.followedBy ?? null);
      case 'bridge':
        return this.bridge(this.need(request.a), this.need(request.b));
      case 'unbridge':
        return this.unbridge(this.need(request.a), this.need(request.b));
      case 'listen':
        return listen(request, this.options.sounds, (leg) => this.need(leg), this.now());
      case 'hold':
        return this.hold(request.leg, request.sound);
      case 'resume':
        return this.resume(this.need(request.leg));
      case 'record':
        return this.record(request.recording, this.need(request.leg), request.path, request.resume === true);
      case 'stop-record':
        return this.recordings.finish(request.recording);
      case 'dtmf':
        return this.dtmf(this.need(request.leg), request.digits);
      default:
        return assertNever(request);
    }
  }

  private hello(version: number): MediaReplies['hello'] {
    if (version !== mediaProtocolVersion) {
      throw new MediaError('version', `this process speaks version ${mediaProtocolVersion}, control ${version}`);
    }
    const legs = [...this.legs.values()].map((entry) => heldOf(entry, this.options.publicAddress));
    return { version: mediaProtocolVersion, pid: process.pid, legs };
  }

  private async openRtp({ leg: id, remote, port, note, keys: known }: RtpOpening): Promise<MediaReplies['open-rtp']> {
    this.needFree(id);
    const sockets = await this.ports.open(port);
    if (sockets === null) throw new MediaError('no-port', 'every RTP port is taken');
    const leg = new Leg(id, this.context);
    // Under keys of before nothing is said twice: a leg's stream begins with an SSRC of its own, and with it another key stream.
    const keys = known ?? ownKeys(randomBytes(60));
    const transport = new RtpTransport(sockets, remote, keys, this.listenerFor(leg), this.now);
    leg.expectFax();
    leg.note = note ?? null;
    this.admit(leg, transport, 'rtp');
    return { address: this.options.publicAddress, port: transport.port, keys };
  }

  private needRtp(id: string): RtpTransport {
    const { transport } = this.need(id);
    if (!(transport instanceof RtpTransport)) throw new MediaError('bad-request', 'the leg is no RTP leg');
    return transport;
  }

  private async openWebRtc(id: string, offer: string, heartbeat: boolean): Promise<MediaReplies['open-webrtc']> {
    this.needFree(id);
    const leg = new Leg(id, this.context);
    const listener = this.listenerFor(leg);
    const opened = this.options.webrtc.open({ leg: id, offer, ssrc: leg.ssrc, heartbeat, listener });
    const { transport, answer } = await opened.catch((error: unknown) => {
      throw new MediaError(error instanceof OfferError ? error.code : 'failed', messageOf(error));
    });
    this.admit(leg, transport, heartbeat ? 'line' : 'web');
    return { answer };
  }

  private listenerFor(leg: Leg): TransportListener {
    return {
      packet: (packet, nowMs) => this.guarded(leg, () => leg.received(packet, nowMs)),
      connected: () => this.options.emit({ type: 'leg-connected', leg: leg.id, at: this.wallNow() }),
      lost: (because) => this.lose(leg, because),
      echoed: (rttMs) => {
        leg.meter.echoed(rttMs);
        const watch = this.legs.get(leg.id)?.watch;
        if (watch !== undefined) this.report(leg, watch.echoed(rttMs, this.now(), signsOf(leg)));
      },
    };
  }

  private admit(leg: Leg, transport: Transport, kind: WatchKind): void {
    leg.transport = transport;
    this.legs.set(leg.id, { leg, watch: new LineWatch(kind, this.now()) });
    this.watchdog ??= setInterval(() => this.watch(), watchdogMs);
  }

  private async play(id: string, sound: string | null, followedBy: string | null): Promise<null> {
    const leg = this.need(id);
    if (sound === null) {
      if (leg.bridge === null || leg.held) leg.play(null);
      return null;
    }
    const player = await playerOf(this.options.sounds, sound, followedBy);
    // Reading the file took a moment; in it the leg may have been lost.
    if (this.need(id) === leg && (leg.bridge === null || leg.held)) leg.play(player);
    return null;
  }

  private bridge(a: Leg, b: Leg): MediaReplies['bridge'] {
    if (a === b) throw new MediaError('bad-request', 'a leg cannot hear itself');
    for (const leg of [a, b])
      if (!leg.transport.open) throw new MediaError('not-connected', `leg ${leg.id} has no path yet`);
    if (a.bridge !== null && a.bridge === b.bridge) return { at: a.bridge.at };
    const times = { at: this.wallNow(), sinceMs: this.now() };
    const bridge = join(a, b, times, (ended) => this.measures.end(ended));
    this.measures.begin(bridge);
    return { at: bridge.at };
  }

  /** Apart already is fine: the other side's loss and control's word may cross. */
  private unbridge(a: Leg, b: Leg): null {
    if (a.bridge === null || a.bridge !== b.bridge) return null;
    dissolve(a.bridge);
    a.play(null);
    b.play(null);
    return null;
  }

  private async hold(id: string, sound: string): Promise<null> {
    const bridge = this.need(id).bridge;
    if (bridge === null) throw new MediaError('bad-request', `leg ${id} is in no bridge`);
    const player = await playerOf(this.options.sounds, sound, null);
    const leg = this.need(id);
    if (leg.bridge !== bridge) throw new MediaError('bad-request', `leg ${id} has left its bridge`);
    hold(bridge, leg);
    leg.play(player);
    return null;
  }

  private resume(leg: Leg): null {
    if (leg.bridge !== null && resume(leg.bridge, leg)) leg.play(null);
    return null;
  }

  private async record(id: string, leg: Leg, path: string, resume: boolean): Promise<null> {
    await this.recordings.start(id, leg, path, resume);
    return null;
  }

  private dtmf(leg: Leg, digits: string): null {
    if (!leg.sendDigits(digits))
      this.log('warn', 'digits not sent: the far end knows no telephone-events', { leg: leg.id });
    return null;
  }

  /** A failure of ours over one leg's packet costs that leg, not everybody's call. */
  private guarded(leg: Leg, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.log('error', 'a failure of ours', { leg: leg.id, detail: messageOf(error) });
      this.lose(leg, 'failed');
    }
  }

  private watch(): void {
    const nowMs = this.now();
    for (const { leg, watch } of this.legs.values()) {
      this.guarded(leg, () => {
        leg.check(nowMs);
        this.report(leg, watch.check(nowMs, signsOf(leg)));
      });
    }
    this.measures.check(nowMs);
  }

  private report(leg: Leg, finding: Finding | null): void {
    if (finding === null) return;
    const at = this.wallNow();
    switch (finding.type) {
      case 'proven':
        this.options.emit({ type: 'line-proven', leg: leg.id, at, rttMs: finding.rttMs });
        break;
      case 'suspect':
        this.options.emit({ type: 'line-suspect', leg: leg.id, at, because: finding.because });
        break;
      case 'lost':
        this.lose(leg, finding.because);
        break;
      default:
        assertNever(finding);
    }
  }

  private lose(leg: Leg, because: Extract<MediaEvent, { type: 'leg-lost' }>['because']): void {
    if (this.legs.get(leg.id)?.leg !== leg) return;
    this.drop(leg);
    this.options.emit({ type: 'leg-lost', leg: leg.id, at: this.wallNow(), because });
  }

  /** The leg ends. A partner on hold keeps its music until it is told otherwise; else it hears silence. */
  private drop(leg: Leg): void {
    this.legs.delete(leg.id);
    if (leg.bridge !== null) dissolve(leg.bridge);
    leg.close();
    if (leg.recording !== null) void this.recordings.finish(leg.recording.id);
    if (this.legs.size === 0 && this.watchdog !== null) {
      clearInterval(this.watchdog);
      this.watchdog = null;
    }
  }

  private need(id: string): Leg {
    const entry = this.legs.get(id);
    if (entry === undefined) throw new MediaError('no-such-leg', id);
    return entry.leg;
  }

  private needFree(id: string): void {
    if (this.legs.has(id)) throw new MediaError('leg-exists', id);
  }

  private log(level: 'info' | 'warn' | 'error', message: string, data: Record<string, string | number>): void {
    this.options.emit({ type: 'log', level, message, data });
  }
}

function assertNever(value: never): never {
  throw new MediaError('failed', `not handled: ${JSON.stringify(value)}`);
}
