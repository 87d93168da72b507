/** The one record of a customer's contact: what `fold` makes of its events and everything else reads. */
import type {
  AgentId,
  ConversationId,
  CustomerId,
  E164,
  EpochMs,
  LegId,
  RecordingId,
  ReservationId,
  TeamId,
  TrunkId,
} from '../ids.js';
import type { LineStretch } from './line.js';
import type { ConversationEnd, OfferBecause, OfferClosedBecause, PassedOver, StepTarget } from './events.js';

/**
 *   arriving ──▶ waiting ◀──▶ offered ──▶ talking ──▶ wrap-up ──▶ closed
 *                   ▲                      ▲ │
 *                   └────── agent lost ────│─┘        (any) ──▶ closed when the customer leaves and nobody wraps up
 *   calling ───────────── answered ────────┘
 */
export type ConversationStatus = 'arriving' | 'waiting' | 'offered' | 'calling' | 'talking' | 'wrap-up' | 'closed';

export interface Offer {
  reservation: ReservationId;
  agent: AgentId;
  step: number;
  target: StepTarget;
  because: OfferBecause;
  offeredAt: EpochMs;
  /** When the desk confirmed that it rings; null until then. */
  ringingAt: EpochMs | null;
  expiresAt: EpochMs;
  closedAt: EpochMs | null;
  outcome: 'accepted' | OfferClosedBecause | null;
}

/**
 * One stretch of the timeline. Segments of one party never overlap; `endedAt` is null while it lasts. `ring` is an agent's phone,
 * and the customer's in a call that we place.
 */
export interface Segment {
  kind: 'wait' | 'ring' | 'talk' | 'hold' | 'wrap-up';
  /** null: the customer's own line; otherwise the agent's. */
  agent: AgentId | null;
  startedAt: EpochMs;
  endedAt: EpochMs | null;
}

/** What the routing decided and why, in order: the readable trace. */
export interface TraceEntry {
  at: EpochMs;
  step: number;
  target: StepTarget;
  what: 'entered' | 'skipped' | 'offered' | 'ended';
  /** The agent offered to, for `offered`. */
  agent: AgentId | null;
  because: string | null;
  passedOver: readonly PassedOver[];
}

export interface WrapUp {
  agent: AgentId;
  startedAt: EpochMs;
  endsAt: EpochMs;
  endedAt: EpochMs | null;
  because: 'saved' | 'timed-out' | 'process-died' | null;
  disposition: string | null;
  note: string | null;
}

export interface Recording {
  id: RecordingId;
  startedAt: EpochMs;
  /** Null until it is finished; the file grows until then. */
  path: string | null;
  durationMs: number | null;
  bytes: number | null;
}

export interface Conversation {
  id: ConversationId;
  /** `seq` of the last event folded in; the first event is 1. */
  seq: number;
  status: ConversationStatus;
  channel: 'voice';
  startedAt: EpochMs;
  carrier: 'exchange' | 'web' | 'twilio' | 'simulation';
  trunk: TrunkId | null;
  /** Who called whom: `customerNumber` and `companyNumber` tell whose is which. */
  direction: 'inbound' | 'outbound';
  /** Who placed the call; null: the customer called. */
  by: AgentId | null;
  from: E164 | null;
  fromRaw: string | null;
  to: E164;
  /** The company's name for its own number; empty when it has none. */
  toName: string;
  customerLeg: LegId;
  /** When the far end of a call that we placed began to ring. */
  ringingAt?: EpochMs;
  /** When the customer's leg was answered (by a person or by music); null until then. */
  answeredAt: EpochMs | null;
  /** The carrier's word for ending this leg from another process, should ours die; opaque to us. Null again once closed. */
  legToken: string | null;
  customer: { id: CustomerId; name: string; kana: string | null } | null;
  owner: AgentId | null;
  team: TeamId | null;
  identified: 'known' | 'unknown' | 'withheld' | 'late' | null;
  /** Where the routing stands: index of the current step, and since when. -1 before the first. */
  step: number;
  stepStartedAt: EpochMs | null;
  waitingSince: EpochMs | null;
  offers: Offer[];
  /** The agent on the call now, their leg, and since when. `reservation` null: they placed the call. */
  talking: {
    agent: AgentId;
    leg: LegId;
    reservation: ReservationId | null;
    joined: boolean;
    startedAt: EpochMs;
    heldSince: EpochMs | null;
  } | null;
  segments: Segment[];
  trace: TraceEntry[];
  wrapUps: WrapUp[];
  recording: Recording | null;
  /** When a fax machine was heard on the customer's leg. */
  faxAt?: EpochMs;
  /** How the lines of each talk were. Missing in records from before it was measured. */
  lines?: LineStretch[];
  ended: { at: EpochMs; end: ConversationEnd; by: 'customer' | 'agent' | 'system'; cause: string } | null;
  closedAt: EpochMs | null;
}

type Numbers = Pick<Conversation, 'direction' | 'from' | 'to'>;

/** The customer's number, whoever called whom; null when withheld. */
export const customerNumber = (record: Numbers): E164 | null =>
  record.direction === 'inbound' ? record.from : record.to;

/** The number of ours that they called or were shown; null when not known. */
export const companyNumber = (record: Numbers): E164 | null =>
  record.direction === 'inbound' ? record.to : record.from;
