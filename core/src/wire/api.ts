/** Every body of the HTTP API under /api/v1. Server, desk, tests and the reference page read the same schemas. */
import { z } from 'zod';

export const role = z.enum(['agent', 'supervisor', 'admin']);
export type Role = z.infer<typeof role>;

export const epochMs = z.number().int().nonnegative().describe('Milliseconds since 1970-01-01T00:00Z.');
const e164 = z
  .string()
  .regex(/^\+[1-9]\d{1,14}$/)
  .describe('E.164, + first.');

export const presenceState = z
  .enum(['offline', 'away', 'connecting', 'available', 'offered', 'talking', 'wrap-up'])
  .describe('What is so, decided by the server. `connecting`: says available, audio path not proven yet.');
export type PresenceState = z.infer<typeof presenceState>;

export const awayReason = z.enum(['break', 'lunch', 'meeting', 'training', 'no-answer', 'other']);
export type AwayReason = z.infer<typeof awayReason>;

export const presenceView = z.object({
  says: z.enum(['available', 'away']).describe('What the agent says.'),
  reason: awayReason.nullable().describe('Why away; null when available.'),
  state: presenceState,
  since: epochMs.describe('When `state` began.'),
});
export type PresenceView = z.infer<typeof presenceView>;

export const presenceRequest = z.discriminatedUnion('presence', [
  z.object({ presence: z.literal('available') }),
  z.object({ presence: z.literal('away'), reason: awayReason.exclude(['no-answer']) }),
]);
export type PresenceRequest = z.infer<typeof presenceRequest>;

export const health = z.object({
  status: z.enum(['ok', 'degraded']),
  version: z.string(),
  build: z.string().describe('Changes with every build of the desk; a desk of another build reloads.'),
  startedAt: epochMs,
  database: z.enum(['ok', 'unreachable']),
  media: z.enum(['ok', 'down']).describe('Down: there is no media process at all, and new calls are refused.'),
  mediaProcesses: z.array(z.object({ name: z.string(), state: z.enum(['ok', 'down']) })),
  overloaded: z
    .boolean()
    .describe('New calls are refused with 503, or let in by count, so that those that are up do not suffer.'),
  sip: z.enum(['ok', 'down']),
});
export type Health = z.infer<typeof health>;

export const trunkView = z.object({
  id: z.string(),
  name: z.string(),
  status: z.enum(['up', 'down', 'unknown']).describe('unknown: it is neither registered nor asked by OPTIONS.'),
  registration: z.enum(['registered', 'trying', 'failed']).nullable().describe('null: it is not to be registered.'),
  reachable: z.enum(['up', 'down', 'unknown']).nullable().describe('By OPTIONS; null: nobody asks.'),
  because: z.string().nullable().describe('Why it is down, such as `403 at REGISTER`.'),
  resting: z
    .object({
      since: epochMs,
      until: epochMs,
      status: z.int().nullable().describe('What it answered a call with; null: nothing, or it could not be reached.'),
    })
    .nullable()
    .describe('It did not take a call a moment ago: calls out ask the other trunks before it. null: it does not rest.'),
});
export type TrunkView = z.infer<typeof trunkView>;

/** Health with everything that is nobody else's business. */
export const systemView = health.extend({
  trunks: z
    .array(trunkView)
    .describe('A carrier that is down does not make this house degraded: to start it anew would not help.'),
  callers: z.int().min(0).describe('Customers on the line now, whether they talk, wait or ring.'),
  lines: z.int().min(0).describe('Desks that hold an audio path.'),
  linesProven: z.int().min(0).describe('Those of them that answer now.'),
  recordings: z.int().min(0).describe('Recordings being written.'),
});
export type SystemView = z.infer<typeof systemView>;

export const signIn = z.object({
  email: z.string().trim().toLowerCase().max(254),
  password: z.string().min(1).max(256),
});
export type SignIn = z.infer<typeof signIn>;

export const team = z.object({ id: z.string(), name: z.string() });
export type Team = z.infer<typeof team>;

export const me = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  role,
  team: team.nullable(),
  presence: presenceView,
});
export type Me = z.infer<typeof me>;

export const iceServers = z.object({
  iceServers: z
    .array(z.object({ urls: z.array(z.string()), username: z.string(), credential: z.string() }))
    .describe('As RTCPeerConnection takes them; empty without TURN.'),
  policy: z.enum(['all', 'relay']).describe('`relay`: use nothing but the relay.'),
  validMs: z.number().int().positive().nullable().describe('For how long a new connection may use them; null: no end.'),
});
export type IceServers = z.infer<typeof iceServers>;

export const agentView = z.object({
  id: z.string(),
  name: z.string(),
  kana: z.string().nullable(),
  role,
  team: team.nullable(),
  presence: presenceView,
});
export type AgentView = z.infer<typeof agentView>;
export const agentList = z.object({ items: z.array(agentView) });

export const customerView = z.object({
  id: z.string(),
  name: z.string(),
  kana: z.string().nullable(),
  company: z.string().nullable(),
  phones: z.array(e164),
  owner: z.object({ id: z.string(), name: z.string() }).nullable(),
  team: team.nullable(),
});
export type CustomerView = z.infer<typeof customerView>;

const cursor = z.string().max(200);
const limit = z.coerce.number().int().min(1).max(200).default(50);

export const customerQuery = z.object({
  q: z.string().max(200).optional().describe('Name, kana (either script), company, or a number in any written form.'),
  cursor: cursor.optional(),
  limit,
});
export const customerList = z.object({ items: z.array(customerView), next: cursor.nullable() });
export type CustomerList = z.infer<typeof customerList>;

export const importRequest = z.object({
  csv: z
    .string()
    .max(64 * 1024 * 1024)
    .describe('UTF-8. Columns: name, kana, company, phones (several separated by ;), owner_email, team.'),
  dryRun: z.boolean().default(true),
});
export const importResult = z.object({
  dryRun: z.boolean(),
  rows: z.number().int(),
  created: z.number().int(),
  updated: z.number().int(),
  unchanged: z.number().int(),
  problems: z.array(
    z.object({
      row: z.number().int().describe('1 is the first row after the header.'),
      column: z.string().nullable(),
      code: z.enum([
        'missing-name',
        'no-phone',
        'bad-phone',
        'duplicate-phone-in-file',
        'phone-belongs-to-another',
        'unknown-owner',
        'unknown-team',
        'too-many-columns',
        'unreadable-row',
      ]),
      value: z.string().nullable(),
    }),
  ),
});
export type ImportResult = z.infer<typeof importResult>;

export const direction = z.enum(['inbound', 'outbound']).describe('Who called: the customer, or one of us.');
export type Direction = z.infer<typeof direction>;
export const conversationStatus = z
  .enum(['arriving', 'waiting', 'offered', 'calling', 'talking', 'wrap-up', 'closed'])
  .describe('`calling`: we called, and nobody has answered yet.');
export const conversationEnd = z
  .enum(['completed', 'abandoned', 'unanswered', 'refused', 'failed'])
  .describe('`unanswered`: we called, and nobody talked; `endCause` tells why.');

const person = z.object({ id: z.string(), name: z.string() });

export const conversationSummary = z.object({
  id: z.string(),
  status: conversationStatus,
  channel: z.literal('voice'),
  startedAt: epochMs,
  endedAt: epochMs.nullable().describe('When the customer left; null while they are here.'),
  direction,
  by: person.nullable().describe('Who placed the call; null when the customer called.'),
  customerNumber: e164.nullable().describe("The customer's number, whoever called whom; null when withheld."),
  from: e164
    .nullable()
    .describe('Who called: the customer, or the number of ours that was shown. Null when withheld or not known.'),
  fromRaw: z.string().nullable().describe("The caller's number as the network gave it."),
  to: e164.describe('Who was called: a number of ours, or the customer.'),
  toName: z.string().describe("The company's name for its own number; empty when it has none."),
  customer: z.object({ id: z.string(), name: z.string(), kana: z.string().nullable() }).nullable(),
  owner: person.nullable(),
  team: team.nullable(),
  agents: z.array(person).describe('Who talked, in order.'),
  end: conversationEnd.nullable(),
  endedBy: z.enum(['customer', 'agent', 'system']).nullable(),
  endCause: z.string().nullable(),
  waitMs: z.number().int().describe('From arrival until the first talk, or until the customer left.'),
  ringMs: z.number().int().describe('Sum of the ring segments: from an offer to its accept or close.'),
  talkMs: z.number().int().describe('Sum of talk, hold excluded.'),
  holdMs: z.number().int(),
  wrapUpMs: z.number().int(),
  disposition: z.string().nullable(),
  hasRecording: z.boolean().describe('True when there is a recording this person may hear.'),
});
export type ConversationSummary = z.infer<typeof conversationSummary>;

export const conversationQuery = z.object({
  from: z.coerce.number().int().optional().describe('Started at or after (epoch ms).'),
  until: z.coerce.number().int().optional().describe('Started before (epoch ms).'),
  customer: z.string().max(60).optional(),
  agent: z.string().max(60).optional().describe('Who talked, or placed the call.'),
  team: z.string().max(60).optional(),
  number: z.string().max(40).optional().describe("The customer's number in any written form."),
  direction: direction.optional(),
  status: conversationStatus.optional(),
  end: conversationEnd.optional(),
  q: z.string().max(200).optional().describe("Words of the customer's name, kana or the wrap-up note."),
  cursor: cursor.optional(),
  limit,
});
export type ConversationQuery = z.infer<typeof conversationQuery>;
export const conversationList = z.object({ items: z.array(conversationSummary), next: cursor.nullable() });
export type ConversationList = z.infer<typeof conversationList>;

const directionQuality = z.object({
  packets: z.number().int(),
  lostPercent: z.number().describe('Packets that never came, of those sent.'),
  jitterMs: z.number().describe('How unevenly they came (RFC 3550).'),
  mos: z
    .number()
    .describe('Mean opinion score by the E-model (ITU-T G.107): 1 bad, 4.4 the best there is on a telephone.'),
});
const lineQuality = z.object({
  mos: z.number().describe("The worse direction's."),
  from: directionQuality.nullable().describe('What this party says, as it reached us.'),
  to: directionQuality
    .nullable()
    .describe('What this party hears, as its own RTCP reports tell; null when it sends none.'),
  rttMs: z.number().nullable().describe('There and back on the network; null when not known.'),
});
export const lineGrade = z.enum(['good', 'fair', 'poor']);

export const conversationDetail = conversationSummary.extend({
  fax: z.boolean().describe('A fax machine was heard at the customer’s end.'),
  lines: z
    .array(
      z.object({
        agent: person.nullable().describe("null: the customer's own line."),
        since: epochMs.describe('When the talk over this line began.'),
        spanMs: z.number().int().describe('How much of it was measured.'),
        grade: lineGrade.describe('Of the mean: good from 4.02, fair from 3.6, else poor.'),
        worstGrade: lineGrade.describe('Of its worst ten seconds.'),
        mean: lineQuality,
        worst: lineQuality,
      }),
    )
    .describe("How the customer's line and the agent's were, for each talk."),
  segments: z.array(
    z.object({
      kind: z.enum(['wait', 'ring', 'talk', 'hold', 'wrap-up']),
      agent: person.nullable(),
      startedAt: epochMs,
      endedAt: epochMs.nullable(),
    }),
  ),
  offers: z.array(
    z.object({
      agent: person,
      target: z.enum(['owner', 'team', 'anyone']),
      offeredAt: epochMs,
      ringingAt: epochMs.nullable(),
      closedAt: epochMs.nullable(),
      outcome: z
        .enum(['accepted', 'declined', 'timed-out', 'rescinded', 'abandoned', 'unreachable', 'agent-left', 'failed'])
        .nullable(),
    }),
  ),
  trace: z.array(
    z.object({
      at: epochMs,
      step: z.number().int(),
      target: z.enum(['owner', 'team', 'anyone']),
      what: z.enum(['entered', 'skipped', 'offered', 'ended']),
      agent: person.nullable(),
      because: z.string().nullable(),
      passedOver: z.array(z.object({ agent: person, because: z.string() })),
    }),
  ),
  wrapUps: z.array(
    z.object({
      agent: person,
      startedAt: epochMs,
      endedAt: epochMs.nullable(),
      because: z.enum(['saved', 'timed-out', 'process-died']).nullable(),
      disposition: z.string().nullable(),
      note: z.string().nullable(),
    }),
  ),
  recording: z
    .object({ id: z.string(), startedAt: epochMs, durationMs: z.number().int().nullable(), finished: z.boolean() })
    .nullable(),
});
export type ConversationDetail = z.infer<typeof conversationDetail>;

export const recordingQuery = z.object({
  download: z.enum(['0', '1']).optional().describe('1: answer as a file to save, with a name.'),
});
export const peaksQuery = z.object({
  points: z.coerce.number().int().min(1).max(4000).default(800).describe('How many points to draw per channel.'),
});
const peaks = z.array(z.number().min(0).max(1)).describe('Loudest sample of each stretch of equal length, 0 to 1.');
export const recordingPeaks = z.object({
  durationMs: z.number().int().nonnegative(),
  channels: z.tuple([peaks, peaks]).describe('Left: the customer. Right: the agent.'),
});
export type RecordingPeaks = z.infer<typeof recordingPeaks>;

export const demoInfo = z.object({
  password: z.string(),
  people: z.array(z.object({ email: z.string(), name: z.string(), team: z.string(), role })),
  customers: z.array(z.object({ name: z.string(), phone: e164, ownerEmail: z.string().nullable() })),
  numbers: z.array(e164),
  sip: z.object({ host: z.string(), port: z.number().int() }),
});
export type DemoInfo = z.infer<typeof demoInfo>;

export const dispositions = [
  'resolved',
  'callback',
  'escalated',
  'information',
  'complaint',
  'wrong-number',
  'other',
] as const;
export const disposition = z.enum(dispositions);
export type Disposition = z.infer<typeof disposition>;
