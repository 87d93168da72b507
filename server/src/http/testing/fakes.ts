/** Small honest fakes of the store and the floor: they keep state as the real ones do, in memory, and answer by contract. */
import { randomBytes } from 'node:crypto';
import { epochMs, type AgentId, type ConversationId, type LineId, type TeamId } from '@denwaban/core';
import type {
  AgentView,
  BoardMessage,
  ConversationDetail,
  CustomerView,
  DemoInfo,
  DeskMessage,
  DeskState,
  Health,
  PhoneServerMessage,
  PresenceView,
  Role,
  SystemView,
} from '@denwaban/core/wire';
import {
  Refusal,
  type DeskHandle,
  type DeskListener,
  type Floor,
  type Person,
  type Store,
  type Viewer,
  type WebPhones,
} from '../../services.js';

export const password = 'correct horse';
const team = { id: 'tm_sales' as TeamId, name: '営業' };

export function person(name: string, role: Role): Person {
  return {
    id: `ag_${name}` as AgentId,
    role,
    team: team.id,
    email: `${name}@example.jp`,
    name,
    kana: null,
    teamName: team.name,
    says: 'away',
    reason: 'other',
    saysSince: epochMs(1_700_000_000_000),
  };
}

export const anna = person('anna', 'agent');
export const sato = person('sato', 'supervisor');
export const admin = person('admin', 'admin');

const tanaka: CustomerView = {
  id: 'cu_1',
  name: '田中',
  kana: null,
  company: null,
  phones: ['+81312345678'],
  owner: null,
  team: null,
};

export const conversation: ConversationDetail = {
  id: 'cv_01',
  status: 'closed',
  channel: 'voice',
  startedAt: 1_700_000_000_000,
  endedAt: 1_700_000_060_000,
  direction: 'inbound',
  by: null,
  customerNumber: '+81312345678',
  from: '+81312345678',
  fromRaw: '0312345678',
  to: '+81501234567',
  toName: '代表',
  customer: null,
  owner: null,
  team,
  agents: [{ id: anna.id, name: anna.name }],
  end: 'completed',
  endedBy: 'customer',
  endCause: null,
  waitMs: 4_000,
  ringMs: 3_000,
  talkMs: 50_000,
  holdMs: 0,
  wrapUpMs: 6_000,
  disposition: 'resolved',
  hasRecording: true,
  segments: [],
  offers: [],
  trace: [],
  fax: false,
  lines: [],
  wrapUps: [],
  recording: { id: 'rc_01', startedAt: 1_700_000_004_000, durationMs: 50_000, finished: true },
};

export interface FakeStore extends Store {
  readonly recordings: Map<string, { path: string; finished: boolean; for: Role[] }>;
  readonly details: Map<string, ConversationDetail>;
  readonly live: Map<string, AgentId>;
  verified: number;
  /** What the next look-up of a session throws, when it is to throw. */
  sessionsFail: Error | null;
}

export function fakeStore(people: readonly Person[] = [anna, sato, admin]): FakeStore {
  const live = new Map<string, AgentId>();
  const details = new Map<string, ConversationDetail>([[conversation.id, conversation]]);
  const recordings: FakeStore['recordings'] = new Map();
  const mayHear = (by: Viewer, id: ConversationId) => {
    const found = recordings.get(id);
    return found?.for.includes(by.role) === true ? found : null;
  };
  const store: FakeStore = {
    recordings,
    details,
    live,
    verified: 0,
    sessionsFail: null,
    journal: { append: async () => undefined, open: async () => [], events: async () => [] },
    people: {
      all: () => people,
      byId: (id) => people.find((one) => one.id === id) ?? null,
      byEmail: (email) => people.find((one) => one.email === email) ?? null,
      teams: () => [team],
      verify: async (email, given) => {
        store.verified += 1;
        return given === password ? (people.find((one) => one.email === email) ?? null) : null;
      },
      saveSays: async () => undefined,
    },
    sessions: {
      begin: async (agent) => {
        const secret = randomBytes(24).toString('base64url');
        live.set(secret, agent);
        return secret;
      },
      find: async (secret) => {
        if (store.sessionsFail !== null) throw store.sessionsFail;
        return live.get(secret) ?? null;
      },
      end: async (secret) => void live.delete(secret),
    },
    conversations: {
      list: async (_by, query) => {
        if (query.cursor === 'broken') throw new Refusal('bad-request', 'cursor: is not one of ours');
        return { items: [...details.values()], next: null };
      },
      get: async (_by, id) => details.get(id) ?? null,
      recording: async (by, id) => mayHear(by, id),
    },
    customers: {
      list: async ({ q }) => ({ items: [{ ...tanaka, name: q ?? tanaka.name }], next: null }),
      get: async (id) => (id === tanaka.id ? tanaka : null),
      import: async (csv, dryRun) => {
        const rows = csv.trim().split('\n').length - 1;
        return { dryRun, rows, created: rows, updated: 0, unchanged: 0, problems: [] };
      },
    },
    numbers: async () => [],
    healthy: async () => true,
    close: async () => undefined,
  };
  return store;
}

export const offline: PresenceView = { says: 'away', reason: 'other', state: 'offline', since: 1_700_000_000_000 };

export interface FakeFloor extends Floor {
  readonly commands: { agent: AgentId; message: DeskMessage }[];
  readonly desks: Map<AgentId, Set<DeskListener>>;
  /** Changes what an agent's desks show and tells them. */
  show(agent: AgentId, state: Partial<DeskState>): void;
  /** What the next command or line is refused with. */
  refuseWith: unknown;
  change(board: Partial<Omit<BoardMessage, 'seq' | 'type'>>): void;
  readonly watching: () => number;
  left: number;
}

export function fakeFloor(people: readonly Person[] = [anna, sato, admin]): FakeFloor {
  const presences = new Map<AgentId, PresenceView>();
  const states = new Map<AgentId, DeskState>();
  const desks = new Map<AgentId, Set<DeskListener>>();
  const watchers = new Set<(change: Omit<BoardMessage, 'seq'>) => void>();
  const presence = (agent: AgentId): PresenceView => presences.get(agent) ?? offline;
  const stateOf = (agent: AgentId): DeskState =>
    states.get(agent) ?? { presence: presence(agent), line: 'none', offer: null, call: null, wrapUp: null };
  const views = (): AgentView[] =>
    people.map(({ id, name, kana, role }) => ({ id, name, kana, role, team, presence: presence(id) }));
  const board = (): Omit<BoardMessage, 'seq'> => ({
    type: 'board',
    now: 1_700_000_000_000,
    full: true,
    agents: views(),
    waiting: [],
  });
  const refuse = (): void => {
    const error = floor.refuseWith;
    floor.refuseWith = null;
    if (error !== null) throw error;
  };
  const floor: FakeFloor = {
    commands: [],
    desks,
    refuseWith: null,
    left: 0,
    watching: () => watchers.size,
    show: (agent, state) => {
      states.set(agent, { ...stateOf(agent), ...state });
      for (const listener of desks.get(agent) ?? []) listener.state(stateOf(agent));
    },
    change: (part) => {
      for (const watcher of watchers) watcher({ ...board(), full: false, agents: [], ...part });
    },
    enter: (agent, listener) => {
      refuse();
      const listeners = desks.get(agent) ?? new Set();
      desks.set(agent, listeners.add(listener));
      const handle: DeskHandle = {
        get state() {
          return stateOf(agent);
        },
        openLine: async (offer) => {
          refuse();
          return { line: 'ln_1' as LineId, answer: `answer to ${offer}` };
        },
        claimLine: (line) => {
          if (line !== 'ln_1') listener.lineLost('closed');
        },
        closeLine: () => undefined,
        command: async (message) => {
          floor.commands.push({ agent, message });
          refuse();
        },
        leave: () => {
          floor.left += 1;
          listeners.delete(listener);
        },
      };
      return handle;
    },
    setPresence: async (agent, request) => {
      refuse();
      const view: PresenceView =
        request.presence === 'available'
          ? { says: 'available', reason: null, state: 'connecting', since: 1_700_000_001_000 }
          : { says: 'away', reason: request.reason, state: 'away', since: 1_700_000_001_000 };
      presences.set(agent, view);
      floor.show(agent, { presence: view });
      return view;
    },
    presence,
    agents: views,
    board,
    watchBoard: (listener) => {
      watchers.add(listener);
      return () => watchers.delete(listener);
    },
  };
  return floor;
}

export interface FakePhones extends WebPhones {
  readonly calls: {
    from: string;
    to: string;
    tell: (message: PhoneServerMessage) => void;
    hungUp: boolean;
    digits: string;
  }[];
  /** While set, calls wait for it before they are answered. */
  gate: Promise<void> | null;
}

export function fakePhones(): FakePhones {
  const phones: FakePhones = {
    calls: [],
    gate: null,
    dial: async ({ from, to, offer }, listener) => {
      if (to === 'nowhere') throw new Refusal('no-number', 'to: is no telephone number');
      const call = { from, to, tell: listener, hungUp: false, digits: '' };
      phones.calls.push(call);
      listener({ type: 'ringing' });
      await phones.gate;
      return {
        answer: `answer to ${offer}`,
        hangUp: () => {
          call.hungUp = true;
        },
        dtmf: (digit) => {
          call.digits += digit;
        },
      };
    },
  };
  return phones;
}

export const demo: DemoInfo = {
  password,
  people: [{ email: anna.email, name: anna.name, team: team.name, role: 'agent' }],
  customers: [{ name: '田中', phone: '+81312345678', ownerEmail: anna.email }],
  numbers: ['+81501234567'],
  sip: { host: '127.0.0.1', port: 5060 },
};

export const healthy: Health = {
  status: 'ok',
  version: '0.1.0',
  build: 'b1',
  startedAt: 1_700_000_000_000,
  database: 'ok',
  media: 'ok',
  mediaProcesses: [{ name: 'media-1', state: 'ok' }],
  overloaded: false,
  sip: 'ok',
};

export const running: SystemView = {
  ...healthy,
  trunks: [
    {
      id: 'tk_carrier',
      name: 'Carrier',
      status: 'down',
      registration: 'failed',
      reachable: null,
      because: '403 at REGISTER',
      resting: { since: 1_700_000_000_000, until: 1_700_000_060_000, status: null },
    },
  ],
  callers: 2,
  lines: 3,
  linesProven: 3,
  recordings: 1,
};
