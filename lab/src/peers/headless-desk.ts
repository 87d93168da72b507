/**
 * An agent's desk without a screen: the live connection over `ws` and the warm line over node-datachannel. For runs that need
 * many desks or many moments quickly; what a person sees is proven with a real browser elsewhere.
 */
import ndc from 'node-datachannel';
import {
  liveProtocolVersion,
  serverMessage,
  type DeskMessage,
  type DeskState,
  type ServerMessage,
} from '@denwaban/core/wire';
import WebSocket from 'ws';
import type { Session } from './denwaban.js';
import { longestPauseMs } from './gaps.js';
import { until } from './process.js';

type Line = { pc: ndc.PeerConnection; track: ndc.Track; channel: ndc.DataChannel; talk: NodeJS.Timeout | null };

export interface HeadlessDeskOptions {
  /** Confirms each ring at once, as a page does. */
  confirms?: boolean;
  /** Accepts each offer at once. */
  accepts?: boolean;
}

export class HeadlessDesk {
  state: DeskState | null = null;
  /** Every server message with the moment it came. */
  readonly messages: { at: number; message: ServerMessage }[] = [];
  /** RTP packets heard. */
  heard = { packets: 0, lastAt: 0 };
  readonly #arrivals: number[] = [];
  readonly #socket: WebSocket;
  readonly #options: HeadlessDeskOptions;
  readonly #confirmed = new Set<string>();
  readonly #accepted = new Set<string>();
  #line: Line | null = null;
  #nonce = 0;
  closed = false;

  private constructor(socket: WebSocket, options: HeadlessDeskOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on('message', (data: Buffer) => this.#take(data.toString()));
    socket.on('close', () => (this.closed = true));
    socket.on('error', () => undefined);
  }

  static async open(session: Session, options: HeadlessDeskOptions = {}): Promise<HeadlessDesk> {
    const health = (await session.get('/health')) as { build: string };
    const socket = new WebSocket(`${session.origin.replace('http', 'ws')}/api/v1/live`, {
      headers: { cookie: session.cookie, origin: session.origin },
    });
    const desk = new HeadlessDesk(socket, { confirms: true, ...options });
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => resolve());
      socket.once('error', reject);
    });
    desk.say({ type: 'hello', v: liveProtocolVersion, build: health.build, page: 'desk' });
    await until('the desk’s first state', () => desk.state);
    return desk;
  }

  say(message: DeskMessage): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  /** Opens the line and says available; resolves when the server calls the agent available. */
  async goAvailable(withinMs = 15_000): Promise<void> {
    this.say({ type: 'presence.set', presence: 'available', reason: null });
    this.openLine();
    await this.reaches((state) => state.presence.state === 'available', 'available', withinMs);
  }

  goAway(): void {
    this.say({ type: 'presence.set', presence: 'away', reason: 'break' });
  }

  async reaches(test: (state: DeskState) => boolean, what: string, withinMs = 10_000): Promise<DeskState> {
    const state = await until(
      `the desk ${what}`,
      () => {
        if (this.closed) throw new Error(`the desk’s connection closed before ${what}`);
        return this.state && test(this.state) ? this.state : null;
      },
      { withinMs, everyMs: 5 },
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}; last state ${JSON.stringify(this.state)}`, { cause: error });
    });
    return state;
  }

  accept(): void {
    const offer = this.state?.offer;
    if (offer) this.say({ type: 'offer.accept', reservation: offer.reservation });
  }

  hangUp(): void {
    const call = this.state?.call;
    if (call) this.say({ type: 'call.hang-up', conversation: call.caller.conversation });
  }

  saveWrapUp(note = ''): void {
    const wrapUp = this.state?.wrapUp;
    if (wrapUp)
      this.say({ type: 'wrap-up.save', conversation: wrapUp.caller.conversation, disposition: 'resolved', note });
  }

  /** What it was told, a line each: for the report of a failure. */
  story(): string {
    const lines = this.messages.map(({ at, message }) => {
      if (message.type !== 'desk') return `${at} ${JSON.stringify(message).slice(0, 200)}`;
      const { presence, line, offer, call, wrapUp } = message.state;
      const open = [offer && 'offer', call && `call ${call.state}`, wrapUp && 'wrap-up'].filter(Boolean).join(' ');
      return `${at} ${presence.state}, line ${line}${open === '' ? '' : `, ${open}`}`;
    });
    return lines.slice(-40).join('\n');
  }

  /** The longest time between two packets heard in a stretch, its ends included: ms of these epoch moments. */
  gapMs(from: number, to: number): number {
    return longestPauseMs(this.#arrivals, from, to);
  }

  /** When the first packet after this moment was heard, epoch ms with fractions. */
  firstHeardSince(moment: number): number | undefined {
    return this.#arrivals.find((at) => at >= moment);
  }

  openLine(): void {
    this.#dropLine();
    const nonce = `n${++this.#nonce}`;
    const pc = new ndc.PeerConnection(`lab-${process.pid}-${Math.random()}`, {
      iceServers: [],
      bindAddress: '127.0.0.1',
      disableAutoNegotiation: true,
      forceMediaTransport: true,
    });
    const ssrc = Math.floor(Math.random() * 2 ** 31);
    const audio = new ndc.Audio('0', 'SendRecv');
    audio.addAudioCodec(0, 'PCMU');
    audio.addSSRC(ssrc, 'lab', 'lab', 'lab');
    const track = pc.addTrack(audio);
    track.onMessage((data) => {
      const type = (data[1] ?? 0) & 0x7f;
      if (type >= 64 && type <= 95) return; // RTCP (RFC 5761 §4)
      this.heard = { packets: this.heard.packets + 1, lastAt: Date.now() };
      this.#arrivals.push(performance.timeOrigin + performance.now());
    });
    const channel = pc.createDataChannel('ctl');
    channel.onMessage((message) => this.#answerHeartbeat(channel, message));
    this.#line = { pc, track, channel, talk: null };
    pc.onGatheringStateChange((state) => {
      const offer = state === 'complete' ? pc.localDescription()?.sdp : undefined;
      // As the page does: no candidates, the media process learns ours from the packets.
      if (offer)
        this.say({ type: 'line.open', nonce, offer: offer.replaceAll(/a=(candidate:|end-of-cand).*\r\n/g, '') });
    });
    pc.setLocalDescription('offer');
    const packet = Buffer.alloc(172, 0xd5);
    packet[0] = 0x80;
    packet[1] = 0;
    packet.writeUInt32BE(ssrc, 8);
    let n = 0;
    this.#line.talk = setInterval(() => {
      if (this.state?.call === null || !track.isOpen()) return;
      packet.writeUInt16BE(n & 0xffff, 2);
      packet.writeUInt32BE((n * 160) >>> 0, 4);
      n++;
      try {
        track.sendMessageBinary(packet);
      } catch {
        // it closed between the question and the word
      }
    }, 20);
  }

  close(): void {
    this.closed = true;
    this.#dropLine();
    this.#socket.terminate();
  }

  #answerHeartbeat(channel: ndc.DataChannel, message: string | Buffer | ArrayBuffer): void {
    if (typeof message === 'string' && channel.isOpen()) channel.sendMessage(message);
  }

  #rebuild(): void {
    setTimeout(() => {
      if (!this.closed) this.openLine();
    }, 200);
  }

  #dropLine(): void {
    const line = this.#line;
    this.#line = null;
    if (!line) return;
    if (line.talk) clearInterval(line.talk);
    try {
      line.track.close();
      line.channel.close();
      line.pc.close();
    } catch {
      // half of it may be closed already
    }
  }

  #take(text: string): void {
    const message = serverMessage.parse(JSON.parse(text));
    this.messages.push({ at: Date.now(), message });
    if (message.type === 'line.answer' && message.nonce === `n${this.#nonce}`) {
      this.#line?.pc.setRemoteDescription(message.answer, 'answer');
    }
    // As the page does: a line that another tab took stays away, any other is built anew.
    if (message.type === 'line.lost' && message.because !== 'replaced') this.#rebuild();
    if (message.type === 'error' && message.re === 'line.open') this.#rebuild();
    if (message.type !== 'desk') return;
    this.state = message.state;
    const offer = message.state.offer;
    if (!offer) return;
    if (this.#options.confirms && !this.#confirmed.has(offer.reservation)) {
      this.#confirmed.add(offer.reservation);
      this.say({ type: 'offer.ringing', reservation: offer.reservation });
    }
    if (this.#options.accepts && !this.#accepted.has(offer.reservation)) {
      this.#accepted.add(offer.reservation);
      this.say({ type: 'offer.accept', reservation: offer.reservation });
    }
  }
}
