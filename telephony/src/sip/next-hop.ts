/** Where a request within a dialog is sent (RFC 3261 §12.2.1.1, §18.1.1), as far as figures go; `resolve.ts` has the names. */
import { BlockList, isIP } from 'node:net';
import type { SipSource, SipTransport } from './contract.js';
import { nextHopOf, type Dialog } from './dialog.js';
import type { Hop } from './ports.js';
import { param } from './syntax.js';
import { parseSipUri, type SipUri } from './uri.js';

export const defaultPort = (transport: SipTransport): number => (transport === 'tls' ? 5061 : 5060);

/**
 * The address of the next hop's URI when it is one that we can reach; else where the dialog's requests come from. The latter
 * helps behind NAT: a phone's own view of its address (10.0.0.7) means nothing to us when its packets come from elsewhere.
 *
 * @param source where the far end's latest request in this dialog came from
 * @param connection its connection, if that may still be open
 */
export function hopOf(dialog: Dialog, source: SipSource, connection: number | null): Hop {
  const uri = parseSipUri(nextHopOf(dialog));
  const transport = (uri === null ? null : transportOf(uri, source.transport)) ?? source.transport;
  const reuse = transport !== 'udp' && source.transport === transport ? connection : null;
  const host = uri?.host.replace(/^\[|\]$/g, '') ?? '';
  // The ordinary case: it names the very place that it speaks from.
  if (uri !== null && host === source.address) {
    return { transport, address: source.address, port: uri.port ?? defaultPort(transport), connection: reuse };
  }
  const hidden = isPrivate(host) && !isPrivate(source.address);
  // What only looks like figures (00.0.2.10, 999.1.1.1) is a name to the resolver, and would be asked for.
  if (uri === null || isIP(host) === 0 || hidden || isNobody(host)) {
    return { transport, address: source.address, port: source.port, connection: reuse };
  }
  return { transport, address: host, port: uri.port ?? defaultPort(transport), connection: reuse };
}

/**
 * The transport that an address asks for, or null. What began over TLS stays on TLS: whoever writes a Contact without it would
 * else have the rest of the call sent in the clear.
 */
export function transportOf(uri: SipUri, before: SipTransport | null): SipTransport | null {
  const asked = (param(uri.params, 'transport') ?? '').toLowerCase();
  if (uri.scheme === 'sips' || asked === 'tls' || before === 'tls') return 'tls';
  return asked === 'tcp' || asked === 'udp' ? asked : null;
}

const privateBlocks = blocks(
  ...['10.0.0.0/8', '127.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', '100.64.0.0/10'],
  ...['::1/128', 'fc00::/7', 'fe80::/10'],
);
const nobodys = blocks('0.0.0.0/8', '224.0.0.0/3', '::/128', 'ff00::/8');

/** RFC 1918, RFC 6598, loopback, link-local and unique-local IPv6; IPv4 also when it is written as IPv6. */
export function isPrivate(address: string): boolean {
  return isWithin(privateBlocks, address);
}

/** Multicast, broadcast, reserved, unspecified: no single peer is ever there, and a stranger's Contact may name it. */
export function isNobody(address: string): boolean {
  return isWithin(nobodys, address);
}

function isWithin(list: BlockList, address: string): boolean {
  const bare = address.replace(/%.*$/, '');
  const family = isIP(bare);
  return family !== 0 && list.check(bare, family === 4 ? 'ipv4' : 'ipv6');
}

function blocks(...entries: string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/');
    list.addSubnet(address, Number(bits), isIP(address) === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}
