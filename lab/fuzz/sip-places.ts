/** Who speaks to the user agent that is fuzzed, and where the names lead that they say. */
import type { FindPlaces } from '../../telephony/src/sip/agent/locator.js';
import type { Timers } from '../../telephony/src/sip/ports.js';

/** Two trunks, one of them on IPv6 too, and somebody whom we do not know. */
export const sources = [
  { address: '192.0.2.10', trunk: 'one' },
  { address: '192.0.2.20', trunk: 'two' },
  { address: '2001:db8::7', trunk: 'one' },
  { address: '203.0.113.66', trunk: null },
] as const;

/** Where no request may go, though a name leads there: nobody here speaks from such a place. */
const forbidden: Record<number, readonly string[]> = {
  1: ['127.0.0.1', '::1'],
  2: ['10.0.0.1', '192.168.1.1', 'fd00::1'],
  3: ['169.254.169.254', 'fe80::1'],
  4: ['224.0.1.75', '255.255.255.255', '0.0.0.0', 'ff02::1', '::'],
  5: [],
};

/** Where names may lead. Whom we send to within a call is a stranger no more, so it is nobody's address who is one here. */
const places = ['192.0.2.10', '192.0.2.20', '2001:db8::7', '203.0.113.9'];

/** A resolver of its own mind: what a name leads to is in its first letter and its length, and when it says so, too. */
export function findWithin(timers: Timers, ...[{ host, port, transport }, found]: Parameters<FindPlaces>): void {
  const addresses = forbidden[host.charCodeAt(0) % 16] ?? places.slice(host.length % 4);
  const hops = addresses.map((address) => ({ transport: transport ?? 'udp', address, port: port || 5_060 }));
  if (host.startsWith('now')) found(hops);
  else if (!host.startsWith('mute')) timers.after(host.length * 40, () => found(hops));
}
