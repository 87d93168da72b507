/** Real sockets on loopback: what only they can show. */
import { createSocket } from 'node:dgram';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { answerChallenge, chooseChallenge } from '../sip/digest/client.js';
import type { SipSource } from '../sip/contract.js';
import { offerText, requestText, type RequestWish } from '../sip/testing/world.js';
import { createAutoAnswer, type AutoAnswer, type AutoAnswerOptions } from './testing/auto-answer.js';

const port = 6010;
let far: AutoAnswer | null = null;
const closing: (() => void)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) close();
  await far?.endpoint.stop(500);
  far = null;
});

async function answering(options: Omit<AutoAnswerOptions, 'port'> = {}): Promise<AutoAnswer> {
  far = createAutoAnswer({ port, ...options });
  await far.endpoint.start();
  return far;
}

/** A TCP client that collects what it hears. */
async function dial(): Promise<{
  socket: Socket;
  heard(): string;
  until(text: string | RegExp): Promise<string>;
  closed: Promise<void>;
}> {
  const socket = connect({ host: '127.0.0.1', port });
  closing.push(() => socket.destroy());
  let heard = '';
  const waiting = new Set<() => void>();
  socket.on('data', (chunk: Buffer) => {
    heard += chunk.toString('latin1');
    for (const look of waiting) look();
  });
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await new Promise((resolve) => socket.once('connect', resolve));
  return {
    socket,
    closed,
    heard: () => heard,
    until: (text) =>
      new Promise((resolve) => {
        const look = () => {
          if (typeof text === 'string' ? !heard.includes(text) : !text.test(heard)) return;
          waiting.delete(look);
          resolve(heard);
        };
        waiting.add(look);
        look();
      }),
  };
}

const tcp = (wish: RequestWish = {}) =>
  requestText({ transport: 'TCP', contact: '<sip:us@127.0.0.1:1;transport=tcp>', ...wish }).replace(
    '192.0.2.10:5060',
    '127.0.0.1:1',
  );
const tagIn = (text: string) => /To: [^\r]*tag=([0-9a-f]{24})/.exec(text)?.[1] ?? '';

test('a port in use is told by code, and leaves nothing bound', async () => {
  const holder = createServer().listen(port, '127.0.0.1');
  await new Promise((resolve) => holder.once('listening', resolve));
  const blocked = createAutoAnswer({ port });
  await expect(blocked.endpoint.start()).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await new Promise((resolve) => holder.close(resolve));
  // UDP was bound first: it must be free again.
  const udp = createSocket('udp4');
  await new Promise<void>((resolve, reject) => udp.once('error', reject).bind(port, '127.0.0.1', resolve));
  await expect(createAutoAnswer({ port }).endpoint.start()).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await new Promise<void>((resolve) => udp.close(() => resolve()));
  await blocked.endpoint.stop(0);
});

test('over TCP answers and our own BYE use the connection that the call came on', async () => {
  const { ends } = await answering({ hangUpAfterMs: 1 });
  const caller = await dial();
  caller.socket.write(tcp({ body: offerText }));
  const heard = await caller.until('a=sendrecv');
  expect(heard).toContain('SIP/2.0 200 OK');
  caller.socket.write(tcp({ method: 'ACK', toTag: tagIn(heard), branch: 'z9hG4bKack' }));
  expect(await caller.until('BYE sip:us@127.0.0.1:1;transport=tcp SIP/2.0')).toContain(
    'Via: SIP/2.0/TCP 127.0.0.1:6010;branch=',
  );
  expect(ends['hung-up']).toBe(1);
});

test('when that connection is gone, a new one is made to the Contact', async () => {
  let heard = '';
  const listener = createServer((socket) => socket.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1'))));
  const asked = new Promise((resolve) => listener.once('connection', resolve));
  await new Promise<void>((resolve) => listener.listen(6011, '127.0.0.1', resolve));
  const { endpoint, counts } = await answering({ hangUpAfterMs: 200 });
  const caller = await dial();
  const contact = '<sip:us@127.0.0.1:6011;transport=tcp>';
  caller.socket.write(tcp({ body: offerText, contact }));
  const answer = await caller.until('a=sendrecv');
  caller.socket.write(tcp({ method: 'ACK', toTag: tagIn(answer), branch: 'z9hG4bKack', contact }));
  while (counts.acknowledged === 0) await new Promise((resolve) => setImmediate(resolve));
  caller.socket.destroy();
  await asked;
  await endpoint.stop(100);
  expect(heard).toMatch(/^BYE sip:us@127\.0\.0\.1:6011;transport=tcp SIP\/2\.0/);
  await new Promise((resolve) => listener.close(resolve));
});

test('a peer that nobody can reach any more fails the BYE at once, not after half a minute', async () => {
  const { endpoint, counts } = await answering();
  const caller = await dial();
  caller.socket.write(tcp({ body: offerText }));
  caller.socket.write(tcp({ method: 'ACK', toTag: tagIn(await caller.until('a=sendrecv')), branch: 'z9hG4bKack' }));
  while (counts.acknowledged === 0) await new Promise((resolve) => setImmediate(resolve));
  caller.socket.destroy();
  await caller.closed;
  const began = performance.now();
  await endpoint.stop(20_000); // Contact is port 1: refused
  expect(performance.now() - began).toBeLessThan(5_000);
});

test('two line ends are answered by one (RFC 5626), and messages may come in pieces or together', async () => {
  await answering();
  const caller = await dial();
  caller.socket.write('\r\n\r\n');
  expect(await caller.until('\r\n')).toBe('\r\n');
  const text = tcp({ method: 'OPTIONS' }) + tcp({ method: 'OPTIONS', cseq: 2 });
  caller.socket.write(text.slice(0, 300));
  setTimeout(() => caller.socket.write(text.slice(300)), 20);
  expect(await caller.until('CSeq: 2 OPTIONS')).toContain('CSeq: 1 OPTIONS');
});

test.each([
  ['a message that never becomes whole', { messageMs: 100 }, 'OPTIONS sip:a SIP/2.0\r\n'],
  ['silence', { idleMs: 100 }, ''],
  ['a stream that cannot be followed', {}, tcp({ method: 'OPTIONS' }).replace(/Content-Length: 0\r\n/, '')],
  ['a head without end', {}, `OPTIONS sip:a SIP/2.0\r\nX: ${'a'.repeat(40_000)}`],
])('a connection is closed for %s', async (_, limits, text) => {
  await answering({ endpoint: { limits } });
  const caller = await dial();
  if (text !== '') caller.socket.write(text);
  await caller.closed;
  expect(caller.heard()).toBe('');
});

test('bytes now and then do not keep a message alive that never becomes whole', async () => {
  await answering({ endpoint: { limits: { messageMs: 150, idleMs: 1_000 } } });
  const caller = await dial();
  const drip = setInterval(() => caller.socket.write('a'), 20);
  closing.push(() => clearInterval(drip));
  await caller.closed;
});

test('a stranger over TCP hears one 403 and is shut out; more of them than we bear are not heard at all', async () => {
  const { counts, endpoint } = await answering({
    trunkOf: () => null,
    endpoint: { limits: { strangers: 2, strangerIdleMs: 200 } },
  });
  const first = await dial();
  first.socket.write(tcp({ body: offerText }) + tcp({ method: 'OPTIONS' }));
  await first.closed;
  expect(first.heard().match(/SIP\/2\.0 \d+/g)).toEqual(['SIP/2.0 403']);
  const idle = await Promise.all([dial(), dial(), dial()]);
  await Promise.all(idle.map(({ closed }) => closed));
  expect(counts.calls).toBe(0);
  expect(endpoint.counts).toEqual({ dialogs: 0, transactions: 0 });
});

test('[TRK13] a guest over TCP proves who they are on one connection, and keeps it; one who does not is cut off when idle', async () => {
  const guests = {
    realm: 'house',
    algorithms: ['MD5' as const],
    accounts: [{ trunk: 'tk_guest', username: 'anna', password: 'right' }],
  };
  const trunks: string[] = [];
  await answering({
    ...{ trunkOf: () => null, guests, onTrunk: (trunk: string) => void trunks.push(trunk), hangUpAfterMs: 200 },
    endpoint: { limits: { strangerIdleMs: 150 } },
  });
  const caller = await dial();
  caller.socket.write(tcp({ body: offerText }));
  const asked = await caller.until('Content-Length');
  const challenge = chooseChallenge([/WWW-Authenticate: ([^\r]*)/.exec(asked)?.[1] ?? '']);
  if (challenge === null) throw new Error('nothing was asked');
  const request = { method: 'INVITE', uri: 'sip:0312345678@198.51.100.1', body: offerText };
  const answer = answerChallenge(challenge, { user: 'anna', password: 'right' }, request, 1, 'c');
  caller.socket.write(tcp({ body: offerText, branch: 'z9hG4bKtwo', cseq: 2, extra: [`Authorization: ${answer}`] }));
  const heard = await caller.until('a=sendrecv');
  caller.socket.write(
    tcp({
      method: 'ACK',
      cseq: 2,
      toTag: /200 OK[^]*To: [^\r]*tag=([0-9a-f]{24})/.exec(heard)?.[1] ?? '',
      branch: 'z9hG4bKack',
    }),
  );
  // 200 ms later, past the patience with strangers.
  await caller.until('BYE sip:us@127.0.0.1:1;transport=tcp SIP/2.0');
  expect(trunks).toEqual(['tk_guest']);
});

test('one source has only so many connections', async () => {
  await answering({ endpoint: { limits: { connectionsPerSource: 3 } } });
  const callers = [await dial(), await dial(), await dial()];
  const tooMany = await dial();
  await tooMany.closed;
  callers[0]?.socket.write('\r\n\r\n');
  await callers[0]?.until('\r\n');
});

test('a caller on IPv6 is answered there, and a dual-stack socket writes IPv4 as IPv4', async () => {
  const sources: SipSource[] = [];
  await answering({
    trunkOf: (source) => (sources.push(source), 'tk'),
    endpoint: { host: '::', publicAddress: '::1' },
  });
  for (const [family, address] of [
    ['udp6', '::1'],
    ['udp4', '127.0.0.1'],
  ] as const) {
    const socket = createSocket(family);
    closing.push(() => socket.close());
    const answer = new Promise<Buffer>((resolve) => socket.once('message', resolve));
    const via = `Via: SIP/2.0/UDP x.invalid;rport;branch=z9hG4bK${family}`;
    socket.send(requestText({ method: 'OPTIONS' }).replace(/Via: [^\r]*/, via), port, address);
    expect((await answer).toString()).toContain(`;received=${address};rport=`);
  }
  expect(sources.map(({ address }) => address)).toEqual(['::1', '127.0.0.1']);
});

test('garbage of every kind changes nothing for the next caller', async () => {
  const { complaints } = await answering();
  const socket = createSocket('udp4');
  closing.push(() => socket.close());
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  for (let count = 0; count < 200; count++) {
    socket.send(
      Buffer.from(Array.from({ length: count * 7 }, (_, at) => (at * 31 + count * 17) & 255)),
      port,
      '127.0.0.1',
    );
  }
  socket.send(Buffer.alloc(65_000, 'SIP/2.0 '), port, '127.0.0.1');
  const answer = new Promise<Buffer>((resolve) =>
    socket.on('message', (bytes) => (bytes.includes('200 OK') ? resolve(bytes) : null)),
  );
  socket.send(requestText({ method: 'OPTIONS' }).replace(/;branch/, ';rport;branch'), port, '127.0.0.1');
  expect((await answer).toString()).toContain('CSeq: 1 OPTIONS');
  expect(complaints).toEqual([]);
});

test('the process has nothing left open after stop, whatever was going on', async () => {
  const before = process.getActiveResourcesInfo().filter((kind) => /TCP|UDP|Timeout/.test(kind)).length;
  const { endpoint } = await answering({ answerAfterMs: null });
  const caller = await dial();
  caller.socket.write(tcp({ body: offerText }));
  await caller.until('180 Ringing');
  await endpoint.stop(0);
  await caller.closed;
  expect(caller.heard()).toContain('480');
  await new Promise((resolve) => setTimeout(resolve, 250)); // the unref'd patience of the sockets
  expect(process.getActiveResourcesInfo().filter((kind) => /TCP|UDP|Timeout/.test(kind)).length).toBeLessThanOrEqual(
    before + 1,
  );
});
