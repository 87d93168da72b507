/**
 * What the HTTP and live layers stand on, by contract: `store/`, `directory/`, `auth/` and `engine/` implement these,
 * `main.ts` wires them together, tests of `http/` may use small fakes of them.
 */
import type { AgentId, ConversationId, CustomerId, E164, EpochMs, Journal, LineId, TeamId } from '@denwaban/core';
import type {
  AgentView,
  BoardMessage,
  ConversationDetail,
  ConversationList,
  ConversationQuery,
  CustomerList,
  CustomerView,
  DeskMessage,
  DeskState,
  ErrorCode,
  ImportResult,
  PhoneServerMessage,
  PresenceRequest,
  PresenceView,
  Role,
} from '@denwaban/core/wire';
import type { TurnSettings } from './turn-settings.js';

/** Somebody who is signed in, as far as access is concerned. */
export interface Viewer {
  id: AgentId;
  role: Role;
  team: TeamId | null;
}

export interface Person extends Viewer {
  email: string;
  name: string;
  kana: string | null;
  teamName: string | null;
  /** What they said last; survives a restart. */
  says: 'available' | 'away';
  reason: PresenceView['reason'];
  saysSince: EpochMs;
}

/** An expected refusal: answered with the code's HTTP status, never logged as a failure of ours. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: ErrorCode;
  constructor(code: ErrorCode, detail: string) {
    super(`${code}: ${detail}`);
    this.code = code;
  }
}

export interface People {
  /** Everybody who can sign in, from memory. */
  all(): readonly Person[];
  byId(id: AgentId): Person | null;
  byEmail(email: string): Person | null;
  teams(): readonly { id: TeamId; name: string }[];
  /** Checks the password (argon2id). Takes as long for an unknown address as for a known one. */
  verify(email: string, password: string): Promise<Person | null>;
  saveSays(id: AgentId, says: 'available' | 'away', reason: PresenceView['reason'], at: EpochMs): Promise<void>;
}

/** A number of the company that can be called. */
export interface CompanyNumber {
  number: E164;
  name: string;
}

export interface Sessions {
  /** @returns the secret for the cookie; only its hash is stored */
  begin(agent: AgentId): Promise<string>;
  find(secret: string): Promise<AgentId | null>;
  end(secret: string): Promise<void>;
}

export interface ConversationReads {
  list(by: Viewer, query: ConversationQuery): Promise<ConversationList>;
  /** Null when there is none or `by` may not see it. */
  get(by: Viewer, id: ConversationId): Promise<ConversationDetail | null>;
  /** Absolute path of the two-channel WAV (it may still grow). Null when there is none or `by` may not hear it. */
  recording(by: Viewer, id: ConversationId): Promise<{ path: string; finished: boolean } | null>;
}

export interface Customers {
  list(query: { q?: string | undefined; cursor?: string | undefined; limit: number }): Promise<CustomerList>;
  get(id: CustomerId): Promise<CustomerView | null>;
  /** Idempotent by phone number: the same file twice changes nothing. One transaction; with problems in it nothing is written. */
  import(csv: string, dryRun: boolean): Promise<ImportResult>;
}

export interface Store {
  journal: Journal;
  people: People;
  sessions: Sessions;
  conversations: ConversationReads;
  customers: Customers;
  numbers(): Promise<readonly CompanyNumber[]>;
  /** `SELECT 1` within a second. */
  healthy(): Promise<boolean>;
  close(): Promise<void>;
}

/** What a desk's own connection receives. */
export interface DeskListener {
  state(state: DeskState): void;
  lineLost(because: 'heartbeat' | 'closed' | 'replaced' | 'media-process' | 'refused'): void;
}

/** The engine as the screens see it. One desk connection of an agent holds the line; several may look on. */
export interface Floor {
  /** A desk page connected. Returns its handle; call `leave` when the socket closes. */
  enter(agent: AgentId, listener: DeskListener): DeskHandle;
  /** Resolves when it is on disk. Refuses with `busy` only what cannot be: presence may be changed at any time. */
  setPresence(agent: AgentId, request: PresenceRequest): Promise<PresenceView>;
  presence(agent: AgentId): PresenceView;
  agents(): AgentView[];
  /** Everything on the board now. */
  board(): Omit<BoardMessage, 'seq'>;
  /** Called with what changed since the last call, at most 4 times a second. */
  watchBoard(listener: (change: Omit<BoardMessage, 'seq'>) => void): () => void;
}

export interface DeskHandle {
  readonly state: DeskState;
  /** @throws Refusal */
  openLine(offer: string): Promise<{ line: LineId; answer: string }>;
  /** The page held this line before its connection broke, and holds it still. When it is no use any more, `lineLost` says so. */
  claimLine(line: string): void;
  closeLine(): void;
  /** Everything a desk says about offers, calls and wrap-up, and whom it calls. Resolves when it is on disk. @throws Refusal */
  command(
    message: Extract<
      DeskMessage,
      {
        type:
          | 'offer.ringing'
          | 'offer.accept'
          | 'offer.decline'
          | 'call.place'
          | 'call.hang-up'
          | 'call.hold'
          | 'call.resume'
          | 'call.mute'
          | 'call.dtmf'
          | 'wrap-up.save';
      }
    >,
  ): Promise<void>;
  leave(): void;
}

/** The customer's phone in the browser (demo only): an adapter of the carrier, not of the engine. */
export interface WebPhones {
  dial(
    request: { from: string; to: string; offer: string },
    listener: (message: PhoneServerMessage) => void,
  ): Promise<{ answer: string; hangUp(): void; dtmf(digit: string): void }>;
}

/** Settings of an installation, read from the environment and checked at start: settings.ts. */
export interface Settings {
  dataDir: string;
  httpPort: number;
  httpHost: string;
  sipHost: string;
  sipPort: number;
  /** PEM files of the TLS listener; null: none. */
  sipTls: { port: number; certFile: string; keyFile: string } | null;
  /** Inclusive. */
  rtpPorts: { min: number; max: number };
  /** How many media processes share them. */
  mediaProcesses: number;
  /** Address written into SDP and SIP contacts; the SIP host when unset. */
  publicAddress: string;
  /** The same towards peers on IPv6; null: there are none. */
  publicAddress6: string | null;
  databaseUrl: string | null;
  /** Beginnings of E.164 numbers that agents may call; `+` is every number, none is nobody. */
  callOutPrefixes: readonly string[];
  demo: boolean;
  /** Null: agents off the LAN must reach the audio port themselves. */
  turn: TurnSettings | null;
  logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
}
