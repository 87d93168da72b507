/** Conversations for tests, told event by event from a seed: every shape that the events allow, not only sensible ones. */
import {
  epochMs,
  fold,
  mintId,
  type AgentId,
  type Conversation,
  type ConversationEvent,
  type ConversationEventType,
  type E164,
  type EventOf,
  type TeamId,
} from '@denwaban/core';
import { seededChance, type Chance } from '../../directory/chance.js';

export interface Chapter {
  events: ConversationEvent[];
  record: Conversation;
}

export interface Cast {
  agents: readonly AgentId[];
  teams: readonly TeamId[];
}

type Facts<Type extends ConversationEventType> = Omit<EventOf<Type>, 'type' | 'v' | 'conversation' | 'seq' | 'at'>;

/** One conversation from arrival to its close, in the pieces in which an engine would append it. */
export function tell(
  chance: Chance,
  troupe: Cast,
  startedAt: number,
  until: 'closed' | 'anywhere' = 'closed',
): Chapter[] {
  const id = mintId('cv', epochMs(startedAt), chance.bytes(10));
  const leg = mintId('lg', epochMs(startedAt), chance.bytes(10));
  const recording = mintId('rc', epochMs(startedAt), chance.bytes(10));
  const chapters: Chapter[] = [];
  let at = startedAt;
  let seq = 0;
  let record: Conversation | null = null;
  let events: ConversationEvent[] = [];
  const say = <Type extends ConversationEventType>(type: Type, facts: Facts<Type>) => {
    at += chance.below(9_000);
    events.push({
      type,
      v: type === 'conversation.started' ? 2 : 1,
      conversation: id,
      seq: ++seq,
      at: epochMs(at),
      ...facts,
    } as unknown as ConversationEvent);
  };
  const commit = () => {
    record = fold(record, events);
    if (record !== null) chapters.push({ events, record });
    events = [];
  };

  const owner = chance.below(3) > 0 ? chance.pick(troupe.agents) : null;
  const team = chance.below(4) > 0 ? chance.pick(troupe.teams) : null;
  const known = chance.below(3) > 0;
  if (chance.below(4) === 0) {
    weCall();
    return until === 'closed' ? chapters : chapters.slice(0, 1 + chance.below(chapters.length));
  }
  say('conversation.started', {
    direction: 'inbound',
    by: null,
    agentLeg: null,
    leg,
    carrier: 'simulation',
    trunk: null,
    from: `+8145000${1000 + chance.below(9000)}` as E164,
    fromRaw: null,
    to: '+81450000100' as E164,
    toName: '代表 / Main',
  });
  commit();
  say('customer.identified', {
    customer: known ? mintId('cu', epochMs(chance.below(5)), new Uint8Array(10)) : null,
    name: known ? chance.pick(['田中 太郎', 'Grace Hughes', '渡辺 凛']) : null,
    kana: known ? 'タナカ タロウ' : null,
    owner: known ? owner : null,
    team: known ? team : null,
    outcome: known ? 'known' : 'unknown',
    tookMs: 3,
  });
  say('waiting.started', { place: 'back' });
  commit();
  for (let offers = chance.below(3), i = 0; i <= offers; i++) {
    const agent = chance.pick(troupe.agents);
    const reservation = mintId('rs', epochMs(at), chance.bytes(10));
    say('offer.made', {
      reservation,
      agent,
      step: i,
      target: 'anyone',
      expiresAt: epochMs(at + 20_000),
      because: 'longest-idle',
      passedOver: [{ agent: chance.pick(troupe.agents), because: 'away' }],
    });
    commit();
    say('offer.ringing', { reservation, agent });
    commit();
    if (chance.below(3) === 0) {
      say('offer.closed', { reservation, agent, because: 'timed-out' });
      commit();
      continue;
    }
    const agentLeg = mintId('lg', epochMs(at), chance.bytes(10));
    say('offer.accepted', { reservation, agent, leg: agentLeg, recording });
    commit();
    if (chance.below(5) === 0) break; // the caller left before the first word
    say('talk.started', { agent, leg: agentLeg });
    commit();
    if (chance.below(2) === 0) {
      say('hold.started', { agent });
      say('hold.ended', { agent });
      commit();
    }
    say('talk.ended', { agent, leg: agentLeg, because: 'agent-hung-up' });
    say('wrap-up.started', { agent, endsAt: epochMs(at + 60_000) });
    commit();
    say('wrap-up.ended', {
      agent,
      because: 'saved',
      disposition: chance.pick(['resolved', 'callback', null]),
      note: chance.pick(['請求書の再発行を依頼', 'Asked for an invoice', null]),
    });
    commit();
    break;
  }
  say('conversation.ended', { end: 'completed', by: 'customer', cause: 'hung-up' });
  commit();
  say('conversation.closed', {});
  commit();
  return until === 'closed' ? chapters : chapters.slice(0, 1 + chance.below(chapters.length));

  function weCall(): void {
    const [agent, agentLeg] = [chance.pick(troupe.agents), mintId('lg', epochMs(at), chance.bytes(10))];
    const who = chance.below(2) > 0 ? { owner, team, customer: mintId('cu', epochMs(1), new Uint8Array(10)) } : null;
    say('conversation.started', {
      direction: 'outbound',
      by: agent,
      agentLeg,
      leg,
      carrier: 'simulation',
      trunk: null,
      from: null,
      fromRaw: null,
      to: `+8145000${1000 + chance.below(9000)}` as E164,
      toName: '',
    });
    say('customer.identified', {
      customer: who?.customer ?? null,
      name: who === null ? null : '佐藤 花子',
      kana: null,
      owner: who?.owner ?? null,
      team: who?.team ?? null,
      outcome: who === null ? 'unknown' : 'known',
      tookMs: 1,
    });
    commit();
    const talks = chance.below(2) === 0;
    if (talks) {
      say('leg.ringing', { leg, early: false });
      const placed = { trunk: null, from: '+81450000100' as E164, name: '代表 / Main', recording };
      say('leg.answered', { leg, token: null, placed });
      commit();
      say('talk.started', { agent, leg: agentLeg });
      say('talk.ended', { agent, leg: agentLeg, because: 'agent-hung-up' });
    }
    say('conversation.ended', {
      end: talks ? 'completed' : 'unanswered',
      by: 'customer',
      cause: talks ? 'normal' : chance.pick(['busy', 'no-answer', 'declined']),
    });
    say('conversation.closed', {});
    commit();
  }
}

export function cast(seed: number, agents = 6, teams = 3): Cast {
  const chance = seededChance(seed);
  return {
    agents: Array.from({ length: agents }, (_, i) => mintId('ag', epochMs(i), chance.bytes(10))),
    teams: Array.from({ length: teams }, (_, i) => mintId('tm', epochMs(i), chance.bytes(10))),
  };
}
