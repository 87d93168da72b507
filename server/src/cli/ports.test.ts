import { createSocket } from 'node:dgram';
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { readSettings } from '../settings.js';
import { findBusyPorts, holderOf, portErrorIn, portsOf, slicesOf, type PortUse } from './ports.js';

const open: (() => void)[] = [];
afterEach(() => open.splice(0).forEach((close) => close()));

async function holdTcp(): Promise<number> {
  const server = createServer();
  open.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function holdUdp(): Promise<number> {
  const socket = createSocket('udp4');
  open.push(() => socket.close());
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return socket.address().port;
}

const use = (protocol: 'tcp' | 'udp', port: number, host = '127.0.0.1'): PortUse => ({
  protocol,
  host,
  port,
  setting: 'DENWABAN_SIP_PORT',
  hostSetting: 'DENWABAN_SIP_HOST',
});

describe('ports', () => {
  test.each([
    [{ min: 20_000, max: 20_999 }, 1],
    [{ min: 20_000, max: 20_999 }, 3],
    [{ min: 20_001, max: 20_062 }, 4],
    [{ min: 20_000, max: 20_160 }, 16],
  ])('the slices of %o for %i processes are all of it, in order, with none twice', (range, count) => {
    const slices = slicesOf(range, count);
    expect(slices).toHaveLength(count);
    expect([slices[0]?.min, slices.at(-1)?.max]).toEqual([range.min, range.max]);
    slices.slice(1).forEach(({ min }, i) => expect(min).toBe(slices[i]!.max + 1));
    for (const { min, max } of slices) expect(max - min + 1).toBeGreaterThanOrEqual(10);
  });

  test('a busy one is told with its setting; a free one is not', async () => {
    const [tcp, udp] = [await holdTcp(), await holdUdp()];
    const found = await findBusyPorts([use('tcp', tcp), use('udp', udp)]);
    expect(found.map(({ code }) => code)).toEqual(['port-in-use', 'port-in-use']);
    expect(found[0]?.line).toMatch(new RegExp(`^TCP port ${tcp} on 127.0.0.1 is in use.*DENWABAN_SIP_PORT`));
    open.splice(0).forEach((close) => close());
    expect(await findBusyPorts([use('tcp', tcp), use('udp', udp)])).toEqual([]);
  });

  test.runIf(process.platform === 'linux')('the holder is named with its process', async () => {
    // only Linux has /proc
    expect(holderOf('tcp', await holdTcp())).toContain(`process ${process.pid}`);
    expect(holderOf('udp', await holdUdp())).toContain(`process ${process.pid}`);
    expect(holderOf('tcp', 1)).toBeNull();
  });

  test('an address of another machine is told with the host setting', async () => {
    const [error] = await findBusyPorts([use('udp', 50_000, '192.0.2.1')]);
    expect(error).toMatchObject({ code: 'address-not-here' });
    expect(error?.line).toContain('DENWABAN_SIP_HOST');
  });

  test('what a role runs into while binding is told in the same words, and nothing else is', () => {
    const result = readSettings({}, '/x', { ephemeral: null, reserved: [] });
    if (!result.ok) throw new Error('the defaults must be fine');
    const inUse = (syscall: string, port: number) =>
      portErrorIn(Object.assign(new Error('x'), { code: 'EADDRINUSE', syscall, port }), result.settings);
    expect(inUse('listen', 8080)?.line).toContain('DENWABAN_HTTP_PORT');
    expect(inUse('bind', 5060)?.line).toContain('DENWABAN_SIP_PORT');
    expect(inUse('bind', 20_000)?.line).toContain('DENWABAN_RTP_PORTS');
    expect(inUse('listen', 9999)).toBeNull();
    expect(portErrorIn(new TypeError('a bug'), result.settings)).toBeNull();
    expect(portsOf(result.settings)).toHaveLength(4);
  });
});
