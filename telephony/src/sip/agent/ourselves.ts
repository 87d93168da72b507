/** How we write ourselves into Via and Contact: the address, port and scheme by which this very peer can reach us. Pure. */
import type { SipTransport } from '../contract.js';
import type { SipHeader, SipRequest } from '../message.js';
import { defaultPort } from '../next-hop.js';

export interface Ourselves {
  /** Towards peers on IPv4, and on IPv6 where there is no other. */
  publicAddress: string;
  /** Towards peers on IPv6. */
  publicAddress6?: string | undefined;
  /** UDP and TCP. */
  port: number;
  /** Of the TLS listener; without one we are reached on the connection that we made, and write the usual port. */
  tlsPort?: number | undefined;
}

export interface Peer {
  transport: SipTransport;
  address: string;
}

/** The same to a carrier that knows us by a name (RFC 3261 §8.1.1.8 lets a Contact have one); null: it does not. */
export const knownAs = (us: Ourselves, name: string | null): Ourselves =>
  name === null ? us : { ...us, publicAddress: name, publicAddress6: name };

/** `host:port` for a Via. */
export function placeTowards(us: Ourselves, { transport, address }: Peer): { host: string; port: number } {
  const ours = address.includes(':') ? (us.publicAddress6 ?? us.publicAddress) : us.publicAddress;
  return {
    host: ours.includes(':') ? `[${ours}]` : ours,
    port: transport === 'tls' ? (us.tlsPort ?? defaultPort('tls')) : us.port,
  };
}

/**
 * @param asked the request that this Contact answers: who asked for `sips:` gets it (RFC 3261 §12.1.1)
 * @param user the name that a registrar knows us by; our own otherwise
 */
export function contactTowards(us: Ourselves, peer: Peer, asked: SipRequest | null, user = 'denwaban'): SipHeader {
  const { host, port } = placeTowards(us, peer);
  const secure = peer.transport === 'tls' && asked !== null && /^sips:/i.test(asked.uri);
  const scheme = secure ? 'sips' : 'sip';
  return { name: 'contact', value: `<${scheme}:${user}@${host}:${port};transport=${peer.transport}>` };
}

/** From of a question that is nobody's call, and the Contact that is asked for where we are known by a name (RFC 3261 §11.1). */
export function asOurselves(us: Ourselves, name: string | null, peer: Peer): { from: string; contact: SipHeader[] } {
  const known = knownAs(us, name);
  const { host, port } = placeTowards(known, peer);
  return {
    from: `<sip:denwaban@${host}:${port}>`,
    contact: name === null ? [] : [contactTowards(known, peer, null)],
  };
}
