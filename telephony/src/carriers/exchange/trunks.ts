/**
 * Trunks: the configured routes over which calls come to us. A request from an address on nobody's list is not a call.
 */
import type { TrunkId } from '@denwaban/core';
import { BlockList, isIP } from 'node:net';
import type { Trunk } from './trunk.js';

export type { Trunk } from './trunk.js';

/** What the demo company is reached by: any program on this machine. */
export const loopbackAddresses = ['127.0.0.0/8', '::1'] as const;

/** Strangers with forged addresses may make it forget, but not grow. */
const remembered = 1_000;

export class TrunkConfigError extends Error {
  override readonly name = 'TrunkConfigError';
}

/**
 * Compiles the address lists. When two lists hold an address, the trunk named first has it.
 *
 * @returns the trunk that `address` (as a socket gives it: IPv4, IPv6, IPv4-mapped, with or without a zone) belongs to, or null
 * @throws {TrunkConfigError} for an entry that is neither an address nor a CIDR block, and for an id given twice
 */
export function trunkFinder(trunks: readonly Trunk[]): (address: string) => Trunk | null {
  const ids = new Set<TrunkId>();
  const lists = trunks.map((trunk) => {
    if (ids.has(trunk.id)) throw new TrunkConfigError(`trunk ${trunk.id} is configured twice`);
    ids.add(trunk.id);
    const list = new BlockList();
    for (const entry of trunk.inbound.addresses) add(list, entry, trunk);
    return { trunk, list };
  });
  const find = (address: string): Trunk | null => {
    const bare = address.replace(/%.*$/, '');
    const family = isIP(bare);
    if (family === 0) return null;
    for (const { trunk, list } of lists) if (list.check(bare, family === 4 ? 'ipv4' : 'ipv6')) return trunk;
    return null;
  };
  // Asked for every message, and nearly always about the same few addresses.
  const found = new Map<string, Trunk | null>();
  return (address) => {
    const known = found.get(address);
    if (known !== undefined) return known;
    if (found.size >= remembered) found.clear();
    const trunk = find(address);
    found.set(address, trunk);
    return trunk;
  };
}

function add(list: BlockList, entry: string, trunk: Trunk): void {
  const [address = '', bits, ...rest] = entry.trim().split('/');
  const family = isIP(address);
  const longest = family === 4 ? 32 : 128;
  const prefix = bits === undefined ? longest : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
  if (family === 0 || rest.length > 0 || prefix < 0 || prefix > longest) {
    throw new TrunkConfigError(`trunk ${trunk.id}: '${entry}' is neither an address nor a CIDR block`);
  }
  list.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
}
