/** A desk wants to call somebody: may it, can it, and then the conversation begins. */
import {
  type Conversation,
  type Directory,
  type E164,
  mintId,
  type Placed,
  type TrunkId,
  whyNotCall,
} from '@denwaban/core';
import type { DeskMessage } from '@denwaban/core/wire';
import { Refusal } from '../services.js';
import type { Engine } from './engine.js';
import type { Identify } from './identify.js';
import type { RosterAgent } from './roster.js';

export interface CallOutOptions {
  carrier: Conversation['carrier'];
  /** Whether there is a trunk at all that can call out. */
  hasTrunk: boolean;
  /** Beginnings of E.164 numbers that may be called; none: nobody calls out. */
  prefixes: readonly string[];
  /** The number of ours that is shown to those called by this trunk, when it shows one. */
  callerId(trunk: TrunkId): E164 | null;
}

export interface CallingOut {
  /** Resolves when the conversation is on disk. @throws Refusal */
  place(agent: RosterAgent, message: Extract<DeskMessage, { type: 'call.place' }>): Promise<void>;
  /** What the answer of a call that we placed tells of it. */
  placed(trunk: TrunkId | null): Placed;
}

export function createCallingOut(
  engine: Engine,
  directory: Directory,
  identify: Identify,
  numbers: ReadonlyMap<E164, string>,
  options: CallOutOptions,
): CallingOut {
  const { conversations, clock, random } = engine;

  /** Details name no number: refusals end up in logs, and what somebody dialled is theirs. */
  function refuseUnlessFree(agent: RosterAgent): void {
    if (conversations.engagement(agent.person.id) !== null) throw new Refusal('busy', 'call.place');
    if (agent.line?.proven !== true) throw new Refusal('no-line', 'call.place');
  }

  return {
    async place(agent, { number: written }) {
      const number = directory.normalise(written);
      const because = whyNotCall(written, number, options.prefixes);
      if (because !== null || number === null) throw new Refusal(because ?? 'no-number', 'call.place');
      if (!options.hasTrunk) throw new Refusal('no-trunk', 'call.place');
      refuseUnlessFree(agent);
      const identified = await identify({ agent: agent.person.id }, number);
      // Meanwhile they may have been offered a call, or clicked twice. [OUT8]
      refuseUnlessFree(agent);
      const now = clock.now();
      const conversation = mintId('cv', now, random(10));
      const { durable } = engine.give(conversation, {
        type: 'agent-called',
        conversation,
        agent: agent.person.id,
        leg: mintId('lg', now, random(10)),
        agentLeg: mintId('lg', now, random(10)),
        carrier: options.carrier,
        to: number,
        identified,
      });
      await durable;
    },
    placed(trunk) {
      const from = trunk === null ? null : options.callerId(trunk);
      const name = from === null ? '' : (numbers.get(from) ?? '');
      return { trunk, from, name, recording: mintId('rc', clock.now(), random(10)) };
    },
  };
}
