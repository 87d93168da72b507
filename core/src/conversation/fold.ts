/** Events in, the one record out. Pure: the same events give the same record on the live floor, in a report and in a simulation. */
import { assertNever } from '../assert-never.js';
import type { EpochMs, RecordingId } from '../ids.js';
import type { Conversation, Offer, Recording, Segment, TraceEntry } from './conversation.js';
import type { ConversationEvent, EventOf, Placed } from './events.js';
import { withStretch } from './line.js';

/**
 * Folds events into a record, in order.
 *
 * @param record the record so far; null before the first event
 * @param events the events after `record.seq`; the first of all is `conversation.started` with `seq` 1
 * @throws Error when a sequence number is missing or repeated: the story has a hole
 */
export function fold(record: Conversation | null, events: readonly ConversationEvent[]): Conversation | null {
  return events.reduce(apply, record);
}

/** One event more. [CNV1] [CNV2] */
export function apply(record: Conversation | null, event: ConversationEvent): Conversation {
  if (event.type === 'conversation.started') {
    if (record !== null || event.seq !== 1) throw new Error(`${event.conversation} starts twice`);
    return begin(event);
  }
  if (record === null || event.seq !== record.seq + 1) {
    throw new Error(`${event.conversation} has a hole: event ${event.seq} after ${record?.seq ?? 0}`);
  }
  return { ...record, ...change(record, event), seq: event.seq };
}

function begin(event: EventOf<'conversation.started'>): Conversation {
  const { by, agentLeg } = event;
  const placed = by !== null && agentLeg !== null;
  return {
    id: event.conversation,
    seq: 1,
    status: placed ? 'calling' : 'arriving',
    channel: 'voice',
    startedAt: event.at,
    carrier: event.carrier,
    trunk: event.trunk,
    direction: event.direction,
    by,
    from: event.from,
    fromRaw: event.fromRaw,
    to: event.to,
    toName: event.toName,
    customerLeg: event.leg,
    answeredAt: null,
    legToken: null,
    customer: null,
    owner: null,
    team: null,
    identified: null,
    step: -1,
    stepStartedAt: null,
    waitingSince: placed ? null : event.at,
    offers: [],
    // Whoever calls is on the call from its first moment: nobody offers them another. [OUT1]
    talking: placed
      ? { agent: by, leg: agentLeg, reservation: null, joined: false, startedAt: event.at, heldSince: null }
      : null,
    segments: [{ kind: placed ? 'ring' : 'wait', agent: null, startedAt: event.at, endedAt: null }],
    trace: [],
    wrapUps: [],
    recording: null,
    lines: [],
    ended: null,
    closedAt: null,
  };
}

function change(
  record: Conversation,
  event: Exclude<ConversationEvent, { type: 'conversation.started' }>,
): Partial<Conversation> {
  switch (event.type) {
    case 'customer.identified':
      return {
        status: record.status === 'arriving' ? 'waiting' : record.status,
        customer: event.customer === null ? null : { id: event.customer, name: event.name ?? '', kana: event.kana },
        owner: event.owner,
        team: event.team,
        identified: event.outcome,
      };
    case 'waiting.started':
      return {
        status: 'waiting',
        // At the front a conversation counts as waiting since it came: nobody else can be older by its own right. [RTG9]
        waitingSince: event.place === 'front' ? record.startedAt : event.at,
        step: -1,
        stepStartedAt: null,
        talking: null,
        // Whoever was never talked with is waiting still.
        segments: record.segments.some((one) => one.kind === 'wait' && one.endedAt === null)
          ? record.segments
          : open(record.segments, { kind: 'wait', agent: null, startedAt: event.at, endedAt: null }),
      };
    case 'step.entered':
      return {
        step: event.step,
        stepStartedAt: event.at,
        trace: trace(record, event, 'entered', { because: null }),
      };
    case 'step.skipped':
      return {
        step: event.step,
        stepStartedAt: event.at,
        trace: trace(record, event, 'skipped', { because: event.because, passedOver: event.passedOver }),
      };
    case 'step.ended':
      return { trace: trace(record, event, 'ended', { because: event.because }) };
    case 'offer.made':
      return {
        status: 'offered',
        offers: [
          ...record.offers,
          {
            reservation: event.reservation,
            agent: event.agent,
            step: event.step,
            target: event.target,
            because: event.because,
            offeredAt: event.at,
            ringingAt: null,
            expiresAt: event.expiresAt,
            closedAt: null,
            outcome: null,
          },
        ],
        segments: open(record.segments, { kind: 'ring', agent: event.agent, startedAt: event.at, endedAt: null }),
        trace: trace(record, event, 'offered', {
          agent: event.agent,
          because: event.because,
          passedOver: event.passedOver,
        }),
      };
    case 'offer.ringing':
      return { offers: changeOffer(record, event.reservation, { ringingAt: event.at }) };
    case 'offer.accepted':
      return {
        status: 'talking',
        offers: changeOffer(record, event.reservation, { closedAt: event.at, outcome: 'accepted' }),
        talking: {
          agent: event.agent,
          leg: event.leg,
          reservation: event.reservation,
          joined: false,
          startedAt: event.at,
          heldSince: null,
        },
        segments: close(record.segments, event.at, (one) => one.kind === 'ring' && one.agent === event.agent),
        recording: record.recording ?? recordingFrom(event.recording, event.at),
      };
    case 'offer.closed': {
      const offers = changeOffer(record, event.reservation, { closedAt: event.at, outcome: event.because });
      return {
        offers,
        status: record.status === 'offered' && !offers.some(isOpen) ? 'waiting' : record.status,
        segments: close(record.segments, event.at, (one) => one.kind === 'ring' && one.agent === event.agent),
      };
    }
    case 'leg.ringing':
      return { ringingAt: event.at };
    case 'leg.answered':
      return {
        answeredAt: event.at,
        legToken: event.token,
        ...(event.placed && answered(record, event.placed, event.at)),
      };
    case 'leg.moved':
      return { legToken: event.token };
    case 'talk.started':
      return {
        talking: record.talking && { ...record.talking, joined: true, startedAt: event.at },
        segments: open(
          close(record.segments, event.at, (one) => one.agent === null),
          { kind: 'talk', agent: event.agent, startedAt: event.at, endedAt: null },
        ),
      };
    case 'hold.started':
    case 'hold.ended': {
      const held = event.type === 'hold.started';
      return {
        talking: record.talking && { ...record.talking, heldSince: held ? event.at : null },
        segments: open(
          close(record.segments, event.at, (one) => one.agent === event.agent),
          { kind: held ? 'hold' : 'talk', agent: event.agent, startedAt: event.at, endedAt: null },
        ),
      };
    }
    case 'talk.ended':
      return {
        talking: null,
        segments: close(record.segments, event.at, (one) => one.agent === event.agent),
      };
    case 'agent.noted':
    case 'digits.sent':
      return {};
    case 'conversation.ended':
      return {
        status: 'wrap-up',
        talking: null,
        ended: { at: event.at, end: event.end, by: event.by, cause: event.cause },
        segments: close(record.segments, event.at, (one) => one.kind !== 'wrap-up'),
      };
    case 'recording.finished':
      return {
        recording: record.recording && {
          ...record.recording,
          path: event.path,
          durationMs: event.durationMs,
          bytes: event.bytes,
        },
      };
    case 'fax.heard':
      return { faxAt: event.at };
    case 'line.measured': {
      const { agent, since, spanMs, mean, worst } = event;
      return { lines: withStretch(record.lines ?? [], { agent, since, spanMs, mean, worst }) };
    }
    case 'wrap-up.started':
      return {
        wrapUps: [
          ...record.wrapUps,
          {
            agent: event.agent,
            startedAt: event.at,
            endsAt: event.endsAt,
            endedAt: null,
            because: null,
            disposition: null,
            note: null,
          },
        ],
        segments: open(record.segments, { kind: 'wrap-up', agent: event.agent, startedAt: event.at, endedAt: null }),
      };
    case 'wrap-up.ended':
      return {
        wrapUps: record.wrapUps.map((one) =>
          one.agent === event.agent && one.endedAt === null
            ? { ...one, endedAt: event.at, because: event.because, disposition: event.disposition, note: event.note }
            : one,
        ),
        segments: close(record.segments, event.at, (one) => one.kind === 'wrap-up' && one.agent === event.agent),
      };
    case 'conversation.closed':
      return { status: 'closed', closedAt: event.at };
    default:
      return assertNever(event);
  }
}

/** Somebody answered the call that we placed. */
function answered(record: Conversation, placed: Placed, at: EpochMs): Partial<Conversation> {
  return {
    status: 'talking',
    trunk: placed.trunk ?? record.trunk,
    from: placed.from,
    toName: placed.name,
    recording: recordingFrom(placed.recording, at),
    segments: close(record.segments, at, (one) => one.kind === 'ring' && one.agent === null),
  };
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

function changeOffer(record: Conversation, reservation: string, to: Partial<Offer>): Offer[] {
  return record.offers.map((one) => (one.reservation === reservation ? { ...one, ...to } : one));
}

const open = (segments: readonly Segment[], segment: Segment): Segment[] => [...segments, segment];

/** Ends the open segments that `which` picks. A clock that stepped back never makes a segment negative. [CNV3] */
function close(segments: readonly Segment[], at: EpochMs, which: (segment: Segment) => boolean): Segment[] {
  return segments.map((one) =>
    one.endedAt === null && which(one) ? { ...one, endedAt: at < one.startedAt ? one.startedAt : at } : one,
  );
}

function trace(
  record: Conversation,
  event: EventOf<'step.entered' | 'step.skipped' | 'step.ended' | 'offer.made'>,
  what: TraceEntry['what'],
  facts: Partial<TraceEntry>,
): TraceEntry[] {
  const { at, step, target } = event;
  return [...record.trace, { at, step, target, what, agent: null, because: null, passedOver: [], ...facts }];
}
