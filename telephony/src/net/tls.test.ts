/** TLS on loopback: who is let in, whom we believe, and what a connection that says nothing costs. */
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { connect, createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Hop } from '../sip/ports.js';
import { offerText, requestText } from '../sip/testing/world.js';
import { createAutoAnswer, type AutoAnswer, type AutoAnswerOptions } from './testing/auto-answer.js';
import { hasOpenssl, makeAuthority } from './testing/certificates.js';
import { createTlsTransport } from './tls.js';

const port = 6012;
const tlsPort = 6013;
const farPort = 6014;
const closing: (() => unknown)[] = [];
let far: AutoAnswer | null = null;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await far?.endpoint.stop(500);
  far = null;
});

const tlsText = (wish: Parameters<typeof requestText>[0] = {}) =>
  requestText({ transport: 'TCP', contact: '<sip:us@127.0.0.1:1;transport=tls>', ...wish })
    .replace('SIP/2.0/TCP', 'SIP/2.0/TLS')
    .replace('192.0.2.10:5060', '127.0.0.1:1');

function listen(socket: Socket): { until(text: string): Promise<string>; heard(): string; closed: Promise<void> } {
  let heard = '';
  const waiting = new Set<() => void>();
  socket.on('data', (chunk: Buffer) => {
    heard += chunk.toString('latin1');
    for (const look of waiting) look();
  });
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const until = (text: string) =>
    new Promise<string>((resolve) => {
      const look = () => {
        if (!heard.includes(text)) return;
        waiting.delete(look);
        resolve(heard);
      };
      waiting.add(look);
      look();
    });
  return { until, closed, heard: () => heard };
}

describe.skipIf(!hasOpenssl)('TLS (skipped where openssl is missing)', () => {
  const authority = hasOpenssl ? makeAuthority() : null;
  const sign = (...names: string[]) => authority?.sign(names) ?? { cert: '', key: '' };
  const ca = authority?.cert ?? '';

  async function answering(options: Omit<AutoAnswerOptions, 'port'> = {}): Promise<AutoAnswer> {
    const tls = { port: tlsPort, ...sign('IP:127.0.0.1') };
    far = createAutoAnswer({ port, ...options, endpoint: { tls, ...options.endpoint } });
    await far.endpoint.start();
    return far;
  }
  async function dial(): Promise<TLSSocket> {
    const socket = connect({ host: '127.0.0.1', port: tlsPort, ca });
    closing.push(() => socket.destroy());
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
    return socket;
  }

  test('[TRK3] a call over TLS is answered on its connection, with Via and Contact of TLS', async () => {
    const { ends } = await answering({ hangUpAfterMs: 1 });
    const socket = await dial();
    const ear = listen(socket);
    socket.write(tlsText({ body: offerText }));
    const heard = await ear.until('a=sendrecv');
    expect(heard).toContain(`Contact: <sip:denwaban@127.0.0.1:${tlsPort};transport=tls>`);
    const toTag = /To: [^\r]*tag=([0-9a-f]{24})/.exec(heard)?.[1] ?? '';
    socket.write(tlsText({ method: 'ACK', toTag, branch: 'z9hG4bKack' }));
    expect(await ear.until('BYE sip:us@127.0.0.1:1;transport=tls SIP/2.0')).toContain(
      `Via: SIP/2.0/TLS 127.0.0.1:${tlsPort};branch=`,
    );
    expect(ends['hung-up']).toBe(1);
  });

  test('[TRK3] who asks for sips: gets a Contact of sips:', async () => {
    await answering();
    const socket = await dial();
    const ear = listen(socket);
    socket.write(tlsText({ body: offerText, uri: 'sips:0312345678@198.51.100.1' }));
    expect(await ear.until('a=sendrecv')).toContain(`Contact: <sips:denwaban@127.0.0.1:${tlsPort};transport=tls>`);
  });

  test('[TRK3] a handshake that is never made, garbage in its place, and old TLS are closed', async () => {
    await answering({ endpoint: { limits: { connectMs: 150 } } });
    const slow = connectTcp({ host: '127.0.0.1', port: tlsPort });
    await listen(slow).closed;
    const odd = connectTcp({ host: '127.0.0.1', port: tlsPort });
    odd.write(tlsText({ method: 'OPTIONS' }));
    await listen(odd).closed;
    const old = connect({
      host: '127.0.0.1',
      port: tlsPort,
      ca,
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    await expect(
      new Promise((resolve, reject) => old.once('secureConnect', resolve).once('error', reject)),
    ).rejects.toThrow();
    listen(await dial());
  });

  test('[TRK3] one source has only so many connections over TLS, and a message must become whole', async () => {
    await answering({ endpoint: { limits: { connectionsPerSource: 2, messageMs: 100 } } });
    const [one] = [await dial(), await dial()];
    const third = connectTcp({ host: '127.0.0.1', port: tlsPort });
    await listen(third).closed;
    one.write('OPTIONS sip:a SIP/2.0\r\n');
    await listen(one).closed;
  });

  test('[TRK3] another certificate is shown to who connects from then on; a broken one is not, and calls go on', async () => {
    const tls = { port: tlsPort, ...sign('IP:127.0.0.1', 'DNS:first.test') };
    await answering({ endpoint: { tls } });
    const names = (socket: TLSSocket) => socket.getPeerCertificate().subjectaltname;
    const before = await dial();
    expect(names(before)).toContain('first.test');
    Object.assign(tls, sign('IP:127.0.0.1', 'DNS:second.test'));
    expect(names(await dial())).toContain('second.test');
    Object.assign(tls, { key: sign('IP:127.0.0.1').key });
    expect(names(await dial())).toContain('second.test');
    before.write('\r\n\r\n');
    expect(await listen(before).until('\r\n')).toBe('\r\n');
  });

  test('two line ends are answered by one over TLS too', async () => {
    await answering();
    const socket = await dial();
    socket.write('\r\n\r\n');
    expect(await listen(socket).until('\r\n')).toBe('\r\n');
  });

  // --- as client ----------------------------------------------------------------------------------------------------------

  async function farEnd(
    ...names: string[]
  ): Promise<{ ear: Promise<ReturnType<typeof listen> & { socket: TLSSocket }>; sni: () => string | false | null }> {
    let taken!: (ear: ReturnType<typeof listen> & { socket: TLSSocket }) => void;
    let asked: string | false | null = null;
    const ear = new Promise<ReturnType<typeof listen> & { socket: TLSSocket }>((resolve) => (taken = resolve));
    const server = createTlsServer(sign(...names), (socket) => {
      asked = socket.servername;
      closing.unshift(() => socket.destroy());
      taken({ ...listen(socket), socket });
    });
    server.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => server.listen(farPort, '127.0.0.1', resolve));
    closing.push(() => new Promise((resolve) => server.close(resolve)));
    return { ear, sni: () => asked };
  }
  function client(limits = {}) {
    const gone: number[] = [];
    const transport = createTlsTransport({
      ...{ host: '127.0.0.1', server: null, limits, log: silent },
      receive: () => {},
      isKnown: () => true,
      closed: (id) => void gone.push(id),
      peerOf: (address) => (address === '127.0.0.1' ? { name: 'sip.test', ca, verify: true } : null),
    });
    closing.unshift(() => transport.close());
    return { transport, gone };
  }
  const hop = (tls?: Hop['tls']): Hop => ({
    ...{ transport: 'tls', address: '127.0.0.1', port: farPort, connection: null },
    ...(tls === undefined ? {} : { tls }),
  });
  const attempt = async (tls: Hop['tls'], ...names: string[]): Promise<string> => {
    const { ear } = await farEnd(...names);
    const { transport } = client();
    await transport.start();
    return new Promise<string>((resolve) => {
      void ear.then(({ until }) => until('hello')).then(() => resolve('sent'));
      // Let it arrive if it went out: a certificate that is looked at too late would show here.
      transport.send(hop(tls), 'hello', () => setTimeout(() => resolve('refused'), 50));
    });
  };

  test.each([
    ['its own name', 'sent', ['DNS:sip.test'], { name: 'sip.test', ca, verify: true }],
    ['its SIP domain', 'sent', ['URI:sip:sip.test'], { name: 'sip.test', ca, verify: true }],
    ['its address, when it was configured by that', 'sent', ['IP:127.0.0.1'], { name: '127.0.0.1', ca, verify: true }],
    ['another name', 'refused', ['DNS:other.test'], { name: 'sip.test', ca, verify: true }],
    [
      'the address that DNS gave, which proves nothing',
      'refused',
      ['IP:127.0.0.1'],
      { name: 'sip.test', ca, verify: true },
    ],
    [
      'the right name by an authority unknown',
      'refused',
      ['DNS:sip.test'],
      { name: 'sip.test', ca: null, verify: true },
    ],
    ['anything, when the trunk says so', 'sent', ['DNS:other.test'], { name: 'sip.test', ca: null, verify: false }],
  ] as const)('[TRK4] a far end that shows %s: %s', async (_, outcome, names, tls) => {
    expect(await attempt(tls, ...names)).toBe(outcome);
  });

  test('[TRK4] the name is asked for by SNI, and a hop without one is asked of its trunk', async () => {
    const { ear, sni } = await farEnd('DNS:sip.test');
    const { transport } = client();
    await transport.start();
    const first = transport.send(hop(), 'one', () => {});
    await (await ear).until('one');
    expect(sni()).toBe('sip.test');
    expect(transport.send(hop({ name: 'sip.test', ca, verify: true }), 'two', () => {})).toBe(first);
    await (await ear).until('two');
    // Proven as sip.test, it is not taken for anybody else.
    expect(transport.send(hop({ name: 'else.test', ca, verify: true }), 'three', () => {})).not.toBe(first);
  });

  test('[TRK5] a far end that answers our line ends is kept; one that does not is closed and told', async () => {
    const { ear } = await farEnd('DNS:sip.test');
    const { transport, gone } = client({ pongMs: 60, messageMs: 40 });
    await transport.start();
    const id = transport.send(hop(), 'hello', () => {});
    const { socket, until, closed } = await ear;
    await until('hello');
    transport.ping(hop());
    await until('\r\n\r\n');
    socket.write('\r\n');
    // A lone line end is no beginning of a message either.
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(gone).toEqual([]);
    transport.ping(hop());
    await closed;
    await vi.waitFor(() => expect(gone).toEqual([id]));
  });
});

test('[TRK5] over TCP too: a silent far end is found out by our line ends', async () => {
  let pings = '';
  const server = createServer((socket) => socket.on('data', (chunk: Buffer) => (pings += chunk.toString())));
  await new Promise<void>((resolve) => server.listen(farPort, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  const { createTcpTransport } = await import('./tcp.js');
  const transport = createTcpTransport({
    ...{ host: '127.0.0.1', port: null, log: silent, limits: { pongMs: 60 } },
    receive: () => {},
    isKnown: () => true,
    closed: () => gone(),
  });
  let gone!: () => void;
  const closed = new Promise<void>((resolve) => (gone = resolve));
  await transport.start();
  const place: Hop = { transport: 'tcp', address: '127.0.0.1', port: farPort, connection: null };
  transport.send(place, 'x', () => {});
  await vi.waitFor(() => expect(pings).toBe('x'));
  transport.ping(place);
  await closed;
  expect(pings).toBe('x\r\n\r\n');
  await transport.close();
});
