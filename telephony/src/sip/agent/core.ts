/** What a call needs of the agent around it. */
import type { SipSource } from '../contract.js';
import type { Credentials } from '../digest/authorizer.js';
import type { SipHeader, SipRequest } from '../message.js';
import type { NamedHop } from '../next-hop.js';
import type { Chance, Hop, SipLog, Timers } from '../ports.js';
import type { ClientTransaction, ClientUser } from '../transaction/client.js';
import type { TimerValues } from '../transaction/timers.js';
import type { Call } from './call.js';
import type { Peer } from './ourselves.js';

export interface AgentCore {
  readonly timers: Timers;
  readonly times: TimerValues;
  readonly log: SipLog;
  /** Server (RFC 3261 §20.35) for answers, if we say who we are. */
  readonly serverHeaders: readonly SipHeader[];
  /** Our Contact, as this peer can reach us and its trunk knows us; `asked` is the request that it answers. */
  contact(trunk: string, peer: Peer, asked: SipRequest | null): SipHeader;
  /** Where our own numbering of requests begins (RFC 3261 §8.1.1.5). */
  firstCseq(): number;
  /** Above every number that a process before this one can have used in a dialog it left to us. */
  laterCseq(): number;
  /** A whole number from 0 up to and without `n`. */
  upTo(n: number): number;
  /** Adds our Via and sees the request through a client transaction. */
  sendRequest(request: SipRequest, hop: Hop, user: ClientUser): ClientTransaction;
  readonly chance: Chance;
  /** The ACK of a 2xx has no transaction (§13.2.2.4): nothing comes back. @returns what sends it again, byte for byte */
  sendAck(request: SipRequest, hop: Hop): () => void;
  /** What we answer to a trunk that asks for a password. */
  credentialsOf(trunk: string): Credentials | null;
  /** Is this a place of the trunk's? */
  isAt(trunk: string, place: SipSource): boolean;
  /** Where a host leads that the far end at `source` named; nowhere, where it may not lead. Tells it at once or later, once. */
  locate(named: NamedHop, source: SipSource, found: (hops: readonly Hop[]) => void): void;
  /** Lets in what comes from this address until the call back: the far end of a call of ours need not be on any trunk's list. */
  expect(address: string): () => void;
  forget(call: Call): void;
}
