/** A trunk as it is configured: who may call in by it, how we call out by it, and how it is kept alive. Values only. */
import type { TrunkId } from '@denwaban/core';
import type { SrtpPolicy } from '../../sdp/index.js';
import type { SipTransport } from '../../sip/contract.js';
import type { TlsDemand, TlsIdentity } from '../../sip/ports.js';
import type { NumberFormat } from './dialled-number.js';

/** What we are called and know at a carrier. Never logged. */
export interface TrunkAccount {
  username: string;
  password: string;
  /** Null: whatever realm asks. */
  realm: string | null;
}

/** Whom to send to. Without a port or a transport the DNS decides (RFC 3263), and without its word it is UDP on 5060. */
export interface TrunkServer {
  /** A name, or an address in figures (IPv6 without brackets). */
  host: string;
  port: number | null;
  transport: SipTransport | null;
}

/** How the caller's number is told: as From, as P-Asserted- or P-Preferred-Identity (RFC 3325), or as From and P-Asserted-Identity. */
export type CallerIdHeader = 'from' | 'pai' | 'ppi' | 'both';

export interface TrunkOutbound {
  server: TrunkServer;
  account: TrunkAccount | null;
  /** Whom we say we are when the call itself does not say: as the carrier wants to see it, often E.164. */
  callerId: string | null;
  callerIdHeader: CallerIdHeader;
  /** How the number called is written when an agent calls; missing: E.164. What a REFER names stays as it is named. */
  numberFormat?: NumberFormat;
  /** Sent along with each INVITE, as they are. */
  headers: readonly { name: string; value: string }[];
  /** In the order in which we offer them. */
  codecs: readonly ('PCMU' | 'PCMA')[];
}

export interface TrunkRegister {
  /** Tried in this order, each with all its addresses. */
  servers: readonly TrunkServer[];
  account: TrunkAccount;
  /** User part of the address that we register: the carrier's name for us. */
  user: string;
  /** Domain of that address. */
  domain: string;
  /** What we ask for; the registrar may give less. */
  expiresS: number;
}

export interface TrunkTls {
  /** PEM of the authorities to believe in place of the system's, or null. */
  ca: string | null;
  /** False: any certificate will do. Whoever stands between can then listen. */
  verify: boolean;
  /** Shown to a far end that asks for it. */
  own?: TlsIdentity;
}

export type { SrtpPolicy };

/** Everything beyond the first three may be missing: then the trunk takes calls, and nothing else. */
export interface Trunk {
  id: TrunkId;
  /** For people: 'Demo, this machine only'. */
  name: string;
  inbound: {
    /** Addresses or CIDR blocks, IPv4 or IPv6: `203.0.113.7`, `198.51.100.0/24`, `2001:db8::/32`. */
    addresses: readonly string[];
    /** Lets in, from any address, whoever knows this. */
    digest?: TrunkAccount & { algorithms?: readonly ('SHA-256' | 'MD5')[] };
    /** To be shown by who calls in from there: over TLS, and by no other way. */
    tls?: TlsDemand;
  };
  /** Lower is tried first, as in DNS. Default 10. */
  priority?: number;
  outbound?: TrunkOutbound;
  register?: TrunkRegister;
  /** Asks by OPTIONS whether the far end is there. */
  health?: { intervalS: number };
  tls?: TrunkTls;
  srtp?: SrtpPolicy;
  /** May the far end move a call by REFER or Replaces? */
  transfers?: boolean;
  /** The name that its far end knows us by, in Contact and From, in place of our address; null or missing: none. */
  contactHost?: string;
  /** Seconds between the line ends that keep NATs and connections open (RFC 5626); null or missing: none. */
  keepAliveS?: number | null;
}

export const defaultPriority = 10;
