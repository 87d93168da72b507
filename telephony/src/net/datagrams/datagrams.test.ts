import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import type { Datagrams, DatagramSocket, Endpoint } from './contract.js';
import { dgramDatagrams } from './dgram.js';
import { loadLibc } from './libc.js';
import { nativeDatagrams } from './native.js';

const isWrittenFor = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);
const implementations: [string, () => Datagrams][] = [['dgram', () => dgramDatagrams]];
// Elsewhere there is nothing to test; here it must load.
if (isWrittenFor) implementations.push(['native', () => nativeDatagrams(loadLibc())]);

const open: DatagramSocket[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((socket) => new Promise<void>((resolve) => socket.close(resolve))));
});

interface Heard {
  text: string;
  from: Endpoint;
}

/** A socket with everything it has heard, and a promise of the first `count` of it. */
async function socketOf(datagrams: Datagrams, address = '127.0.0.1', burst = 1) {
  const socket = await datagrams.bind({ address, port: 0, burst });
  open.push(socket);
  const heard: Heard[] = [];
  let wake = (): void => undefined;
  socket.listen((bytes, from) => {
    heard.push({ text: bytes.toString(), from });
    wake();
  });
  const until = async (count: number): Promise<string[]> => {
    while (heard.length < count) await new Promise<void>((resolve) => (wake = resolve));
    return heard.map(({ text }) => text);
  };
  const say = (text: string, to: DatagramSocket, failed?: () => void) =>
    socket.send(Buffer.from(text), to.local, failed);
  return { socket, heard, until, say };
}

const descriptors = (): number => readdirSync('/proc/self/fd').length;
const turnOfLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe.each(implementations)('%s', (_, make) => {
  const datagrams = make();

  test.each(['127.0.0.1', '::1'])('what is sent arrives whole, with its sender, on %s', async (address) => {
    const a = await socketOf(datagrams, address);
    const b = await socketOf(datagrams, address);
    a.say('', b.socket);
    a.say('hello', b.socket);
    a.say('x'.repeat(9_000), b.socket);
    expect(await b.until(3)).toEqual(['', 'hello', 'x'.repeat(9_000)]);
    expect(b.heard[1]!.from).toEqual({ address, port: a.socket.local.port });
    expect(b.socket.local).toMatchObject({ address, family: address === '::1' ? 6 : 4 });
    b.socket.send(Buffer.from('and back'), b.heard[0]!.from);
    expect(await a.until(1)).toEqual(['and back']);
  });

  test('texts go out together, whole and in order, each to its own, and more of them than one call takes', async () => {
    const a = await socketOf(datagrams);
    const b = await socketOf(datagrams);
    const c = await socketOf(datagrams);
    const texts = Array.from({ length: 100 }, (_, i) => `${i} ${'\xe9'.repeat(i * 30)}`);
    for (const [i, text] of texts.entries()) a.socket.sendText(text, (i % 2 === 0 ? b : c).socket.local);
    await b.until(50);
    await c.until(50);
    const latin1 = (text: string) => Buffer.from(text, 'latin1').toString();
    expect(b.heard.map(({ text }) => text)).toEqual(texts.filter((_, i) => i % 2 === 0).map(latin1));
    expect(c.heard.map(({ text }) => text)).toEqual(texts.filter((_, i) => i % 2 === 1).map(latin1));
  });

  test('a text that cannot go is told of, later and once, and holds up none behind it', async () => {
    const a = await socketOf(datagrams);
    const b = await socketOf(datagrams);
    const told: string[] = [];
    a.socket.sendText('before', b.socket.local);
    a.socket.sendText('x'.repeat(65_530), b.socket.local, () => told.push('large'));
    a.socket.sendText('y'.repeat(70_000), b.socket.local, () => told.push('larger'));
    a.socket.sendText('z', { address: '2001:db8::1', port: 9 }, () => told.push('elsewhere'));
    a.socket.sendText('after', b.socket.local);
    expect(told).toEqual([]);
    expect(await b.until(2)).toEqual(['before', 'after']);
    for (let turn = 0; turn < 5; turn++) await turnOfLoop();
    expect([told.toSorted(), a.socket.unsent]).toEqual([['elsewhere', 'large', 'larger'], 3]);
  });

  test('what was said last goes out although the socket is closed at once', async () => {
    const a = await socketOf(datagrams);
    const b = await socketOf(datagrams);
    a.socket.sendText('bye', b.socket.local);
    a.socket.close();
    expect(await b.until(1)).toEqual(['bye']);
  });

  test('a socket of IPv6 hears IPv4 and answers it, by mapped addresses', async () => {
    const both = await socketOf(datagrams, '::');
    const four = await socketOf(datagrams);
    four.socket.send(Buffer.from('four'), { address: '127.0.0.1', port: both.socket.local.port });
    await both.until(1);
    expect(both.heard[0]!.from).toEqual({ address: '::ffff:127.0.0.1', port: four.socket.local.port });
    both.socket.send(Buffer.from('six'), both.heard[0]!.from);
    expect(await four.until(1)).toEqual(['six']);
  });

  test('a connected socket hears its end alone, also of what waited already, and a disconnected one everybody', async () => {
    const far = await socketOf(datagrams);
    const stranger = await socketOf(datagrams);
    const free = await datagrams.bind({ address: '127.0.0.1', port: 0 });
    await new Promise<void>((resolve) => free.close(resolve));
    const socket = await datagrams.bind(free.local);
    open.push(socket);
    for (let i = 0; i < 20; i++) stranger.say('stranger, early', socket);
    far.say('early', socket);
    socket.connect(far.socket.local);
    const heard: string[] = [];
    let wake = (): void => undefined;
    socket.listen((bytes, from) => {
      heard.push(`${bytes.toString()} ${from.port}`);
      wake();
    });
    const until = async (count: number) => {
      while (heard.length < count) await new Promise<void>((resolve) => (wake = resolve));
      return heard;
    };
    const { port } = far.socket.local;
    await until(1);
    stranger.say('stranger, late', socket);
    far.say('late', socket);
    expect(await until(2)).toEqual([`early ${port}`, `late ${port}`]);
    socket.send(Buffer.from('to you'), far.socket.local);
    expect(await far.until(1)).toEqual(['to you']);
    socket.disconnect();
    stranger.say('stranger, welcome', socket);
    await until(3);
    expect(heard[2]).toBe(`stranger, welcome ${stranger.socket.local.port}`);
    socket.send(Buffer.from('to all'), stranger.socket.local);
    expect(await stranger.until(1)).toEqual(['to all']);
  });

  test('a far end that is not there yet is no failure: it is heard when it comes', async () => {
    const gone = await datagrams.bind({ address: '127.0.0.1', port: 0 });
    const { local } = gone;
    await new Promise<void>((resolve) => gone.close(resolve));
    const a = await socketOf(datagrams);
    a.socket.connect(local);
    for (let i = 0; i < 5; i++) {
      a.socket.send(Buffer.from('anybody?'), local, () => expect.unreachable());
      await turnOfLoop();
    }
    const late = await datagrams.bind(local);
    open.push(late);
    late.send(Buffer.from('here'), a.socket.local);
    expect(await a.until(1)).toEqual(['here']);
  });

  test('a port in use and an address of another machine are said by their codes', async () => {
    const { socket } = await socketOf(datagrams);
    await expect(datagrams.bind(socket.local)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await expect(datagrams.bind({ address: '203.0.113.1', port: 0 })).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
  });

  test('what cannot be sent is lost, counted and told, and nothing is thrown', async () => {
    const a = await socketOf(datagrams);
    const failures: string[] = [];
    const fail = (what: string, bytes: number, to: Endpoint): Promise<void> =>
      new Promise((resolve) => {
        a.socket.send(Buffer.alloc(bytes), to, () => resolve(void failures.push(what)));
        expect(failures).not.toContain(what);
      });
    await fail('port', 1, { address: '127.0.0.1', port: 70_000 });
    await fail('family', 1, { address: '2001:db8::1', port: 5_060 });
    await fail('size', 65_530, { address: '127.0.0.1', port: 5_060 });
    expect(failures).toEqual(['port', 'family', 'size']);
    a.socket.send(Buffer.alloc(65_530), { address: '127.0.0.1', port: 5_060 });
    await turnOfLoop();
    expect(a.socket.unsent).toBe(4);
  });

  test('who is closed by a listener hears nothing more, and may be closed again', async () => {
    const a = await socketOf(datagrams);
    const b = await socketOf(datagrams);
    let heard = 0;
    b.socket.listen(() => {
      heard += 1;
      b.socket.close();
      b.socket.close();
    });
    for (let i = 0; i < 10; i++) a.say('x', b.socket);
    const marker = await socketOf(datagrams);
    a.say('last', marker.socket);
    await marker.until(1);
    expect(heard).toBe(1);
    b.socket.connect(a.socket.local);
    b.socket.disconnect();
    b.say('from beyond', a.socket);
    marker.say('alive', a.socket);
    expect(await a.until(1)).toEqual(['alive']);
  });

  test('one that is flooded keeps neither its neighbours nor other work waiting', async () => {
    const flooder = await socketOf(datagrams);
    const order: string[] = [];
    const flooded = await datagrams.bind({ address: '127.0.0.1', port: 0 });
    const neighbour = await datagrams.bind({ address: '127.0.0.1', port: 0 });
    open.push(flooded, neighbour);
    for (let i = 0; i < 150; i++) flooder.say('flood', flooded);
    flooder.say('call', neighbour);
    await new Promise<void>((resolve) => {
      flooded.listen(() => {
        if (order.push('flood') > 150) resolve();
        if (order.length === 1) setImmediate(() => order.push('work'));
      });
      neighbour.listen(() => order.push('call'));
    });
    expect(order.indexOf('call')).toBeLessThanOrEqual(32);
    expect(order.indexOf('work')).toBeGreaterThan(0);
    expect(order.indexOf('work')).toBeLessThanOrEqual(64);
  });

  test('what a listener promised goes on before other work', async () => {
    const a = await socketOf(datagrams);
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      a.socket.listen(() => {
        setImmediate(() => resolve(void order.push('immediate')));
        void Promise.resolve().then(() => order.push('promise'));
        process.nextTick(() => order.push('tick'));
      });
      a.say('x', a.socket);
    });
    expect(order).toEqual(['tick', 'promise', 'immediate']);
  });

  test('the kernel gives the room for bursts that it has, and says how much', async () => {
    const { socket } = await socketOf(datagrams);
    expect(socket.receiveBuffer(16_384)).toBeGreaterThanOrEqual(16_384);
  });

  // Descriptors are counted in /proc, which Linux alone has.
  test.runIf(process.platform === 'linux')('a thousand sockets leave no descriptor behind', async () => {
    const before = descriptors();
    const far = await socketOf(datagrams);
    for (let round = 0; round < 10; round++) {
      const sockets = await Promise.all(
        Array.from({ length: 100 }, () => datagrams.bind({ address: '127.0.0.1', port: 0 })),
      );
      for (const socket of sockets) {
        socket.listen(() => undefined);
        socket.connect(far.socket.local);
      }
      await turnOfLoop();
      for (const socket of sockets) socket.send(Buffer.from('x'), far.socket.local);
      await far.until(100 * (round + 1));
      await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(resolve))));
    }
    await new Promise<void>((resolve) => far.socket.close(resolve));
    expect(descriptors()).toBe(before);
  });
});
