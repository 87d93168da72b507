/** The engine as the screens see it: desks come and go, say things, and are told what is so. */
import { type AgentId, type ConversationInput, type LineId, mintId } from '@denwaban/core';
import { type DeskHandle, type Floor, Refusal } from '../services.js';
import type { createBoard } from './board.js';
import type { CallingOut } from './calling-out.js';
import type { Engine } from './engine.js';
import { agentView, noDesk, presenceView, type RosterAgent } from './roster.js';
import { deskState } from './views.js';

type Command = Exclude<Parameters<DeskHandle['command']>[0], { type: 'call.place' }>;

export function createFloor(engine: Engine, board: ReturnType<typeof createBoard>, callingOut: CallingOut): Floor {
  const { roster, conversations, clock, telephony } = engine;

  function agentOf(id: AgentId): RosterAgent {
    const agent = roster.get(id);
    if (agent === null) throw new Refusal('not-found', 'no such agent');
    return agent;
  }

  return {
    agents: () => [...roster.all()].map(agentView),
    presence: (id) => presenceView(agentOf(id)),
    async setPresence(id, request) {
      const agent = agentOf(id);
      await engine.setSays(agent, request.presence, request.presence === 'away' ? request.reason : null);
      return presenceView(agent);
    },
    board: () => board.full(),
    watchBoard: (listener) => board.watch(listener),
    enter(id, listener) {
      const agent = agentOf(id);
      agent.desks.add(listener);
      engine.agentChanged(agent);
      return {
        get state() {
          return deskState(agent, conversations.engagement(id), roster);
        },
        async openLine(offer) {
          const line = mintId('ln', clock.now(), engine.random(10));
          const before = agent.line;
          // Set before the answer is known: the proof may arrive while we still wait for it.
          agent.line = { id: line, desk: listener, proven: false };
          if (before !== null && before.desk !== listener) before.desk.lineLost('replaced');
          engine.agentChanged(agent);
          try {
            const { answer } = await telephony.openLine({ agent: id, line, offer });
            return { line, answer };
          } catch (error) {
            if (agent.line?.id === line) {
              agent.line = null;
              engine.agentChanged(agent);
            }
            engine.log.warn({ agent: id, err: error }, 'a line could not be opened');
            throw new Refusal('unavailable', 'the audio path could not be opened');
          }
        },
        claimLine(line) {
          if (agent.line?.id === line) {
            agent.line.desk = listener;
          } else if (agent.line !== null && agent.line.desk !== noDesk) {
            // Another page took over while this one was away.
            listener.lineLost('replaced');
            return;
          } else {
            const claimed = telephony.claimLine({ agent: id, line: line as LineId });
            if (claimed === null) {
              listener.lineLost('closed');
              return;
            }
            agent.line = { id: line as LineId, desk: listener, proven: claimed.proven };
          }
          engine.agentChanged(agent);
        },
        closeLine() {
          if (agent.line?.desk !== listener) return;
          telephony.closeLine(agent.line.id);
          agent.line = null;
          engine.agentChanged(agent);
        },
        async command(message) {
          if (message.type === 'call.place') return callingOut.place(agent, message);
          const conversation = conversationOf(agent, message);
          const { refused, durable } = engine.give(conversation, inputOf(engine, agent, message));
          if (refused !== null) throw new Refusal(refused, message.type);
          await durable;
        },
        leave() {
          agent.desks.delete(listener);
          engine.agentChanged(agent);
        },
      };
    },
  };

  /** The conversation a command speaks of: by its reservation, or by its own id. */
  function conversationOf(agent: RosterAgent, message: Command) {
    if ('conversation' in message) {
      const conversation = conversations.get(message.conversation);
      if (conversation === null) throw new Refusal('no-call', message.type);
      return conversation.id;
    }
    const engagement = conversations.engagement(agent.person.id);
    if (engagement === null) throw new Refusal('offer-over', message.type);
    return engagement.conversation.id;
  }
}

function inputOf(engine: Engine, agent: RosterAgent, message: Command): ConversationInput {
  const me = agent.person.id;
  switch (message.type) {
    case 'offer.ringing':
      return { type: 'desk-rings', agent: me, reservation: message.reservation };
    case 'offer.accept': {
      if (agent.line?.proven !== true) throw new Refusal('no-line', 'offer.accept');
      const now = engine.clock.now();
      return {
        type: 'agent-accepted',
        agent: me,
        reservation: message.reservation,
        leg: mintId('lg', now, engine.random(10)),
        recording: mintId('rc', now, engine.random(10)),
      };
    }
    case 'offer.decline':
      return { type: 'agent-declined', agent: me, reservation: message.reservation };
    case 'call.hang-up':
      return { type: 'agent-hung-up', agent: me };
    case 'call.hold':
      return { type: 'agent-held', agent: me };
    case 'call.resume':
      return { type: 'agent-resumed', agent: me };
    case 'call.mute':
      return { type: 'agent-muted', agent: me, muted: message.muted };
    case 'call.dtmf':
      return { type: 'agent-sent-digits', agent: me, digits: message.digits };
    case 'wrap-up.save':
      return { type: 'wrap-up-saved', agent: me, disposition: message.disposition, note: message.note };
  }
}
