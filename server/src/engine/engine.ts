/**
 * The engine runs core: it gives inputs to conversations, lets the routing look at the floor after every change, and carries
 * out effects. It decides nothing itself; a branch on business state here belongs in core.
 */
import {
  type AgentId,
  type Conversation,
  type ConversationEffect,
  type ConversationId,
  type ConversationInput,
  type ConversationSettings,
  type Directory,
  type E164,
  type EpochMs,
  type Journal,
  type RoutingRule,
  type Telephony,
  assertNever,
  defaultConversationSettings,
  defaultRule,
  mintId,
} from '@denwaban/core';
import type { CompanyNumber, Floor, People } from '../services.js';
import { createAgenda } from './agenda.js';
import { createBoard } from './board.js';
import { type CallOutOptions, createCallingOut } from './calling-out.js';
import { type EngineClock, systemClock } from './clock.js';
import { type Conversations, createConversations } from './conversations.js';
import { createFloor } from './floor.js';
import { createIdentify } from './identify.js';
import type { EngineLog } from './log.js';
import { createPhoneNews } from './phone-news.js';
import { reconcile } from './reconcile.js';
import { createRoster, type Roster, type RosterAgent } from './roster.js';
import { createRouting } from './routing.js';
import { deskState } from './views.js';

/** How long a talking agent's audio path may stay away (a page reload, a Wi-Fi hop) before the customer is given to another. */
const lineGraceMs = 3_000;

const noCallsOut: CallOutOptions = { carrier: 'exchange', hasTrunk: false, prefixes: [], callerId: () => null };

export interface EngineOptions {
  telephony: Telephony;
  journal: Journal;
  directory: Directory;
  people: People;
  numbers: readonly CompanyNumber[];
  /** Missing: nobody calls out. */
  callOut?: CallOutOptions;
  /** What is left of a recording whose process died; null when there is nothing. */
  recoverRecording(recording: string): Promise<{ path: string; durationMs: number; bytes: number } | null>;
  random(bytes: number): Uint8Array;
  log: EngineLog;
  clock?: EngineClock;
  rule?: RoutingRule;
  settings?: ConversationSettings;
}

/** What the parts of the engine share. */
export interface Engine {
  conversations: Conversations;
  roster: Roster;
  clock: EngineClock;
  telephony: Telephony;
  people: People;
  log: EngineLog;
  random(bytes: number): Uint8Array;
  give(id: ConversationId, input: ConversationInput, at?: EpochMs): ReturnType<Conversations['give']>;
  /** Something about the agent changed: works out their presence, tells their desks, routes. */
  agentChanged(agent: RosterAgent): void;
  tellDesks(agent: RosterAgent): void;
  setSays(agent: RosterAgent, says: RosterAgent['says'], reason: RosterAgent['reason']): Promise<void>;
}

export async function startEngine(
  options: EngineOptions,
): Promise<{ floor: Floor; stop(): void; conversations: Conversations; roster: Roster }> {
  const { telephony, journal, directory, people, log, random } = options;
  const clock = options.clock ?? systemClock;
  const rule = options.rule ?? defaultRule;
  const settings = options.settings ?? defaultConversationSettings;
  const numbers = new Map<E164, string>(options.numbers.map((one) => [one.number, one.name]));
  const identify = createIdentify(directory, clock, log);
  const roster: Roster = createRoster(people.all(), clock.now(), (agent) => routing.agentChanged(agent));
  /** Until when each missing audio path is waited for. */
  const absences = createAgenda<AgentId>();
  let stopped = false;
  /** Until what was found at start-up is put in order nobody is offered anything. */
  let settled = false;

  const conversations = createConversations({
    journal,
    settings,
    log,
    carryOut,
    onMoved(before, after, touched) {
      for (const id of touched) refresh(id);
      routing.moved(after);
      board.moved(before, after);
      later();
    },
    onDurable(_after, touched) {
      for (const id of touched) {
        const agent = roster.get(id);
        if (agent !== null) engine.tellDesks(agent);
      }
    },
  });
  const board = createBoard(roster, conversations, clock);
  const routing = createRouting(rule, conversations, roster.floor, ({ conversation, decisions }, now) => {
    const reservations = decisions.filter((one) => one.type === 'offer').map(() => mintId('rs', now, random(10)));
    engine.give(conversation, { type: 'routed', decisions, reservations }, now);
  });

  const engine: Engine = {
    conversations,
    roster,
    clock,
    telephony,
    people,
    log,
    random,
    give: (id, input, at = clock.now()) => conversations.give(id, input, at),
    agentChanged(agent) {
      refresh(agent.person.id);
      engine.tellDesks(agent);
      later();
    },
    tellDesks(agent) {
      const state = deskState(agent, conversations.engagement(agent.person.id), roster);
      for (const desk of agent.desks) desk.state(state);
    },
    async setSays(agent, says, reason) {
      agent.says = says;
      agent.reason = reason;
      // Who says *available* anew means it, also towards a conversation they let pass.
      if (says === 'available') agent.idleSince = clock.now();
      board.agentChanged(agent.person.id); // another reason is no other state, and yet they look on
      const saved = people.saveSays(agent.person.id, says, reason, clock.now());
      engine.agentChanged(agent);
      await saved;
    },
  };

  function refresh(id: AgentId): void {
    const agent = roster.get(id);
    if (agent === null) return;
    const engaged = conversations.engagement(id)?.engaged ?? null;
    if (roster.refresh(agent, engaged, clock.now())) board.agentChanged(id);
    absences.set(id, missingUntil(agent));
  }

  // --- routing and time: after every change, once, when the call stack is empty ---
  let asked = false;
  let wakesAt: EpochMs | null = null;
  let cancelWake: (() => void) | null = null;
  function later(): void {
    if (asked || stopped || !settled) return;
    asked = true;
    queueMicrotask(() => {
      asked = false;
      if (!stopped) lookAround();
    });
  }
  function lookAround(): void {
    routing.look(clock.now());
    const next = earliest(conversations.nextDue(), routing.nextDue(), absences.next());
    if (next === wakesAt) return;
    cancelWake?.();
    wakesAt = next;
    cancelWake = next === null ? null : clock.wakeAt(next, wake);
  }
  function wake(): void {
    wakesAt = null;
    const now = clock.now();
    conversations.wakeDue(now);
    for (const id of absences.take(now)) givenUp(id, now);
    later();
  }
  /** Until when a missing audio path is waited for; null: none is missing. */
  function missingUntil(agent: RosterAgent): EpochMs | null {
    if (agent.missingSince === null) return null;
    return Math.max(agent.missingSince + lineGraceMs, agent.backBy ?? 0) as EpochMs;
  }
  function givenUp(id: AgentId, now: EpochMs): void {
    const engagement = conversations.engagement(id);
    if (engagement === null) return;
    const type = engagement.engaged === 'talking' ? 'agent-lost' : 'agent-left';
    engine.give(engagement.conversation.id, { type, agent: id }, now);
  }

  // --- effects ---
  function carryOut(conversation: Conversation, effect: ConversationEffect): void {
    switch (effect.type) {
      case 'phone':
        telephony.carryOut(effect.command);
        return;
      case 'identify':
        void identify({ conversation: conversation.id }, effect.number).then((told) =>
          engine.give(conversation.id, { type: 'caller-identified', ...told }),
        );
        return;
      case 'set-away': {
        const agent = roster.get(effect.agent);
        if (agent !== null)
          engine
            .setSays(agent, 'away', effect.reason)
            .catch((err: unknown) => log.error({ err }, 'presence not saved'));
        return;
      }
      case 'distrust-line': {
        const agent = roster.get(effect.agent);
        if (agent?.line == null) return;
        const { id, desk } = agent.line;
        agent.line = null;
        telephony.closeLine(id);
        desk.lineLost('refused');
        engine.agentChanged(agent);
        return;
      }
      default:
        assertNever(effect);
    }
  }

  const callingOut = createCallingOut(engine, directory, identify, numbers, options.callOut ?? noCallsOut);
  const deaf = telephony.listen(createPhoneNews(engine, directory, numbers, callingOut));
  await reconcile(engine, journal, options.recoverRecording);
  settled = true;
  for (const agent of roster.all()) refresh(agent.person.id);
  later();
  return {
    floor: createFloor(engine, board, callingOut),
    conversations,
    roster,
    stop() {
      stopped = true;
      deaf();
      cancelWake?.();
      board.stop();
    },
  };
}

function earliest(...times: readonly (EpochMs | null)[]): EpochMs | null {
  let first: EpochMs | null = null;
  for (const at of times) if (at !== null && (first === null || at < first)) first = at;
  return first;
}
