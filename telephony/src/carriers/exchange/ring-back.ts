/** What an agent hears on their own line of a number that they called, until it is answered. */
import type { AgentId, LegId, LineId } from '@denwaban/core';
import type { MediaClient } from '../../media/contract.js';
import type { MediaRequest } from '../../media/protocol.js';
import type { Log } from './log.js';

export interface RingBackOptions {
  media: Pick<MediaClient, 'request'>;
  /** Asks the media process and forgets. */
  tell(request: MediaRequest): void;
  /** The agent's line when audio can flow over it now. */
  lineOf(agent: AgentId): LineId | null;
  log: Log;
}

export interface RingBack {
  /** It rings at `leg`. `early`: the network's own sound, as soon as there is any. */
  begin(leg: LegId, agent: AgentId, early: boolean): void;
  over(leg: LegId): void;
}

export function createRingBack({ media, tell, lineOf, log }: RingBackOptions): RingBack {
  const heard = new Map<LegId, LineId>();
  return {
    begin(leg, agent, early) {
      const line = lineOf(agent);
      if (line === null) return; // begun again as soon as there is one
      tell({ type: 'play', leg: line, sound: 'ring-back' });
      heard.set(leg, line);
      if (!early) return;
      // Ring-back goes on until the network really sends something, or for good when the two live in different processes.
      media.request({ type: 'listen', leg: line, to: leg }).catch((problem: unknown) => {
        log.debug(
          { leg, line, problem: String(problem) },
          'exchange: ring-back of ours instead of the network’s sound',
        );
      });
    },
    over(leg) {
      const line = heard.get(leg);
      if (line !== undefined && heard.delete(leg)) tell({ type: 'play', leg: line, sound: null });
    },
  };
}
