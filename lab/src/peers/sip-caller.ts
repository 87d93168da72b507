/**
 * A customer's telephone of 200 lines for runs that need many calls quickly and a hand on every moment: a bare SIP user agent
 * over UDP. It is no proof of interoperability (baresip and sipp are); it is a way to be killed at, and to hang up, on time.
 */
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { longestPauseMs } from './gaps.js';
import { until } from './process.js';

export type CallerState = 'new' | 'calling' | 'ringing' | 'talking' | 'ended';

export interface CallerEnd {
  at: number;
  /** `bye`: they hung up. A number: the final refusal. `hung-up`, `cancelled`: we did. */
  because: 'bye' | 'hung-up' | 'cancelled' | number;
}

export class SipCaller {
  state: CallerState = 'new';
  readonly times: Partial<Record<CallerState, number>> = {};
  end: CallerEnd | null = null;
  /** What the refusal said about when to come again. */
  retryAfterS: number | null = null;
  /** RTP packets heard so far, and when the last one came. */
  heard = { packets: 0, lastAt: 0 };
  readonly #arrivals: number[] = [];
  readonly #sip: Socket;
  readonly #rtp: Socket;
  readonly #target: { host: string; port: number; number: string };
  readonly #number: string;
  readonly #callId = `${randomBytes(8).toString('hex')}@lab`;
  readonly #tag = randomBytes(4).toString('hex');
  readonly #branch = `z9hG4bK${randomBytes(8).toString('hex')}`;
  #to = '';
  #contact = '';
  #timer: NodeJS.Timeout | null = null;
  #talk: NodeJS.Timeout | null = null;

  private constructor(number: string, target: SipCaller['target'], sip: Socket, rtp: Socket) {
    this.#number = number;
    this.#target = target;
    this.#sip = sip;
    this.#rtp = rtp;
    sip.on('message', (data) => this.#take(data.toString()));
    rtp.on('message', () => {
      this.heard = { packets: this.heard.packets + 1, lastAt: Date.now() };
      this.#arrivals.push(performance.timeOrigin + performance.now());
    });
    for (const socket of [sip, rtp]) socket.on('error', () => undefined);
  }

  get target() {
    return this.#target;
  }

  static async make(number: string, target: { host: string; port: number; number: string }): Promise<SipCaller> {
    const sockets = [createSocket('udp4'), createSocket('udp4')] as const;
    for (const socket of sockets) {
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
    }
    return new SipCaller(number, target, ...sockets);
  }

  dial(): void {
    const sdp = [
      'v=0',
      'o=- 1 1 IN IP4 127.0.0.1',
      's=-',
      'c=IN IP4 127.0.0.1',
      't=0 0',
      `m=audio ${this.#rtp.address().port} RTP/AVP 0`,
      'a=rtpmap:0 PCMU/8000',
      'a=ptime:20',
      '',
    ].join('\r\n');
    this.#enter('calling');
    const send = (waitMs: number) => {
      if (this.state !== 'calling' || waitMs > 16_000) return;
      this.#request('INVITE', 1, this.#branch, sdp);
      this.#timer = setTimeout(() => send(waitMs * 2), waitMs); // timer A of RFC 3261 §17.1.1.2
    };
    send(500);
  }

  hangUp(): void {
    if (this.state === 'talking') {
      this.#request('BYE', 2, `${this.#branch}b`);
      this.#finish('hung-up');
    } else if (this.state === 'calling' || this.state === 'ringing') {
      this.#request('CANCEL', 1, this.#branch);
      this.#finish('cancelled');
    }
  }

  async reaches(state: CallerState, withinMs = 15_000): Promise<number> {
    const reached = () => this.times[state] ?? null;
    return until(`the caller ${state}`, reached, { withinMs, everyMs: 5 }).catch((error: unknown) => {
      throw new Error(`${String(error)}; is ${this.state} ${this.end?.because ?? ''}`, { cause: error });
    });
  }

  /** The longest time between two packets heard in a stretch, its ends included: ms of these epoch moments. */
  gapMs(from: number, to: number): number {
    return longestPauseMs(this.#arrivals, from, to);
  }

  /** When the first packet after this moment was heard, epoch ms with fractions. */
  firstHeardSince(moment: number): number | undefined {
    return this.#arrivals.find((at) => at >= moment);
  }

  close(): void {
    if (this.#timer) clearTimeout(this.#timer);
    if (this.#talk) clearInterval(this.#talk);
    this.#sip.close();
    this.#rtp.close();
  }

  #enter(state: CallerState): void {
    this.state = state;
    this.times[state] ??= Date.now();
  }

  #finish(because: CallerEnd['because']): void {
    if (this.end) return;
    this.end = { at: Date.now(), because };
    this.#enter('ended');
    if (this.#talk) clearInterval(this.#talk);
  }

  #send(text: string): void {
    this.#sip.send(text, this.#target.port, this.#target.host);
  }

  #request(method: string, cseq: number, branch: string, body = ''): void {
    const { host, port, number } = this.#target;
    const uri = `sip:${number}@${host}:${port}`;
    const mine = `127.0.0.1:${this.#sip.address().port}`;
    const inDialog = method === 'ACK' || method === 'BYE';
    this.#send(
      [
        `${method} ${inDialog && this.#contact !== '' ? this.#contact : uri} SIP/2.0`,
        `Via: SIP/2.0/UDP ${mine};branch=${branch};rport`,
        'Max-Forwards: 70',
        `From: <sip:${this.#number}@${mine}>;tag=${this.#tag}`,
        `To: ${method === 'INVITE' || method === 'CANCEL' ? `<${uri}>` : this.#to}`,
        `Call-ID: ${this.#callId}`,
        `CSeq: ${cseq} ${method}`,
        `Contact: <sip:${this.#number}@${mine}>`,
        ...(body === '' ? [] : ['Content-Type: application/sdp']),
        `Content-Length: ${body.length}`,
        '',
        body,
      ].join('\r\n'),
    );
  }

  #take(text: string): void {
    const header = (name: string) => new RegExp(`^${name}\\s*:\\s*(.*?)\\s*$`, 'im').exec(text)?.[1] ?? '';
    const status = /^SIP\/2\.0 (\d{3})/.exec(text)?.[1];
    if (status === undefined) {
      const via = [...text.matchAll(/^via\s*:.*$/gim)].map(([line]) => line);
      const answer = ['SIP/2.0 200 OK', ...via, `From: ${header('from')}`, `To: ${header('to')}`];
      answer.push(`Call-ID: ${header('call-id')}`, `CSeq: ${header('cseq')}`, 'Content-Length: 0', '', '');
      if (!text.startsWith('ACK ')) this.#send(answer.join('\r\n'));
      if (text.startsWith('BYE ')) this.#finish('bye');
      return;
    }
    if (!header('cseq').endsWith('INVITE')) return;
    const code = Number(status);
    if (this.#timer) clearTimeout(this.#timer);
    if (code < 200) {
      if (code >= 180 && this.state === 'calling') this.#enter('ringing');
      return;
    }
    this.#to = header('to');
    if (code < 300) {
      this.#contact = /<(.*?)>/.exec(header('contact'))?.[1] ?? '';
      this.#request('ACK', 1, `${this.#branch}a`);
      if (this.state === 'ended') this.#request('BYE', 2, `${this.#branch}b`); // our CANCEL and their 200 crossed
      else if (this.state !== 'talking') this.#startTalking(text);
      return;
    }
    this.#request('ACK', 1, this.#branch);
    this.retryAfterS = Number.parseInt(header('retry-after'), 10) || null;
    this.#finish(code);
  }

  #startTalking(answer: string): void {
    this.#enter('talking');
    const port = Number(/^m=audio (\d+)/m.exec(answer)?.[1] ?? 0);
    const host = /^c=IN IP4 (\S+)/m.exec(answer)?.[1] ?? '127.0.0.1';
    const packet = Buffer.alloc(172, 0xd5);
    packet[0] = 0x80;
    packet[1] = 0;
    randomBytes(4).copy(packet, 8);
    let n = 0;
    this.#talk = setInterval(() => {
      packet.writeUInt16BE(n & 0xffff, 2);
      packet.writeUInt32BE((n * 160) >>> 0, 4);
      n++;
      this.#rtp.send(packet, port, host);
    }, 20);
  }
}
