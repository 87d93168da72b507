/** The facts of a conversation, past tense and versioned. Rows are never edited; `upcast` lifts older versions when they are read. */
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
import type { LegEndCause } from '../ports.js';
import type { LineQuality } from './line.js';

type Event<Type extends string, Version extends number, Facts> = Readonly<
  { type: Type; v: Version; conversation: ConversationId; seq: number; at: EpochMs } & Facts
>;

export type StepTarget = 'owner' | 'team' | 'anyone';

/** Why somebody who might have taken the conversation was not offered it. */
export type PassedOverBecause =
  | 'offline' // no desk is connected
  | 'away'
  | 'line-not-proven'
  | 'offered-another'
  | 'talking'
  | 'wrap-up'
  | 'declined' // this conversation, a moment ago
  | 'no-answer' // this conversation, a moment ago
  | 'unreachable' // the desk did not confirm the ring
  | 'idle-shorter'; // free, but another was free for longer

export type PassedOver = Readonly<{ agent: AgentId; because: PassedOverBecause }>;

/** Why this agent: they own the customer, were free the longest, all were rung, or just became free while the caller waited. */
export type OfferBecause = 'owner' | 'longest-idle' | 'ring-all' | 'freed';

export type OfferClosedBecause =
  | 'declined'
  | 'timed-out'
  | 'rescinded'
  | 'abandoned'
  | 'unreachable'
  | 'agent-left'
  | 'failed';

/** How it ended for the customer. */
export type ConversationEnd =
  | 'completed' // they talked, then somebody hung up
  | 'abandoned' // the customer left before an answer
  | 'unanswered' // we called, and nobody talked; `cause` tells why
  | 'refused' // we did not take the call
  | 'failed'; // something of ours broke; `cause` tells what

/** What is known of a call that we placed only when it is answered. */
export interface Placed {
  trunk: TrunkId | null;
  /** The number of ours that was shown, with the company's name for it; null and empty when not known. */
  from: E164 | null;
  name: string;
  recording: RecordingId;
}

export type ConversationEvent =
  | Event<
      /** v2 added who called: `upcast` makes v1 a call that came in. */
      'conversation.started',
      2,
      {
        direction: 'inbound' | 'outbound';
        /** Of a call that we placed: who placed it, and their side of it. Null: the customer called. */
        by: AgentId | null;
        agentLeg: LegId | null;
        /** The customer's. */
        leg: LegId;
        carrier: 'exchange' | 'web' | 'twilio' | 'simulation';
        trunk: TrunkId | null;
        /** Who called; null: withheld, or not known yet which number of ours is shown. */
        from: E164 | null;
        /** As the network gave it, kept when it is no number we can read. */
        fromRaw: string | null;
        /** Who was called. */
        to: E164;
        /** The company's name for its own number: why they call, as far as a number can tell. */
        toName: string;
      }
    >
  | Event<
      'customer.identified',
      1,
      {
        customer: CustomerId | null;
        name: string | null;
        kana: string | null;
        owner: AgentId | null;
        team: TeamId | null;
        /** `unknown`: nobody under this number; `withheld`: no number; `late`: the directory did not answer in time. */
        outcome: 'known' | 'unknown' | 'withheld' | 'late';
        tookMs: number;
      }
    >
  | Event<'waiting.started', 1, { place: 'back' | 'front' }>
  | Event<'step.entered', 1, { step: number; target: StepTarget; ringMs: number }>
  | Event<
      'step.skipped',
      1,
      {
        step: number;
        target: StepTarget;
        because: 'no-owner' | 'no-team' | 'nobody-could-answer';
        passedOver: readonly PassedOver[];
      }
    >
  | Event<'step.ended', 1, { step: number; target: StepTarget; because: 'ring-time-over' | 'everybody-tried' }>
  | Event<
      'offer.made',
      1,
      {
        reservation: ReservationId;
        agent: AgentId;
        step: number;
        target: StepTarget;
        expiresAt: EpochMs;
        because: OfferBecause;
        passedOver: readonly PassedOver[];
      }
    >
  | Event<'offer.ringing', 1, { reservation: ReservationId; agent: AgentId }>
  | Event<'offer.accepted', 1, { reservation: ReservationId; agent: AgentId; leg: LegId; recording: RecordingId }>
  | Event<'offer.closed', 1, { reservation: ReservationId; agent: AgentId; because: OfferClosedBecause }>
  /** The far end of a call that we placed rings; `early`: the network's own sound is heard. */
  | Event<'leg.ringing', 1, { leg: LegId; early: boolean }>
  /** `token`: the carrier's word for ending this leg from another process, should ours die; opaque. */
  | Event<'leg.answered', 1, { leg: LegId; token: string | null; placed?: Placed }>
  /** The far end of an answered leg moved: `token` takes the place of the one before. */
  | Event<'leg.moved', 1, { leg: LegId; token: string }>
  | Event<'talk.started', 1, { agent: AgentId; leg: LegId }>
  | Event<'hold.started', 1, { agent: AgentId }>
  | Event<'hold.ended', 1, { agent: AgentId }>
  | Event<
      'talk.ended',
      1,
      { agent: AgentId; leg: LegId; because: 'customer-left' | 'agent-hung-up' | 'agent-lost' | 'process-died' }
    >
  | Event<'agent.noted', 1, { agent: AgentId; what: 'muted' | 'unmuted' }>
  | Event<'digits.sent', 1, { agent: AgentId; count: number }>
  | Event<
      'conversation.ended',
      1,
      {
        end: ConversationEnd;
        by: 'customer' | 'agent' | 'system';
        cause: LegEndCause | 'normal' | 'process-died' | 'agent-lost';
      }
    >
  | Event<'recording.finished', 1, { recording: RecordingId; path: string; durationMs: number; bytes: number }>
  /** The customer's leg sang the tone of a fax machine. */
  | Event<'fax.heard', 1, Record<never, never>>
  /** How one party's line was in a talk that stands since `since`: at the talk's end, and earlier when it turned worse. */
  | Event<
      'line.measured',
      1,
      { agent: AgentId | null; since: EpochMs; spanMs: number; mean: LineQuality; worst: LineQuality }
    >
  | Event<'wrap-up.started', 1, { agent: AgentId; endsAt: EpochMs }>
  | Event<
      'wrap-up.ended',
      1,
      {
        agent: AgentId;
        because: 'saved' | 'timed-out' | 'process-died';
        disposition: string | null;
        note: string | null;
      }
    >
  /** Nothing more will happen: the customer is gone and every wrap-up is over. A recording may still be attached. */
  | Event<'conversation.closed', 1, Record<never, never>>;

export type ConversationEventType = ConversationEvent['type'];
export type EventOf<Type extends ConversationEventType> = Extract<ConversationEvent, { type: Type }>;
