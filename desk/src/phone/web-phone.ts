/**
 * A customer's phone in the browser (demo only): one call at a time, WebRTC for the sound and a socket for the rest.
 *
 *     idle ─dial─▶ dialling ─▶ ringing ─▶ answered ─▶ ended ─dial─▶ …
 */
import { phoneServerMessage, type PhoneMessage } from '@denwaban/core/wire';
import type { Socket } from '../link/live.js';
import { MicrophoneError, openMicrophone, type MicrophoneProblem } from '../agent/microphone.js';
import { Store } from '../kit/store.js';
import { ringBack } from './ring-back.js';

export type PhoneState = 'idle' | 'dialling' | 'ringing' | 'answered' | 'ended';

export interface WebPhoneView {
  state: PhoneState;
  answeredAt: number | null;
  /** Why it ended: a cause of the exchange, an error code, or `network`. */
  cause: string | null;
  problem: MicrophoneProblem | null;
}

export class WebPhone {
  readonly store = new Store<WebPhoneView>({ state: 'idle', answeredAt: null, cause: null, problem: null });
  readonly #connect: () => Socket;
  readonly #speaker = new Audio();
  #socket: Socket | null = null;
  #peer: RTCPeerConnection | null = null;
  #microphone: MediaStreamTrack | null = null;
  #quiet: (() => void) | null = null;

  constructor(connect: () => Socket) {
    this.#connect = connect;
    this.#speaker.autoplay = true;
  }

  async dial(from: string, to: string): Promise<void> {
    if (this.#socket) return;
    this.store.set({ state: 'dialling', answeredAt: null, cause: null, problem: null });
    try {
      this.#microphone = await openMicrophone();
    } catch (error) {
      this.store.set({ state: 'idle', problem: error instanceof MicrophoneError ? error.problem : 'busy' });
      return;
    }
    if (this.store.get().state !== 'dialling') return this.#end(null); // hung up while the browser asked
    const offer = await this.#offer(this.#microphone);
    const socket = this.#connect();
    this.#socket = socket;
    socket.onopen = () => this.#send({ type: 'dial', from, to, offer });
    socket.onmessage = ({ data }) => void this.#hear(String(data));
    socket.onclose = () => {
      if (socket === this.#socket) this.#end('network');
    };
  }

  hangUp(): void {
    this.#send({ type: 'hang-up' });
    this.#end('normal');
  }

  digit(digit: string): void {
    this.#send({ type: 'dtmf', digit });
  }

  async #offer(microphone: MediaStreamTrack): Promise<string> {
    const peer = (this.#peer = new RTCPeerConnection({ iceServers: [], bundlePolicy: 'max-bundle' }));
    const transceiver = peer.addTransceiver(microphone, { direction: 'sendrecv' });
    const codecs = RTCRtpReceiver.getCapabilities('audio')?.codecs ?? [];
    transceiver.setCodecPreferences(codecs.filter((codec) => codec.mimeType === 'audio/PCMU'));
    this.#speaker.srcObject = new MediaStream([transceiver.receiver.track]);
    this.#speaker.play().catch(() => undefined);
    peer.onconnectionstatechange = () => {
      if (peer === this.#peer && peer.connectionState === 'failed') this.#end('network');
    };
    await peer.setLocalDescription();
    return peer.localDescription?.sdp ?? '';
  }

  #send(message: PhoneMessage): void {
    try {
      this.#socket?.send(JSON.stringify(message));
    } catch {
      // Not open yet, or not any more: what is to be said is said by closing it.
    }
  }

  async #hear(text: string): Promise<void> {
    const read = phoneServerMessage.safeParse(JSON.parse(text));
    if (!read.success) return;
    const message = read.data;
    switch (message.type) {
      case 'dialling':
        await this.#peer
          ?.setRemoteDescription({ type: 'answer', sdp: message.answer })
          .catch(() => this.#end('failed'));
        return;
      case 'ringing':
        this.#quiet ??= ringBack();
        this.store.set({ state: 'ringing' });
        return;
      case 'answered':
        this.#hush();
        this.store.set({ state: 'answered', answeredAt: Date.now() });
        return;
      case 'ended':
        this.#end(message.cause);
        return;
      case 'error':
        this.#end(message.code);
        return;
    }
  }

  #hush(): void {
    this.#quiet?.();
    this.#quiet = null;
  }

  #end(cause: string | null): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.#peer?.close();
    this.#peer = null;
    this.#microphone?.stop();
    this.#microphone = null;
    this.#hush();
    this.store.set({ state: 'ended', cause });
  }
}
