/**
 * A phone network in memory: it keeps the rules of the Telephony port (the contract suite runs on it) and does what a test
 * or a seeded simulation tells it: callers arrive and hang up, lines prove and die, joins fail.
 *
 * Events that a command causes are never delivered from inside `carryOut`: they wait for `deliver` (a microtask unless the
 * simulation brings its own scheduler). What the world does of itself (`callerArrives` …) is delivered before the call returns,
 * after everything that was waiting.
 */
import type {
  AgentId,
  EpochMs,
  KnownLeg,
  LegEndCause,
  LegId,
  LineId,
  PhoneCommand,
  PhoneEvent,
  RecordingId,
  RestoredLeg,
  Sound,
  Telephony,
  TrunkId,
} from '@denwaban/core';
import { finishedRecording, measuredLines } from './aftermath.js';

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
  /** What the agent hears now: a customer's leg or silence. */
  agentHears(agent: AgentId): Hears;
  isUp(leg: LegId): boolean;
  /** Digits sent to the leg so far. */
  digitsTo(leg: LegId): string;
}

interface Leg {
  id: LegId;
  /** A page's connection dies with the control process. */
  web: boolean;
  ringing: boolean;
  answered: boolean;
  sound: Sound | null;
  talk: { agentLeg: LegId; agent: AgentId; held: Sound | null; since: EpochMs } | null;
  recording: { id: RecordingId; startedAt: EpochMs } | null;
  digits: string;
}

interface Line {
  id: LineId;
  agent: AgentId;
  proven: boolean;
}

export function simulatedTelephony(options: SimulatedTelephonyOptions): SimulatedTelephony {
  const now = () => options.now();
  const deliver = options.deliver ?? queueMicrotask;
  let minted = 0;
  const mintLeg = options.mintLeg ?? (() => `lg_${String(++minted).padStart(10, '0')}` as LegId);

  const legs = new Map<LegId, Leg>();
  const lines = new Map<AgentId, Line>();
  const listeners = new Set<(event: PhoneEvent) => void>();
  const log: PhoneCommand[] = [];
  const delivered: PhoneEvent[] = [];
  const waiting: PhoneEvent[] = [];
  const unfinished: { id: RecordingId; leg: LegId; startedAt: EpochMs }[] = [];
  let delivering = false;
  let nextJoinFails: string | null = null;

  /** News of a leg that was hung up while the news waited: nobody wants it any more. */
  function isStale(event: PhoneEvent): boolean {
    if (event.type === 'leg.answered' || event.type === 'leg.dtmf') return !legs.has(event.leg);
    return (event.type === 'leg.joined' || event.type === 'leg.join-failed') && !legs.has(event.customer);
  }
  function drain(): void {
    if (delivering) return; // a listener's own doing: the loop below takes it up in order
    delivering = true;
    try {
      for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) {
        if (isStale(event)) continue;
        delivered.push(event);
        for (const listener of listeners) listener(event);
      }
    } finally {
      delivering = false;
    }
  }
  /** An event that a command caused: never from inside `carryOut`. */
  function later(event: PhoneEvent): void {
    waiting.push(event);
    deliver(drain);
  }
  /** An event that the world caused. */
  function happens(event: PhoneEvent): void {
    waiting.push(event);
    drain();
  }

  /** Takes the leg out of the world. @returns the recording's end, when it is to be told now */
  function bury(leg: Leg): PhoneEvent[] {
    legs.delete(leg.id);
    const lines = measuredLines(leg, now());
    if (leg.recording === null) return lines;
    const recording = { id: leg.recording.id, leg: leg.id, startedAt: leg.recording.startedAt };
    if (options.recordings !== 'by-hand') return [...lines, finishedRecording(recording, now())];
    unfinished.push(recording);
    return lines;
  }
  function ends(leg: Leg, cause: LegEndCause): void {
    const recorded = bury(leg);
    happens({ type: 'leg.ended', leg: leg.id, at: now(), cause });
    for (const event of recorded) happens(event);
  }
  function answer(leg: Leg): void {
    if (leg.answered) return;
    leg.answered = true;
    later({ type: 'leg.answered', leg: leg.id, at: now(), token: `simulated:${leg.id}` });
  }
  function join(command: Extract<PhoneCommand, { type: 'join' }>, leg: Leg): void {
    const { customer, agentLeg, agent } = command;
    if (leg.talk?.agentLeg === agentLeg) return;
    const busy = [...legs.values()].some((other) => other.id !== leg.id && other.talk?.agent === agent);
    const line = lines.get(agent);
    const because =
      leg.talk !== null
        ? 'already-joined'
        : line === undefined || !line.proven
          ? 'no-line'
          : busy
            ? 'agent-busy'
            : nextJoinFails;
    if (because !== null) {
      if (because === nextJoinFails) nextJoinFails = null;
      later({ type: 'leg.join-failed', customer, agentLeg, at: now(), because });
      return;
    }
    answer(leg);
    leg.sound = null;
    leg.talk = { agentLeg, agent, held: null, since: now() };
    if (command.recording !== null && leg.recording === null) {
      leg.recording = { id: command.recording, startedAt: now() };
    }
    later({ type: 'leg.joined', customer, agentLeg, at: now() });
  }

  function takeUp(leg: Leg, { talk, sound }: KnownLeg): RestoredLeg {
    if (talk === null) {
      leg.talk = null;
      leg.sound ??= sound;
      return { line: null };
    }
    const joins = leg.talk !== null || talk.joined;
    if (joins)
      leg.talk = { agentLeg: talk.agentLeg, agent: talk.agent, held: talk.held, since: leg.talk?.since ?? now() };
    if (!talk.joined) {
      const facts = { customer: leg.id, agentLeg: talk.agentLeg, at: now() };
      later(joins ? { type: 'leg.joined', ...facts } : { type: 'leg.join-failed', ...facts, because: 'restarted' });
    }
    const line = joins ? lines.get(talk.agent) : undefined;
    return { line: line === undefined ? null : { id: line.id, agent: line.agent, proven: line.proven } };
  }

  const self: SimulatedTelephony = {
    ignoreCommands: false,
    carryOut(command) {
      if (self.ignoreCommands) return;
      log.push(command);
      if (command.type === 'end-orphan') return;
      if (command.type === 'place')
        return later({ type: 'leg.ended', leg: command.leg, at: now(), cause: 'unreachable' });
      const leg = legs.get('customer' in command ? command.customer : command.leg);
      if (leg === undefined) return; // late news is ordinary
      switch (command.type) {
        case 'ring':
          if (!leg.answered) leg.ringing = true;
          return;
        case 'answer':
          return answer(leg);
        case 'play':
          if (leg.answered && leg.talk === null) leg.sound = command.sound;
          return;
        case 'join':
          return join(command, leg);
        case 'part':
          if (leg.talk?.agentLeg !== command.agentLeg) return;
          for (const event of measuredLines(leg, now())) later(event);
          leg.talk = null;
          return;
        case 'hold':
          if (leg.talk?.agentLeg === command.agentLeg) leg.talk.held = command.sound;
          return;
        case 'resume':
          if (leg.talk?.agentLeg === command.agentLeg) leg.talk.held = null;
          return;
        case 'dtmf':
          if (leg.answered) leg.digits += command.digits;
          return;
        case 'hang-up':
          for (const event of bury(leg)) later(event);
          return;
        default:
          command satisfies never;
      }
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    openLine({ agent, line }) {
      const before = lines.get(agent);
      lines.set(agent, { id: line, agent, proven: false });
      if (before !== undefined) {
        later({ type: 'line.lost', agent, line: before.id, at: now(), because: 'replaced' });
      }
      return Promise.resolve({ answer: 'v=0\r\n' });
    },
    closeLine(line) {
      for (const [agent, known] of lines) {
        if (known.id !== line) continue;
        lines.delete(agent);
        later({ type: 'line.lost', agent, line, at: now(), because: 'closed' });
      }
    },

    restore(known) {
      const restored = new Map<LegId, RestoredLeg>();
      for (const leg of legs.values()) {
        const one = known.find((it) => it.leg === leg.id);
        if (one === undefined || !leg.answered || leg.web) {
          for (const event of bury(leg)) later(event);
          continue;
        }
        restored.set(leg.id, takeUp(leg, one));
      }
      return Promise.resolve(restored);
    },
    claimLine({ agent, line }) {
      const known = lines.get(agent);
      if (known === undefined || known.id !== line) return null;
      return { proven: known.proven };
    },

    controlDies() {
      waiting.length = 0;
      listeners.clear();
    },
    callerArrives(call) {
      const id = mintLeg();
      const web = call.carrier === 'web';
      legs.set(id, { id, web, ringing: false, answered: false, sound: null, talk: null, recording: null, digits: '' });
      happens({
        type: 'leg.arrived',
        leg: id,
        at: now(),
        carrier: call.carrier ?? 'simulation',
        trunk: call.trunk ?? null,
        from: call.from,
        fromName: call.fromName ?? null,
        to: call.to,
      });
      return id;
    },
    callerHangsUp(id) {
      const leg = legs.get(id);
      if (leg !== undefined) ends(leg, leg.answered ? 'hung-up' : 'cancelled');
    },
    callerPresses(id, digit) {
      if (legs.get(id)?.answered) happens({ type: 'leg.dtmf', leg: id, at: now(), digit });
    },
    legFails(id, cause) {
      const leg = legs.get(id);
      if (leg !== undefined) ends(leg, cause);
    },
    proveLine(agent) {
      const line = lines.get(agent);
      if (line === undefined || line.proven) return;
      line.proven = true;
      happens({ type: 'line.proven', agent, line: line.id, at: now() });
    },
    loseLine(agent, because = 'heartbeat') {
      const line = lines.get(agent);
      if (line === undefined) return;
      const wasProven = line.proven;
      line.proven = false;
      if (because === 'closed') lines.delete(agent);
      if (because === 'closed' || wasProven) happens({ type: 'line.lost', agent, line: line.id, at: now(), because });
    },
    mediaProcessDies() {
      happens({ type: 'media.lost', at: now() });
      for (const leg of legs.values()) ends(leg, 'media-lost');
      for (const line of lines.values()) {
        lines.delete(line.agent);
        happens({ type: 'line.lost', agent: line.agent, line: line.id, at: now(), because: 'media-process' });
      }
    },
    failNextJoin: (because) => void (nextJoinFails = because),
    finishRecordings() {
      for (const recording of unfinished.splice(0)) happens(finishedRecording(recording, now()));
    },
    async settle() {
      do await new Promise<void>((resolve) => setImmediate(resolve));
      while (waiting.length > 0);
    },

    log,
    events: delivered,
    hears(id) {
      const leg = legs.get(id);
      if (leg === undefined) return 'silence';
      if (leg.talk !== null) return leg.talk.held ?? (lines.get(leg.talk.agent)?.proven ? leg.talk.agent : 'silence');
      if (leg.answered) return leg.sound ?? 'silence';
      return leg.ringing ? 'ringing' : 'silence';
    },
    agentHears(agent) {
      if (!lines.get(agent)?.proven) return 'silence';
      for (const leg of legs.values()) if (leg.talk?.agent === agent && leg.talk.held === null) return leg.id;
      return 'silence';
    },
    isUp: (id) => legs.has(id),
    digitsTo: (id) => legs.get(id)?.digits ?? '',
  };
  return self;
}
