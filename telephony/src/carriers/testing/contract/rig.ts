/** What a carrier brings to the contract: a way to play the world outside. */
import type { AgentId, EpochMs, LegId, LineId, Telephony } from '@denwaban/core';

/** Coarse on purpose, so that a measurement of real audio can tell: nothing, a sound of ours, the other person. */
export type Heard = 'silence' | 'sound' | 'person';

export interface ContractCaller {
  readonly leg: LegId;
  /** The caller's own doing: CANCEL, BYE, the button of a web phone. */
  hangUp(): void;
  press(digit: string): void;
  /** What the caller's phone was told, in order. */
  told(): readonly ('ringing' | 'answered' | 'ended')[];
  hears(): Heard | Promise<Heard>;
}

/** Somebody whom the command `place` called. */
export interface ContractCallee {
  readonly leg: LegId;
  /** As it came to them. */
  readonly number: string;
  /** `early`: with a sound of the network's own. */
  rings(early?: boolean): void;
  answers(): void;
  refuses(why: 'busy' | 'declined' | 'unknown-number' | 'no-answer'): void;
  hangUp(): void;
  /** What they were told, in order. */
  told(): readonly ('called' | 'cancelled' | 'ended')[];
  hears(): Heard | Promise<Heard>;
}

export interface ContractLine {
  readonly line: LineId;
  /** The desk's end starts to echo (again). */
  prove(): void;
  /** The desk's end stops echoing (`heartbeat`) or is gone (`closed`). */
  lose(because: 'heartbeat' | 'closed'): void;
  hears(): Heard | Promise<Heard>;
}

export interface ContractRig {
  /** Another one after `controlDies`. */
  readonly telephony: Telephony;
  /** The process that holds the adapter dies without a word, and another begins; `restore` is left to the test. */
  controlDies(): Promise<void>;
  now(): EpochMs;
  /** Resolves once `leg.arrived` was delivered. */
  call(request: { from: string | null; to: string }): Promise<ContractCaller>;
  /** Resolves once the phone network knows whom the leg of a `place` calls. */
  callee(leg: LegId): Promise<ContractCallee>;
  /** Opens a line with `telephony.openLine`; it proves itself only when told to. */
  openLine(agent: AgentId): Promise<ContractLine>;
  /** Lets everything that is under way come to rest. */
  settle(): Promise<void>;
  /** Ends everything; fails when a socket, timer or leg is left over. */
  dispose(): Promise<void>;
  /** How long a claim may take to come true, ms. 0: it is true after `settle`. */
  readonly patienceMs: number;
}
