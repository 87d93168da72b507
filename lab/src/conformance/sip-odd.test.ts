/**
 * The SIP engine against peers and networks that do everything twice, late, in pieces or at once. Over real sockets; sipp places
 * the ordinary calls, the odd ones are written here by hand.
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createAutoAnswer,
  type AutoAnswer,
  type AutoAnswerOptions,
} from '../../../telephony/src/net/testing/auto-answer.js';
import { sleep, until } from '../peers/process.js';
import { hasSipp, runSipp } from './sipp.js';

const port = 6010;
const callerPort = 6011;
const relayPort = 6012;
const ports = { host: '127.0.0.1', port };
let cwd: string;
let far: AutoAnswer;
const toClose: (() => void)[] = [];

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'denwaban-odd-'));
});
afterEach(async () => {
  for (const close of toClose.splice(0)) close();
  await far?.endpoint.stop(1_000);
  rmSync(cwd, { recursive: true, force: true });
});

async function answering(options: Omit<AutoAnswerOptions, 'port'> = {}): Promise<AutoAnswer> {
  far = createAutoAnswer({ port, ...options });
  await far.endpoint.start();
  return far;
}
const ended = () => far.ends['hung-up'] + far.ends.cancelled + far.ends.failed;

/** The same accidents for the same seed (Park and Miller). */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => (state = (state * 48_271) % 2_147_483_647) % below;
}

/** One call of a caller that we write by hand, message by message. */
class Odd {
  readonly id: string;
  readonly via: string;
  to = '<sip:echo@127.0.0.1>';
  readonly heard: string[] = [];
  private readonly transport: string;

  constructor(id: string, transport: 'UDP' | 'TCP', at: number) {
    this.id = id;
    this.transport = transport;
    this.via = `127.0.0.1:${at}`;
  }

  request(method: string, cseq: number, { branch = `${method}${cseq}`, body = '' } = {}): string {
    const sdp = body === '' ? '' : 'Content-Type: application/sdp\r\n';
    return [
      `${method} sip:echo@127.0.0.1:${port} SIP/2.0`,
      `Via: SIP/2.0/${this.transport} ${this.via};branch=z9hG4bK${this.id}${branch}`,
      `Max-Forwards: 70`,
      `From: <sip:+819011112222@127.0.0.1>;tag=${this.id}`,
      `To: ${this.to}`,
      `Call-ID: ${this.id}`,
      `CSeq: ${cseq} ${method}`,
      `Contact: <sip:odd@${this.via};transport=${this.transport.toLowerCase()}>`,
      `${sdp}Content-Length: ${body.length}\r\n\r\n${body}`,
    ].join('\r\n');
  }
  invite(): string {
    const lines = [
      'v=0',
      'o=- 1 1 IN IP4 127.0.0.1',
      's=-',
      'c=IN IP4 127.0.0.1',
      't=0 0',
      'm=audio 21300 RTP/AVP 0',
      '',
    ];
    return this.request('INVITE', 1, { branch: 'i', body: lines.join('\r\n') });
  }
  cancel(): string {
    return this.request('CANCEL', 1, { branch: 'i' });
  }
  ack(status: number): string {
    return this.request('ACK', 1, { branch: status < 300 ? 'a' : 'i' });
  }
  bye(): string {
    return this.request('BYE', 2);
  }

  take(text: string): void {
    this.heard.push(text);
    const tag = /\r\nTo:[^\r]*(;tag=[^;\r]+)[^]*\r\nCSeq: *\d+ INVITE\r/i.exec(text)?.[1];
    if (tag !== undefined && !this.to.includes(';tag=')) this.to += tag;
  }
  /** Statuses of the answers to this method. */
  statuses(method: string): number[] {
    return this.heard.flatMap((text) => {
      const found = new RegExp(`^SIP/2\\.0 (\\d{3})[^]*\\r\\nCSeq: *\\d+ ${method}\\r`, 'i').exec(text);
      return found === null ? [] : [Number(found[1])];
    });
  }
  final(method: string): number | undefined {
    return this.statuses(method).find((status) => status >= 200);
  }
}

/** A UDP socket that hands each message to the call it is of, and answers BYEs of the far end. */
async function udpOf(calls: Odd[]): Promise<(text: string) => void> {
  const socket: UdpSocket = createSocket('udp4');
  toClose.push(() => socket.close());
  const byId = new Map(calls.map((call) => [call.id, call]));
  socket.on('message', (bytes) => {
    const text = bytes.toString('latin1');
    byId.get(/\r\nCall-ID: *(\S+)/i.exec(text)?.[1] ?? '')?.take(text);
    if (text.startsWith('BYE ')) {
      const kept = text.split('\r\n').filter((line) => /^(via|from|to|call-id|cseq):/i.test(line));
      socket.send(`SIP/2.0 200 OK\r\n${kept.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`, port, '127.0.0.1');
    }
  });
  await new Promise<void>((resolve) => socket.bind(callerPort, '127.0.0.1', resolve));
  return (text) => socket.send(text, port, '127.0.0.1');
}

async function tcpOf(...calls: Odd[]): Promise<Socket> {
  const byId = new Map(calls.map((call) => [call.id, call]));
  const socket = connect(ports);
  toClose.push(() => socket.destroy());
  socket.setNoDelay(true);
  let held = '';
  socket.on('data', (chunk) => {
    held += chunk.toString('latin1');
    for (;;) {
      held = held.replace(/^(\r\n)+/, ''); // answers to our keep-alives
      const end = held.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/\r\n(?:Content-Length|l): *(\d+)/i.exec(held.slice(0, end + 2))?.[1] ?? 0);
      if (held.length < end + 4 + length) return;
      const text = held.slice(0, end + 4 + length);
      byId.get(/\r\nCall-ID: *(\S+)/i.exec(text)?.[1] ?? '')?.take(text);
      held = held.slice(end + 4 + length);
    }
  });
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  return socket;
}

describe.skipIf(!hasSipp)('a network that repeats and reorders (skipped where sip-tester is not installed)', () => {
  const scenario = (name: string) => fileURLToPath(new URL(`scenarios/${name}`, import.meta.url));
  const caller = ['-i', '127.0.0.1', '-p', String(callerPort), '-s', 'echo', '-nd'];

  /** Between sipp and us: each datagram arrives one to three times, each copy up to `lateMs` late and so out of order. */
  async function disturbed(seed: number, lateMs: number): Promise<void> {
    const random = chance(seed);
    const relay = createSocket('udp4');
    const late = new Set<NodeJS.Timeout>();
    relay.on('message', (bytes) => {
      for (let copies = 1 + random(3); copies > 0; copies--) {
        const timer = setTimeout(() => {
          late.delete(timer);
          relay.send(bytes, port, '127.0.0.1');
        }, random(lateMs));
        late.add(timer);
      }
    });
    await new Promise<void>((resolve) => relay.bind(relayPort, '127.0.0.1', resolve));
    toClose.push(() => {
      for (const timer of late) clearTimeout(timer);
      relay.close();
    });
  }
  const through = ['-rsa', `127.0.0.1:${relayPort}`];

  test.each(['uac', 'uac-reinvite.xml', 'uac-cancel.xml'])('100 calls of %s: each happens once', async (name) => {
    await answering(name === 'uac-cancel.xml' ? { answerAfterMs: null } : {});
    // An ACK that comes behind the next re-INVITE has that one refused (RFC 3261 §14.2), and this scenario does not ask again.
    await disturbed(20_261_122, name === 'uac-reinvite.xml' ? 1 : 40);
    const which = name === 'uac' ? ['-sn', 'uac'] : ['-sf', scenario(name)];
    const args = [
      `127.0.0.1:${port}`,
      ...caller,
      ...through,
      ...which,
      '-m',
      '100',
      '-r',
      '50',
      '-l',
      '100',
      '-d',
      '100',
    ];
    const result = await runSipp(args, { cwd, timeoutMs: 60_000 });
    expect(result, result.output).toMatchObject({ code: 0, successful: 100, failed: 0 });
    await until('every call ended', () => ended() === 100);
    expect(far.counts.calls).toBe(100);
    expect(far.ends).toMatchObject(name === 'uac-cancel.xml' ? { cancelled: 100 } : { 'hung-up': 100 });
    expect(far.digits).toHaveLength(name === 'uac-reinvite.xml' ? 100 : 0);
    expect(far.endpoint.counts.dialogs).toBe(0);
    expect(far.complaints).toEqual([]);
  });

  test('500 calls in a burst of half a second', async () => {
    await answering();
    const args = [`127.0.0.1:${port}`, ...caller, '-sn', 'uac', '-m', '500', '-r', '1000', '-l', '500', '-d', '200'];
    const result = await runSipp(args, { cwd, timeoutMs: 60_000 });
    expect(result, result.output).toMatchObject({ code: 0, successful: 500, failed: 0 });
    expect(far.ends).toEqual({ 'hung-up': 500, cancelled: 0, failed: 0 });
    expect(far.complaints).toEqual([]);
  });
});

describe('races', () => {
  const many = (n: number) => Array.from({ length: n }, (_, i) => new Odd(`race${i}x`, 'UDP', callerPort));

  test('a CANCEL at any moment around the answer: one final answer to the INVITE, one end', async () => {
    await answering({ answerAfterMs: 20 });
    const calls = many(60);
    const send = await udpOf(calls);
    const random = chance(7);
    await Promise.all(
      calls.map(async (call) => {
        send(call.invite());
        await sleep(random(40));
        send(call.cancel());
        await until('the INVITE’s final answer', () => call.final('INVITE'));
        const status = call.final('INVITE')!;
        send(call.ack(status));
        if (status === 200) send(call.bye());
      }),
    );
    await until('every call ended', () => ended() === calls.length);
    for (const call of calls) {
      expect(new Set(call.statuses('INVITE').filter((status) => status >= 200)).size).toBe(1);
      expect([200, 487]).toContain(call.final('INVITE'));
      expect([200, 481]).toContain(call.final('CANCEL'));
    }
    const won = calls.filter((call) => call.final('INVITE') === 487).length;
    expect(far.ends).toEqual({ 'hung-up': calls.length - won, cancelled: won, failed: 0 });
    expect([won > 0, won < calls.length], 'both sides won now and then').toEqual([true, true]);
    expect(far.endpoint.counts.dialogs).toBe(0);
    expect(far.complaints).toEqual([]);
  });

  test('a CANCEL right behind its INVITE, before anything was answered', async () => {
    await answering({ answerAfterMs: null });
    const calls = many(20);
    const send = await udpOf(calls);
    for (const call of calls) {
      send(call.invite());
      send(call.cancel());
    }
    await until('487 to all', () => calls.every((call) => call.final('INVITE') === 487));
    for (const call of calls) send(call.ack(487));
    expect(far.ends).toEqual({ 'hung-up': 0, cancelled: 20, failed: 0 });
  });

  test('BYEs that cross, and a BYE before the ACK: every call ends once, every BYE is answered', async () => {
    await answering({ hangUpAfterMs: 5 });
    const calls = many(60);
    const send = await udpOf(calls);
    const random = chance(11);
    await Promise.all(
      calls.map(async (call, i) => {
        send(call.invite());
        await until('200', () => call.final('INVITE') === 200);
        if (i % 3 !== 0) send(call.ack(200));
        await sleep(random(10));
        send(call.bye());
        await until('an answer to the BYE', () => call.final('BYE'));
        if (i % 3 === 0) send(call.ack(200));
      }),
    );
    await until('every call ended', () => ended() === calls.length);
    for (const call of calls) expect([200, 481]).toContain(call.final('BYE'));
    expect(far.ends.failed).toBe(0);
    expect(far.endpoint.counts.dialogs).toBe(0);
    expect(far.complaints).toEqual([]);
  });
});

describe('TCP', () => {
  test('a call cut into single bytes, and one whose messages come in one segment', async () => {
    await answering();
    const calls = ['bytes', 'one', 'two'].map((id) => new Odd(id, 'TCP', callerPort));
    const [bytes, first, second] = calls as [Odd, Odd, Odd];
    const socket = await tcpOf(...calls);
    for (const byte of Buffer.from(bytes.invite())) socket.write(Buffer.of(byte));
    await until('200', () => bytes.final('INVITE') === 200);
    for (const byte of Buffer.from(bytes.ack(200) + bytes.bye())) socket.write(Buffer.of(byte));
    await until('BYE answered', () => bytes.final('BYE') === 200);
    expect(far.ends['hung-up']).toBe(1);

    socket.write(first.invite());
    await until('200', () => first.final('INVITE') === 200);
    socket.write(
      `${first.ack(200)}${first.bye()}\r\n\r\n${second.request('OPTIONS', 9, { branch: 'o' })}${second.invite()}`,
    );
    await until('the next call’s 200', () => second.final('INVITE') === 200);
    expect(second.final('OPTIONS')).toBe(200);
    expect(far.ends['hung-up']).toBe(2);
    socket.write(second.ack(200) + second.bye());
    await until('both ended', () => far.ends['hung-up'] === 3);
    expect(far.complaints).toEqual([]);
  });

  test('a connection that breaks in mid-call: the next one carries re-INVITE and BYE of the same dialog', async () => {
    await answering();
    const call = new Odd('again', 'TCP', callerPort);
    const before = await tcpOf(call);
    before.write(call.invite());
    await until('200', () => call.final('INVITE') === 200);
    before.write(call.ack(200));
    await until('acknowledged', () => far.counts.acknowledged === 1);
    before.destroy();
    await sleep(50);
    expect(far.endpoint.counts.dialogs, 'the dialog outlives it').toBe(1);

    const after = await tcpOf(call);
    call.heard.length = 0;
    after.write(call.request('INVITE', 2, { branch: 'again', body: call.invite().split('\r\n\r\n')[1]! }));
    await until('the re-INVITE answered', () => call.final('INVITE') === 200);
    after.write(call.request('ACK', 2) + call.request('BYE', 3));
    await until('BYE answered', () => call.final('BYE') === 200);
    expect(far.counts).toMatchObject({ calls: 1, reoffers: 1 });
    expect(far.ends).toEqual({ 'hung-up': 1, cancelled: 0, failed: 0 });
  });

  test('a connection that breaks while it rings: the caller’s CANCEL comes by another', async () => {
    await answering({ answerAfterMs: null });
    const call = new Odd('gone', 'TCP', callerPort);
    const before = await tcpOf(call);
    before.write(call.invite());
    await until('180', () => call.statuses('INVITE').includes(180));
    before.destroy();
    const after = await tcpOf(call);
    after.write(call.cancel());
    await until('cancelled', () => far.ends.cancelled === 1);
    expect(call.final('CANCEL')).toBe(200);
  });
});
