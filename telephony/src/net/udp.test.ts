import { describe, expect, test } from 'vitest';
import { chooseDatagrams } from './datagrams/index.js';
import { createUdpTransport } from './udp.js';

const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const hop = (address: string, port: number) => ({ transport: 'udp', address, port, connection: null }) as const;

/** Ports below those that the kernel lends to others. */
async function opened(choice: ReturnType<typeof chooseDatagrams>, receive: (bytes: Uint8Array) => void) {
  for (let port = 15_700; port < 15_900; port++) {
    const transport = createUdpTransport({ host: '127.0.0.1', port, log, receive, choice });
    try {
      await transport.start();
      return { transport, port };
    } catch (error) {
      expect(error).toMatchObject({ code: 'EADDRINUSE' });
    }
  }
  throw new Error('no port is free');
}

describe.each(['on', 'off'])('native sockets %s', (wanted) => {
  const choice = chooseDatagrams(wanted);

  test('a burst comes whole, each message as it was sent', async () => {
    const kept: string[] = [];
    let wake = (): void => undefined;
    const there = await opened(choice, (bytes) => {
      kept.push(Buffer.from(bytes).toString());
      wake();
    });
    const here = await opened(choice, () => undefined);
    const texts = Array.from({ length: 40 }, (_, i) => `MESSAGE ${i} `.padEnd(500, 'x'));
    for (const text of texts) here.transport.send(hop('127.0.0.1', there.port), text, expect.unreachable);
    while (kept.length < texts.length) await new Promise<void>((resolve) => (wake = resolve));
    expect(kept).toEqual(texts);
    await Promise.all([there.transport.close(), here.transport.close()]);
  });

  test('what cannot be sent is said later, before there is a socket, after it and while there is one', async () => {
    const { transport } = await opened(choice, () => undefined);
    const fails = (address: string) =>
      new Promise<string>((resolve) => {
        let returned = false;
        transport.send(hop(address, 5_060), 'x', () => resolve(returned ? 'later' : 'at once'));
        returned = true;
      });
    expect(await fails('2001:db8::1')).toBe('later');
    await transport.close();
    expect(await fails('127.0.0.1')).toBe('later');
    await transport.close();
  });
});
