/**
 * A customer's telephone that nobody here wrote: baresip, told what to do over its control socket.
 *
 * It plays a WAV file as its microphone and keeps what it sent and heard. `at` of its events is the moment its control socket
 * told us, on this machine's clock; baresip writes an event before it goes on, so this lags by well under a millisecond.
 */
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { freePorts } from './ports.js';
import { run, sleep, until, type Running } from './process.js';

export interface BaresipOptions {
  folder: string;
  /** Where it listens, for somebody who was told before it was there; any free port when left out. */
  sipPort?: number;
  /** The caller's number, as it goes into From. */
  number: string;
  displayName?: string;
  transport?: 'udp' | 'tcp' | 'tls';
  /** TLS: PEM files of its own certificate with its key, and of the authorities it believes. */
  tls?: { certificate: string; authorities: string };
  /** 127.0.0.1 when left out. */
  address?: '127.0.0.1' | '::1';
  /** What it answers when it is asked for a password. */
  account?: { user: string; password: string };
  /** 16-bit mono WAV of 8 kHz: what the caller says, from the moment of the answer on. */
  says: string;
  codec?: 'PCMU' | 'PCMA';
  answers?: boolean;
  /** Encrypts with keys in the SDP: `optional` on RTP/AVP, `required` on RTP/SAVP. */
  srtp?: 'optional' | 'required';
  /** How much sound goes into a packet; 20 when left out. */
  ptimeMs?: number;
}

const mediaEncryption = { none: '', optional: ';mediaenc=srtp', required: ';mediaenc=srtp-mand' } as const;

export interface BaresipEvent {
  type: string;
  at: number;
  param: string;
  id: string;
}

export class Baresip {
  readonly events: BaresipEvent[] = [];
  readonly sipPort: number;
  readonly #options: BaresipOptions;
  readonly #process: Running;
  readonly #control: Socket;
  readonly #recordings: string;
  readonly #replies = new Map<string, (reply: { ok: boolean; data: string }) => void>();
  #token = 0;

  private constructor(options: BaresipOptions, sipPort: number, process: Running, control: Socket, recordings: string) {
    this.#options = options;
    this.sipPort = sipPort;
    this.#process = process;
    this.#control = control;
    this.#recordings = recordings;
    readNetstrings(control, (message) => this.#take(message));
  }

  static async start(options: BaresipOptions): Promise<Baresip> {
    const transport = options.transport ?? 'udp';
    const recordings = join(options.folder, 'recorded');
    rmSync(options.folder, { recursive: true, force: true });
    mkdirSync(recordings, { recursive: true });
    const sipPort = options.sipPort ?? (await freePorts('sip'));
    const control = await freePorts('control');
    const rtp = await freePorts('rtp', 20);
    const host = options.address === '::1' ? '[::1]' : '127.0.0.1';
    const text = config({ sipPort, control, rtp, recordings, says: options.says, host, tls: options.tls });
    writeFileSync(join(options.folder, 'config'), text);
    const name = options.displayName === undefined ? '' : `"${options.displayName}" `;
    const user = `${name}<sip:${options.number}@${host}:${sipPort};transport=${transport}>`;
    writeFileSync(
      join(options.folder, 'accounts'),
      `${user};regint=0;audio_codecs=${options.codec ?? 'PCMU'}/8000/1;dtmfmode=rtpevent` +
        (options.answers ? ';answermode=auto' : '') +
        (options.account ? `;auth_user=${options.account.user};auth_pass=${options.account.password}` : '') +
        mediaEncryption[options.srtp ?? 'none'] +
        `${options.ptimeMs === undefined ? '' : `;ptime=${options.ptimeMs}`}\n`,
    );
    writeFileSync(join(options.folder, 'contacts'), '');
    const process = run('baresip', [options.address === '::1' ? '-6' : '-4', '-f', options.folder], {
      cwd: options.folder,
    });
    try {
      const socket = await until('baresip’s control socket', () => tryConnect(control), { withinMs: 8000 });
      return new Baresip(options, sipPort, process, socket, recordings);
    } catch (error) {
      await process.stop();
      throw new Error(`baresip did not start:\n${process.log()}`, { cause: error });
    }
  }

  /** Dials; `outgoing` is the moment the INVITE left. */
  async dial(target: { number: string; host: string; port: number }): Promise<{ outgoing: number }> {
    const over = this.#options.transport ?? 'udp';
    const transport = over === 'udp' ? '' : `;transport=${over}`;
    const host = target.host.includes(':') ? `[${target.host}]` : target.host;
    const outgoing = Date.now();
    await this.command('dial', `sip:${target.number}@${host}:${target.port}${transport}`);
    return { outgoing };
  }

  /** Answers the call that rings. */
  async answer(): Promise<void> {
    await this.command('accept');
  }

  /** Ends the call; one that rings is refused (486). */
  async hangUp(): Promise<void> {
    await this.command('hangup');
  }

  async digit(digit: string): Promise<void> {
    await this.command('sndcode', digit);
  }

  /** The first event of this type after the `since`-th event; waits for one that has not come yet. */
  async event(type: string, { withinMs = 10_000, since = 0 } = {}): Promise<BaresipEvent> {
    const find = () => this.events.slice(since).find((event) => event.type === type);
    return until(`baresip’s ${type}`, find, { withinMs, everyMs: 5 }).catch((error: unknown) => {
      const told = this.events.map((event) => event.type).join(' ') || 'nothing';
      throw new Error(`${String(error)}; it told ${told}`, { cause: error });
    });
  }

  has(type: string): boolean {
    return this.events.some((event) => event.type === type);
  }

  /** What it heard in its calls so far, in order: complete when the call is over. */
  heard(): string[] {
    return this.#files('-dec.wav');
  }

  /** What it sent, sample by sample. */
  sent(): string[] {
    return this.#files('-enc.wav');
  }

  #files(ending: string): string[] {
    return readdirSync(this.#recordings)
      .filter((file) => file.endsWith(ending))
      .map((file) => join(this.#recordings, file))
      .toSorted((a, b) => statSync(a).birthtimeMs - statSync(b).birthtimeMs);
  }

  async command(command: string, params = ''): Promise<string> {
    const token = String(++this.#token);
    const text = JSON.stringify({ command, params, token });
    const reply = new Promise<{ ok: boolean; data: string }>((resolve, reject) => {
      this.#replies.set(token, resolve);
      setTimeout(() => reject(new Error(`baresip did not answer ${command}`)), 5000).unref();
    });
    this.#control.write(`${Buffer.byteLength(text)}:${text},`);
    const { ok, data } = await reply;
    if (!ok) throw new Error(`baresip refused ${command}: ${data}`);
    return data;
  }

  log(): string {
    return this.#process.log();
  }

  async stop(): Promise<void> {
    await this.command('quit').catch(() => undefined);
    await Promise.race([this.#process.exited, sleep(2000)]);
    await this.#process.stop(500);
    this.#control.destroy();
  }

  #take(text: string): void {
    const at = Date.now();
    const message = JSON.parse(text) as Record<string, unknown>;
    if (message['event'] === true) {
      this.events.push({ type: str(message['type']), at, param: str(message['param']), id: str(message['id']) });
    } else if (message['response'] === true) {
      const token = str(message['token']);
      this.#replies.get(token)?.({ ok: message['ok'] === true, data: str(message['data']) });
      this.#replies.delete(token);
    }
  }
}

const str = (value: unknown): string => (typeof value === 'string' ? value : '');

function tryConnect(port: number): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(null));
  });
}

/** `<length>:<bytes>,` (netstrings), cut anywhere by TCP. */
function readNetstrings(socket: Socket, take: (text: string) => void): void {
  let held = Buffer.alloc(0);
  socket.on('error', () => undefined); // it goes away with its process
  socket.on('data', (data) => {
    held = Buffer.concat([held, typeof data === 'string' ? Buffer.from(data) : data]);
    for (;;) {
      const colon = held.indexOf(0x3a);
      if (colon < 0) return;
      const length = Number(held.toString('latin1', 0, colon));
      if (held.length < colon + length + 2) return;
      take(held.toString('utf8', colon + 1, colon + 1 + length));
      held = held.subarray(colon + length + 2);
    }
  });
}

function config(of: {
  sipPort: number;
  control: number;
  rtp: number;
  recordings: string;
  says: string;
  host: string;
  tls: BaresipOptions['tls'];
}): string {
  const tls = of.tls === undefined ? '' : `sip_certificate ${of.tls.certificate}\nsip_cafile ${of.tls.authorities}\n`;
  return `poll_method             epoll
sip_listen              ${of.host}:${of.sipPort}
${tls}sip_trans_bsize         128
audio_path              /usr/share/baresip
audio_player            aubridge,sink
audio_source            aufile,${of.says}
audio_alert             aubridge,alert
ausrc_srate             8000
auplay_srate            8000
audio_level             no
ausrc_format            s16
auplay_format           s16
auenc_format            s16
audec_format            s16
rtp_tos                 184
rtp_ports               ${of.rtp}-${of.rtp + 19}
rtcp_mux                no
jitter_buffer_delay     1-5
rtp_stats               yes
module_path             /usr/lib/baresip/modules
module                  g711.so
module                  aufile.so
module                  aubridge.so
module                  sndfile.so
module                  srtp.so
snd_path                ${of.recordings}
module_tmp              uuid.so
module_tmp              account.so
module_app              auloop.so
module_app              menu.so
module_app              ctrl_tcp.so
ctrl_tcp_listen         127.0.0.1:${of.control}
`;
}
