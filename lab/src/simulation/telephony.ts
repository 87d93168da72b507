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
  PhoneCommand,
  PhoneEvent,
  RecordingId,
  RestoredLeg,
} from '@denwaban/core';
import { finishedRecording, measuredLines } from './aftermath.js';
import type { Leg, Line, SimulatedTelephony, SimulatedTelephonyOptions } from './simulated.js';

export type { Hears, SimulatedTelephony, SimulatedTelephonyOptions } from './simulated.js';

const blank = {
  web: false,
  ringing: false,
  answered: false,
  sound: null,
  talk: null,
  recording: null,
  digits: '',
  placed: null,
} satisfies Omit<Leg, 'id'>;

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
    if (event.type === 'leg.answered' || event.type === 'leg.ringing' || event.type === 'leg.dtmf')
      return !legs.has(event.leg);
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
  const unanswered = (id: LegId): Leg | null => {
    const leg = legs.get(id);
    return leg === undefined || leg.placed === null || leg.answered ? null : leg;
  };
  function join(command: Extract<PhoneCommand, { type: 'join' }>, leg: Leg): void {
    const { customer, agentLeg, agent } = command;
    if (leg.talk?.agentLeg === agentLeg) return;
    const busy = [...legs.values()].some((other) => other.id !== leg.id && other.talk?.agent === agent);
    const line = lines.get(agent);
    const because =
      leg.placed !== null && !leg.answered
        ? 'not-answered'
        : leg.talk !== null
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
      if (command.type === 'place') {
        const { leg, to, agent } = command;
        legs.set(leg, { ...blank, id: leg, placed: { to, agent, early: false } });
        return;
      }
      const leg = legs.get('customer' in command ? command.customer : command.leg);
      if (leg === undefined) return; // late news is ordinary
      switch (command.type) {
        case 'ring':
          if (!leg.answered && leg.placed === null) leg.ringing = true;
          return;
        case 'answer':
          if (leg.placed === null) answer(leg);
          return;
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
      legs.set(id, { ...blank, id, web });
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
      if (leg !== undefined) ends(leg, leg.answered ? 'hung-up' : leg.placed === null ? 'cancelled' : 'declined');
    },
    callerPresses(id, digit) {
      if (legs.get(id)?.answered) happens({ type: 'leg.dtmf', leg: id, at: now(), digit });
    },
    placed: () =>
      [...legs.values()].flatMap(({ id, placed, answered, ringing }) =>
        placed === null || answered ? [] : [{ leg: id, to: placed.to, agent: placed.agent, rings: ringing }],
      ),
    calleeRings(id, early = false) {
      const leg = unanswered(id);
      if (leg === null || leg.ringing) return;
      leg.ringing = true;
      if (leg.placed !== null) leg.placed.early = early;
      happens({ type: 'leg.ringing', leg: id, at: now(), early });
    },
    calleeAnswers(id, trunk) {
      const leg = unanswered(id);
      if (leg === null) return;
      leg.answered = true;
      const told = { type: 'leg.answered' as const, leg: id, at: now(), token: `simulated:${id}` };
      happens(trunk === undefined ? told : { ...told, trunk });
    },
    calleeRefuses(id, cause) {
      const leg = unanswered(id);
      if (leg !== null) ends(leg, cause);
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
      return leg.ringing && leg.placed === null ? 'ringing' : 'silence';
    },
    agentHears(agent) {
      if (!lines.get(agent)?.proven) return 'silence';
      for (const leg of legs.values()) {
        if (leg.talk?.agent === agent && leg.talk.held === null) return leg.id;
        if (leg.placed?.agent === agent && leg.ringing && !leg.answered) return leg.placed.early ? leg.id : 'ring-back';
      }
      return 'silence';
    },
    isUp: (id) => legs.has(id),
    digitsTo: (id) => legs.get(id)?.digits ?? '',
  };
  return self;
}
