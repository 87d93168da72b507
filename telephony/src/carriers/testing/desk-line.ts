/** An agent's desk as the media process sees it: a WebRTC peer that echoes the heartbeat when told to and says one thing. */
import ndc from 'node-datachannel';
import { createTicker } from '../../media/ticker.js';
import { linearTable, readRtpHeader } from '../../rtp/index.js';

let opened = 0;
/** A clock that makes up for late turns: what is said keeps its pace on a busy machine. */
const ticker = createTicker(
  () => performance.now(),
  (error) => {
    throw error;
  },
);

export class DeskLine {
  readonly offer: string;
  /** Stops answering the heartbeat, as a frozen page does. */
  echoes: boolean;
  private readonly peer: ndc.PeerConnection;
  private readonly parts: { close(): void }[];
  private readonly hush: () => void;
  private held: Float32Array[] = [];
  private unanswered: string[] = [];
  private channel: ndc.DataChannel | null = null;

  private constructor(
    peer: ndc.PeerConnection,
    track: ndc.Track,
    channel: ndc.DataChannel | null,
    ssrc: number,
    of: { offer: string; says: Uint8Array; echoes: boolean },
  ) {
    this.peer = peer;
    this.offer = of.offer;
    this.echoes = of.echoes;
    this.channel = channel;
    this.parts = [track, ...(channel === null ? [] : [channel]), peer];
    channel?.onMessage((beat) => {
      if (typeof beat !== 'string') return;
      if (this.echoes) this.say(beat);
      else this.unanswered = [beat];
    });
    track.onMessage((packet) => this.heard(packet));
    const packet = Buffer.alloc(172);
    packet[0] = 0x80;
    packet.writeUInt32BE(ssrc, 8);
    let n = 0;
    this.hush = ticker.add(() => {
      n += 1;
      packet.writeUInt16BE(n & 0xffff, 2);
      packet.writeUInt32BE((n * 160) >>> 0, 4);
      for (let i = 0; i < 160; i++) packet[12 + i] = of.says[(n * 160 + i) % of.says.length] ?? 0xff;
      try {
        if (track.isOpen()) track.sendMessageBinary(packet);
      } catch {
        // closed between the question and the word
      }
    });
  }

  /**
   * @param kind `line`: with a heartbeat channel, which echoes from `prove` on; `phone`: the web customer's, without
   * @param says µ-law at 8 kHz, over and over from the moment the path stands
   */
  static async make(kind: 'line' | 'phone', says: Uint8Array): Promise<DeskLine> {
    const peer = new ndc.PeerConnection(`desk-${process.pid}-${++opened}`, {
      iceServers: [],
      bindAddress: '127.0.0.1',
      disableAutoNegotiation: true,
      forceMediaTransport: true,
    });
    const ssrc = 1 + Math.floor(Math.random() * 2 ** 31);
    const audio = new ndc.Audio('0', 'SendRecv');
    audio.addAudioCodec(0, 'PCMU');
    audio.addSSRC(ssrc, 'desk', 'desk', 'desk');
    const track = peer.addTrack(audio);
    const channel = kind === 'line' ? peer.createDataChannel('ctl') : null;
    const gathered = new Promise<void>((resolve) => {
      peer.onGatheringStateChange((state) => {
        if (state === 'complete') resolve();
      });
    });
    peer.setLocalDescription('offer');
    await gathered;
    // As the pages do: no candidates, the media process learns ours from the packets.
    const offer = (peer.localDescription()?.sdp ?? '').replaceAll(/a=(candidate:|end-of-cand).*\r\n/g, '');
    return new DeskLine(peer, track, channel, ssrc, { offer, says, echoes: false });
  }

  answered(sdp: string): void {
    this.peer.setRemoteDescription(sdp, 'answer');
  }

  prove(): void {
    this.echoes = true;
    for (const beat of this.unanswered.splice(0)) this.say(beat);
  }

  /** Forgets what was heard, so that `sound` tells of now. */
  listenAnew(): void {
    this.held = [];
  }
  sound(): Float32Array {
    const all = new Float32Array(this.held.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.held) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  close(): void {
    this.hush();
    for (const part of this.parts) {
      try {
        part.close();
      } catch {
        // half of it may be closed already
      }
    }
  }

  private say(text: string): void {
    try {
      this.channel?.sendMessage(text);
    } catch {
      // closed
    }
  }
  private heard(packet: Buffer): void {
    const header = readRtpHeader(packet);
    if (header === null || header.payloadType !== 0) return;
    const table = linearTable('PCMU');
    const payload = packet.subarray(header.payloadOffset, header.payloadOffset + header.payloadLength);
    this.held.push(Float32Array.from(payload, (byte) => table[byte]! / 32_768));
    if (this.held.length > 100) this.held.shift();
  }
}
