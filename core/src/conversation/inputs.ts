/** What can happen to a conversation, and what it then asks of the world. */
import type { AgentId, ConversationId, E164, EpochMs, LegId, RecordingId, ReservationId, TrunkId } from '../ids.js';
import { ringMsMax, type CallerIdentity, type LegEndCause, type PhoneCommand } from '../ports.js';
import type { RoutingDecision } from '../routing/floor.js';
import type { Conversation } from './conversation.js';
import type { ConversationEvent, Placed } from './events.js';
import type { LineQuality } from './line.js';

/** Who has the customer's number, as far as the directory told in time. */
export interface Identified {
  outcome: 'known' | 'unknown' | 'withheld' | 'late';
  identity: CallerIdentity | null;
  tookMs: number;
}

/** When it happened is told beside it. */
export type ConversationInput =
  | {
      type: 'caller-arrived';
      conversation: ConversationId;
      leg: LegId;
      carrier: Conversation['carrier'];
      trunk: TrunkId | null;
      from: E164 | null;
      fromRaw: string | null;
      to: E164;
      toName: string;
    }
  /** An agent calls somebody. `leg` and `agentLeg` are minted by us: the customer's side and theirs. */
  | {
      type: 'agent-called';
      conversation: ConversationId;
      agent: AgentId;
      leg: LegId;
      agentLeg: LegId;
      carrier: Conversation['carrier'];
      to: E164;
      identified: Identified;
    }
  | ({ type: 'caller-identified' } & Identified)
  /** `reservations` holds one fresh id for each offer among the decisions, in order. */
  | { type: 'routed'; decisions: readonly RoutingDecision[]; reservations: readonly ReservationId[] }
  | { type: 'desk-rings'; agent: AgentId; reservation: string }
  | { type: 'agent-accepted'; agent: AgentId; reservation: string; leg: LegId; recording: RecordingId }
  | { type: 'agent-declined'; agent: AgentId; reservation: string }
  /** The agent can no longer answer this offer: signed out, or their desk and line are gone. */
  | { type: 'agent-left'; agent: AgentId }
  | { type: 'leg-ringing'; leg: LegId; early: boolean }
  /** `placed`: of a call that we placed. */
  | { type: 'leg-answered'; leg: LegId; token: string | null; placed?: Placed }
  | { type: 'leg-moved'; leg: LegId; token: string }
  | { type: 'leg-joined'; agentLeg: LegId }
  | { type: 'join-failed'; agentLeg: LegId }
  | { type: 'caller-left'; cause: LegEndCause }
  | { type: 'agent-hung-up'; agent: AgentId }
  /** The agent's audio path stayed away for longer than the grace. */
  | { type: 'agent-lost'; agent: AgentId }
  | { type: 'agent-held'; agent: AgentId }
  | { type: 'agent-resumed'; agent: AgentId }
  | { type: 'agent-muted'; agent: AgentId; muted: boolean }
  | { type: 'agent-sent-digits'; agent: AgentId; digits: string }
  | { type: 'wrap-up-saved'; agent: AgentId; disposition: string | null; note: string }
  | { type: 'recording-finished'; recording: RecordingId; path: string; durationMs: number; bytes: number }
  | { type: 'fax-heard' }
  | {
      type: 'line-measured';
      agent: AgentId | null;
      since: EpochMs;
      /** The talk over this line has ended: there will be no later word. */
      final: boolean;
      spanMs: number;
      mean: LineQuality;
      worst: LineQuality;
    }
  /** Something may be due: the record tells what. */
  | { type: 'timer-fired' }
  /** Found open at start-up; the process that held it is gone, and the customer's leg with it. */
  | { type: 'process-died' }
  /** Found open at start-up, and the customer's leg lives: only what nobody could answer any more is over. */
  | { type: 'process-replaced' };

/** Asked of the shell, carried out in order once the events are on disk. */
export type ConversationEffect =
  | { type: 'phone'; command: PhoneCommand }
  | { type: 'identify'; number: E164 | null }
  /** An offer rang out: the agent is not at the desk, so no further caller shall wait for them. [PRS3] */
  | { type: 'set-away'; agent: AgentId; reason: 'no-answer' }
  /** The desk did not confirm the ring in time: its audio path is to be proven anew. */
  | { type: 'distrust-line'; agent: AgentId };

export interface StepResult {
  events: readonly ConversationEvent[];
  /** What the events make of the record, as `fold` would; null without events. */
  record: Conversation | null;
  effects: readonly ConversationEffect[];
  /** The input was well-formed but comes too late or from the wrong person: say so, change nothing. */
  refused: 'offer-over' | 'no-call' | null;
}

/** Times that hold for every conversation. */
export interface ConversationSettings {
  /** A desk that has not confirmed the ring by then is unreachable. */
  ringConfirmMs: number;
  /** A caller still unanswered by then is answered and hears ring-back from us: networks give up on long ringing. */
  answerAfterMs: number;
  /** A call that we placed and nobody has answered by then is taken back. */
  callOutMs: number;
  wrapUpMs: number;
}

export const defaultConversationSettings: ConversationSettings = {
  ringConfirmMs: 2_500,
  answerAfterMs: 45_000,
  callOutMs: ringMsMax,
  wrapUpMs: 180_000,
};
