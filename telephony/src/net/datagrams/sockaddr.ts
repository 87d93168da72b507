import { isIP, isIPv4 } from 'node:net';
import type { Endpoint } from './contract.js';
import type { Libc } from './libc.js';

/** `struct sockaddr_in6`; the one of IPv4 is shorter. */
export const sockaddrBytesMax = 28;
export const AF_INET = 2;
export const AF_INET6 = 10;
const sockaddrInBytes = 16;
const inet6TextMax = 46;
const interfaceNameMax = 16;
/** So many far ends are remembered; then all are forgotten, for a flood makes up new ones without end. */
const knownMax = 4_096;

/**
 * Far ends as the kernel has them and as we write them. Both ways remember: most datagrams come from and go to a few.
 *
 *     sockaddr_in    family u16 | port u16be | address 4 | zero 8
 *     sockaddr_in6   family u16 | port u16be | flow u32 | address 16 | scope u32      (family and scope as the processor has them)
 */
export class Sockaddrs {
  private readonly libc: Pick<Libc, 'inet_pton' | 'inet_ntop' | 'if_nametoindex' | 'if_indextoname'>;
  private readonly read4 = new Map<number, Endpoint>();
  private readonly read6 = new Map<string, Endpoint>();
  private readonly written = { 4: new Map<string, Buffer>(), 6: new Map<string, Buffer>() };

  constructor(libc: Sockaddrs['libc']) {
    this.libc = libc;
  }

  /** @param bytes `sockaddrBytesMax` long at least */
  read(bytes: Buffer): Endpoint {
    if (bytes.readUInt16LE(0) === AF_INET) {
      const address = bytes.readUInt32BE(4);
      const port = bytes.readUInt16BE(2);
      const key = address * 0x10000 + port;
      let known = this.read4.get(key);
      if (known === undefined) {
        const text = `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
        known = remember(this.read4, key, { address: text, port });
      }
      return known;
    }
    // Whatever the flow label says, it is the same far end.
    const key = bytes.toString('latin1', 2, 4) + bytes.toString('latin1', 8, sockaddrBytesMax);
    return this.read6.get(key) ?? remember(this.read6, key, this.read6Slowly(bytes));
  }

  /** @returns null when a socket of this family cannot send there, or it is no address */
  write(to: Endpoint, family: 4 | 6): Buffer | null {
    const known = this.written[family];
    const key = `${to.address} ${to.port}`;
    const there = known.get(key);
    if (there !== undefined) return there;
    const bytes = family === 4 ? this.write4(to) : this.write6(to);
    return bytes === null ? null : remember(known, key, bytes);
  }

  private write4({ address, port }: Endpoint): Buffer | null {
    if (!isPort(port) || !isIPv4(address)) return null;
    const bytes = Buffer.alloc(sockaddrInBytes);
    bytes.writeUInt16LE(AF_INET, 0);
    bytes.writeUInt16BE(port, 2);
    return this.libc.inet_pton(AF_INET, address, bytes.subarray(4, 8)) === 1 ? bytes : null;
  }

  private write6({ address, port }: Endpoint): Buffer | null {
    // `fe80::%` would else be taken for the address before it.
    if (!isPort(port) || isIP(address) === 0) return null;
    const [text = '', scope] = address.split('%', 2);
    const bytes = Buffer.alloc(sockaddrBytesMax);
    bytes.writeUInt16LE(AF_INET6, 0);
    bytes.writeUInt16BE(port, 2);
    if (scope !== undefined) bytes.writeUInt32LE(this.libc.if_nametoindex(scope), 24);
    const mapped = isIPv4(text) ? `::ffff:${text}` : text;
    return this.libc.inet_pton(AF_INET6, mapped, bytes.subarray(8, 24)) === 1 ? bytes : null;
  }

  private read6Slowly(bytes: Buffer): Endpoint {
    const text = this.libc.inet_ntop(AF_INET6, bytes.subarray(8, 24), Buffer.alloc(inet6TextMax), inet6TextMax) ?? '::';
    const scope = bytes.readUInt32LE(24);
    // Only link-local addresses have one, and there the same address may be on several links.
    const link = scope === 0 ? null : this.libc.if_indextoname(scope, Buffer.alloc(interfaceNameMax));
    return { address: link === null ? text : `${text}%${link}`, port: bytes.readUInt16BE(2) };
  }
}

const isPort = (port: number): boolean => Number.isInteger(port) && port >= 0 && port <= 0xffff;

function remember<Key, Value>(known: Map<Key, Value>, key: Key, value: Value): Value {
  if (known.size >= knownMax) known.clear();
  known.set(key, value);
  return value;
}
