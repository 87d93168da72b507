/** What a simulated phone network can be told and asked, and what it keeps of legs and lines. */
import type {
  AgentId,
  E164,
  EpochMs,
  LegEndCause,
  LegId,
  LineId,
  PhoneCommand,
  PhoneEvent,
  RecordingId,
  Sound,
  Telephony,
  TrunkId,
} from '@denwaban/core';

/** What somebody has in the ear. `ringing` is the caller's own phone after a 180; an id is the voice of that party. */
export type Hears = 'silence' | 'ringing' | Sound | AgentId | LegId;

export interface SimulatedTelephonyOptions {
  now(): EpochMs;
  /** Deterministic by default: lg_0000000001, lg_0000000002 … */
  mintLeg?: () => LegId;
  /** Runs the delivery of waiting events later. Default: a microtask. */
  deliver?: (run: () => void) => void;
  /** `by-hand`: `recording.finished` comes from `finishRecordings()` only. Default `at-end`: right after the leg's end. */
  recordings?: 'at-end' | 'by-hand';
}

export interface SimulatedTelephony extends Telephony {
  /**
   * The control process dies: what it had not yet been told is lost, and nobody listens. Answered calls and lines live on until
   * the next one takes them up with `restore`.
   */
  controlDies(): void;
  callerArrives(call: {
    from: string | null;
    to: string;
    fromName?: string | null;
    carrier?: 'exchange' | 'web' | 'simulation';
    trunk?: TrunkId | null;
  }): LegId;
  /** CANCEL before an answer, BYE after it. */
  callerHangsUp(leg: LegId): void;
  callerPresses(leg: LegId, digit: string): void;
  /** Whom we called and who has not answered yet, oldest first. */
  placed(): { leg: LegId; to: E164; agent: AgentId; rings: boolean }[];
  /** The far end of a call that we placed rings; `early`: with a sound of its network's. */
  calleeRings(leg: LegId, early?: boolean): void;
  calleeAnswers(leg: LegId, trunk?: TrunkId): void;
  calleeRefuses(leg: LegId, cause: LegEndCause): void;
  /** The far end's audio or protocol dies. */
  legFails(leg: LegId, cause: Extract<LegEndCause, 'media-lost' | 'failed'>): void;
  /** The line that the agent opened last works both ways (again). */
  proveLine(agent: AgentId): void;
  loseLine(agent: AgentId, because?: 'heartbeat' | 'closed'): void;
  /** Everything is lost at once, as when the media process is killed. */
  mediaProcessDies(): void;
  /** The next `join` that would work fails with this reason instead. */
  failNextJoin(because: string): void;
  finishRecordings(): void;
  /** True: commands are lost, as those of a process that was killed before it could send them. */
  ignoreCommands: boolean;
  /** Resolves when every waiting event was delivered, and those that they caused. */
  settle(): Promise<void>;

  /** Every command in order, the ignored ones too. */
  readonly log: readonly PhoneCommand[];
  /** Every event that was delivered, in order. */
  readonly events: readonly PhoneEvent[];
  /** What the customer on this leg hears now. */
  hears(leg: LegId): Hears;
  /** What the agent hears now: a customer's leg, ring-back of a call that they placed (or its leg: the network's sound), or silence. */
  agentHears(agent: AgentId): Hears;
  isUp(leg: LegId): boolean;
  /** Digits sent to the leg so far. */
  digitsTo(leg: LegId): string;
}

export interface Leg {
  id: LegId;
  /** A page's connection dies with the control process. */
  web: boolean;
  ringing: boolean;
  answered: boolean;
  sound: Sound | null;
  talk: { agentLeg: LegId; agent: AgentId; held: Sound | null; since: EpochMs } | null;
  recording: { id: RecordingId; startedAt: EpochMs } | null;
  digits: string;
  /** Of a call that we placed. */
  placed: { to: E164; agent: AgentId; early: boolean } | null;
}

export interface Line {
  id: LineId;
  agent: AgentId;
  proven: boolean;
}
