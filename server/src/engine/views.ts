/** What a desk is shown, made from the record. */
import { type Conversation, companyNumber, customerNumber, gradeOf, isOpen } from '@denwaban/core';
import type { CallerView, DeskState } from '@denwaban/core/wire';
import type { Engaged } from './living.js';
import { presenceView, type Roster, type RosterAgent } from './roster.js';

export function deskState(
  agent: RosterAgent,
  engagement: { conversation: Conversation; engaged: Engaged } | null,
  roster: Roster,
): DeskState {
  const state: DeskState = {
    presence: presenceView(agent),
    line: agent.line === null ? 'none' : agent.line.proven ? 'proven' : 'opening',
    offer: null,
    call: null,
    wrapUp: null,
  };
  if (engagement === null) return state;
  const { conversation } = engagement;
  const caller = callerView(conversation, roster);
  const me = agent.person.id;
  switch (engagement.engaged) {
    case 'offered': {
      const offer = conversation.offers.find((one) => isOpen(one) && one.agent === me);
      if (offer !== undefined) {
        const { reservation, target, because, offeredAt, expiresAt } = offer;
        state.offer = { reservation, caller, target, because, offeredAt, expiresAt };
      }
      break;
    }
    case 'talking': {
      const { talking } = conversation;
      if (talking !== null) {
        state.call = {
          caller,
          direction: conversation.direction,
          state: callState(conversation),
          startedAt: talking.startedAt,
          heldSince: talking.heldSince,
          recording: conversation.recording !== null,
          fax: conversation.faxAt !== undefined,
          line: lineSoFar(conversation, talking.startedAt),
        };
      }
      break;
    }
    case 'wrap-up': {
      const wrapUp = conversation.wrapUps.find((one) => one.endedAt === null && one.agent === me);
      if (wrapUp !== undefined) state.wrapUp = { caller, startedAt: wrapUp.startedAt, endsAt: wrapUp.endsAt };
      break;
    }
  }
  return state;
}

function callState({ status, ringingAt, talking }: Conversation): NonNullable<DeskState['call']>['state'] {
  if (status === 'calling') return ringingAt === undefined ? 'calling' : 'ringing';
  if (talking?.joined !== true) return 'connecting';
  return talking.heldSince === null ? 'talking' : 'held';
}

/** The two halves of a bridge may stand a moment apart. */
const togetherMs = 1_000;

/** Of the lines of this talk, as far as they were written down: only what is worse than good is, while it lasts. */
function lineSoFar({ lines = [] }: Conversation, since: number) {
  let mos = Number.POSITIVE_INFINITY;
  for (const one of lines) if (one.since >= since - togetherMs) mos = Math.min(mos, one.worst.mos);
  return gradeOf(mos);
}

function callerView(conversation: Conversation, roster: Roster): CallerView {
  const owner = conversation.owner === null ? null : roster.get(conversation.owner);
  return {
    conversation: conversation.id,
    customer: conversation.customer,
    number: customerNumber(conversation),
    numberRaw: conversation.fromRaw,
    to: companyNumber(conversation),
    toName: conversation.toName,
    owner: owner === null ? null : { id: owner.person.id, name: owner.person.name },
    waitingSince: conversation.waitingSince ?? conversation.startedAt,
  };
}
