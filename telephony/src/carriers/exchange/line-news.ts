/** How lines are, told of conversations instead of media legs. */
import { epochMs, type AgentId, type EpochMs, type LegId, type LineId, type PhoneEvent } from '@denwaban/core';
import type { MediaEvent } from '../../media/protocol.js';

export interface LineNews {
  /** The agent talks to this customer over this line since then; null: since some time before this process. */
  talks(customer: LegId, line: LineId, agent: AgentId, since: EpochMs | null): void;
  heard(event: Extract<MediaEvent, { type: 'leg-quality' }>): void;
}

interface TalkOver {
  customer: LegId;
  agent: AgentId;
  since: number;
}

/** Two processes that carry one talk each say when their half of its bridge stood. */
const togetherMs = 1_000;

/**
 * The last word on a talk comes when its bridge is taken down, and by then nobody remembers who talked over the line: so it is
 * remembered here, until that word. The next talk over the line may have begun when it comes.
 */
export function createLineNews(emit: (event: PhoneEvent) => void): LineNews {
  const talks = new Map<string, TalkOver[]>();
  return {
    talks(customer, line, agent, since) {
      talks.set(line, [...(talks.get(line) ?? []), { customer, agent, since: since ?? 0 }]);
    },
    heard({ leg, at, since, final, spanMs, mean, worst }) {
      const over = talks.get(leg) ?? [];
      const talk = over.findLast((one) => one.since <= since + togetherMs);
      if (final) {
        const later = over.filter((one) => one.since > since + togetherMs);
        if (later.length > 0) talks.set(leg, later);
        else talks.delete(leg);
      }
      // What is no agent's line is a customer's leg; one that nobody knows (any more) finds no conversation.
      if (talk === undefined && leg.startsWith('ln_')) return;
      emit({
        type: 'line.measured',
        customer: talk?.customer ?? (leg as LegId),
        agent: talk?.agent ?? null,
        at: epochMs(at),
        since: epochMs(since),
        final,
        spanMs,
        mean,
        worst,
      });
    },
  };
}
