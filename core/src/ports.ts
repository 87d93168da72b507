/**
 * What the domain needs from the world, in the domain's words. Adapters live outside core: `telephony/carriers/exchange`
 * is the Telephony of this house, `server/store` the Journal, `server/directory` the Directory.
 */
import type { Conversation } from './conversation/conversation.js';
import type { ConversationEvent } from './conversation/events.js';
import type { LineQuality } from './conversation/line.js';
import type {
  AgentId,
  ConversationId,
  CustomerId,
  E164,
  EpochMs,
  LegId,
  LineId,
  RecordingId,
  TeamId,
  TrunkId,
} from './ids.js';

/** What a leg can be made to hear. Each is a sound of ours, looped until told otherwise; announcements play once. */
export type Sound = 'ring-back' | 'hold-music' | 'announcement-reconnecting' | 'announcement-closing';

/**
 * A phone that we call rings no longer than this, whoever wanted it called: who has not come to it within a minute does not come.
 * Networks let it ring for longer (a proxy for three minutes at least, RFC 3261 §16.6), so the end is ours, and the same by every
 * trunk; voicemail has answered by then.
 */
export const ringMsMax = 60_000;

/** Why we end or refuse a leg. The exchange maps it to a SIP status or a BYE with a Reason header. */
export type HangUpCause =
  | 'normal' // a person hung up, or the conversation is complete
  | 'unknown-number' // nobody lives at the dialled number
  | 'not-acceptable' // no common codec
  | 'overloaded' // we refuse new calls; retry later
  | 'failed'; // something of ours broke

/** Why a leg that we did not end came to its end. */
export type LegEndCause =
  | 'hung-up' // BYE, or the web caller's button
  | 'cancelled' // CANCEL before an answer
  | 'media-lost' // the far end's audio path died
  // Of a call that we placed, before its answer:
  | 'busy'
  | 'no-answer'
  | 'declined'
  | 'unknown-number'
  | 'unreachable' // no trunk could take it
  | 'failed'; // protocol or process failure

/** Commands to the phone network. Fire and forget: what becomes of one arrives as a PhoneEvent. */
export type PhoneCommand =
  /** Tell an unanswered caller that a phone rings (SIP 180). No-op once answered. */
  | { type: 'ring'; leg: LegId }
  /** Answer the customer's leg (SIP 200). `leg.answered` follows. No-op once answered. */
  | { type: 'answer'; leg: LegId }
  /** Loop a sound to an answered leg in place of whatever it hears; null is silence. Ignored while joined. */
  | { type: 'play'; leg: LegId; sound: Sound | null }
  /**
   * Join the customer and the agent's warm line so that they hear each other; answers the customer's leg first when that is
   * still to be done. `recording` (minted by us) begins with the first join of a customer's leg and runs until that leg ends;
   * a later join of the same leg passes the same id and the recording goes on. `leg.joined` or `leg.join-failed` follows.
   */
  | { type: 'join'; customer: LegId; agentLeg: LegId; agent: AgentId; recording: RecordingId | null }
  /** Take the two apart. The agent's line stays warm; the customer's leg stays up and hears silence until told. */
  | { type: 'part'; customer: LegId; agentLeg: LegId }
  /** The customer hears `sound`, the agent silence; both stay joined. */
  | { type: 'hold'; customer: LegId; agentLeg: LegId; sound: Sound }
  | { type: 'resume'; customer: LegId; agentLeg: LegId }
  /**
   * Call `to` for an agent. `trunk` null: the best by priority and health, the next one only when a trunk itself failed [TRK11].
   * The agent's warm line hears ring-back of ours while it rings, or the network's own early audio when there is some; the far
   * end hears nothing before its answer. `agentLeg`: the agent's side of this call, as in `join`. `leg.ringing` may follow, then
   * `leg.answered` (command `join` then) or `leg.ended`, after `ringMsMax` at the latest. `hang-up` before the answer cancels.
   */
  | { type: 'place'; leg: LegId; to: E164; trunk: TrunkId | null; agentLeg: LegId; agent: AgentId }
  /** Send digits to the leg as RFC 4733 events, in order, 100 ms each. */
  | { type: 'dtmf'; leg: LegId; digits: string }
  /** End the leg, in whatever state it is. `leg.ended` does not follow for a leg that we ended. */
  | { type: 'hang-up'; leg: LegId; cause: HangUpCause }
  /** End a leg of a process of ours that died, by the token its `leg.answered` or last `leg.moved` carried. */
  | { type: 'end-orphan'; token: string };

/** What the phone network tells us. `at` is the adapter's own clock reading of the moment itself. */
export type PhoneEvent =
  | {
      type: 'leg.arrived';
      leg: LegId;
      at: EpochMs;
      carrier: 'exchange' | 'web' | 'twilio' | 'simulation';
      trunk: TrunkId | null;
      /** The caller's number as the network gave it, raw; null when withheld. The engine normalises it. */
      from: string | null;
      fromName: string | null;
      /** The dialled number, raw. */
      to: string;
    }
  /** `token`: what `end-orphan` needs to end this leg should our process die; opaque, null when the carrier needs nothing. */
  | {
      type: 'leg.answered';
      leg: LegId;
      at: EpochMs;
      token: string | null;
      /** Of a call that we placed: which trunk it took. */
      trunk?: TrunkId;
    }
  /** The far end of a call that we placed rings. Told once. `early`: the network's own sound is heard instead of ours. */
  | { type: 'leg.ringing'; leg: LegId; at: EpochMs; early: boolean }
  /** An answered leg is reached elsewhere now (its far end moved): `token` takes the place of the one before. */
  | { type: 'leg.moved'; leg: LegId; at: EpochMs; token: string }
  | { type: 'leg.ended'; leg: LegId; at: EpochMs; cause: LegEndCause }
  | { type: 'leg.joined'; customer: LegId; agentLeg: LegId; at: EpochMs }
  | { type: 'leg.join-failed'; customer: LegId; agentLeg: LegId; at: EpochMs; because: string }
  | { type: 'leg.dtmf'; leg: LegId; at: EpochMs; digit: string }
  /** The customer is a fax machine: its tone was heard. Told once. */
  | { type: 'leg.fax'; leg: LegId; at: EpochMs }
  /** Audio can flow to and from this agent: the line's data channel echoes. Repeated only after a loss. */
  | { type: 'line.proven'; agent: AgentId; line: LineId; at: EpochMs }
  | {
      type: 'line.lost';
      agent: AgentId;
      line: LineId;
      at: EpochMs;
      because: 'heartbeat' | 'closed' | 'replaced' | 'media-process';
    }
  | {
      type: 'recording.finished';
      recording: RecordingId;
      leg: LegId;
      at: EpochMs;
      path: string;
      durationMs: number;
      bytes: number;
    }
  /**
   * How a party's line was in the talk that stands since `since`: every ten seconds, each time with all that was measured in that
   * talk, and a last time (`final`) at its end, which may come after `leg.ended`. `agent` null: the customer's own line.
   */
  | {
      type: 'line.measured';
      customer: LegId;
      agent: AgentId | null;
      at: EpochMs;
      since: EpochMs;
      final: boolean;
      spanMs: number;
      mean: LineQuality;
      worst: LineQuality;
    }
  /** The media process behind these legs and lines is gone. Their `leg.ended`/`line.lost` follow. */
  | { type: 'media.lost'; at: EpochMs };

/** A customer's leg that was answered before our process was started anew, as its record has it. */
export interface KnownLeg {
  leg: LegId;
  /** What its `leg.answered`, or the last `leg.moved`, carried. */
  token: string;
  recording: RecordingId | null;
  /** `joined`: `leg.joined` was told of. `held`: what the customer hears on hold. */
  talk: { agentLeg: LegId; agent: AgentId; joined: boolean; held: Sound | null } | null;
  /** What a customer who talks with nobody is to hear. */
  sound: Sound | null;
}

/** A leg that lives on. `line`: the agent's line that it is joined with; null when it talks with nobody, or the line is gone. */
export interface RestoredLeg {
  line: { id: LineId; agent: AgentId; proven: boolean } | null;
}

/** The phone network. One implementation per carrier; one contract suite runs on all of them. */
export interface Telephony {
  carryOut(command: PhoneCommand): void;
  /** @returns a function that takes the listener away again */
  listen(listener: (event: PhoneEvent) => void): () => void;
  /** Opens (or replaces) an agent's warm line. SDP offer in, SDP answer out. `line.proven` follows when it works both ways. */
  openLine(request: { agent: AgentId; line: LineId; offer: string }): Promise<{ answer: string }>;
  /** `line.lost`, `closed`, follows for a line that was open. */
  closeLine(line: LineId): void;
  /**
   * Takes up what outlived a process of ours, once and before anything else. Who is in the result goes on as they were, and its
   * events come from now on; what is not in it, or was never asked about, is ended. Of a join that was still under way
   * `leg.joined` or `leg.join-failed` follows. Never rejects.
   */
  restore(legs: readonly KnownLeg[]): Promise<ReadonlyMap<LegId, RestoredLeg>>;
  /**
   * The desk of this agent is back and holds a line that was opened before. Null: it is gone, or another's; open a new one.
   * `line.proven` follows when it is not proven now and works again.
   */
  claimLine(request: { agent: AgentId; line: LineId }): { proven: boolean } | null;
}

/** Events of conversations, appended in order with group commit. What is searched and shown follows them. */
export interface Journal {
  /**
   * Resolves when `events` are on disk. Calls for one conversation are committed in call order.
   * @param record the record after the last of `events`: what is searched and shown follows it
   */
  append(events: readonly ConversationEvent[], record: Conversation): Promise<void>;
  /** Conversations that are not closed: what a start-up has to reconcile. */
  open(): Promise<Conversation[]>;
  events(conversation: ConversationId): Promise<ConversationEvent[]>;
}

/** Who a number belongs to. */
export interface CallerIdentity {
  customer: CustomerId;
  name: string;
  kana: string | null;
  owner: AgentId | null;
  /** The owner's team, or the customer's own when there is no owner. */
  team: TeamId | null;
}

export interface Directory {
  /** ≤ 5 ms at 1,000,000 numbers. Null when nobody is known under the number. */
  findByNumber(number: E164): Promise<CallerIdentity | null>;
  /** Any written form (national, with hyphens, full-width digits) to E.164, or null when it is no number. Pure and synchronous. */
  normalise(written: string): E164 | null;
}

export interface Clock {
  now(): EpochMs;
}
