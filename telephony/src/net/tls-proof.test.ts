/** Certificates of far ends that call in: who has to show one, what it has to say, and that nobody else is asked. */
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { requestText } from '../sip/testing/world.js';
import { createAutoAnswer, type AutoAnswer } from './testing/auto-answer.js';
import { hasOpenssl, makeAuthority } from './testing/certificates.js';
import { tryConnection } from './doctor-connection.js';

const port = 6016;
const tlsPort = 6017;
const closing: (() => unknown)[] = [];
let far: AutoAnswer | null = null;
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await far?.endpoint.stop(500);
  far = null;
});

describe.skipIf(!hasOpenssl)('certificates of far ends (skipped where openssl is missing)', () => {
  const authority = hasOpenssl ? makeAuthority() : null;
  const another = hasOpenssl ? makeAuthority() : null;
  const sign = (...names: string[]) => authority?.sign(names) ?? { cert: '', key: '' };
  const ca = authority?.cert ?? '';

  async function answering(names: string[] | null, limits = {}): Promise<AutoAnswer> {
    far = createAutoAnswer({
      port,
      ...(names === null ? {} : { tlsDemandOf: () => ({ names, ca }) }),
      endpoint: { tls: { port: tlsPort, ...sign('IP:127.0.0.1') }, limits },
    });
    await far.endpoint.start();
    return far;
  }
  /** What an OPTIONS over this connection is answered; 'closed' when it is not. */
  function ask(options: ConnectionOptions): Promise<string> {
    const socket: TLSSocket = connect({ host: '127.0.0.1', port: tlsPort, ca, ...options });
    closing.push(() => socket.destroy());
    return new Promise((resolve) => {
      socket.on('data', (chunk: Buffer) => resolve(chunk.toString('latin1').slice(8, 11)));
      socket.on('error', () => resolve('closed')).on('close', () => resolve('closed'));
      socket.once('secureConnect', () => {
        socket.write(requestText({ method: 'OPTIONS' }).replace('SIP/2.0/UDP', 'SIP/2.0/TLS'));
      });
    });
  }

  test.each([
    ['its own name', () => sign('DNS:pbx.test'), '200', null],
    ['its SIP domain', () => sign('URI:sip:pbx.test'), '200', null],
    ['another of the names', () => sign('DNS:spare.test'), '200', null],
    ['somebody else’s name', () => sign('DNS:other.test'), 'closed', /is of somebody else \(DNS:other\.test\)/],
    [
      'the right name by an authority unknown',
      () => another?.sign(['DNS:pbx.test']),
      'closed',
      /not to be believed \(/,
    ],
    ['nothing', () => ({}), 'closed', /shows no certificate/],
  ])('[TRK18] a trunk that has to show a certificate shows %s', async (_, own, outcome, problem) => {
    const { complaints } = await answering(['pbx.test', 'spare.test']);
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      expect(await ask({ ...own(), minVersion: version, maxVersion: version }), version).toBe(outcome);
    }
    // Told once, not for each of the two.
    expect(complaints).toHaveLength(problem === null ? 0 : 1);
    if (problem !== null) expect(complaints[0]).toMatch(problem);
  });

  test('[TRK18] nobody else is asked for one', async () => {
    await answering(null);
    expect(await ask({})).toBe('200');
  });

  test('[TRK18] who does not come to show one is closed, and our end does not wait for it', async () => {
    const house = await answering(['pbx.test'], { connectMs: 100 });
    const { connect: connectTcp } = await import('node:net');
    const slow = connectTcp({ host: '127.0.0.1', port: tlsPort }).on('error', () => {});
    await new Promise((resolve) => slow.once('close', resolve));
    const slower = connectTcp({ host: '127.0.0.1', port: tlsPort }).on('error', () => {});
    await new Promise((resolve) => slower.once('connect', resolve));
    const gone = new Promise((resolve) => slower.once('close', resolve));
    await house.endpoint.stop(500);
    await gone;
    far = null;
  });

  test('[TRK18] we show ours to who asks, and the doctor says when it is missing or not liked', async () => {
    await answering(['us.test']);
    const hop = (own: { cert: string; key: string } | undefined) =>
      tryConnection({
        ...{ transport: 'tls', address: '127.0.0.1', port: tlsPort, connection: null },
        tls: { name: '127.0.0.1', ca, verify: true, ...(own === undefined ? {} : { own }) },
      });
    expect(await hop(sign('DNS:us.test'))).toMatchObject({ code: 'connected', grade: 'good' });
    expect(await hop(undefined)).toMatchObject({ code: 'certificate-wanted', grade: 'bad' });
    expect(await hop(sign('DNS:other.test'))).toMatchObject({ code: 'certificate-refused', grade: 'bad' });
    const server = { host: '127.0.0.1', port: tlsPort, transport: 'tls' } as const;
    const answer = await far?.endpoint.ask({
      server: { ...server, tls: { ca, verify: true, own: sign('DNS:us.test') } },
      ...{ method: 'OPTIONS', uri: 'sip:127.0.0.1', about: null, credentials: null },
    });
    expect(answer).toMatchObject({ answered: true, status: 200 });
  });

  test('[TRK18] a certificate of ours that was renewed is shown at the next request, by a connection of its own', async () => {
    await answering(['us.test']);
    const own = sign('DNS:other.test');
    const ask = () =>
      far?.endpoint.ask({
        server: { host: '127.0.0.1', port: tlsPort, transport: 'tls', tls: { ca, verify: true, own } },
        ...{ method: 'OPTIONS', uri: 'sip:127.0.0.1', about: null, credentials: null },
      });
    expect(await ask()).toMatchObject({ answered: false });
    Object.assign(own, sign('DNS:us.test'));
    expect(await ask()).toMatchObject({ answered: true, status: 200 });
    Object.assign(own, sign('DNS:other.test'));
    expect(await ask()).toMatchObject({ answered: false });
  });
});
