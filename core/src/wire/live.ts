/**
 * The live connection of a desk: one WebSocket at /api/v1/live, JSON text frames. The server's word is the truth; the desk
 * draws `desk` messages as they come and never guesses the state of a call.
 */
import { z } from 'zod';
import { agentView, awayReason, direction, disposition, epochMs, lineGrade, me, presenceView } from './api.js';

const id = z.string().max(60);
const sdp = z.string().max(20_000);

export const deskMessage = z.discriminatedUnion('type', [
  /** First message. A desk with another build than the server's is told `outdated` and reloads when no call is up. */
  z.object({
    type: z.literal('hello'),
    v: z.number().int(),
    build: z.string().max(100),
    page: z.enum(['desk', 'board']),
    /** The line that this page holds from a connection before: it is kept, without a new negotiation. */
    line: id.nullish(),
    /** A desk that shows its colleagues: the version of them that it has from a connection before; null: none yet. */
    colleagues: id.nullish(),
  }),
  /** The changes of the colleagues have a gap: everybody anew, please. */
  z.object({ type: z.literal('colleagues.resync') }),
  /** Opens the warm line. `nonce` is echoed in the answer so that late answers of an older attempt are dropped. */
  z.object({ type: z.literal('line.open'), nonce: id, offer: sdp }),
  z.object({ type: z.literal('line.close') }),
  z.object({ type: z.literal('presence.set'), presence: z.enum(['available', 'away']), reason: awayReason.nullable() }),
  z.object({ type: z.literal('offer.ringing'), reservation: id }),
  z.object({ type: z.literal('offer.accept'), reservation: id }),
  z.object({ type: z.literal('offer.decline'), reservation: id }),
  /**
   * Calls somebody. The call shows in the next `desk` message; `call.hang-up` cancels it while it rings. Refused by `error` (with
   * this `nonce`): `no-number` (not a telephone number), `number-not-allowed`, `emergency-number`, `no-trunk`, `no-line` (the
   * audio path is not proven), `busy` (an offer, a call or a wrap-up is open).
   */
  z.object({
    type: z.literal('call.place'),
    nonce: id,
    /** In any written form. */
    number: z.string().max(60),
    /** The customer whose card it was chosen from. The number alone says who is called: of a customer without it no use is made. */
    customer: id.nullable(),
  }),
  z.object({ type: z.literal('call.hang-up'), conversation: id }),
  z.object({ type: z.literal('call.hold'), conversation: id }),
  z.object({ type: z.literal('call.resume'), conversation: id }),
  z.object({ type: z.literal('call.mute'), conversation: id, muted: z.boolean() }),
  z.object({ type: z.literal('call.dtmf'), conversation: id, digits: z.string().regex(/^[0-9*#A-D]{1,32}$/) }),
  z.object({
    type: z.literal('wrap-up.save'),
    conversation: id,
    disposition: disposition.nullable(),
    note: z.string().max(10_000),
  }),
  /** Own line's figures, measured by the browser every few seconds. */
  z.object({ type: z.literal('ping'), n: z.number().int() }),
]);
export type DeskMessage = z.infer<typeof deskMessage>;

export const callerView = z.object({
  conversation: id,
  /** Null: not in the customer database. */
  customer: z.object({ id, name: z.string(), kana: z.string().nullable() }).nullable(),
  /** The customer's, whoever called whom. */
  number: z.string().nullable(),
  numberRaw: z.string().nullable(),
  /** Ours: the number they called, or the one that we showed them. Null: not known, in a call that we placed. */
  to: z.string().nullable(),
  /** The company's name for `to`; empty when it has none. */
  toName: z.string(),
  owner: z.object({ id, name: z.string() }).nullable(),
  waitingSince: epochMs,
});
export type CallerView = z.infer<typeof callerView>;

export const deskState = z.object({
  presence: presenceView,
  /** True when the agent's audio path is proven. */
  line: z.enum(['none', 'opening', 'proven']),
  offer: z
    .object({
      reservation: id,
      caller: callerView,
      target: z.enum(['owner', 'team', 'anyone']),
      because: z.enum(['owner', 'longest-idle', 'ring-all', 'freed']),
      offeredAt: epochMs,
      expiresAt: epochMs,
    })
    .nullable(),
  call: z
    .object({
      caller: callerView,
      direction,
      state: z
        .enum(['calling', 'ringing', 'connecting', 'talking', 'held'])
        .describe('`calling`, `ringing`: we called, and nobody has answered yet.'),
      startedAt: epochMs,
      heldSince: epochMs.nullable(),
      recording: z.boolean(),
      fax: z.boolean().describe('A fax machine calls.'),
      line: lineGrade.describe('The worst that either line of this talk was so far.'),
    })
    .nullable(),
  wrapUp: z.object({ caller: callerView, startedAt: epochMs, endsAt: epochMs }).nullable(),
});
export type DeskState = z.infer<typeof deskState>;

export const serverMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('welcome'), v: z.number().int(), build: z.string(), now: epochMs, me }),
  /** The server's build differs from this desk's. */
  z.object({ type: z.literal('outdated'), build: z.string() }),
  z.object({ type: z.literal('desk'), seq: z.number().int(), now: epochMs, state: deskState }),
  z.object({ type: z.literal('line.answer'), nonce: id, answer: sdp, line: id.optional() }),
  /** The line died, or another tab took it (`replaced`): then this tab closes its microphone and does not reopen by itself. */
  z.object({
    type: z.literal('line.lost'),
    because: z.enum(['heartbeat', 'closed', 'replaced', 'media-process', 'refused']),
  }),
  /**
   * Everybody who answers calls, to a desk that asked for them in its hello: all of them, and from then on who changed, at most
   * once a second. Nothing comes while nobody changes, and nothing after a hello whose version still holds.
   */
  z.object({
    type: z.literal('colleagues'),
    version: id,
    /** The version that these are the changes to; null: this is everybody. */
    since: id.nullable(),
    agents: z.array(agentView),
  }),
  z.object({
    type: z.literal('board'),
    seq: z.number().int(),
    now: epochMs,
    full: z.boolean(),
    agents: z.array(agentView),
    waiting: z.array(
      z.object({
        conversation: id,
        name: z.string().nullable(),
        number: z.string().nullable(),
        toName: z.string(),
        since: epochMs,
      }),
    ),
  }),
  z.object({
    type: z.literal('error'),
    code: z.string(),
    detail: z.string(),
    re: z.string().nullable(),
    nonce: id.optional(),
  }),
  z.object({ type: z.literal('pong'), n: z.number().int(), now: epochMs }),
  /** The session ended (signed out elsewhere, expired): go to the sign-in page. */
  z.object({ type: z.literal('signed-out') }),
]);
export type ServerMessage = z.infer<typeof serverMessage>;
export type ColleaguesMessage = Extract<ServerMessage, { type: 'colleagues' }>;
export type BoardMessage = Extract<ServerMessage, { type: 'board' }>;

/** The customer's phone in the browser, demo only: one WebSocket at /api/v1/phone, no session. */
export const phoneMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('dial'), from: z.string().max(40), to: z.string().max(40), offer: sdp }),
  z.object({ type: z.literal('hang-up') }),
  z.object({ type: z.literal('dtmf'), digit: z.string().regex(/^[0-9*#]$/) }),
]);
export type PhoneMessage = z.infer<typeof phoneMessage>;

export const phoneServerMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('dialling'), answer: sdp }),
  z.object({ type: z.literal('ringing') }),
  z.object({ type: z.literal('answered') }),
  z.object({ type: z.literal('ended'), cause: z.string() }),
  z.object({ type: z.literal('error'), code: z.string(), detail: z.string() }),
]);
export type PhoneServerMessage = z.infer<typeof phoneServerMessage>;
