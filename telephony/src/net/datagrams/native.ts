import { isIPv6 } from 'node:net';
import type { BindOptions, Datagrams, DatagramSocket } from './contract.js';
import type { Libc } from './libc.js';
import { NativeSocket } from './native-socket.js';
import { ReadyList } from './ready-list.js';
import { AF_INET, AF_INET6, sockaddrBytesMax, Sockaddrs } from './sockaddr.js';

const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
/** Programs that we start must not inherit a call's socket. */
const SOCK_CLOEXEC = 0o2000000;

/** Datagrams by the C library: no object for a packet, and one wake-up for all that came meanwhile. */
export function nativeDatagrams(libc: Libc): Datagrams {
  const ready = new ReadyList(libc);
  const addresses = new Sockaddrs(libc);

  function open({ address, port, burst = 1 }: BindOptions): DatagramSocket {
    const family = isIPv6(address) ? 6 : 4;
    const at = addresses.write({ address, port }, family);
    if (at === null) throw failed('bind', 'EINVAL', address, port);
    const fd = libc.socket(family === 6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) throw failed('socket', libc.failure(), address, port);
    const bound = Buffer.alloc(sockaddrBytesMax);
    if (libc.bind(fd, at, at.length) < 0 || libc.getsockname(fd, bound, Uint32Array.of(bound.length)) < 0) {
      const error = failed('bind', libc.failure(), address, port);
      libc.close(fd);
      throw error;
    }
    const local = { ...addresses.read(bound), family } as const;
    return new NativeSocket(fd, local, burst, { libc, ready, addresses });
  }

  return {
    kind: 'native',
    get behindMs() {
      return ready.behindMs;
    },
    // eslint-disable-next-line @typescript-eslint/require-await -- what is thrown becomes a rejection, as the contract says
    bind: async (options) => open(options),
  };
}

const failed = (syscall: string, code: string, address: string, port: number): Error =>
  Object.assign(new Error(`${syscall} ${code} ${address}:${port}`), { code, syscall, address, port });
