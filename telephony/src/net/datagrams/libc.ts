import { createRequire } from 'node:module';
import type Koffi from 'koffi';

type Foreign = typeof Koffi;
/** Shows when a descriptor can be read. Closes itself when nobody holds it any more. */
export type PollHandle = ReturnType<Foreign['node']['poll']>;

/** The calls of the C library that datagrams need, as they are there: negative is a failure, and `failure()` names it. */
export interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Buffer, length: number): number;
  connect(fd: number, address: Buffer, length: number): number;
  getsockname(fd: number, address: Buffer, length: Uint32Array): number;
  getsockopt(fd: number, level: number, name: number, value: Int32Array, length: Uint32Array): number;
  setsockopt(fd: number, level: number, name: number, value: Int32Array, length: number): number;
  recv(fd: number, bytes: Buffer, length: number, flags: number): number;
  recvfrom(
    fd: number,
    bytes: Buffer,
    length: number,
    flags: number,
    address: Buffer,
    addressLength: Uint32Array,
  ): number;
  send(fd: number, bytes: Uint8Array, length: number, flags: number): number;
  sendto(fd: number, bytes: Uint8Array, length: number, flags: number, address: Buffer, addressLength: number): number;
  /** @param messages `struct mmsghdr`s @returns how many were taken */
  sendmmsg(fd: number, messages: Buffer, count: number, flags: number): number;
  close(fd: number): number;
  epoll_create1(flags: number): number;
  epoll_ctl(epoll: number, operation: number, fd: number, event: Buffer): number;
  epoll_wait(epoll: number, events: Buffer, most: number, waitMs: number): number;
  inet_pton(family: number, text: string, bytes: Buffer): number;
  inet_ntop(family: number, bytes: Buffer, text: Buffer, length: number): string | null;
  if_nametoindex(name: string): number;
  if_indextoname(index: number, name: Buffer): string | null;
  /** Where these bytes are. They stay there for as long as somebody holds the buffer. */
  addressOf(buffer: Buffer): number;
  /** Name of the last failure, such as `EADDRINUSE`. */
  failure(): string;
  poll(fd: number, readable: () => void): PollHandle;
}

/**
 * The C library of this very process, glibc or musl.
 *
 * @throws Error whose message says why there is none: another platform than the two whose structures we know, or koffi is not installed
 */
export function loadLibc(): Libc {
  const here = `${process.platform}-${process.arch}`;
  if (here !== 'linux-x64' && here !== 'linux-arm64') throw new Error(`not written for ${here}`);
  const koffi = createRequire(import.meta.url)('koffi') as Foreign;
  const process_ = koffi.load(null);
  const names = new Map(Object.entries(koffi.os.errno).map(([name, errno]) => [errno, name]));
  const call = (declaration: string) => process_.func(declaration);
  return {
    socket: call('int socket(int, int, int)'),
    bind: call('int bind(int, void*, uint)'),
    connect: call('int connect(int, void*, uint)'),
    getsockname: call('int getsockname(int, void*, void*)'),
    getsockopt: call('int getsockopt(int, int, int, void*, void*)'),
    setsockopt: call('int setsockopt(int, int, int, void*, uint)'),
    // ssize_t and size_t are longs; what goes through here is far below 2^53.
    recv: call('long recv(int, void*, long, int)'),
    recvfrom: call('long recvfrom(int, void*, long, int, void*, void*)'),
    send: call('long send(int, const void*, long, int)'),
    sendto: call('long sendto(int, const void*, long, int, void*, uint)'),
    sendmmsg: call('int sendmmsg(int, void*, uint, int)'),
    close: call('int close(int)'),
    epoll_create1: call('int epoll_create1(int)'),
    epoll_ctl: call('int epoll_ctl(int, int, int, void*)'),
    epoll_wait: call('int epoll_wait(int, void*, int, int)'),
    inet_pton: call('int inet_pton(int, const char*, void*)'),
    inet_ntop: call('const char* inet_ntop(int, void*, void*, uint)'),
    if_nametoindex: call('uint if_nametoindex(const char*)'),
    if_indextoname: call('const char* if_indextoname(uint, void*)'),
    addressOf: (buffer) => Number(koffi.address(buffer)),
    failure: () => names.get(koffi.errno()) ?? `errno ${koffi.errno()}`,
    poll: (fd, readable) => koffi.node.poll(fd, { readable: true }, readable),
  };
}
