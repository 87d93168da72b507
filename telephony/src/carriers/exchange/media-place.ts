/**
 * Where we send audio because a description says so. Whoever calls writes that address, so without these rules a call would be a
 * way to have packets sent to anybody, to machines behind us, or to ourselves.
 */
import { isIPv4 } from 'node:net';
import { isNobody, isPrivate } from '../../sip/next-hop.js';

/** Where we ourselves receive audio. */
export interface OwnPlaces {
  addresses: readonly string[];
  ports: { min: number; max: number };
}

const isLoopback = (address: string): boolean => (isIPv4(address) ? address.startsWith('127.') : address === '::1');
const isNowhere = (address: string): boolean => address === '0.0.0.0' || address === '::';

/**
 * @param told what the description says
 * @param source whence its signalling comes: a trunk's own address
 * @returns the address to aim at, or null when nothing may be sent there:
 * - multicast, broadcast and reserved addresses, where no single telephone is;
 * - our own audio ports, which would have us talk to ourselves for ever (hairpin).
 *
 * A private address of somebody who speaks from a public one is behind their NAT, and could be a machine behind ours: the audio
 * goes to where the signalling comes from, and then to where theirs comes from (symmetric RTP). So does loopback, unless the
 * caller is on this machine too. 0.0.0.0 is the old way to hold, and nothing is sent to it.
 */
export function mediaPlace(
  told: { address: string; port: number },
  source: string,
  own: OwnPlaces | null,
): string | null {
  const address = plain(told.address);
  if (isNowhere(address)) return told.address;
  if (isNobody(address)) return null;
  const from = plain(source);
  const hidden = (isPrivate(address) && !isPrivate(from)) || (isLoopback(address) && !isLoopback(from));
  const aim = hidden ? from : address;
  const isOurs = own !== null && own.addresses.includes(aim);
  return isOurs && told.port >= own.ports.min && told.port <= own.ports.max ? null : aim;
}

/** IPv4 written as IPv6 is IPv4; a zone says nothing to us. */
const plain = (address: string): string => address.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '');
