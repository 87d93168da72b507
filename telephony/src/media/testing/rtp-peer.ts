import { createSocket, type Socket } from 'node:dgram';
import {
  codecOf,
  linearTable,
  readRtpHeader,
  sequencesApart,
  ticksApart,
  writeRtpHeader,
  SrtpReceiver,
  SrtpSender,
  type RtpHeader,
  type SrtpKey,
} from '../../rtp/index.js';

export interface HeardByPeer {
  atMs: number;
  header: RtpHeader;
  payload: Buffer;
}

/** A telephone without signalling: sends G.711 in 20 ms frames from one socket and keeps what comes back. */
export class RtpPeer {
  readonly heard: HeardByPeer[] = [];
  readonly port: number;
  ssrc: number;
  sequence = Math.floor(Math.random() * 0x10000);
  timestamp = Math.floor(Math.random() * 2 ** 32);
  private readonly socket: Socket;
  /** Whereto it speaks. */
  target: { port: number; address: string } | null = null;
  private stopTalking: (() => void) | null = null;
  private sender: SrtpSender | null = null;
  private receiver: SrtpReceiver | null = null;
  /** Every packet that left, as it left. */
  readonly sent: Buffer[] = [];
  /** Hears of what came to the port and is no RTP. */
  onRtcp: (packet: Buffer) => void = () => undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    this.port = socket.address().port;
    this.ssrc = Math.floor(Math.random() * 2 ** 32);
    socket.on('error', () => undefined);
    socket.on('message', (secret) => {
      const packet = this.receiver === null ? secret : this.receiver.unprotect(secret);
      if (packet === null) return;
      const header = readRtpHeader(packet);
      if (header === null) return this.onRtcp(secret);
      const payload = Buffer.from(packet.subarray(header.payloadOffset, header.payloadOffset + header.payloadLength));
      this.heard.push({ atMs: performance.now(), header, payload });
    });
  }

  static async open(port = 0, address = '127.0.0.1'): Promise<RtpPeer> {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(port, address, resolve);
    });
    return new RtpPeer(socket);
  }

  aim(target: { port: number; address: string }): void {
    this.target = target;
  }

  /** Speaks by `ours` and hears by `theirs` from here on. */
  secure(ours: SrtpKey, theirs: SrtpKey): void {
    this.sender = new SrtpSender(ours.suite, Buffer.from(ours.key, 'base64'));
    this.receiver = new SrtpReceiver(theirs.suite, Buffer.from(theirs.key, 'base64'));
  }

  send(payloadType: number, payload: Uint8Array, marker = false): void {
    const packet = Buffer.alloc(12 + payload.length);
    this.sequence = (this.sequence + 1) & 0xffff;
    writeRtpHeader(packet, 0, payloadType, { sequence: this.sequence, timestamp: this.timestamp, marker }, this.ssrc);
    packet.set(payload, 12);
    const sent = this.sender === null ? packet : this.sender.protect(packet);
    if (sent !== null) this.sendRaw(sent);
  }

  sendRaw(packet: Uint8Array): void {
    this.sent.push(Buffer.from(packet));
    if (this.target !== null) this.socket.send(packet, this.target.port, this.target.address);
  }

  /**
   * Speaks a sound (G.711 bytes), over and over, until told otherwise. Like a sound card, it does not wait for a machine that
   * stalls: what could not be said in time is not said, and the timestamp counts it.
   */
  talk(sound: Uint8Array, payloadType = 0): void {
    this.hush();
    const beganMs = performance.now();
    const beganAt = this.timestamp;
    let frames = 0;
    let timer: NodeJS.Timeout;
    const turn = (): void => {
      const due = Math.floor((performance.now() - beganMs) / 20) + 1;
      if (due - frames > 5) frames = due - 1;
      for (; frames < due; frames++) {
        const frame = Uint8Array.from({ length: 160 }, (_, i) => sound[(frames * 160 + i) % sound.length]!);
        this.timestamp = (beganAt + frames * 160) >>> 0;
        this.send(payloadType, frame);
      }
      timer = setTimeout(turn, Math.max(1, Math.ceil(beganMs + frames * 20 - performance.now())));
    };
    turn();
    this.stopTalking = () => clearTimeout(timer);
  }

  hush(): void {
    this.stopTalking?.();
    this.stopTalking = null;
  }

  /** What was heard as linear samples, laid out by timestamp from the first packet on. */
  sound(): Float32Array {
    const audio = this.heard.filter(({ header }) => codecOf(header.payloadType) !== null);
    const first = audio[0];
    if (first === undefined) return new Float32Array();
    const at = (heard: HeardByPeer): number => ticksApart(heard.header.timestamp, first.header.timestamp);
    const length = Math.max(...audio.map((heard) => at(heard) + heard.payload.length));
    const samples = new Float32Array(length);
    for (const heard of audio) {
      const table = linearTable(codecOf(heard.header.payloadType)!);
      heard.payload.forEach((byte, i) => {
        if (at(heard) >= 0) samples[at(heard) + i] = table[byte]! / 32_768;
      });
    }
    return samples;
  }

  /** From the first packet heard to the last: what their numbers claim, and what was. */
  span(): { packets: number; numbered: number; countedMs: number; passedMs: number } {
    const [first, last] = [this.heard[0], this.heard.at(-1)];
    if (first === undefined || last === undefined) return { packets: 0, numbered: 0, countedMs: 0, passedMs: 0 };
    return {
      packets: this.heard.length,
      numbered: sequencesApart(last.header.sequence, first.header.sequence) + 1,
      countedMs: ticksApart(last.header.timestamp, first.header.timestamp) / 8,
      passedMs: last.atMs - first.atMs,
    };
  }

  close(): void {
    this.hush();
    this.socket.close();
  }
}
