import { describe, expect, test } from 'vitest';
import { type AgentFacts, presenceState, whyNot } from './presence.js';

const ready: AgentFacts = { says: 'available', connected: true, proven: true, engaged: null };

describe('presence', () => {
  test('[PRS1] a call in hand outranks what is said and what is connected', () => {
    for (const engaged of ['offered', 'talking', 'wrap-up'] as const) {
      expect(presenceState({ says: 'away', connected: false, proven: false, engaged })).toBe(engaged);
    }
  });
  test.each([
    [ready, 'available', null],
    [{ ...ready, proven: false }, 'connecting', 'line-not-proven'],
    [{ ...ready, says: 'away' }, 'away', 'away'],
    [{ ...ready, connected: false }, 'offline', 'offline'],
    [{ ...ready, engaged: 'offered' }, 'offered', 'offered-another'],
  ] as const)('[PRS2] %o is %s', (facts, state, because) => {
    expect(presenceState(facts)).toBe(state);
    expect(whyNot(presenceState(facts))).toBe(because);
  });
});
