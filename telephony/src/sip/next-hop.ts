/** Where a request within a dialog is sent (RFC 3261 §12.2.1.1, §18.1.1, as far as figures go: names come with RFC 3263). */
import { isIP } from 'node:net';
import type { SipSource } from './contract.js';
import { nextHopOf, type Dialog } from './dialog.js';
import type { Hop } from './ports.js';
import { param } from './syntax.js';
import { parseSipUri } from './uri.js';

/**
 * The address of the next hop's URI when it is one that we can reach; else where the dialog's requests come from. The latter
 * helps behind NAT: a phone's own view of its address (10.0.0.7) means nothing to us when its packets come from elsewhere.
 *
 * @param source where the far end's latest request in this dialog came from
 * @param connection its TCP connection, if that may still be open
 */
export function hopOf(dialog: Dialog, source: SipSource, connection: number | null): Hop {
  const uri = parseSipUri(nextHopOf(dialog));
  const asked = uri === null ? '' : (param(uri.params, 'transport') ?? '').toLowerCase();
  const transport = asked === 'tcp' || asked === 'udp' ? asked : source.transport;
  const reuse = transport === 'tcp' && source.transport === 'tcp' ? connection : null;
  const host = uri?.host.replace(/^\[|\]$/g, '') ?? '';
  const hidden = isPrivate(host) && !isPrivate(source.address);
  // What only looks like figures (00.0.2.10, 999.1.1.1) is a name to the resolver, and would be asked for.
  if (uri === null || isIP(host) === 0 || hidden || host === '0.0.0.0') {
    return { transport, address: source.address, port: source.port, connection: reuse };
  }
  return { transport, address: host, port: uri.port ?? 5060, connection: reuse };
}

/** RFC 1918, RFC 6598, loopback, link-local and unique-local IPv6. */
export function isPrivate(address: string): boolean {
  if (address.includes(':')) return /^(?:::1$|f[cd]|fe[89ab])/i.test(address);
  const [a = 0, b = 0] = address.split('.').map(Number);
  return (
    a === 10 ||
    a === 127 ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168) ||
    (a === 169 && b === 254) ||
    (a === 100 && b >= 64 && b < 128)
  );
}
