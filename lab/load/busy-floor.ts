/** A floor on which many calls live, on a phone network, a directory and a journal that cost nothing: what is left is the engine's own. */
import {
  type AgentId,
  type Conversation,
  type ConversationId,
  type ConversationInput,
  defaultConversationSettings,
  type E164,
  type EpochMs,
  epochMs,
  type IdKinds,
  type LegId,
  type LineId,
  mintId,
  type PhoneCommand,
  type PhoneEvent,
  type RestoredLeg,
  step,
  type TeamId,
} from '@denwaban/core';
import { type DeskHandle, type Person, startEngine } from '../../server/src/index.js';

const ours = '+81345670000' as E164;
const teamSize = 20;
const noLog = { debug() {}, info() {}, warn() {}, error() {} };

export interface BusyFloor {
  /** Desks of those who talk. */
  desks: DeskHandle[];
  /** The desk of the one agent who is free, and who owns every customer that calls; null when nobody is. */
  free: DeskHandle | null;
  /** Commands to the phone network since the last look. */
  commands: PhoneCommand[];
  tell(event: PhoneEvent): void;
  mint<Kind extends keyof IdKinds>(kind: Kind): IdKinds[Kind];
  stop(): void;
}

/** @param random 0 ≤ x < 1 */
export async function busyFloor(
  random: () => number,
  { talking, waiting, free }: { talking: number; waiting: number; free: boolean },
): Promise<BusyFloor> {
  const now = () => epochMs(Date.now());
  const bytes = (count: number) => Uint8Array.from({ length: count }, () => Math.floor(random() * 256));
  const mint: BusyFloor['mint'] = (kind) => mintId(kind, now(), bytes(10));
  const people = Array.from({ length: talking + Number(free) }, (_, i) => person(i, now()));
  const last = people.at(-1);
  const living = new Map<LegId, RestoredLeg>();
  const records = [
    ...people.slice(0, talking).map(({ id }) => talkOf(mint, id, now())),
    ...Array.from({ length: waiting }, () => waitOf(mint, now())),
  ];
  for (const { customerLeg, talking: talk } of records) {
    living.set(customerLeg, { line: talk && { id: lineOf(talk.agent), agent: talk.agent, proven: true } });
  }
  const commands: PhoneCommand[] = [];
  let tell: (event: PhoneEvent) => void = () => {};
  const engine = await startEngine({
    telephony: {
      carryOut: (command) => void commands.push(command),
      listen(listener) {
        tell = listener;
        return () => {};
      },
      openLine: () => Promise.resolve({ answer: '' }),
      closeLine() {},
      restore: () => Promise.resolve(living),
      claimLine: () => ({ proven: true }),
    },
    journal: {
      append: () => Promise.resolve(),
      open: () => Promise.resolve(records),
      events: () => Promise.resolve([]),
    },
    directory: {
      findByNumber: () =>
        Promise.resolve(
          last === undefined || !free
            ? null
            : { customer: mint('cu'), name: '田中 花子', kana: null, owner: last.id, team: last.team },
        ),
      normalise: (written) => written as E164,
    },
    people: {
      all: () => people,
      byId: (id) => people.find((one) => one.id === id) ?? null,
      byEmail: () => null,
      teams: () => [],
      verify: () => Promise.resolve(null),
      saveSays: () => Promise.resolve(),
    },
    numbers: [{ number: ours, name: 'Orders' }],
    recoverRecording: () => Promise.resolve(null),
    random: bytes,
    log: noLog,
  });
  const enter = ({ id }: Person) => engine.floor.enter(id, { state() {}, lineLost() {} });
  const desks = people.slice(0, talking).map(enter);
  let freeDesk: DeskHandle | null = null;
  if (free && last !== undefined) {
    freeDesk = enter(last);
    const { line } = await freeDesk.openLine('');
    tell({ type: 'line.proven', agent: last.id, line, at: now() });
  }
  return { desks, free: freeDesk, commands, tell: (event) => tell(event), mint, stop: () => engine.stop() };
}

export function arrival(leg: LegId): PhoneEvent {
  const from = '+819012345678';
  return {
    type: 'leg.arrived',
    leg,
    at: epochMs(Date.now()),
    carrier: 'exchange',
    trunk: null,
    from,
    fromName: null,
    to: ours,
  };
}

const lineOf = (agent: AgentId) => `ln_${agent.slice(3)}` as LineId;

function person(i: number, now: EpochMs): Person {
  const team = Math.floor(i / teamSize);
  return {
    id: `ag_${i}` as AgentId,
    role: 'agent',
    team: `tm_${team}` as TeamId,
    email: `${i}@denwaban.example`,
    name: `Agent ${i}`,
    kana: null,
    teamName: `Team ${team}`,
    says: 'available',
    reason: null,
    saysSince: now,
  };
}

function lead(at: EpochMs, inputs: readonly ConversationInput[]): Conversation {
  let record: Conversation | null = null;
  for (const input of inputs) record = step(record, input, at, defaultConversationSettings).record ?? record;
  if (record === null) throw new Error('a call that arrived is a conversation');
  return record;
}

function began(conversation: ConversationId, leg: LegId): ConversationInput[] {
  const from = '+819012345678' as E164;
  const facts = { carrier: 'exchange', trunk: null, from, fromRaw: from, to: ours, toName: 'Orders' } as const;
  return [
    { type: 'caller-arrived', conversation, leg, ...facts },
    { type: 'caller-identified', outcome: 'unknown', identity: null, tookMs: 1 },
  ];
}

/** Nobody can take it: it has gone through the steps, is answered and hears music. */
function waitOf(mint: BusyFloor['mint'], at: EpochMs): Conversation {
  const leg = mint('lg');
  return lead(at, [
    ...began(mint('cv'), leg),
    {
      type: 'routed',
      decisions: (['owner', 'team', 'anyone'] as const).map((target, i) => ({
        type: 'skip',
        step: i,
        target,
        because: 'nobody-could-answer',
        passedOver: [],
      })),
      reservations: [],
    },
    { type: 'leg-answered', leg, token: 'token' },
  ]);
}

function talkOf(mint: BusyFloor['mint'], agent: AgentId, at: EpochMs): Conversation {
  const [leg, agentLeg, reservation] = [mint('lg'), mint('lg'), mint('rs')];
  return lead(at, [
    ...began(mint('cv'), leg),
    {
      type: 'routed',
      decisions: [
        { type: 'enter', step: 2, target: 'anyone', ringMs: 15_000 },
        { type: 'offer', step: 2, target: 'anyone', agent, ringMs: 15_000, because: 'longest-idle', passedOver: [] },
      ],
      reservations: [reservation],
    },
    { type: 'desk-rings', agent, reservation },
    { type: 'agent-accepted', agent, reservation, leg: agentLeg, recording: mint('rc') },
    { type: 'leg-answered', leg, token: 'token' },
    { type: 'leg-joined', agentLeg },
  ]);
}
