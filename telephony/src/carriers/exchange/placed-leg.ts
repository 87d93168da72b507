/**
 * A customer's leg that we placed, until it is answered; from then on it is a leg like any other (leg.ts). Pure.
 *
 *   placed: silent ─▶ ours ─▶ theirs (what the agent hears: nothing yet, our ring-back, the network's own sound)
 *              └────────┴────────┴── answered ─▶ alone     (any) ── refused, cancelled ─▶ ended
 */
import type { AgentId, LegId, PhoneEvent, EpochMs } from '@denwaban/core';
import type { CustomerLeg, LegAction, LegInput, ReachedOut } from './leg.js';

export interface PlacedLeg {
  status: 'placed';
  reached: ReachedOut;
  /** On whose behalf. */
  agent: AgentId;
  hears: 'nothing' | 'ours' | 'theirs';
  /** Somebody's phone has rung. */
  alerted: boolean;
}

export const placedLeg = (agent: AgentId): PlacedLeg => ({
  status: 'placed',
  reached: 'placed',
  agent,
  hears: 'nothing',
  alerted: false,
});

const ringBack = ({ agent, hears, alerted }: PlacedLeg): LegAction => ({
  ...{ do: 'ring-back', agent, early: hears === 'theirs', alerted },
});

/** @param at the exchange's clock at this input */
export function stepPlaced(id: LegId, leg: PlacedLeg, input: LegInput, at: EpochMs): [CustomerLeg, LegAction[]] {
  const emit = (event: PhoneEvent): LegAction => ({ do: 'emit', event });
  const ended: CustomerLeg = { status: 'ended' };
  const quiet: LegAction = { do: 'ring-back-over' };

  switch (input.type) {
    case 'far-end-rings': {
      const hears = input.early || leg.hears === 'theirs' ? 'theirs' : 'ours';
      const rings = { ...leg, hears, alerted: leg.alerted || input.alerted } as const;
      const same = hears === leg.hears && (hears === 'ours' || rings.alerted === leg.alerted);
      if (same) return [rings, [{ do: 'ignore', because: 'rings-already' }]];
      const actions = [ringBack(rings)];
      if (leg.hears === 'nothing') actions.push(emit({ type: 'leg.ringing', leg: id, at, early: input.early }));
      return [rings, actions];
    }

    case 'line-proven':
    case 'reanchored':
      // The agent's desk was reloaded, or the media process of one of the two came back: they hear it ring on.
      if (leg.hears === 'nothing') return [leg, []];
      return [leg, [ringBack(leg)]];

    case 'far-end-answered': {
      const { token, trunk } = input;
      const answered = { type: 'leg.answered', leg: id, at, token, ...(trunk === undefined ? {} : { trunk }) } as const;
      return [{ status: 'alone', reached: 'answered' }, [quiet, emit(answered)]];
    }

    case 'far-end-ended':
      return [ended, [quiet, { do: 'bury' }, emit({ type: 'leg.ended', leg: id, at, cause: input.cause })]];

    case 'hang-up':
      return [ended, [quiet, { do: 'end', reached: 'placed', cause: input.cause }, { do: 'bury' }]];

    case 'media-lost':
      if (input.again) return [leg, [{ do: 'reanchor' }]];
      return [
        ended,
        [
          quiet,
          { do: 'end', reached: 'placed', cause: 'failed' },
          { do: 'bury' },
          emit({ type: 'leg.ended', leg: id, at, cause: 'media-lost' }),
        ],
      ];

    case 'join': {
      const { agentLeg } = input;
      const failed = { type: 'leg.join-failed', customer: id, agentLeg, at, because: 'not-answered' } as const;
      return [leg, [emit(failed)]];
    }

    default:
      return [leg, [{ do: 'ignore', because: 'not-answered' }]];
  }
}
