/** Far ends that name hosts in Contact and Record-Route: sipp says the names, dnsmasq knows where they are. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAutoAnswer } from '../../../telephony/src/net/testing/auto-answer.js';
import { offerSdp } from '../../../telephony/src/sdp/index.js';
import { startDns, type Dns } from '../peers/dnsmasq.js';
import { startEdge, type Edge } from '../peers/edge.js';
import { freePorts } from '../peers/ports.js';
import { missing, sleep, until } from '../peers/process.js';
import { called, calling, expects, maybe, pause, reply, scenario } from './sipp-scenario.js';
import { runSipp, type SippResult } from './sipp.js';

const absent = missing('sipp', 'dnsmasq');
const ours = { address: '127.0.0.1', port: 20_000, sessionId: '1', version: 1 };

describe.skipIf(absent)(`hosts named within a call (${absent ?? 'all peers are here'})`, () => {
  let folder: string;
  const closing: (() => unknown)[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'denwaban-names-'));
  });
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Our endpoint, a name server, and an edge at 127.0.0.2, which is on nobody's list. */
  async function stage(zone: (edgePort: number) => string[], hangUpAfterMs?: number) {
    const [port, farPort, edgePort] = [await freePorts('sip'), await freePorts('sip'), await freePorts('sip')];
    const dns: Dns = await startDns(folder, zone(edgePort));
    closing.push(() => dns.stop());
    const edge: Edge = await startEdge('127.0.0.2', edgePort, farPort);
    closing.push(() => edge.close());
    const far = createAutoAnswer({
      port,
      trunkOf: ({ address }) => (address === '127.0.0.1' ? 'test' : null),
      ...(hangUpAfterMs === undefined ? {} : { hangUpAfterMs }),
      endpoint: { names: dns.names },
    });
    await far.endpoint.start();
    closing.push(() => far.endpoint.stop(1_000));
    const sipp = (steps: readonly string[], ...args: string[]): Promise<SippResult> => {
      const common = ['-i', '127.0.0.1', '-p', String(farPort), '-m', '1', '-nd'];
      return runSipp([...args, '-sf', scenario(folder, 'names', steps), ...common], { cwd: folder, timeoutMs: 30_000 });
    };
    const place = () => {
      const told: string[] = [];
      const call = far.endpoint.call(
        {
          ...{ trunk: 'test', credentials: null, displayName: null, identity: null, withheld: false },
          hops: [{ transport: 'udp', address: '127.0.0.1', port: farPort, connection: null }],
          to: `sip:+81312345678@127.0.0.1:${farPort}`,
          from: 'sip:+81501112222@127.0.0.1',
          offer: offerSdp(ours),
          ringMsMax: 20_000,
        },
        {
          onProgress() {},
          onAnswered: () => {
            told.push('answered');
            setTimeout(() => call.hangUp('done'), 200);
          },
          onEnded: (cause) => void told.push(cause),
          onReoffer: () => null,
          onDigit() {},
        },
      );
      return told;
    };
    return { port, edgePort, dns, edge, far, sipp, place };
  }
  const fine = (result: SippResult) =>
    expect(result, result.output).toMatchObject({ code: 0, successful: 1, failed: 0 });
  const answered = (said: Parameters<typeof called.answers>[2]) => [
    called.invite(),
    called.answers(200, 'a', { sdp: true, ...said }, ' retrans="500"'),
    expects('ACK'),
    expects('BYE'),
    reply(200),
  ];
  const srv = (port: number) => [
    `srv-host=_sip._udp.edge.carrier.test,one.carrier.test,${port},10,1`,
    'host-record=one.carrier.test,127.0.0.2',
  ];

  test.each([
    ['a Record-Route, by SRV', { headers: ['Record-Route: <sip:edge.carrier.test;lr>'] }],
    ['a Contact, by SRV', { contact: 'edge.carrier.test' }],
  ])('who answers us names a host in %s: ACK and BYE go there', async (_, said) => {
    const { edge, sipp, place } = await stage(srv);
    const ended = sipp(answered(said));
    await sleep(500);
    const told = place();
    fine(await ended);
    expect(edge.passed).toEqual(['ACK', 'BYE']);
    expect(told).toEqual(['answered', 'hung-up']);
  });

  test('who calls us names a host with its port in Contact: our BYE goes there', async () => {
    const { port, edgePort, edge, far, sipp } = await stage(() => ['host-record=phone.carrier.test,127.0.0.2'], 100);
    const steps = [
      calling.asks('INVITE', 1, { sdp: true, contact: `phone.carrier.test:${edgePort}` }),
      maybe(100),
      maybe(180),
      expects(200),
      calling.asks('ACK', 1),
      expects('BYE'),
      reply(200),
    ];
    fine(await sipp(steps, `127.0.0.1:${port}`, '-s', '0120'));
    expect(edge.passed).toEqual(['BYE']);
    await until('the end', () => far.ends['hung-up'] === 1);
  });

  test.each([
    ['that DNS does not know', 'gone.carrier.test', false],
    ['whose name server is gone', 'edge.carrier.test', true],
    ['that leads to a group', 'group.carrier.test', false],
    ['that leads to the addresses of a cloud’s metadata', 'meta.carrier.test', false],
  ])('a host %s: ACK and BYE go where the answer came from', async (_, contact, deaf) => {
    const bad = ['host-record=group.carrier.test,224.0.0.5', 'host-record=meta.carrier.test,169.254.169.254'];
    const { dns, edge, sipp, place } = await stage((port) => [...srv(port), ...bad]);
    if (deaf) await dns.die();
    const ended = sipp(answered({ contact }));
    await sleep(500);
    const told = place();
    fine(await ended);
    expect(edge.passed).toEqual([]);
    expect(told).toEqual(['answered', 'hung-up']);
  });

  test('a host where nobody is: ACK and BYE that were not heard go where the answer came from', async () => {
    const { sipp, place } = await stage(() => ['host-record=dead.carrier.test,127.0.0.3']);
    const ended = sipp([...answered({ contact: 'dead.carrier.test:5999' }), pause(100)]);
    await sleep(500);
    const told = place();
    fine(await ended);
    expect(told).toEqual(['answered', 'hung-up']);
  });
});
