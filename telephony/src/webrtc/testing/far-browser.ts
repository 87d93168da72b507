import type { DatagramSocket, Endpoint } from '../../net/datagrams/index.js';
import { SrtpReceiver, SrtpSender } from '../../rtp/index.js';
import { HmacSha1 } from '../../rtp/srtp/sha1.js';
import { Association } from '../../sctp/index.js';
import { makeCertificate } from '../dtls/certificate.js';
import { DtlsConnection, type SrtpMasters } from '../dtls/connection.js';
import { DtlsContext } from '../dtls/context.js';
import { loadOpenSsl } from '../dtls/openssl.js';
import { isStun, readStun, stunAttributes, StunWriter, type StunMessage } from '../ice/stun.js';
import type { Air } from './air.js';
import { offerWith } from './offer.js';

export const context = new DtlsContext(loadOpenSsl(), makeCertificate(Date.now()), 'client');
const suite = 'AES_CM_128_HMAC_SHA1_80';

/** A browser of which each step is taken by hand, through the air. */
export class FarBrowser {
  readonly air: Air;
  at: Endpoint;
  to: Endpoint;
  readonly offer: string;
  readonly answered: StunMessage[] = [];
  readonly heard: Buffer[] = [];
  readonly texts: string[] = [];
  ended: string[] = [];
  keys: SrtpMasters | null = null;
  sender: SrtpSender | null = null;
  dtls: DtlsConnection;
  private readonly receive: (bytes: Buffer) => void;
  private receiver: SrtpReceiver | null = null;
  private association: Association | null = null;
  private ours = { ufrag: '', password: new HmacSha1(new Uint8Array(1)) };
  private sequence = 0;

  private constructor(air: Air, at: Endpoint, to: Endpoint, change: (offer: string) => string) {
    this.air = air;
    this.at = at;
    this.to = to;
    this.offer = change(offerWith(context.fingerprint));
    this.receive = (bytes) => this.arrived(bytes);
    this.dtls = new DtlsConnection(context, 'client', () => true, {
      send: (packet) => air.send(packet, this.at, this.to),
      connected: (keys) => {
        this.keys = keys;
        this.sender = new SrtpSender(suite, keys.ours);
        this.receiver = new SrtpReceiver(suite, keys.theirs);
      },
      data: (data) => this.association?.receive(data),
      ended: (because) => void this.ended.push(because),
    });
  }

  static async open(air: Air, at: Endpoint, to: Endpoint, change = (offer: string) => offer): Promise<FarBrowser> {
    const browser = new FarBrowser(air, at, to, change);
    await browser.listen(at);
    return browser;
  }

  /** Goes to another address, as a telephone that leaves its Wi-Fi. */
  async move(at: Endpoint): Promise<void> {
    await this.listen(at);
    this.at = at;
  }

  answer(sdp: string): void {
    const of = (name: string): string => new RegExp(`a=${name}:(\\S+)`).exec(sdp)?.[1] ?? '';
    this.ours = { ufrag: of('ice-ufrag'), password: new HmacSha1(Buffer.from(of('ice-pwd'))) };
  }

  check({ nominates = true, from = this.at, password = this.ours.password } = {}): void {
    const writer = new StunWriter('request', Buffer.from('a check, one'));
    writer.add(stunAttributes.username, Buffer.from(`${this.ours.ufrag}:theirs`));
    // What Chromium has over a TCP relay: a tie-breaker of zero.
    writer.add(stunAttributes.controlling, new Uint8Array(8));
    if (nominates) writer.add(stunAttributes.useCandidate, new Uint8Array());
    this.air.send(writer.sign(password).finish(), from, this.to);
  }

  /** All that is between an answer and audio. */
  connect(): void {
    this.check();
    this.air.carry();
    this.dtls.begin();
    this.air.carry();
  }

  openChannel(now: () => number): void {
    this.association = new Association({
      now,
      random: (bytes) => Buffer.alloc(bytes, 7),
      send: (packet) => void this.dtls.send(packet),
      opened: () => undefined,
      message: (channel, text) => {
        this.texts.push(text);
        this.association?.say(channel, text);
      },
      closed: () => undefined,
    });
    this.association.begin();
    this.air.carry();
    this.association.open(0, 'ctl');
    this.air.carry();
  }

  endChannel(): void {
    this.association?.close();
  }

  /** @returns what was sent */
  say(level = 0x55): Buffer {
    const packet = Buffer.alloc(172, level);
    packet.writeUInt32BE(0x8000_0000 + (++this.sequence & 0xffff), 0);
    packet.writeUInt32BE(this.sequence * 160, 4);
    packet.writeUInt32BE(4_242, 8);
    const sent = Buffer.from(this.sender?.protect(packet) ?? packet);
    this.air.send(sent, this.at, this.to);
    return sent;
  }

  private async listen(at: Endpoint): Promise<void> {
    const socket: DatagramSocket = await this.air.bind(at);
    socket.listen(this.receive);
  }

  private arrived(bytes: Buffer): void {
    const first = bytes[0] ?? 0;
    if (isStun(first)) {
      const message = readStun(bytes);
      if (message !== null) this.answered.push(message);
    } else if (first < 64) this.dtls.receive(bytes);
    else {
      const plain = this.receiver?.unprotect(bytes) ?? null;
      if (plain !== null) this.heard.push(Buffer.from(plain));
    }
  }
}
