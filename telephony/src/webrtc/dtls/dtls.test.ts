import { createHash, X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { makeCertificate } from './certificate.js';
import { DtlsConnection, mtuBytes, type SrtpMasters } from './connection.js';
import { DtlsContext } from './context.js';
import { loadOpenSsl, type OpenSsl } from './openssl.js';
import { grownBytes } from '../testing/memory.js';

const loaded = loadOpenSsl();
/** What was made and is ours to free: connections (with their memory) and certificates of far ends. */
const held = { connections: 0, certificates: 0 };
const openssl: OpenSsl = {
  ...loaded,
  SSL_new: (context) => (held.connections++, loaded.SSL_new(context)),
  SSL_free: (ssl) => (held.connections--, loaded.SSL_free(ssl)),
  SSL_get1_peer_certificate: (ssl) => (held.certificates++, loaded.SSL_get1_peer_certificate(ssl)),
  X509_free: (certificate) => (held.certificates--, loaded.X509_free(certificate)),
};
const contexts = {
  server: new DtlsContext(openssl, makeCertificate(Date.now())),
  client: new DtlsContext(openssl, makeCertificate(Date.now()), 'client'),
};

interface Side {
  dtls: DtlsConnection;
  keys: SrtpMasters | null;
  heard: string[];
  ended: string[];
  /** Not yet on its way to the other. */
  out: Uint8Array[];
}

function side(role: 'server' | 'client', isTheirs: (fingerprint: string) => boolean): Side {
  const made: Omit<Side, 'dtls'> = { keys: null, heard: [], ended: [], out: [] };
  const one = made as Side;
  one.dtls = new DtlsConnection(contexts[role], role, isTheirs, {
    send: (packet) => void one.out.push(packet),
    connected: (keys) => (one.keys = keys),
    data: (data) => void one.heard.push(data.toString()),
    ended: (because) => void one.ended.push(because),
  });
  return one;
}

function pair(fingerprints: { client?: string } = {}) {
  const client = side('client', (theirs) => theirs === contexts.server.fingerprint);
  const server = side('server', (theirs) => theirs === (fingerprints.client ?? contexts.client.fingerprint));
  /** @param lost which packets do not arrive */
  const run = (lost: (from: 'server' | 'client', packet: Uint8Array) => boolean = () => false): void => {
    while (client.out.length + server.out.length > 0) {
      for (const packet of client.out.splice(0)) if (!lost('client', packet)) server.dtls.receive(packet);
      for (const packet of server.out.splice(0)) if (!lost('server', packet)) client.dtls.receive(packet);
    }
  };
  const close = (): void => {
    client.dtls.close();
    server.dtls.close();
  };
  return { client, server, run, close };
}

test('our certificate is one, with the fingerprint that we tell, and signed by its own key', () => {
  const { certificate, fingerprint } = makeCertificate(Date.now());
  const read = new X509Certificate(certificate);
  expect(read.fingerprint256).toBe(fingerprint);
  expect(fingerprint.replaceAll(':', '').toLowerCase()).toBe(createHash('sha256').update(certificate).digest('hex'));
  expect(read.verify(read.publicKey)).toBe(true);
  expect(Date.parse(read.validFrom)).toBeLessThan(Date.now());
  expect(Date.parse(read.validTo)).toBeGreaterThan(Date.now());
});

describe('a DTLS connection', () => {
  test('gives both sides the same keys, one for each direction, and carries data until one ends it', () => {
    const { client, server, run, close } = pair();
    client.dtls.begin();
    run();
    expect(server.keys!.ours).toEqual(client.keys!.theirs);
    expect(server.keys!.theirs).toEqual(client.keys!.ours);
    expect([server.keys!.ours.length, server.keys!.ours.equals(server.keys!.theirs)]).toEqual([30, false]);
    expect([client.dtls.timeoutMs, server.dtls.timeoutMs]).toEqual([null, null]);
    server.dtls.send(Buffer.from('hello'));
    client.dtls.send(Buffer.from('and back'));
    run();
    expect([client.heard, server.heard]).toEqual([['hello'], ['and back']]);
    client.dtls.close();
    run();
    expect([server.ended, client.ended]).toEqual([['closed'], []]);
    expect(server.dtls.send(Buffer.from('too late'))).toBe(false);
    close();
  });

  test('sends no datagram that is longer than a path carries', () => {
    const { client, server, run, close } = pair();
    const sizes: number[] = [];
    client.dtls.begin();
    run((_, packet) => sizes.push(packet.length) < 0);
    expect(server.dtls.connected).toBe(true);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(mtuBytes);
    expect(Math.min(...sizes)).toBeGreaterThan(0);
    close();
  });

  test('is refused when the certificate is not the one of the SDP, and gives no keys', () => {
    const { client, server, run, close } = pair({ client: contexts.server.fingerprint });
    client.dtls.begin();
    run();
    expect([server.ended, server.keys, server.dtls.connected]).toEqual([['failed'], null, false]);
    server.dtls.receive(Buffer.from('16fefd', 'hex'));
    close();
  });

  test('is not harmed by garbage, before, during and after its handshake', () => {
    const { client, server, run, close } = pair();
    const garbage = [
      Buffer.alloc(0),
      Buffer.of(20),
      Buffer.alloc(1_200, 22),
      Buffer.from('16fefd000000000000000000ff', 'hex'),
      Buffer.concat([Buffer.from('16fefd00000000000000010010', 'hex'), Buffer.alloc(16, 0xff)]),
      Buffer.concat([Buffer.from('17feff00010000000000010040', 'hex'), Buffer.alloc(64, 7)]),
      // Shorter than what would seal it: OpenSSL alone never recovers from it.
      Buffer.from('15fefd0001000000000001000202ff', 'hex'),
    ];
    const pelt = (): void => garbage.forEach((packet) => server.dtls.receive(packet));
    client.dtls.begin();
    run((from) => {
      if (from === 'client') garbage.slice(5).forEach((packet) => server.dtls.receive(packet));
      return false;
    });
    expect(server.dtls.connected).toBe(true);
    pelt();
    client.dtls.send(Buffer.from('still here'));
    run();
    expect([server.heard, server.ended]).toEqual([['still here'], []]);
    close();
  });

  test('closes without a word while it is not there yet, and may be closed again', () => {
    const { client, server, run, close } = pair();
    client.dtls.begin();
    close();
    close();
    run();
    client.dtls.timeout();
    client.dtls.receive(Buffer.alloc(20, 22));
    expect([client.ended, server.ended, client.dtls.timeoutMs]).toEqual([[], [], null]);
  });

  test('says again what was lost, when its time has come', async () => {
    const { client, server, run, close } = pair();
    client.dtls.begin();
    let first = true;
    run((from) => {
      const lost = from === 'server' && first;
      if (from === 'server') first = false;
      return lost;
    });
    expect(server.dtls.connected).toBe(false);
    const waitMs = server.dtls.timeoutMs!;
    expect(waitMs).toBeGreaterThan(500);
    expect(waitMs).toBeLessThanOrEqual(1_000);
    // The clock is OpenSSL's own: the one test that waits.
    await new Promise((resolve) => setTimeout(resolve, waitMs + 50));
    // Ours is the one that looks at the clock: what the client says then has its first flight in it again.
    server.dtls.timeout();
    run();
    expect([server.dtls.connected, client.dtls.connected]).toEqual([true, true]);
    close();
  });
});

test('a thousand connections leave no memory behind', async () => {
  const round = (count: number): void => {
    for (let n = 0; n < count; n++) {
      const { client, server, run, close } = pair();
      client.dtls.begin();
      // Every third ends in the middle of its handshake.
      if (n % 3 !== 0) run();
      else server.dtls.receive(client.out.pop()!);
      close();
    }
  };
  round(400);
  const grown = await grownBytes(() => round(1_000));
  expect(held).toEqual({ connections: 0, certificates: 0 });
  // One connection that is not freed costs 60 kB.
  expect(grown).toBeLessThan(10_000_000);
}, 30_000);
