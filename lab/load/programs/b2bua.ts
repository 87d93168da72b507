/**
 * The signalling of our product in a process of its own, for load: a call comes in by SIP, goes out to an agent's telephone by
 * SIP, and its conversation is led by core and written to the journal before anything is done about it, as the engine does.
 * Left out: audio, the directory's look-up, the desks' sockets, the floor (the one agent always takes the call).
 *
 * One JSON argument: `{ port, agentPort, url, stallMs }`; without `url` nothing is kept, to tell the cost of signalling apart.
 * With `stallMs` each of its turns takes so much longer, as with more work than there is time for.
 * stdout: `ready`, and with `stallMs` four times a second `late <ms>`: nine of ten turns came no later, as admission sees it.
 * SIGTERM ends it.
 */
import { randomBytes } from 'node:crypto';
import {
  defaultConversationSettings,
  epochMs,
  mintId,
  type AgentId,
  type Conversation,
  type ConversationEffect,
  type ConversationId,
  type ConversationInput,
  type CustomerId,
  type E164,
  type IdKinds,
  type Journal,
  type LegId,
  type TrunkId,
} from '@denwaban/core';
import { createConversations, type Conversations } from '../../../server/src/engine/conversations.js';
import { watchLateness } from '../../../server/src/lateness.js';
import { openJournal } from '../../../server/src/store/journal.js';
import { trunkFinder } from '../../../telephony/src/carriers/exchange/trunks.js';
import { createSipEndpoint } from '../../../telephony/src/net/sip-endpoint.js';
import type { CallListener, IncomingCall, OutgoingCall } from '../../../telephony/src/sip/contract.js';

interface Settings {
  port: number;
  agentPort: number;
  url?: string;
  stallMs?: number;
}

const { port, agentPort, url, stallMs } = JSON.parse(process.argv[2] ?? '{}') as Settings;
const tell = (facts: object, message: string) => void process.stderr.write(`${message} ${JSON.stringify(facts)}\n`);
const quietLog = { debug: () => {}, info: () => {}, warn: tell, error: tell };
const agent = 'ag_bench' as AgentId;
const hop = { transport: 'udp', address: '127.0.0.1', port: agentPort, connection: null } as const;
const sdp = `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 20000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n`;

// Ids need chance, but not each a call of its own to the system.
let pool = randomBytes(4096);
let taken = 0;
function mint<Kind extends keyof IdKinds>(kind: Kind): IdKinds[Kind] {
  if (taken + 10 > pool.length) [pool, taken] = [randomBytes(4096), 0];
  taken += 10;
  return mintId(kind, epochMs(Date.now()), pool.subarray(taken - 10, taken));
}

const nowhere: Journal = { append: () => Promise.resolve(), open: async () => [], events: async () => [] };
const journal = url === undefined ? nowhere : openJournal({ url, teamOf: () => null });

interface Call {
  id: ConversationId;
  customer: IncomingCall;
  agent: OutgoingCall | null;
  leg: LegId;
}
const calls = new Map<ConversationId, Call>();

const conversations: Conversations = createConversations({
  journal,
  settings: defaultConversationSettings,
  carryOut,
  onMoved: () => {},
  onDurable(after) {
    if (after.status === 'closed') calls.delete(after.id);
  },
  log: quietLog,
});

function give(id: ConversationId, input: ConversationInput): void {
  conversations.give(id, input, epochMs(Date.now()));
}

function carryOut(conversation: Conversation, effect: ConversationEffect): void {
  const call = calls.get(conversation.id);
  if (call === undefined) return;
  if (effect.type === 'identify') return identified(call);
  if (effect.type !== 'phone') return;
  switch (effect.command.type) {
    case 'ring':
      call.customer.ring();
      call.agent = ringAgent(call);
      break;
    case 'join':
      call.customer.answer(sdp);
      break;
    case 'part':
      call.agent?.hangUp('normal');
      break;
    case 'hang-up':
      call.customer.hangUp('normal');
      break;
    default:
  }
}

function identified({ id }: Call): void {
  give(id, {
    type: 'caller-identified',
    outcome: 'known',
    identity: {
      customer: 'cu_bench' as CustomerId,
      name: '田中 花子',
      kana: 'たなか はなこ',
      owner: agent,
      team: null,
    },
    tookMs: 1,
  });
  give(id, {
    type: 'routed',
    decisions: [
      { type: 'enter', step: 0, target: 'owner', ringMs: 20_000 },
      { type: 'offer', step: 0, target: 'owner', agent, ringMs: 20_000, because: 'owner', passedOver: [] },
    ],
    reservations: [mint('rs')],
  });
}

function ringAgent(call: Call): OutgoingCall {
  const { id, customer } = call;
  const reservation = () => conversations.get(id)?.offers.at(-1)?.reservation ?? '';
  return endpoint.call(
    {
      trunk: 'tk_bench',
      hops: [hop],
      credentials: null,
      to: `sip:agent@127.0.0.1:${agentPort}`,
      from: `sip:${customer.from ?? 'anonymous'}@127.0.0.1:${port}`,
      displayName: customer.fromName,
      identity: null,
      withheld: false,
      offer: sdp,
      ringMsMax: 20_000,
    },
    {
      onProgress: () => give(id, { type: 'desk-rings', agent, reservation: reservation() }),
      onAnswered: () =>
        give(id, {
          type: 'agent-accepted',
          agent,
          reservation: reservation(),
          leg: call.leg,
          recording: mint('rc'),
        }),
      onReoffer: () => null,
      onDigit: () => {},
      // The product would ask the next agent; here there is none.
      onEnded: () => customer.refuse(480, ''),
    },
  );
}

function take(customer: IncomingCall, trunk: string): CallListener {
  const call: Call = { id: mint('cv'), customer, agent: null, leg: mint('lg') };
  const { id } = call;
  calls.set(id, call);
  give(id, {
    type: 'caller-arrived',
    conversation: id,
    leg: mint('lg'),
    carrier: 'exchange',
    trunk: trunk as TrunkId,
    from: (customer.from ?? null) as E164 | null,
    fromRaw: customer.from,
    to: customer.to as E164,
    toName: 'Orders',
  });
  return {
    onAnswered() {},
    onAcknowledged() {
      const record = conversations.get(id);
      if (record === null) return;
      give(id, { type: 'leg-answered', leg: record.customerLeg, token: JSON.stringify(customer.snapshot()) });
      give(id, { type: 'leg-joined', agentLeg: call.leg });
    },
    onEnded() {
      give(id, { type: 'caller-left', cause: 'hung-up' });
      // A conversation lives until its recording is in: without this every one of the run would stay in memory.
      const recording = conversations.get(id)?.recording?.id;
      if (recording !== undefined) {
        give(id, { type: 'recording-finished', recording, path: `${id}.wav`, durationMs: 1_000, bytes: 32_044 });
      }
      give(id, { type: 'wrap-up-saved', agent, disposition: 'resolved', note: '' });
    },
    onReoffer: () => null,
    onDigit() {},
  };
}

const trunkOf = trunkFinder([{ id: 'tk_bench' as TrunkId, name: 'bench', inbound: { addresses: ['127.0.0.0/8'] } }]);
const endpoint = createSipEndpoint({
  host: '127.0.0.1',
  port,
  publicAddress: '127.0.0.1',
  userAgent: 'Denwaban',
  handlers: { trunkOf: ({ address }) => trunkOf(address)?.id ?? null, onCall: take },
  log: quietLog,
});
await endpoint.start();
process.stdout.write('ready\n');
if (stallMs !== undefined) {
  const lateMs = watchLateness();
  setInterval(() => process.stdout.write(`late ${lateMs().toFixed(1)}\n`), 250);
  const asleep = new Int32Array(new SharedArrayBuffer(4));
  if (stallMs > 0) setInterval(() => Atomics.wait(asleep, 0, 0, stallMs), 1);
}
process.on('SIGTERM', () => void endpoint.stop(200).then(() => process.exit(0)));
