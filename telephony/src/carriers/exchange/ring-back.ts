/**
 * What an agent hears on their own line of a number that they called, until it is answered (RFC 3960 §3.2): the network's own
 * sound whenever there is some. Without any, ring-back of ours.
 *
 *   180                        ring-back at once, until the network sends something, and again when it falls silent
 *   183 and the like           ring-back at once; with a description, the network's sound is waited for first, for 2 s
 *   183, its sound has ended   silence: an announcement is over, and nobody said that a phone rings
 */
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
  /** It rings at `leg`. `early`: the network's own sound, as soon as there is any; `alerted`: somebody's phone rings. */
  begin(leg: LegId, of: { agent: AgentId; early: boolean; alerted: boolean }): void;
  over(leg: LegId): void;
}

const sound = 'ring-back';

export function createRingBack({ media, tell, lineOf, log }: RingBackOptions): RingBack {
  const heard = new Map<LegId, LineId>();
  return {
    begin(leg, { agent, early, alerted }) {
      const line = lineOf(agent);
      if (line === null) return; // begun again as soon as there is one
      const begun = heard.get(leg) === line;
      heard.set(leg, line);
      if (!early) return tell({ type: 'play', leg: line, sound });
      // Who hears the network's sound by now is not to hear a moment of ours in between.
      if (alerted && !begun) tell({ type: 'play', leg: line, sound });
      media
        .request({ type: 'listen', leg: line, to: leg, meanwhile: { sound, again: alerted } })
        .catch((problem: unknown) => {
          // The two may live in different processes: then it is ours for good.
          if (heard.get(leg) === line) tell({ type: 'play', leg: line, sound });
          const words = 'exchange: ring-back of ours instead of the network’s sound';
          log.debug({ leg, line, problem: String(problem) }, words);
        });
    },
    over(leg) {
      const line = heard.get(leg);
      if (line !== undefined && heard.delete(leg)) tell({ type: 'play', leg: line, sound: null });
    },
  };
}
