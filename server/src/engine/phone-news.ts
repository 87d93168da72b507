/** What the phone network tells us, given to the conversation or the agent it concerns. */
import {
  type Conversation,
  type ConversationInput,
  type Directory,
  type E164,
  type EpochMs,
  type PhoneEvent,
  assertNever,
  mintId,
} from '@denwaban/core';
import type { CallingOut } from './calling-out.js';
import type { Engine } from './engine.js';
import type { RosterAgent } from './roster.js';

/** @param numbers the company's own numbers, with their names */
export function createPhoneNews(
  engine: Engine,
  directory: Directory,
  numbers: ReadonlyMap<E164, string>,
  callingOut: CallingOut,
): (event: PhoneEvent) => void {
  const { conversations, roster, telephony, log, random } = engine;

  function hear(event: PhoneEvent): void {
    switch (event.type) {
      case 'leg.arrived': {
        const to = directory.normalise(event.to);
        const toName = to === null ? undefined : numbers.get(to);
        if (to === null || toName === undefined) {
          log.info({ leg: event.leg }, 'a call to a number that is not ours was refused');
          telephony.carryOut({ type: 'hang-up', leg: event.leg, cause: 'unknown-number' });
          return;
        }
        const from = event.from === null ? null : directory.normalise(event.from);
        const { leg, carrier, trunk } = event;
        const conversation = mintId('cv', event.at, random(10));
        const fromRaw = event.from;
        engine.give(
          conversation,
          { type: 'caller-arrived', conversation, leg, carrier, trunk, from, fromRaw, to, toName },
          event.at,
        );
        return;
      }
      case 'leg.answered':
        return answered(event);
      case 'leg.ringing':
        return tell(event.leg, { type: 'leg-ringing', leg: event.leg, early: event.early }, event.at);
      case 'leg.moved':
        return tell(event.leg, { type: 'leg-moved', leg: event.leg, token: event.token }, event.at);
      case 'leg.ended':
        return tell(event.leg, { type: 'caller-left', cause: event.cause }, event.at);
      case 'leg.joined':
        return tell(event.customer, { type: 'leg-joined', agentLeg: event.agentLeg }, event.at);
      case 'leg.join-failed':
        log.warn({ leg: event.customer, because: event.because }, 'an accepted call could not be joined');
        return tell(event.customer, { type: 'join-failed', agentLeg: event.agentLeg }, event.at);
      case 'leg.fax':
        return tell(event.leg, { type: 'fax-heard' }, event.at);
      case 'leg.dtmf':
      case 'media.lost':
        return;
      case 'recording.finished': {
        const conversation = conversations.byRecording(event.recording);
        const { recording, path, durationMs, bytes } = event;
        if (conversation !== null)
          engine.give(conversation.id, { type: 'recording-finished', recording, path, durationMs, bytes });
        else log.warn({ recording }, 'a recording without a conversation');
        return;
      }
      case 'line.measured': {
        const { agent, since, final, spanMs, mean, worst } = event;
        return tell(event.customer, { type: 'line-measured', agent, since, final, spanMs, mean, worst }, event.at);
      }
      case 'line.proven':
      case 'line.lost':
        return lineNews(event);
      default:
        assertNever(event);
    }
  }
  function answered({ leg, token, trunk, at }: Extract<PhoneEvent, { type: 'leg.answered' }>): void {
    const placed = conversations.byLeg(leg)?.direction === 'outbound' ? callingOut.placed(trunk ?? null) : null;
    tell(leg, { type: 'leg-answered', leg, token, ...(placed === null ? {} : { placed }) }, at);
  }
  function tell(leg: Conversation['customerLeg'], input: ConversationInput, at: EpochMs): void {
    const conversation = conversations.byLeg(leg);
    if (conversation !== null) engine.give(conversation.id, input, at);
  }
  function lineNews(event: Extract<PhoneEvent, { type: 'line.proven' | 'line.lost' }>): void {
    const agent = roster.get(event.agent);
    if (agent === null || agent.line?.id !== event.line) return; // an older line's last words
    const { line } = agent;
    if (event.type === 'line.proven') {
      line.proven = true;
      agent.backBy = null; // they are back: from now on the usual grace holds
      rejoin(agent);
    } else if (event.because === 'heartbeat') {
      line.proven = false; // it may come back by itself
    } else {
      agent.line = null;
      line.desk.lineLost(event.because);
    }
    engine.agentChanged(agent);
  }
  /** The agent's audio is back within the grace: the call goes on over the new line. */
  function rejoin(agent: RosterAgent): void {
    const engagement = conversations.engagement(agent.person.id);
    const talking = engagement?.conversation.talking;
    if (engagement == null || talking == null || !talking.joined) return;
    const { customerLeg: customer, recording } = engagement.conversation;
    telephony.carryOut({
      type: 'join',
      customer,
      agentLeg: talking.leg,
      agent: agent.person.id,
      recording: recording?.id ?? null,
    });
    if (talking.heldSince !== null)
      telephony.carryOut({ type: 'hold', customer, agentLeg: talking.leg, sound: 'hold-music' });
  }

  return hear;
}
