import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dgramDatagrams } from './dgram.js';
import { chooseDatagrams } from './index.js';
import { loadLibc, type Libc } from './libc.js';
import { nativeDatagrams } from './native.js';
import { Sockaddrs } from './sockaddr.js';

const isWrittenFor = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);

test('without the library, on another platform or switched off, Node’s own sockets are taken, and it is said why', () => {
  expect(chooseDatagrams('off')).toEqual({ datagrams: dgramDatagrams, because: 'DENWABAN_NATIVE_SOCKETS is off' });
  const absent = chooseDatagrams(undefined, () => {
    throw new Error("Cannot find module 'koffi'\nRequire stack: …");
  });
  expect(absent).toEqual({ datagrams: dgramDatagrams, because: "Cannot find module 'koffi'" });
  if (isWrittenFor) expect(chooseDatagrams(undefined)).toMatchObject({ datagrams: { kind: 'native' }, because: null });
});

// Only where the structures of the C library are the ones we know.
describe.runIf(isWrittenFor)('by the C library', () => {
  const libc = isWrittenFor ? loadLibc() : (undefined as never);

  test('an address comes back as it was written, and each way is found again', () => {
    const addresses = new Sockaddrs(libc);
    const port = fc.nat(0xffff);
    fc.assert(
      fc.property(fc.ipV4(), port, (address, at) => {
        const to = { address, port: at };
        const bytes = addresses.write(to, 4)!;
        expect(addresses.read(bytes)).toEqual(to);
        expect(addresses.read(bytes)).toBe(addresses.read(bytes));
        expect(addresses.write({ ...to }, 4)).toBe(bytes);
        expect(addresses.read(addresses.write(to, 6)!)).toEqual({ address: `::ffff:${address}`, port: at });
        expect(addresses.write({ address: `::ffff:${address}`, port: at }, 4)).toBeNull();
      }),
    );
    fc.assert(
      fc.property(fc.ipV6(), port, (address, at) => {
        const bytes = addresses.write({ address, port: at }, 6)!;
        const read = addresses.read(bytes);
        expect(addresses.write(read, 6)).toEqual(bytes);
        expect(addresses.read(bytes)).toBe(read);
      }),
    );
    expect(addresses.read(addresses.write({ address: 'fe80::1%lo', port: 9 }, 6)!).address).toBe('fe80::1%lo');
    for (const address of ['', 'localhost', '1.2.3', '1.2.3.4.5', ':::', '1.2.3.4\0', 'fe80::%']) {
      expect(addresses.write({ address, port: 1 }, 4)).toBeNull();
      expect(addresses.write({ address, port: 1 }, 6)).toBeNull();
    }
  });

  test('a flood from everywhere is not remembered for ever, and is told apart all the while', () => {
    const addresses = new Sockaddrs(libc);
    for (let i = 0; i < 20_000; i++) {
      const to = { address: `10.${i & 255}.${i >> 8}.1`, port: 1_024 + i };
      expect(addresses.read(addresses.write(to, 4)!)).toEqual(to);
    }
    const known = Object.values(addresses as unknown as { read4: Map<number, unknown> }).find(
      (value) => value instanceof Map && value.size > 0,
    ) as Map<number, unknown>;
    expect(known.size).toBeLessThanOrEqual(4_096);
  });

  test('a full buffer loses the datagram and is no failure; a missing network is one', async () => {
    let errno = 'EAGAIN';
    const full: Libc = { ...libc, sendto: () => -1, send: () => -1, failure: () => errno };
    const socket = await nativeDatagrams(full).bind({ address: '127.0.0.1', port: 0 });
    let failures = 0;
    const to = { address: '127.0.0.1', port: 5_060 };
    socket.send(Buffer.from('x'), to, () => (failures += 1));
    await new Promise((resolve) => setImmediate(resolve));
    expect([socket.unsent, failures]).toEqual([1, 0]);
    errno = 'ENETUNREACH';
    socket.send(Buffer.from('x'), to, () => (failures += 1));
    expect(failures).toBe(0);
    await new Promise((resolve) => setImmediate(resolve));
    expect([socket.unsent, failures]).toEqual([2, 1]);
    socket.close();
  });

  test('a listener that fails costs nobody else their datagrams', async () => {
    const datagrams = nativeDatagrams(libc);
    const sockets = await Promise.all([1, 2, 3].map(() => datagrams.bind({ address: '127.0.0.1', port: 0 })));
    for (const socket of sockets) sockets[0]!.send(Buffer.from('x'), socket.local);
    const seen: unknown[] = [];
    const note = (error: unknown) => void seen.push(error);
    const before = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', note);
    await new Promise<void>((resolve) => {
      let heard = 0;
      for (const [i, socket] of sockets.entries()) {
        socket.listen(() => {
          if ((heard += 1) === sockets.length) setImmediate(resolve);
          if (i === 0) throw new Error('a failure of ours');
        });
      }
    });
    process.off('uncaughtException', note);
    for (const listener of before) process.on('uncaughtException', listener);
    for (const socket of sockets) socket.close();
    expect(seen).toEqual([expect.objectContaining({ message: 'a failure of ours' })]);
  });
});
