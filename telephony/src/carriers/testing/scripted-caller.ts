/**
 * A customer's telephone for tests that need a hand on every moment: a bare SIP user agent over UDP with real RTP. No proof of
 * interoperability (that is baresip's and sipp's part).
 */
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { RtpPeer } from '../../media/testing/rtp-peer.js';
import { toneFrame } from './tone.js';

type Target = { address: string; port: number };

export class ScriptedCaller {
  /** Final statuses as figures: `ringing`, `answered`, `bye`, `404` … in order. */
  readonly told: string[] = [];
  /** Our answer, once there is one. */
  answer = '';
  /** Reason header of their BYE. */
  reason = '';
  readonly audio: RtpPeer;
  private readonly sip: Socket;
  private readonly target: Target;
  private readonly user: string | null;
  private readonly number: string;
  private readonly id = randomBytes(8).toString('hex');
  private to = '';
  private contact = '';
  private cseq = 1;
  private resend: NodeJS.Timeout | null = null;
  private readonly hz: number;

  private constructor(sip: Socket, audio: RtpPeer, from: string | null, to: string, target: Target, hz: number) {
    this.sip = sip;
    this.audio = audio;
    this.user = from;
    this.number = to;
    this.target = target;
    this.hz = hz;
    sip.on('error', () => undefined);
    sip.on('message', (data) => this.take(data.toString()));
  }

  static async dial(
    call: { from: string | null; to: string; sipPort: number; rtpPort: number; hz: number },
    target: Target,
    offer: (port: number) => string | null = ScriptedCaller.offer,
  ): Promise<ScriptedCaller> {
    const sip = createSocket('udp4');
    await new Promise<void>((resolve, reject) => {
      sip.once('error', reject);
      sip.bind(call.sipPort, '127.0.0.1', resolve);
    });
    const caller = new ScriptedCaller(sip, await RtpPeer.open(call.rtpPort), call.from, call.to, target, call.hz);
    const body = offer(caller.audio.port) ?? '';
    const send = (waitMs: number): void => {
      caller.request('INVITE', 1, '', body);
      caller.resend = setTimeout(() => send(waitMs * 2), waitMs); // timer A (RFC 3261 §17.1.1.2)
    };
    send(500);
    return caller;
  }

  static offer(this: void, port: number, direction = 'sendrecv'): string {
    return [
      'v=0',
      `o=- 1 ${Date.now()} IN IP4 127.0.0.1`,
      's=-',
      'c=IN IP4 127.0.0.1',
      't=0 0',
      `m=audio ${port} RTP/AVP 0 101`,
      'a=rtpmap:101 telephone-event/8000',
      `a=${direction}`,
      '',
    ].join('\r\n');
  }

  cancel(): void {
    this.request('CANCEL', 1);
  }
  bye(): void {
    this.request('BYE', ++this.cseq, 'bye');
  }
  /** The button of the telephone. */
  hangUp(): void {
    if (this.told.includes('answered')) this.bye();
    else this.cancel();
  }
  reinvite(sdp: string): void {
    this.request('INVITE', ++this.cseq, `re${this.cseq}`, sdp);
  }
  /** One RFC 4733 digit: three packets of it and three ends, all with one timestamp. */
  press(digit: string): void {
    const event = '0123456789*#ABCD'.indexOf(digit);
    this.audio.timestamp = (this.audio.timestamp + 1_600) >>> 0;
    for (let i = 1; i <= 6; i++) {
      const duration = Math.min(i, 4) * 160;
      this.audio.send(101, Uint8Array.of(event, (i > 3 ? 0x80 : 0) | 10, duration >> 8, duration & 0xff), i === 1);
    }
  }

  close(): void {
    if (this.resend !== null) clearTimeout(this.resend);
    this.audio.close();
    this.sip.close();
  }

  private request(method: string, cseq: number, branch = '', body = ''): void {
    const { address, port } = this.target;
    const mine = `127.0.0.1:${this.sip.address().port}`;
    const uri = `sip:${encodeURIComponent(this.number)}@${address}:${port}`;
    const from = this.user === null ? 'sip:anonymous@anonymous.invalid' : `sip:${this.user}@${mine}`;
    const inDialog = method === 'ACK' || method === 'BYE' || cseq > 1;
    const text = [
      `${method} ${inDialog && this.contact !== '' ? this.contact : uri} SIP/2.0`,
      `Via: SIP/2.0/UDP ${mine};branch=z9hG4bK${this.id}${branch};rport`,
      'Max-Forwards: 70',
      `From: <${from}>;tag=${this.id}`,
      `To: ${inDialog ? this.to : `<${uri}>`}`,
      `Call-ID: ${this.id}@scripted`,
      `CSeq: ${cseq} ${method}`,
      `Contact: <sip:caller@${mine}>`,
      ...(body === '' ? [] : ['Content-Type: application/sdp']),
      `Content-Length: ${body.length}`,
      '',
      body,
    ];
    this.sip.send(text.join('\r\n'), port, address);
  }

  private take(text: string): void {
    const header = (name: string) => new RegExp(`^${name}\\s*:\\s*(.*?)\\s*$`, 'im').exec(text)?.[1] ?? '';
    const status = Number(/^SIP\/2\.0 (\d{3})/.exec(text)?.[1] ?? 0);
    if (status === 0) return this.obey(text, header);
    const [cseq = '', method] = header('cseq').split(' ');
    if (method !== 'INVITE') return;
    if (this.resend !== null) clearTimeout(this.resend);
    if (status < 200) {
      if (status === 180) this.tell('ringing');
      return;
    }
    this.to = header('to');
    if (status >= 300) {
      this.request('ACK', Number(cseq), Number(cseq) === 1 ? '' : `re${cseq}`);
      return this.tell(String(status));
    }
    this.contact = /<(.*?)>/.exec(header('contact'))?.[1] ?? this.contact;
    this.answer = text.slice(text.indexOf('\r\n\r\n') + 4);
    this.request('ACK', Number(cseq), `ack${cseq}`);
    if (Number(cseq) > 1) return this.tell('reanswered');
    if (this.told.includes('answered')) return; // a 200 again: our ACK crossed it
    this.tell('answered');
    const port = Number(/^m=audio (\d+)/m.exec(this.answer)?.[1] ?? 0);
    this.audio.aim({ address: '127.0.0.1', port });
    this.audio.talk(toneFrame(this.hz));
  }

  private obey(text: string, header: (name: string) => string): void {
    if (text.startsWith('ACK ')) return;
    const via = [...text.matchAll(/^via\s*:.*$/gim)].map(([line]) => line.trim());
    const copied = ['From', 'To', 'Call-ID', 'CSeq'].map((name) => `${name}: ${header(name)}`);
    const answer = ['SIP/2.0 200 OK', ...via, ...copied, 'Content-Length: 0', '', ''];
    this.sip.send(answer.join('\r\n'), this.target.port, this.target.address);
    if (!text.startsWith('BYE ')) return;
    this.reason = header('reason');
    this.audio.hush();
    this.tell('bye');
  }

  private tell(what: string): void {
    if (what !== 'ringing' || this.told.at(-1) !== 'ringing') this.told.push(what);
  }
}
