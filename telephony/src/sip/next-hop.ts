/** Where a request within a dialog is sent (RFC 3261 §12.2.1.1, §18.1.1), as far as figures go; `resolve.ts` has the names. */
import { BlockList, isIP } from 'node:net';
import type { SipSource, SipTransport } from './contract.js';
import { nextHopOf, type Dialog } from './dialog.js';
import type { Hop } from './ports.js';
import { param } from './syntax.js';
import { bareHost, parseSipUri, type SipUri } from './uri.js';

export const defaultPort = (transport: SipTransport): number => (transport === 'tls' ? 5061 : 5060);

const placeOf = ({ transport, address, port }: SipSource): SipSource => ({ transport, address, port });

/** A host that a far end named, to be looked up. */
export interface NamedHop {
  host: string;
  port: number | null;
  transport: SipTransport;
}

export interface NextHop {
  /** Where it goes when nothing else is known. */
  hop: Hop;
  /** The host that was named instead of an address; null where figures say it, or nothing that could be a host. */
  named: NamedHop | null;
}

/**
 * The address of the next hop's URI when it is one that may be sent to; else where the dialog's requests come from. The latter
 * helps behind NAT: a phone's own view of its address (10.0.0.7) means nothing to us when its packets come from elsewhere. A far
 * end that names no transport is spoken to by the one that it speaks itself.
 *
 * @param source where the far end's latest request in this dialog came from
 * @param connection its connection, if that may still be open
 */
export function nextHop(dialog: Dialog, source: SipSource, connection: number | null): NextHop {
  const uri = parseSipUri(nextHopOf(dialog));
  const transport = (uri === null ? null : transportOf(uri, source.transport)) ?? source.transport;
  const reuse = transport !== 'udp' && source.transport === transport ? connection : null;
  const host = uri === null ? '' : bareHost(uri.host);
  const isFigures = uri !== null && (host === source.address || isIP(host) !== 0);
  // The ordinary case: it names the very place that it speaks from.
  if (isFigures && (host === source.address || mayBeSentTo(host, source.address))) {
    const port = uri.port ?? defaultPort(transport);
    return { hop: { transport, address: host, port, connection: reuse }, named: null };
  }
  // Back where it is heard: over what it is heard by, unless it asked for TLS.
  const hop =
    transport === 'tls'
      ? { transport, address: source.address, port: source.port, connection: reuse }
      : { ...placeOf(source), connection: source.transport === 'udp' ? null : connection };
  // What only looks like figures (00.0.2.10, 999.1.1.1) is a name to the resolver, and would be asked for.
  const named = uri === null || isFigures || !isHostName(host) ? null : { host, port: uri.port, transport };
  return { hop, named };
}

/** RFC 1123 §2.1: what ends in a number is meant as an address, and none that we know. */
function isHostName(host: string): boolean {
  return (
    host.length <= 253 &&
    /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?\.?$/i.test(host)
  );
}

/**
 * May a far end that speaks from `from` have us send to `address`? Never to a group or nobody, to our own machine only from it, to
 * a neighbour on the wire only by a neighbour, into a private network only from one: else whoever calls us reaches through us
 * what they cannot reach themselves. A name's addresses are held to it after the look-up, and are what is sent to.
 */
export function mayBeSentTo(address: string, from: string): boolean {
  if (isNobody(address)) return false;
  for (const list of [loopbackBlocks, linkBlocks, privateBlocks]) {
    if (isWithin(list, address)) return isWithin(list, from);
  }
  return true;
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
const loopbackBlocks = blocks('127.0.0.0/8', '::1/128');
const linkBlocks = blocks('169.254.0.0/16', 'fe80::/10');
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
