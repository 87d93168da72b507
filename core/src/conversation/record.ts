/** A record made of nothing, and one made of another: the two places that name all it has. */
import type { Conversation } from './conversation.js';
import type { EventOf } from './events.js';

export function firstRecord(event: EventOf<'conversation.started'>): Conversation {
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

/**
 * Shares its lists with `record`, and what lies in them.
 *
 * Written out: every event of every call makes one, and a spread of so many properties costs twenty times as much.
 */
export function copyOf(record: Conversation): Conversation {
  const copy: Conversation = {
    id: record.id,
    seq: record.seq,
    status: record.status,
    channel: record.channel,
    startedAt: record.startedAt,
    carrier: record.carrier,
    trunk: record.trunk,
    direction: record.direction,
    by: record.by,
    from: record.from,
    fromRaw: record.fromRaw,
    to: record.to,
    toName: record.toName,
    customerLeg: record.customerLeg,
    answeredAt: record.answeredAt,
    legToken: record.legToken,
    customer: record.customer,
    owner: record.owner,
    team: record.team,
    identified: record.identified,
    step: record.step,
    stepStartedAt: record.stepStartedAt,
    waitingSince: record.waitingSince,
    offers: record.offers,
    talking: record.talking,
    segments: record.segments,
    trace: record.trace,
    wrapUps: record.wrapUps,
    recording: record.recording,
    lines: record.lines ?? [],
    ended: record.ended,
    closedAt: record.closedAt,
  };
  if (record.ringingAt !== undefined) copy.ringingAt = record.ringingAt;
  if (record.faxAt !== undefined) copy.faxAt = record.faxAt;
  return copy;
}
