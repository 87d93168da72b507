/**
 * A carrier for tests that need a hand on every moment of a call that the house places: a bare SIP user agent over UDP with real
 * RTP. No proof of interoperability (that is baresip's and sipp's part).
 */
import { createSocket, type Socket } from 'node:dgram';
import { RtpPeer } from '../../media/testing/rtp-peer.js';
import { ScriptedCaller } from './scripted-caller.js';
import { toneFrame } from './tone.js';

export class ScriptedCarrier {
  /** Whom it was asked for, in order. */
  readonly callees: ScriptedCallee[] = [];
  private readonly sip: Socket;

  private constructor(sip: Socket, hz: number) {
    this.sip = sip;
    sip.on('error', () => undefined);
    sip.on('message', (data, from) => {
      const text = data.toString();
      const id = headerOf(text, 'call-id');
      const known = this.callees.find((callee) => callee.id === id);
      if (known !== undefined) return known.take(text);
      if (!text.startsWith('INVITE ')) return;
      const say = (words: string) => sip.send(words, from.port, from.address);
      this.callees.push(new ScriptedCallee(text, hz, sip.address().port, say));
    });
  }

  static async open(sipPort: number, hz: number): Promise<ScriptedCarrier> {
    const sip = createSocket('udp4');
    await new Promise<void>((resolve, reject) => {
      sip.once('error', reject);
      sip.bind(sipPort, '127.0.0.1', resolve);
    });
    return new ScriptedCarrier(sip, hz);
  }

  close(): void {
    for (const callee of this.callees) callee.close();
    this.sip.close();
  }
}

export class ScriptedCallee {
  readonly id: string;
  /** `called`, `cancelled`, `ended` (BYE). */
  readonly told: string[] = ['called'];
  /** Who was asked for. */
  readonly number: string;
  audio: RtpPeer | null = null;
  private readonly invite: string;
  private readonly hz: number;
  private readonly port: number;
  private readonly say: (words: string) => void;
  private last = '';
  private cseq = 0;
  private resend: NodeJS.Timeout | null = null;

  constructor(invite: string, hz: number, port: number, say: (words: string) => void) {
    this.invite = invite;
    this.hz = hz;
    this.port = port;
    this.say = say;
    this.id = headerOf(invite, 'call-id');
    this.number = /^INVITE sip:([^@]*)@/.exec(invite)?.[1] ?? '';
    this.reply(100);
  }

  /** `early`: with a sound of the network's. */
  async rings(early = false): Promise<void> {
    if (early) await this.speak();
    this.reply(early ? 183 : 180, early);
  }
  async answers(): Promise<void> {
    await this.speak();
    const send = (waitMs: number): void => {
      this.reply(200, true);
      this.resend = setTimeout(() => send(waitMs * 2), waitMs); // until the ACK (RFC 3261 §13.3.1.4)
    };
    send(500);
  }
  refuses(status: number): void {
    this.audio?.hush();
    this.reply(status);
  }
  hangUp(): void {
    const { invite } = this;
    const target = /<(.*?)>/.exec(headerOf(invite, 'contact'))?.[1] ?? '';
    const bye = [
      `BYE ${target} SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${this.port};branch=z9hG4bK${this.id.slice(0, 8)}${++this.cseq};rport`,
      'Max-Forwards: 70',
      `From: ${headerOf(invite, 'to')};tag=scripted`,
      `To: ${headerOf(invite, 'from')}`,
      `Call-ID: ${this.id}`,
      `CSeq: ${this.cseq} BYE`,
      'Content-Length: 0',
    ];
    this.audio?.hush();
    this.say([...bye, '', ''].join('\r\n'));
  }

  take(text: string): void {
    if (text.startsWith('INVITE ')) return this.say(this.last); // a copy
    if (text.startsWith('ACK ')) return this.calm();
    if (text.startsWith('CANCEL ')) {
      this.answer(text, 200);
      this.reply(487);
      this.audio?.hush();
      this.tell('cancelled');
    } else if (text.startsWith('BYE ')) {
      this.answer(text, 200);
      this.audio?.hush();
      this.tell('ended');
    }
  }

  close(): void {
    this.calm();
    this.audio?.close();
  }

  private async speak(): Promise<void> {
    this.audio ??= await RtpPeer.open();
    const port = Number(/^m=audio (\d+)/m.exec(this.invite)?.[1] ?? 0);
    this.audio.aim({ address: '127.0.0.1', port });
    this.audio.talk(toneFrame(this.hz));
  }
  private calm(): void {
    if (this.resend !== null) clearTimeout(this.resend);
    this.resend = null;
  }
  private tell(what: string): void {
    if (this.told.at(-1) !== what) this.told.push(what);
  }
  private reply(status: number, sdp = false): void {
    const body = sdp && this.audio !== null ? ScriptedCaller.offer(this.audio.port) : '';
    this.last = this.answer(this.invite, status, body);
  }
  private answer(request: string, status: number, body = ''): string {
    const via = [...request.matchAll(/^via\s*:.*$/gim)].map(([line]) => line.trim());
    const to = headerOf(request, 'to');
    const tagged = to.includes(';tag=') || status === 100 ? to : `${to};tag=scripted`;
    const text = [
      ...[`SIP/2.0 ${status} x`, ...via, `From: ${headerOf(request, 'from')}`, `To: ${tagged}`],
      ...[`Call-ID: ${this.id}`, `CSeq: ${headerOf(request, 'cseq')}`, `Contact: <sip:callee@127.0.0.1:${this.port}>`],
      ...(body === '' ? [] : ['Content-Type: application/sdp']),
      ...[`Content-Length: ${body.length}`, '', body],
    ].join('\r\n');
    this.say(text);
    return text;
  }
}

const headerOf = (text: string, name: string): string =>
  new RegExp(`^${name}\\s*:\\s*(.*?)\\s*$`, 'im').exec(text)?.[1] ?? '';
