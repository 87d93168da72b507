/** Asks a far end by OPTIONS whether it is there, again and again; what the answers mean is decided in reachable.ts. */
import { mintCallId, mintTag } from '../mint.js';
import type { Hop } from '../ports.js';
import { requestOutside } from '../requests.js';
import type { AgentCore } from './core.js';
import { asOurselves, type Ourselves } from './ourselves.js';
import { sendOutside } from './outside.js';
import { stepReachable, unknown, type Probe } from './reachable.js';
import { acceptHeader } from './rules.js';

export interface ProbePlan {
  hopsOf(found: (hops: readonly Hop[]) => void): void;
  /** Whom the question is put to: `sip:carrier.example`. */
  uri: string;
  intervalMs: number;
  contactHost: string | null;
}

type Core = Pick<AgentCore, 'sendRequest' | 'firstCseq' | 'chance' | 'timers' | 'upTo'>;

/** A far end that takes longer is no use for a call either. */
const hopMs = 4_000;

/** @param told of each change, the first answer included. @returns ends it */
export function keepAsking(core: Core, us: Ourselves, plan: ProbePlan, told: (now: 'up' | 'down') => void): () => void {
  let state = unknown;
  let over = false;
  let cancelTimer: () => void = () => {};

  function heard(probe: Probe): void {
    if (over) return;
    const before = state.status;
    const [next, ms] = stepReachable(state, probe, plan.intervalMs);
    state = next;
    // A tenth more or less: a hundred houses behind one carrier must not ask in one second.
    cancelTimer = core.timers.after(ms * (0.9 + core.upTo(1_000) / 5_000), ask);
    if (state.status !== before && state.status !== 'unknown') told(state.status);
  }

  function ask(): void {
    plan.hopsOf((hops) => {
      if (over) return;
      const callId = mintCallId(core.chance);
      const fromTag = mintTag(core.chance);
      sendOutside(
        core,
        {
          ...{ hops, credentials: null, hopMs },
          request: (hop) => {
            const { from, contact } = asOurselves(us, plan.contactHost, hop);
            const parts = { method: 'OPTIONS', uri: plan.uri, from, fromTag, to: `<${plan.uri}>`, callId };
            return requestOutside({ ...parts, extra: [...contact, acceptHeader] });
          },
        },
        {
          onResponse: ({ status }) => (status >= 200 ? heard({ answered: true, status }) : undefined),
          onFailed: () => heard({ answered: false }),
        },
      );
    });
  }

  ask();
  return () => {
    over = true;
    cancelTimer();
  };
}
