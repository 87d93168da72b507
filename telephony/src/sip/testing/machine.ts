/** Drives a transaction machine as its figure in the RFC does: what goes in, what comes out in words. */
import type { Action } from '../transaction/timers.js';

/** `send INV`, `A 500`, `stop A`, `pass`, `ack`, `failed timeout`, `ended`. */
export function words(actions: readonly Action<string>[]): string[] {
  return actions.map((action) => {
    switch (action.type) {
      case 'send':
        return `send ${action.message}`;
      case 'schedule':
        return `${action.timer} ${action.ms}`;
      case 'cancel':
        return `stop ${action.timer}`;
      case 'pass':
        return 'pass';
      case 'acknowledge':
        return 'ack';
      case 'failed':
        return `failed ${action.because}`;
      case 'ended':
        return 'ended';
    }
  });
}

export interface Driven<State, Input> {
  readonly status: string;
  readonly state: State;
  give(input: Input): string[];
}

export function drive<State extends { status: string }, Input>(
  start: [State, Action<string>[]],
  step: (state: State, input: Input) => [State, Action<string>[]],
): Driven<State, Input> & { first: string[] } {
  let [state] = start;
  return {
    first: words(start[1]),
    get status() {
      return state.status;
    },
    get state() {
      return state;
    },
    give(input) {
      const [next, actions] = step(state, input);
      state = next;
      return words(actions);
    },
  };
}
