/** Events in, the one record out. Pure: the same events give the same record on the live floor, in a report and in a simulation. */
import { assertNever } from '../assert-never.js';
import type { AgentId, EpochMs, RecordingId } from '../ids.js';
import { plus } from '../plus.js';
import type { Conversation, Offer, Recording, Segment, TraceEntry } from './conversation.js';
import type { ConversationEvent, EventOf, PassedOver, Placed } from './events.js';
import { withStretch } from './line.js';
import { copyOf, firstRecord } from './record.js';

/**
 * Folds events into a record, in order.
 *
 * @param record the record so far; null before the first event
 * @param events the events after `record.seq`; the first of all is `conversation.started` with `seq` 1
 * @throws Error when a sequence number is missing or repeated: the story has a hole
 */
export function fold(record: Conversation | null, events: readonly ConversationEvent[]): Conversation | null {
  let folded = record;
  for (const event of events) folded = apply(folded, event);
  return folded;
}

/** One event more. [CNV1] [CNV2] */
export function apply(record: Conversation | null, event: ConversationEvent): Conversation {
  if (event.type === 'conversation.started') {
    if (record !== null || event.seq !== 1) throw new Error(`${event.conversation} starts twice`);
    return firstRecord(event);
  }
  if (record === null || event.seq !== record.seq + 1) {
    throw new Error(`${event.conversation} has a hole: event ${event.seq} after ${record?.seq ?? 0}`);
  }
  const next = copyOf(record);
  next.seq = event.seq;
  change(next, event);
  return next;
}

/** @param next a copy that nobody else has yet. Its lists and what lies in it are shared with the record before: put others in their place. */
function change(next: Conversation, event: Exclude<ConversationEvent, { type: 'conversation.started' }>): void {
  const { at } = event;
  switch (event.type) {
    case 'customer.identified':
      if (next.status === 'arriving') next.status = 'waiting';
      next.customer = event.customer === null ? null : { id: event.customer, name: event.name ?? '', kana: event.kana };
      next.owner = event.owner;
      next.team = event.team;
      next.identified = event.outcome;
      return;
    case 'waiting.started':
      next.status = 'waiting';
      // At the front a conversation counts as waiting since it came: nobody else can be older by its own right. [RTG9]
      next.waitingSince = event.place === 'front' ? next.startedAt : at;
      next.step = -1;
      next.stepStartedAt = null;
      next.talking = null;
      // Whoever was never talked with is waiting still.
      if (!next.segments.some((one) => one.kind === 'wait' && one.endedAt === null)) open(next, 'wait', null, at);
      return;
    case 'step.entered':
      next.step = event.step;
      next.stepStartedAt = at;
      trace(next, event, 'entered', null, null, []);
      return;
    case 'step.skipped':
      next.step = event.step;
      next.stepStartedAt = at;
      trace(next, event, 'skipped', null, event.because, event.passedOver);
      return;
    case 'step.ended':
      trace(next, event, 'ended', null, event.because, []);
      return;
    case 'offer.made':
      next.status = 'offered';
      next.offers = plus(next.offers, {
        reservation: event.reservation,
        agent: event.agent,
        step: event.step,
        target: event.target,
        because: event.because,
        offeredAt: at,
        ringingAt: null,
        expiresAt: event.expiresAt,
        closedAt: null,
        outcome: null,
      });
      open(next, 'ring', event.agent, at);
      trace(next, event, 'offered', event.agent, event.because, event.passedOver);
      return;
    case 'offer.ringing':
      next.offers = next.offers.map((one) => (one.reservation === event.reservation ? { ...one, ringingAt: at } : one));
      return;
    case 'offer.accepted':
      next.status = 'talking';
      closeOffer(next, event, 'accepted');
      next.talking = {
        agent: event.agent,
        leg: event.leg,
        reservation: event.reservation,
        joined: false,
        startedAt: at,
        heldSince: null,
      };
      next.recording ??= recordingFrom(event.recording, at);
      return;
    case 'offer.closed':
      closeOffer(next, event, event.because);
      if (next.status === 'offered' && !next.offers.some(isOpen)) next.status = 'waiting';
      return;
    case 'leg.ringing':
      next.ringingAt = at;
      return;
    case 'leg.answered':
      next.answeredAt = at;
      next.legToken = event.token;
      if (event.placed !== undefined) answered(next, event.placed, at);
      return;
    case 'leg.moved':
      next.legToken = event.token;
      return;
    case 'talk.started':
      if (next.talking !== null) next.talking = { ...next.talking, joined: true, startedAt: at };
      close(next, at, (one) => one.agent === null);
      open(next, 'talk', event.agent, at);
      return;
    case 'hold.started':
    case 'hold.ended': {
      const held = event.type === 'hold.started';
      if (next.talking !== null) next.talking = { ...next.talking, heldSince: held ? at : null };
      close(next, at, (one) => one.agent === event.agent);
      open(next, held ? 'hold' : 'talk', event.agent, at);
      return;
    }
    case 'talk.ended':
      next.talking = null;
      close(next, at, (one) => one.agent === event.agent);
      return;
    case 'agent.noted':
    case 'digits.sent':
      return;
    case 'conversation.ended':
      next.status = 'wrap-up';
      next.talking = null;
      next.ended = { at, end: event.end, by: event.by, cause: event.cause };
      close(next, at, (one) => one.kind !== 'wrap-up');
      return;
    case 'recording.finished':
      if (next.recording === null) return;
      next.recording = {
        id: next.recording.id,
        startedAt: next.recording.startedAt,
        path: event.path,
        durationMs: event.durationMs,
        bytes: event.bytes,
      };
      return;
    case 'fax.heard':
      next.faxAt = at;
      return;
    case 'line.measured': {
      const { agent, since, spanMs, mean, worst } = event;
      next.lines = withStretch(next.lines ?? [], { agent, since, spanMs, mean, worst });
      return;
    }
    case 'wrap-up.started':
      next.wrapUps = plus(next.wrapUps, {
        agent: event.agent,
        startedAt: at,
        endsAt: event.endsAt,
        endedAt: null,
        because: null,
        disposition: null,
        note: null,
      });
      open(next, 'wrap-up', event.agent, at);
      return;
    case 'wrap-up.ended': {
      const { agent, because, disposition, note } = event;
      next.wrapUps = next.wrapUps.map((one) =>
        one.agent === agent && one.endedAt === null ? { ...one, endedAt: at, because, disposition, note } : one,
      );
      close(next, at, (one) => one.kind === 'wrap-up' && one.agent === agent);
      return;
    }
    case 'conversation.closed':
      next.status = 'closed';
      next.closedAt = at;
      next.legToken = null; // nothing is left to be ended
      return;
    default:
      assertNever(event);
  }
}

/** Somebody answered the call that we placed. */
function answered(next: Conversation, placed: Placed, at: EpochMs): void {
  next.status = 'talking';
  next.trunk = placed.trunk ?? next.trunk;
  next.from = placed.from;
  next.toName = placed.name;
  next.recording = recordingFrom(placed.recording, at);
  close(next, at, (one) => one.kind === 'ring' && one.agent === null);
}

const recordingFrom = (id: RecordingId, startedAt: EpochMs): Recording => ({
  id,
  startedAt,
  path: null,
  durationMs: null,
  bytes: null,
});

/** An offer that nobody has answered, withdrawn or let run out. */
export const isOpen = (offer: Offer): boolean => offer.closedAt === null;

function closeOffer(
  next: Conversation,
  { at, agent, reservation }: EventOf<'offer.accepted' | 'offer.closed'>,
  outcome: NonNullable<Offer['outcome']>,
): void {
  next.offers = next.offers.map((one) => (one.reservation === reservation ? { ...one, closedAt: at, outcome } : one));
  close(next, at, (one) => one.kind === 'ring' && one.agent === agent);
}

function open(next: Conversation, kind: Segment['kind'], agent: AgentId | null, startedAt: EpochMs): void {
  next.segments = plus(next.segments, { kind, agent, startedAt, endedAt: null });
}

/** Ends the open segments that `which` picks. A clock that stepped back never makes a segment negative. [CNV3] */
function close(next: Conversation, at: EpochMs, which: (segment: Segment) => boolean): void {
  next.segments = next.segments.map((one) => {
    if (one.endedAt !== null || !which(one)) return one;
    const { kind, agent, startedAt } = one;
    return { kind, agent, startedAt, endedAt: at < startedAt ? startedAt : at };
  });
}

function trace(
  next: Conversation,
  { at, step, target }: EventOf<'step.entered' | 'step.skipped' | 'step.ended' | 'offer.made'>,
  what: TraceEntry['what'],
  agent: AgentId | null,
  because: string | null,
  passedOver: readonly PassedOver[],
): void {
  next.trace = plus(next.trace, { at, step, target, what, agent, because, passedOver });
}
