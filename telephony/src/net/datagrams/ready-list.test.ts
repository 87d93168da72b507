import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Libc } from './libc.js';
import { ReadyList } from './ready-list.js';

const eventBytes = process.arch === 'x64' ? 12 : 16;

/** A kernel in which every socket of the list has something to read, whenever it is asked. */
function busyKernel() {
  const sockets: [fd: number, number: number][] = [];
  const calls = { waits: 0, polled: false, closed: 0 };
  let wake = (): void => undefined;
  const libc = {
    failure: () => 'EPERM',
    epoll_create1: () => 99,
    close: () => (calls.closed += 1),
    epoll_ctl: (_: number, operation: number, fd: number, event: Buffer) => {
      const at = sockets.findIndex(([known]) => known === fd);
      if (at >= 0) sockets.splice(at, 1);
      if (operation === 1) sockets.push([fd, event.readInt32LE(eventBytes - 4)]);
      return 0;
    },
    epoll_wait: (_: number, into: Buffer) => {
      calls.waits += 1;
      sockets.slice(0, 256).forEach(([fd, number], i) => {
        into.writeInt32LE(fd, (i + 1) * eventBytes - 8);
        into.writeInt32LE(number, (i + 1) * eventBytes - 4);
      });
      return Math.min(sockets.length, 256);
    },
    poll: (_: number, readable: () => void) => {
      const start = () => {
        wake = readable;
        calls.polled = true;
      };
      const stop = () => (calls.polled = false);
      start();
      return { start, stop, close: stop };
    },
  } as unknown as Libc;
  return { libc, calls, wake: () => calls.polled && wake() };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setImmediate', 'clearImmediate', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

test('who got the descriptor of one that was closed in the same turn does not have its datagrams announced', () => {
  const { libc, wake } = busyKernel();
  const list = new ReadyList(libc);
  const heard: string[] = [];
  list.add(10, {
    read: () => {
      heard.push('first');
      list.remove(11);
      list.add(11, { read: () => heard.push('third') });
    },
  });
  list.add(11, { read: () => heard.push('second') });
  wake();
  vi.advanceTimersByTime(0);
  expect(heard).toEqual(['first']);
});

test('the last to go takes the set with it, also in the middle of a turn, and the next opens another', () => {
  const { libc, calls, wake } = busyKernel();
  const list = new ReadyList(libc);
  let read = 0;
  const readable = {
    read: () => {
      read += 1;
      list.remove(10);
      list.remove(11);
    },
  };
  list.add(10, readable);
  list.add(11, readable);
  wake();
  vi.advanceTimersByTime(0);
  expect([read, calls.closed, calls.polled]).toEqual([1, 1, false]);
  list.add(12, { read: () => (read += 10) });
  wake();
  vi.advanceTimersByTime(0);
  expect([read, calls.polled]).toEqual([11, true]);
  expect(vi.getTimerCount()).toBe(0);
});

test('when each turn leaves some unread, it is told for how long, until one has read them all', () => {
  const { libc, wake } = busyKernel();
  const list = new ReadyList(libc);
  const pass = (ms: number) => {
    for (let i = 0; i < ms; i++) {
      wake();
      vi.advanceTimersByTime(1);
    }
  };
  for (let fd = 0; fd < 255; fd++) list.add(fd, { read() {} });
  pass(40);
  expect(list.behindMs).toBe(0);
  list.add(255, { read() {} });
  pass(40);
  expect(Math.abs(list.behindMs - 40)).toBeLessThanOrEqual(2);
  list.remove(255);
  pass(2);
  expect(list.behindMs).toBe(0);
});

test('many datagrams a second are fetched at a beat, and few again as they come', () => {
  const { libc, calls, wake } = busyKernel();
  const list = new ReadyList(libc);
  let read = 0;
  for (let fd = 10; fd < 20; fd++) list.add(fd, { read: () => (read += 1) });
  // 5 000 a second: fifty calls, each datagram fetched when it came.
  for (let ms = 0; ms < 200; ms += 2) {
    wake();
    vi.advanceTimersByTime(2);
  }
  expect([calls.waits, calls.polled]).toEqual([100, true]);
  // 10 000 a second.
  for (let ms = 0; ms < 100; ms++) {
    wake();
    vi.advanceTimersByTime(1);
  }
  expect(calls.polled).toBe(false);
  const before = calls.waits;
  vi.advanceTimersByTime(200);
  expect(calls.waits - before).toBe(200);
  for (let fd = 11; fd < 20; fd++) list.remove(fd);
  vi.advanceTimersByTime(200);
  expect(calls.polled).toBe(true);
  const after = read;
  vi.advanceTimersByTime(1_000);
  expect(read).toBe(after);
  wake();
  vi.advanceTimersByTime(0);
  expect(read).toBe(after + 1);
  list.remove(10);
  expect([calls.polled, vi.getTimerCount()]).toEqual([false, 0]);
});

test('who leaves while all are fetched at a beat leaves no beat behind', () => {
  const { libc, wake } = busyKernel();
  const list = new ReadyList(libc);
  for (let fd = 10; fd < 20; fd++) list.add(fd, { read: () => undefined });
  for (let ms = 0; ms < 100; ms++) {
    wake();
    vi.advanceTimersByTime(1);
  }
  expect(vi.getTimerCount()).toBe(1);
  for (let fd = 10; fd < 20; fd++) list.remove(fd);
  expect(vi.getTimerCount()).toBe(0);
});
