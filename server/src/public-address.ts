/** The addresses at which trunks and browsers reach this machine: one, or one of IPv4 and one of IPv6. */
import { isIP, isIPv4, isIPv6 } from 'node:net';

export type PublicAddress = { publicAddress: string; publicAddress6: string | null } | { problem: string };

/**
 * @param written of DENWABAN_PUBLIC_ADDRESS; undefined when it is not set
 * @param sipHost what SIP and RTP bind to: of IPv4 it reaches IPv4 only, `::` both
 */
export function readPublicAddress(written: string | undefined, sipHost: string): PublicAddress {
  const addresses = (written ?? sipHost).split(',').map((one) => one.trim());
  const odd = addresses.find((one) => isIP(one) === 0);
  if (odd !== undefined) {
    return { problem: `"${odd}" is no IP address. Give the one that your carrier sends calls to.` };
  }
  const unspecified = addresses.find((one) => one === '0.0.0.0' || one === '::');
  if (unspecified !== undefined) {
    const missing =
      written === undefined ? `is needed with DENWABAN_SIP_HOST=${sipHost}` : `nobody can send audio to ${unspecified}`;
    return { problem: `${missing}. Give the address at which phones reach this machine.` };
  }
  const [v4, v6] = [addresses.filter(isIPv4), addresses.filter(isIPv6)];
  if (v4.length > 1 || v6.length > 1)
    return { problem: 'names two addresses of one kind. Give one of IPv4, one of IPv6, or both.' };
  if (isIPv4(sipHost) && v6.length > 0) {
    return { problem: `${v6[0]} cannot be served by DENWABAN_SIP_HOST=${sipHost}. Bind to :: for both.` };
  }
  if (isIPv6(sipHost) && sipHost !== '::' && v4.length > 0) {
    return { problem: `${v4[0]} cannot be served by DENWABAN_SIP_HOST=${sipHost}. Bind to :: for both.` };
  }
  return { publicAddress: v4[0] ?? v6[0] ?? sipHost, publicAddress6: v6[0] ?? null };
}
