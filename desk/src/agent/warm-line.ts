/**
 * The warm line: one WebRTC connection to the media process, opened when the agent becomes available and kept. No RTP flows
 * while idle (the sender has no track); an answer is `talk(true)`, without negotiation.
 *
 *     closed ─open()─▶ asking ─microphone─▶ opening ─first heartbeat─▶ open ─┐
 *        ▲                                      ▲                           │ no heartbeat for 3 s, ICE lost, told so
 *        └──────────── close() ─────────────────┴──────── trouble ◀─────────┘ (back-off 0 … 5 s)
 *
 * The browser's own states need 7 to 17 s to notice a dead path, so the heartbeat on the data channel decides.
 */
import type { Timers } from '../kit/steady-timers.js';
import { Store } from '../kit/store.js';
import { readFigures, type LineFigures } from './line-figures.js';
import { MicrophoneError, openMicrophone, type MicrophoneProblem } from './microphone.js';

export interface LineView {
  phase: 'closed' | 'asking' | 'opening' | 'open' | 'trouble';
  /** Name of the microphone in use. */
  microphone: string | null;
  problem: MicrophoneProblem | null;
  muted: boolean;
  figures: LineFigures | null;
}

export interface LineOptions {
  /** @returns false when there is no connection to send it by; it is asked again when the line is told of one */
  sendOffer(nonce: string, offer: string): boolean;
  /** The relays that the next connection may use. Never rejects. */
  iceServers(): Promise<RTCConfiguration>;
  timers: Timers;
  now(): number;
}

const beatMsMax = 3_000;
const openingMsMax = 5_000;
const watchEveryMs = 500;
const backOffMs = [0, 250, 500, 1_000, 2_000, 5_000];

export class WarmLine {
  readonly store = new Store<LineView>({
    phase: 'closed',
    microphone: null,
    problem: null,
    muted: false,
    figures: null,
  });
  readonly #options: LineOptions;
  readonly #speaker = new Audio();
  #microphone: MediaStreamTrack | null = null;
  #preparing: Promise<boolean> | null = null;
  #peer: RTCPeerConnection | null = null;
  #sender: RTCRtpSender | null = null;
  #nonce = '';
  /** What the peer wants to be sent, and whether it was. Null while the browser still makes it. */
  #offer: { sdp: string; sent: boolean } | null = null;
  /** The server's name for the line, once it answered. */
  #id: string | null = null;
  #talking = false;
  #beatAt = 0;
  #watchedAt = 0;
  #attempts = 0;
  #stopWatch: (() => void) | null = null;
  #stopRetry: (() => void) | null = null;

  constructor(options: LineOptions) {
    this.#options = options;
    this.#speaker.autoplay = true;
  }

  /** Opens the microphone when it is not yet open, then the line. A problem with the microphone is left in the view. */
  async open(): Promise<boolean> {
    if (!(await this.prepare())) return false;
    if (this.store.get().phase === 'asking') this.#build();
    return true;
  }

  /** A page that was reloaded in a call: microphone and path are made ready side by side, before the server has spoken. */
  async resume(): Promise<void> {
    if (this.store.get().phase !== 'closed') return;
    const prepared = this.prepare();
    this.#build();
    if (await prepared) this.#attach();
    else this.#giveBack();
  }

  /** Only the microphone: so that nobody says "available" before they can be heard. */
  prepare(): Promise<boolean> {
    // Given up and wanted again while the browser still asks: what it answers counts.
    if (this.#preparing && this.store.get().phase === 'closed') this.store.set({ phase: 'asking', problem: null });
    return (this.#preparing ??= this.#prepare().finally(() => (this.#preparing = null)));
  }

  async #prepare(): Promise<boolean> {
    if (this.#microphone?.readyState === 'live') {
      if (this.store.get().phase === 'closed') this.store.set({ phase: 'asking' });
      return true;
    }
    this.store.set({ phase: 'asking', problem: null });
    try {
      const track = await openMicrophone();
      if (this.store.get().phase === 'closed') {
        track.stop(); // closed while the browser asked
        return false;
      }
      track.enabled = !this.store.get().muted;
      track.onended = () => void this.#microphoneEnded(track);
      this.#microphone = track;
      this.store.set({ microphone: track.label || null });
      return true;
    } catch (error) {
      this.store.set({ phase: 'closed', problem: error instanceof MicrophoneError ? error.problem : 'busy' });
      return false;
    }
  }

  /** Gives line and microphone back. */
  close(): void {
    this.#giveBack();
    this.store.set({ phase: 'closed', microphone: null, muted: false, figures: null });
  }

  #giveBack(): void {
    this.#stopRetry?.();
    this.#stopWatch?.();
    this.#stopWatch = null;
    this.#dropPeer();
    if (this.#microphone) {
      this.#microphone.onended = null;
      this.#microphone.stop();
    }
    this.#microphone = null;
    this.#talking = false;
    this.#attempts = 0;
  }

  /** The server is there (again). An offer that waited for it goes out; what was offered to it before is of no use any more. */
  greet(): void {
    if (this.#peer === null || this.#offer?.sent) this.rebuild();
    else if (this.#offer !== null) this.#send(this.#offer);
  }

  /** The line is of no use any more: build a new one. A new one takes 70 ms, an ICE restart is no faster. */
  rebuild(): void {
    const { phase } = this.store.get();
    if (phase === 'closed' || phase === 'asking') return;
    this.#dropPeer();
    this.store.set({ phase: 'trouble', figures: null });
    const delay = backOffMs[Math.min(this.#attempts++, backOffMs.length - 1)] ?? 0;
    this.#stopRetry?.();
    this.#stopRetry = this.#options.timers.after(delay, () => this.#build());
  }

  /** The server's answer to our offer. Late answers of an older attempt are dropped by their nonce. */
  async answer(nonce: string, sdp: string, id: string | null = null): Promise<void> {
    const peer = this.#peer;
    if (!peer || nonce !== this.#nonce || peer.signalingState !== 'have-local-offer') return;
    this.#id = id;
    try {
      await peer.setRemoteDescription({ type: 'answer', sdp });
    } catch {
      if (peer === this.#peer) this.rebuild();
    }
  }

  /** The line that stands, by the server's name for it: a new connection goes on with it. Null: there is none. */
  get standing(): string | null {
    return this.store.get().phase === 'open' ? this.#id : null;
  }

  /** The microphone goes onto the wire, or off it. No track sends nothing; a disabled track would send silence for ever. */
  talk(on: boolean): void {
    if (this.#talking === on) return;
    this.#talking = on;
    if (!on) this.mute(false);
    this.#attach();
  }

  mute(on: boolean): void {
    if (this.#microphone) this.#microphone.enabled = !on;
    this.store.set({ muted: on });
  }

  #attach(): void {
    // A sender of a closed peer refuses; the next peer attaches for itself.
    this.#sender?.replaceTrack(this.#talking ? this.#microphone : null).catch(() => undefined);
  }

  #build(): void {
    this.#dropPeer();
    this.#nonce = crypto.randomUUID();
    const peer = (this.#peer = new RTCPeerConnection({ iceServers: [], bundlePolicy: 'max-bundle' }));
    const transceiver = peer.addTransceiver('audio', { direction: 'sendrecv' });
    const codecs = RTCRtpReceiver.getCapabilities('audio')?.codecs ?? [];
    transceiver.setCodecPreferences(codecs.filter((codec) => codec.mimeType === 'audio/PCMU'));
    this.#sender = transceiver.sender;
    this.#attach();

    const channel = peer.createDataChannel('ctl');
    channel.onmessage = ({ data }) => {
      if (peer === this.#peer) this.#beat(channel, data);
    };
    peer.onconnectionstatechange = () => {
      const lost = peer.connectionState === 'disconnected' || peer.connectionState === 'failed';
      if (peer === this.#peer && lost) this.rebuild();
    };
    // Attached once and before any RTP; later calls need nothing here.
    this.#speaker.srcObject = new MediaStream([transceiver.receiver.track]);
    this.#speaker.play().catch(() => undefined);

    this.#beatAt = this.#options.now();
    this.store.set({ phase: 'opening', problem: null });
    this.#watch();
    void this.#makeOffer(peer);
  }

  /** Sent without waiting for candidates: the server learns ours as peer-reflexive, which saves 130 ms. */
  async #makeOffer(peer: RTCPeerConnection): Promise<void> {
    try {
      const relays = await this.#options.iceServers();
      if (peer !== this.#peer) return;
      peer.setConfiguration({ ...relays, bundlePolicy: 'max-bundle' }); // before anything is gathered
      await peer.setLocalDescription();
      if (peer !== this.#peer || !peer.localDescription) return;
      this.#offer = { sdp: peer.localDescription.sdp, sent: false };
      this.#send(this.#offer);
    } catch {
      if (peer === this.#peer) this.rebuild();
    }
  }

  #send(offer: { sdp: string; sent: boolean }): void {
    offer.sent = this.#options.sendOffer(this.#nonce, offer.sdp);
  }

  /** The heartbeat goes back as it came. That this happens on the main thread is meant: it says that the desk can react. */
  #beat(channel: RTCDataChannel, data: unknown): void {
    if (typeof data !== 'string' || !/^\{"beat":\d+\}$/.test(data)) return;
    channel.send(data);
    this.#beatAt = this.#options.now();
    this.#attempts = 0;
    this.store.set({ phase: 'open' });
  }

  #watch(): void {
    this.#watchedAt = this.#options.now();
    this.#stopWatch ??= this.#options.timers.every(watchEveryMs, () => this.#look());
  }

  #look(): void {
    const now = this.#options.now();
    // After a blocked main thread, or sleep, the beats are still in the queue behind this timer (and behind the ticks that
    // gathered meanwhile): for that time the line is not blamed.
    if (now - this.#watchedAt > 4 * watchEveryMs) this.#beatAt = now;
    this.#watchedAt = now;
    const { phase } = this.store.get();
    const limit = phase === 'open' ? beatMsMax : openingMsMax;
    if ((phase === 'open' || phase === 'opening') && now - this.#beatAt > limit) this.rebuild();
    else if (phase === 'open') void this.#measure();
  }

  async #measure(): Promise<void> {
    const peer = this.#peer;
    const last = this.store.get().figures;
    if (!peer || (last && this.#options.now() - last.at < 2_000)) return;
    const figures = await readFigures(peer, this.#options.now());
    if (peer === this.#peer) this.store.set({ figures });
  }

  /** Unplugged, or taken by the system: go on with whatever microphone is the default now. */
  async #microphoneEnded(track: MediaStreamTrack): Promise<void> {
    if (track !== this.#microphone) return;
    this.#microphone = null;
    this.store.set({ microphone: null });
    try {
      const next = await openMicrophone();
      next.enabled = !this.store.get().muted;
      next.onended = () => void this.#microphoneEnded(next);
      this.#microphone = next;
      this.store.set({ microphone: next.label || null, problem: null });
      this.#attach();
    } catch (error) {
      this.store.set({ problem: error instanceof MicrophoneError ? error.problem : 'busy' });
    }
  }

  #dropPeer(): void {
    const peer = this.#peer;
    this.#peer = null;
    this.#sender = null;
    this.#nonce = '';
    this.#offer = null;
    this.#id = null;
    this.#stopRetry?.();
    if (!peer) return;
    peer.onconnectionstatechange = null;
    peer.close();
  }
}
