/** Trunks with peers that nobody here wrote: baresip over TLS, sipp as registrar and as a carrier that comes and goes, dnsmasq. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  createAutoAnswer,
  type AutoAnswer,
  type AutoAnswerOptions,
} from '../../../telephony/src/net/testing/auto-answer.js';
import { makeAuthority } from '../../../telephony/src/net/testing/certificates.js';
import type { RegistrationNews } from '../../../telephony/src/sip/agent/registrar.js';
import type { FarServer, RegisterRequest } from '../../../telephony/src/sip/contract.js';
import { runTrunk } from '../../../server/src/cli/trunk.js';
import { Baresip } from '../peers/baresip.js';
import { startDns, type Dns } from '../peers/dnsmasq.js';
import { freePorts } from '../peers/ports.js';
import { missing, run, until, type Running } from '../peers/process.js';
import { voice } from '../peers/speech.js';

const absent = missing('baresip', 'sipp', 'openssl', 'dnsmasq', 'espeak-ng', 'sox');
const scenario = (name: string) => fileURLToPath(new URL(`scenarios/${name}`, import.meta.url));

describe.skipIf(absent)(`trunks (${absent ?? 'all peers are here'})`, () => {
  let folder: string;
  let says: string;
  let authority: ReturnType<typeof makeAuthority>;
  const closing: (() => unknown)[] = [];

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'denwaban-trunks-'));
    says = voice('customer', folder).telephone;
    authority = makeAuthority();
    writeFileSync(join(folder, 'ca.pem'), authority.cert);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close();
  });

  async function answering(options: Omit<AutoAnswerOptions, 'port'> = {}): Promise<AutoAnswer & { port: number }> {
    const port = await freePorts('sip');
    const far = createAutoAnswer({ port, ...options });
    await far.endpoint.start();
    closing.push(() => far.endpoint.stop(1_000));
    return Object.assign(far, { port });
  }
  const dns = async (...zone: string[]): Promise<Dns> => {
    const started = await startDns(folder, zone);
    closing.push(() => started.stop());
    return started;
  };
  const sipp = (port: number, name: string, ...more: string[]): Running => {
    const args = ['-sf', scenario(name), '-i', '127.0.0.1', '-p', String(port), '-nostdin', '-nd', ...more];
    const running = run('sipp', args, { cwd: folder });
    closing.push(() => running.stop(500));
    return running;
  };

  test('[TRK3] baresip calls in over TLS, believes our certificate, and hangs up over the same connection', async () => {
    const tlsPort = await freePorts('sip');
    const far = await answering({ endpoint: { tls: { port: tlsPort, ...authority.sign(['IP:127.0.0.1']) } } });
    const own = authority.sign(['IP:127.0.0.1']);
    writeFileSync(join(folder, 'phone.pem'), own.cert + own.key);
    const phone = await Baresip.start({
      ...{ folder: join(folder, 'tls'), number: '0312345678', says, transport: 'tls' },
      tls: { certificate: join(folder, 'phone.pem'), authorities: join(folder, 'ca.pem') },
    });
    closing.push(() => phone.stop());
    await phone.dial({ number: '0120000001', host: '127.0.0.1', port: tlsPort });
    await phone.event('CALL_ESTABLISHED');
    await until('our ACK', () => far.counts.acknowledged === 1);
    await phone.hangUp();
    await until('its BYE', () => far.ends['hung-up'] === 1);
    expect(far.complaints).toEqual([]);
  });

  test('[TRK3] baresip over TLS hears our BYE on the connection that it made', async () => {
    const tlsPort = await freePorts('sip');
    const tls = { port: tlsPort, ...authority.sign(['IP:127.0.0.1']) };
    const far = await answering({ hangUpAfterMs: 300, endpoint: { tls } });
    const own = authority.sign(['IP:127.0.0.1']);
    writeFileSync(join(folder, 'phone.pem'), own.cert + own.key);
    const phone = await Baresip.start({
      ...{ folder: join(folder, 'tls'), number: '0312345678', says, transport: 'tls' },
      tls: { certificate: join(folder, 'phone.pem'), authorities: join(folder, 'ca.pem') },
    });
    closing.push(() => phone.stop());
    await phone.dial({ number: '0120000001', host: '127.0.0.1', port: tlsPort });
    await phone.event('CALL_CLOSED');
    expect(far.ends['hung-up']).toBe(1);
  });

  test('[TRK13] baresip calls in from nobody’s address with a trunk’s password; with another it is not let in', async () => {
    const trunks: string[] = [];
    const far = await answering({
      trunkOf: () => null,
      // This baresip gives up when it sees SHA-256, though MD5 stands beside it.
      guests: {
        realm: 'house',
        algorithms: ['MD5'],
        accounts: [{ trunk: 'tk_guest', username: 'anna', password: 'right' }],
      },
      onTrunk: (trunk) => void trunks.push(trunk),
    });
    for (const password of ['right', 'wrong']) {
      const phone = await Baresip.start({
        ...{ folder: join(folder, password), number: '0312345678', says },
        account: { user: 'anna', password },
      });
      closing.push(() => phone.stop());
      await phone.dial({ number: '0120000001', host: '127.0.0.1', port: far.port });
      if (password === 'right') {
        await phone.event('CALL_ESTABLISHED');
        await phone.hangUp();
        await until('its BYE', () => far.ends['hung-up'] === 1);
      } else expect((await phone.event('CALL_CLOSED')).param).toMatch(/40[13]/);
    }
    expect(trunks).toEqual(['tk_guest']);
  });

  test('[TRK15] over IPv6: sipp calls from ::1, and baresip does, with Contact and session description of IPv6', async () => {
    const far = await answering({
      hangUpAfterMs: 200,
      address: '::1',
      endpoint: { host: '::1', publicAddress: '::1' },
    });
    const args = ['-sf', scenario('uac-wait-bye.xml'), '-i', '::1', '-p', String(await freePorts('sip')), '-m', '5'];
    const caller = run('sipp', [`[::1]:${far.port}`, ...args, '-s', '0120000001', '-nostdin', '-nd'], { cwd: folder });
    closing.push(() => caller.stop(500));
    expect(await caller.exited).toMatchObject({ code: 0 });
    const phone = await Baresip.start({ folder: join(folder, 'v6'), number: '0312345678', says, address: '::1' });
    closing.push(() => phone.stop());
    await phone.dial({ number: '0120000001', host: '::1', port: far.port });
    await phone.event('CALL_ESTABLISHED');
    await phone.event('CALL_CLOSED');
    expect(far.ends).toEqual({ 'hung-up': 6, cancelled: 0, failed: 0 });
  });

  const server = (host: string, over: Partial<FarServer> = {}): FarServer => ({
    ...{ host, port: null, transport: 'udp', tls: null },
    ...over,
  });
  const registering = (servers: FarServer[], password = 'secret'): RegisterRequest => ({
    ...{ servers, user: '0312345678', domain: 'carrier.test', expiresS: 600, keepAliveS: null },
    credentials: { username: '0312345678', password },
  });

  test('[TRK8] sipp’s registrar asks for the password and lets us in; a wrong one it refuses', async () => {
    const port = await freePorts('sip');
    sipp(port, 'registrar.xml');
    const far = await answering();
    const news: RegistrationNews[] = [];
    const good = far.endpoint.register(registering([server('127.0.0.1', { port })]), (one) => void news.push(one));
    await until('the registration', () => news.at(-1)?.standing);
    expect(news.at(-1)).toMatchObject({ because: null, flow: { address: '127.0.0.1', port } });
    good.leave();
    const refused: RegistrationNews[] = [];
    const bad = far.endpoint.register(
      registering([server('127.0.0.1', { port })], 'wrong'),
      (one) => void refused.push(one),
    );
    await until('the refusal', () => refused.at(-1)?.because);
    expect(refused.at(-1)).toMatchObject({ standing: false, because: { status: 403 } });
    bad.leave();
  });

  test('[TRK6] the first SRV target is dead: the second one registers us, by names that dnsmasq tells', async () => {
    const [dead, alive] = [await freePorts('sip'), await freePorts('sip')];
    const { names } = await dns(
      `srv-host=_sip._tcp.carrier.test,one.carrier.test,${dead},10,1`,
      `srv-host=_sip._tcp.carrier.test,two.carrier.test,${alive},20,1`,
      'naptr-record=carrier.test,10,10,s,SIP+D2T,,_sip._tcp.carrier.test',
      'host-record=one.carrier.test,127.0.0.1',
      'host-record=two.carrier.test,127.0.0.1',
    );
    sipp(alive, 'registrar.xml', '-t', 't1');
    const far = await answering({ endpoint: { names } });
    const hops = await far.endpoint.hopsOf(server('carrier.test', { transport: null }));
    expect(hops.map(({ transport, port }) => `${transport} ${port}`)).toEqual([`tcp ${dead}`, `tcp ${alive}`]);
    const news: RegistrationNews[] = [];
    const kept = far.endpoint.register(
      registering([server('carrier.test', { transport: null })]),
      (one) => void news.push(one),
    );
    await until('the registration', () => news.at(-1)?.standing);
    expect(news.at(-1)?.flow).toMatchObject({ transport: 'tcp', port: alive });
    kept.leave();
  });

  test('[TRK6] a first SRV target that is silent over UDP costs 8 seconds, not half a minute', async () => {
    const [dead, alive] = [await freePorts('sip'), await freePorts('sip')];
    const { names } = await dns(
      `srv-host=_sip._udp.carrier.test,one.carrier.test,${dead},10,1`,
      `srv-host=_sip._udp.carrier.test,one.carrier.test,${alive},20,1`,
      'host-record=one.carrier.test,127.0.0.1',
    );
    sipp(alive, 'registrar.xml');
    const far = await answering({ endpoint: { names } });
    const news: RegistrationNews[] = [];
    const began = Date.now();
    const kept = far.endpoint.register(registering([server('carrier.test')]), (one) => void news.push(one));
    await until('the registration', () => news.at(-1)?.standing, { withinMs: 15_000 });
    expect(Date.now() - began).toBeLessThan(12_000);
    expect(news.at(-1)?.flow).toMatchObject({ port: alive });
    kept.leave();
  });

  test('[TRK10] a carrier that comes, goes and comes again is up, down and up, each said once', async () => {
    const port = await freePorts('sip');
    const said: string[] = [];
    const far = await answering();
    const first = sipp(port, 'uas-options.xml');
    const end = far.endpoint.probe(
      { server: server('127.0.0.1', { port }), intervalS: 1 },
      (now) => void said.push(now),
    );
    await until('up', () => said.length === 1);
    await first.stop(500);
    await until('down', () => said.length === 2, { withinMs: 30_000 });
    sipp(port, 'uas-options.xml');
    await until('up again', () => said.length === 3, { withinMs: 30_000 });
    expect(said).toEqual(['up', 'down', 'up']);
    end();
  });

  async function doctor(trunk: object, ...args: string[]): Promise<string> {
    const data = mkdtempSync(join(folder, 'doctor-'));
    writeFileSync(join(data, 'trunks.json'), JSON.stringify([{ id: 'tk_a', name: 'A', ...trunk }]), { mode: 0o600 });
    const lines: string[] = [];
    const env = { DENWABAN_DATA_DIR: data, LANG: 'C' };
    await runTrunk(['doctor', ...args], env, (line) => void lines.push(line));
    return lines.join('\n');
  }

  test('[TRK16] the doctor rings baresip and counts its audio; what baresip is not, it says', async () => {
    const phone = await Baresip.start({
      ...{ folder: join(folder, 'doctor'), number: '0312345678', says, answers: true },
    });
    closing.push(() => phone.stop());
    const outbound = { host: '127.0.0.1', port: phone.sipPort };
    const well = await doctor({ outbound }, '--call', '0312345678');
    expect(well).toMatch(/✓ 0312345678 answered, and \d{2,} packets of audio came back/);
    expect(await doctor({ outbound: { ...outbound, transport: 'tls' } })).toMatch(
      /✗ (No TLS with|.* refuses connections)/,
    );
  });

  test('[TRK16] the doctor looks at certificates as calls do', async () => {
    const tlsPort = await freePorts('sip');
    await answering({ endpoint: { tls: { port: tlsPort, ...authority.sign(['IP:127.0.0.1']) } } });
    const outbound = { host: '127.0.0.1', port: tlsPort, transport: 'tls' };
    expect(await doctor({ outbound })).toMatch(/✗ .*certificate that is not to be believed/);
    const well = await doctor({ outbound, tls: { ca: join(folder, 'ca.pem') } });
    expect(well).toMatch(/✓ 127\.0\.0\.1:\d+ takes a connection \(tls\)/);
    expect(well).toContain('Nothing is wrong');
  });

  test('[TRK18] baresip has to show a certificate: with the right name it calls in, with another it does not', async () => {
    const tlsPort = await freePorts('sip');
    const far = await answering({
      tlsDemandOf: () => ({ names: ['branch.test'], ca: authority.cert }),
      endpoint: { tls: { port: tlsPort, ...authority.sign(['IP:127.0.0.1']) } },
    });
    for (const name of ['branch.test', 'else.test']) {
      const own = authority.sign([`DNS:${name}`]);
      writeFileSync(join(folder, 'phone.pem'), own.cert + own.key);
      const phone = await Baresip.start({
        ...{ folder: join(folder, name), number: '0312345678', says, transport: 'tls' },
        tls: { certificate: join(folder, 'phone.pem'), authorities: join(folder, 'ca.pem') },
      });
      closing.push(() => phone.stop());
      await phone.dial({ number: '0120000001', host: '127.0.0.1', port: tlsPort });
      if (name === 'branch.test') {
        await phone.event('CALL_ESTABLISHED');
        await phone.hangUp();
        await until('its BYE', () => far.ends['hung-up'] === 1);
      } else await until('our refusal', () => far.complaints.some((line) => line.includes('DNS:else.test')));
    }
    expect(far.counts.calls).toBe(1);
  });

  test.each([
    ['TLS 1.2', '-tls1_2'],
    ['TLS 1.3', '-tls1_3'],
  ])(
    '[TRK18] openssl asks for a certificate over %s: the doctor says when it is missing or not liked',
    async (_, tls) => {
      const port = await freePorts('sip');
      const pair = (name: string, { cert, key }: { cert: string; key: string }) => {
        writeFileSync(join(folder, `${name}.pem`), cert);
        writeFileSync(join(folder, `${name}.key`), key, { mode: 0o600 });
        return { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
      };
      const theirs = pair('server', authority.sign(['IP:127.0.0.1']));
      const asking = ['-CAfile', join(folder, 'ca.pem'), '-Verify', '1', '-verify_return_error'];
      const files = ['-cert', theirs.cert, '-key', theirs.key];
      const server = run('openssl', ['s_server', '-accept', `127.0.0.1:${port}`, ...files, ...asking, tls, '-www']);
      closing.push(() => server.stop(500));
      const outbound = { host: '127.0.0.1', port, transport: 'tls' };
      const ca = join(folder, 'ca.pem');
      await until('openssl', async () => !(await doctor({ outbound, tls: { ca } })).includes('refuses connections'));
      expect(await doctor({ outbound, tls: { ca } })).toMatch(/✗ 127\.0\.0\.1:\d+ wants a certificate of yours/);
      const ours = pair('ours', authority.sign(['DNS:us.test']));
      expect(await doctor({ outbound, tls: { ca, ...ours } })).toMatch(/✓ 127\.0\.0\.1:\d+ takes a connection/);
      const odd = pair('odd', makeAuthority().sign(['DNS:us.test']));
      expect(await doctor({ outbound, tls: { ca, ...odd } })).toMatch(/✗ .*does not accept your certificate/);
    },
    60_000,
  );
});
