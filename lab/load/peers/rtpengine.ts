/** Debian's rtpengine in userspace, driven over its ng protocol (bencode over UDP). GPL-3, a process of its own: a peer, not a part. */
import { createSocket } from 'node:dgram';
import { missing, sleep, type Running } from '../../src/peers/process.js';
import { generatorPort } from '../generator.js';
import { pinned, testedCore } from '../pinned.js';

type Value = string | number | Value[] | { [key: string]: Value };
type Reply = Record<string, Value>;

const text = (value: Value | undefined): string => (typeof value === 'string' ? value : '');

function encode(value: Value): string {
  if (typeof value === 'number') return `i${value}e`;
  if (typeof value === 'string') return `${Buffer.byteLength(value)}:${value}`;
  if (Array.isArray(value)) return `l${value.map(encode).join('')}e`;
  return `d${Object.keys(value)
    .toSorted()
    .map((key) => encode(key) + encode(value[key] ?? ''))
    .join('')}e`;
}

function decode(bytes: string): Value {
  let at = 0;
  const read = (): Value => {
    const kind = bytes[at];
    if (kind === 'i') {
      const end = bytes.indexOf('e', at);
      const number = Number(bytes.slice(at + 1, end));
      at = end + 1;
      return number;
    }
    if (kind === 'l' || kind === 'd') {
      at++;
      const items: Value[] = [];
      while (bytes[at] !== 'e') items.push(read());
      at++;
      if (kind === 'l') return items;
      const pairs: [string, Value][] = [];
      for (let i = 0; i + 1 < items.length; i += 2) pairs.push([text(items[i]), items[i + 1]!]);
      return Object.fromEntries(pairs);
    }
    const colon = bytes.indexOf(':', at);
    const start = colon + 1;
    at = start + Number(bytes.slice(at, colon));
    return bytes.slice(start, at);
  };
  return read();
}

export interface Relay {
  name: string;
  pid: number;
  /** Sets calls up to this number. @returns where each stream of the generator sends to */
  calls(count: number): Promise<number[]>;
  /** What it had to say: for the report of a failure. */
  trouble(): string;
  stop(): Promise<void>;
}

export const rtpengineMissing = () => missing('rtpengine');

const ngPort = 22_222;

export async function startRtpengine(): Promise<Relay> {
  const running: Running = pinned(testedCore, 'rtpengine', [
    ...['--config-file=none', '--table=-1', '--foreground', '--log-stderr', '--log-level=3'],
    ...['--interface=127.0.0.1', `--listen-ng=127.0.0.1:${ngPort}`, '--port-min=24000', '--port-max=28999'],
    // One thread that polls, as we have one: with more of them on one core it only gets dearer.
    ...['--num-threads=1', '--media-num-threads=1', '--timeout=3600', '--silent-timeout=3600', '--delete-delay=0'],
  ]);
  const socket = createSocket('udp4');
  const waiting = new Map<string, (reply: Reply) => void>();
  socket.on('message', (data) => {
    const answer = data.toString('latin1');
    const space = answer.indexOf(' ');
    waiting.get(answer.slice(0, space))?.(decode(answer.slice(space + 1)) as Reply);
  });
  let cookies = 0;
  async function ask(command: Reply, withinMs = 2_000): Promise<Reply> {
    const cookie = `c${++cookies}`;
    const reply = await new Promise<Reply>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`rtpengine does not answer:\n${running.log()}`)), withinMs);
      waiting.set(cookie, (value) => {
        clearTimeout(timer);
        resolve(value);
      });
      socket.send(`${cookie} ${encode(command)}`, ngPort, '127.0.0.1');
    }).finally(() => waiting.delete(cookie));
    if (reply['result'] === 'error') throw new Error(`rtpengine: ${JSON.stringify(reply)}`);
    return reply;
  }
  for (let tries = 0; ; tries++) {
    try {
      await ask({ command: 'ping' }, 200);
      break;
    } catch (error) {
      if (tries > 25) throw error;
      await sleep(100);
    }
  }
  const sdp = (port: number) =>
    ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0', `m=audio ${port} RTP/AVP 0`, ''].join(
      '\r\n',
    );
  const portOf = (reply: Reply) => Number(/m=audio (\d+)/.exec(text(reply['sdp']))?.[1]);
  const targets: number[] = [];
  return {
    name: 'rtpengine',
    pid: running.pid,
    async calls(count) {
      while (targets.length < count * 2) {
        const stream = targets.length;
        const common = { 'call-id': `call-${stream}`, 'from-tag': 'a', replace: ['origin'], ICE: 'remove' };
        const offered = await ask({ ...common, command: 'offer', sdp: sdp(generatorPort + 2 * stream) });
        const answered = await ask({
          ...common,
          command: 'answer',
          'to-tag': 'b',
          sdp: sdp(generatorPort + 2 * stream + 2),
        });
        targets.push(portOf(answered), portOf(offered));
      }
      return targets.slice(0, count * 2);
    },
    trouble: running.log,
    async stop() {
      socket.close();
      await running.stop();
    },
  };
}
