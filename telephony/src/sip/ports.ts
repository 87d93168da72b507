/** What the SIP engine asks of the world around it. `net/` gives the real ones, tests give ones whose clock they move. */
import type { SipSource, SipTransport } from './contract.js';

/** Where a message came from: the source, and over TCP and TLS the very connection. */
export interface Arrival extends SipSource {
  connection: number | null;
}

/**
 * Where a message goes. Over TCP and TLS an open `connection` is preferred; when it is gone, a new one is made to the address.
 */
export interface Hop {
  transport: SipTransport;
  /** In figures. */
  address: string;
  port: number;
  connection: number | null;
  /** TLS: whom the connection must reach. Without it the trunk at the address is asked, else the address itself is the name. */
  tls?: TlsPeer;
}

/** Whom a TLS connection that we make must reach. */
export interface TlsPeer {
  /** Sent as SNI and looked for in the certificate: the name as it was configured, before any look-up (RFC 5922 §4). */
  name: string;
  /** PEM of the authorities to believe; null: those that the system knows. */
  ca: string | null;
  /** False only by the trunk's own setting. */
  verify: boolean;
  /** What we show when we are asked for a certificate. */
  own?: TlsIdentity | null;
}

/** In PEM: a certificate with its chain, and its key. */
export interface TlsIdentity {
  cert: string;
  key: string;
}

/** What a trunk has to show when it calls in over TLS. */
export interface TlsDemand {
  /** One of them is to stand in the certificate. */
  names: readonly string[];
  /** PEM of the authorities to believe; null: those that the system knows. */
  ca: string | null;
}

export interface Wire {
  /**
   * Sends, or calls `failed` later (never during the call) when that is known to be impossible.
   *
   * @param message a byte string
   * @returns the connection that took it, if one did
   */
  send(hop: Hop, message: string, failed: () => void): number | null;
}

export interface Timers {
  /** Calls back once after `ms`; the function returned cancels. */
  after(ms: number, call: () => void): () => void;
}

/** What cancels a timer that is not set. One for all: a call has a dozen places for it. */
export const nothing = (): void => {};

/** Random bytes that nobody can guess. */
export type Chance = (bytes: number) => Uint8Array;

/** The shape of pino, as far as we use it. Never given message bodies or caller's words. */
export interface SipLog {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}
