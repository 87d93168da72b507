/** The real engine and core on a simulated phone network, a journal in memory and a clock that is moved by hand. */
import {
  type AgentId,
  type CallerIdentity,
  type Conversation,
  type ConversationEvent,
  type ConversationId,
  type CustomerId,
  type E164,
  fold,
  type Journal,
  type LegId,
  type RoutingRule,
  type TeamId,
} from '@denwaban/core';
import type { DeskState } from '@denwaban/core/wire';
import { type DeskHandle, type People, type Person, startEngine } from '@denwaban/server';
import { handClock } from './clock.js';
import { simulatedTelephony } from './telephony.js';

export const ourNumber = '+81345670000' as E164;

/** mulberry32: small, seeded, good enough to shuffle a day. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Keeps every event; a second house can be started on it, as after a crash. */
export class MemoryJournal implements Journal {
  readonly stories = new Map<ConversationId, ConversationEvent[]>();
  append(events: readonly ConversationEvent[], record: Conversation): Promise<void> {
    const told = this.stories.get(record.id) ?? [];
    told.push(...events);
    this.stories.set(record.id, told);
    return Promise.resolve();
  }
  records(): Conversation[] {
    return [...this.stories.values()].flatMap((events) => fold(null, events) ?? []);
  }
  open(): Promise<Conversation[]> {
    return Promise.resolve(this.records().filter((one) => one.closedAt === null));
  }
  events(conversation: ConversationId): Promise<ConversationEvent[]> {
    return Promise.resolve(this.stories.get(conversation) ?? []);
  }
}

export interface HouseOptions {
  seed?: number;
  /** Agents per team. */
  teams?: readonly number[];
  journal?: MemoryJournal;
  rule?: RoutingRule;
  /** Whether there is one that can call out; default true. */
  trunk?: boolean;
  directory?: (number: E164) => Promise<CallerIdentity | null>;
}

export interface Desk {
  agent: AgentId;
  team: TeamId;
  readonly handle: DeskHandle;
  /** The line that it holds. */
  line: string | null;
  state(): DeskState;
  lineLost: string[];
  /** Says available and opens a line that works. */
  goAvailable(): Promise<void>;
  ring(): Promise<void>;
  accept(): Promise<void>;
  /** Calls somebody. @throws Refusal */
  place(number: string): Promise<void>;
  leave(): void;
  /** Its connection is back after the control process died: it claims the line it holds. */
  comeBack(): void;
}

const owners = new Map<string, { owner: AgentId | null; team: TeamId | null }>();

export async function openHouse(options: HouseOptions = {}) {
  const chance = seeded(options.seed ?? 1);
  const clock = handClock();
  const phone = simulatedTelephony({ now: clock.now });
  const journal = options.journal ?? new MemoryJournal();
  const persons: Person[] = (options.teams ?? [3, 3]).flatMap((size, t) =>
    Array.from({ length: size }, (_, i) => ({
      id: `ag_${t}${i}` as AgentId,
      role: 'agent' as const,
      team: `tm_${t}` as TeamId,
      email: `${t}${i}@denwaban.example`,
      name: `Agent ${t}${i}`,
      kana: null,
      teamName: `Team ${t}`,
      says: 'away' as const,
      reason: 'other' as const,
      saysSince: clock.now(),
    })),
  );
  const saysOf = (id: AgentId) => persons.find((one) => one.id === id);
  const people: People = {
    all: () => persons,
    byId: (id) => persons.find((one) => one.id === id) ?? null,
    byEmail: (email) => persons.find((one) => one.email === email) ?? null,
    teams: () => [],
    verify: () => Promise.resolve(null),
    saveSays(id, says, reason, saysSince) {
      Object.assign(saysOf(id) ?? {}, { says, reason, saysSince });
      return Promise.resolve();
    },
  };
  const said: string[] = [];
  const log = {
    debug: () => {},
    info: () => {},
    warn: (data: object, message: string) => said.push(`warn ${message} ${JSON.stringify(data)}`),
    error: (data: object, message: string) => said.push(`error ${message} ${JSON.stringify(data)}`),
  };
  const begin = () =>
    startEngine({
      telephony: phone,
      journal,
      directory: {
        findByNumber:
          options.directory ??
          ((number) => {
            const known = owners.get(number);
            return Promise.resolve(
              known === undefined
                ? null
                : { customer: `cu_${number.slice(1)}` as CustomerId, name: `Customer ${number}`, kana: null, ...known },
            );
          }),
        normalise: (written) => (/^\+\d{6,15}$/.test(written) ? (written as E164) : null),
      },
      people,
      numbers: [{ number: ourNumber, name: 'Main' }],
      callOut: { carrier: 'simulation', hasTrunk: options.trunk ?? true, prefixes: ['+81'], callerId: () => ourNumber },
      recoverRecording: () => Promise.resolve(null),
      random: (bytes) => Uint8Array.from({ length: bytes }, () => Math.floor(chance() * 256)),
      log,
      clock,
      ...(options.rule === undefined ? {} : { rule: options.rule }),
    });
  let engine = await begin();

  function sit(agent: AgentId): Desk {
    let now: DeskState | null = null;
    const lineLost: string[] = [];
    const enter = () =>
      engine.floor.enter(agent, {
        state: (state) => (now = state),
        lineLost(because) {
          lineLost.push(because);
          desk.line = null;
        },
      });
    let handle!: DeskHandle;
    const desk: Desk = {
      line: null,
      agent,
      team: persons.find((one) => one.id === agent)?.team as TeamId,
      get handle() {
        return handle;
      },
      comeBack() {
        now = null;
        handle = enter();
        if (desk.line !== null) handle.claimLine(desk.line);
      },
      state: () => now ?? handle.state,
      lineLost,
      async goAvailable() {
        await engine.floor.setPresence(agent, { presence: 'available' });
        desk.line = (await handle.openLine('v=0\r\n')).line;
        phone.proveLine(agent);
        await phone.settle();
      },
      ring: () => handle.command({ type: 'offer.ringing', reservation: openOffer(handle) }),
      async accept() {
        await handle.command({ type: 'offer.accept', reservation: openOffer(handle) });
        await phone.settle();
      },
      async place(number) {
        await handle.command({ type: 'call.place', nonce: 'n', number, customer: null });
        await phone.settle();
      },
      leave: () => handle.leave(),
    };
    handle = enter();
    return desk;
  }
  const openOffer = (handle: DeskHandle) => handle.state.offer?.reservation ?? 'rs_none';

  return {
    phone,
    clock,
    journal,
    get engine() {
      return engine;
    },
    /** kill -9 of control at this moment, and another one on the same journal while the phone network goes on. */
    async controlDies() {
      engine.stop();
      phone.controlDies();
      engine = await begin();
      await phone.settle();
    },
    persons,
    said,
    chance,
    sit,
    settle: () => phone.settle(),
    pass: (ms: number) => clock.pass(ms, () => phone.settle()),
    /** A customer of this owner and team calls. */
    async call(number: string, facts: { owner?: AgentId | null; team?: TeamId | null } = {}): Promise<LegId> {
      owners.set(number, { owner: facts.owner ?? null, team: facts.team ?? null });
      const leg = phone.callerArrives({ from: number, to: ourNumber });
      await phone.settle();
      return leg;
    },
    /** The only conversation, or the one with this customer's leg. */
    record(leg?: LegId): Conversation {
      const found = journal.records().find((one) => leg === undefined || one.customerLeg === leg);
      if (found === undefined) throw new Error('no such conversation');
      return found;
    },
  };
}
export type House = Awaited<ReturnType<typeof openHouse>>;
