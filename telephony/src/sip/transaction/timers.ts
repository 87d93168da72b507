/** Timers of RFC 3261 §17 (table 4), RFC 6026, and what a machine asks for. Values in ms. */
export interface TimerValues {
  /** Round-trip estimate. */
  t1: number;
  /** Longest interval between retransmissions. */
  t2: number;
  /** Longest time a message stays in the network. */
  t4: number;
}

export const rfcTimers: TimerValues = { t1: 500, t2: 4_000, t4: 5_000 };

/** How long a client waits for the first answer, a server for the ACK: 64·T1. */
export const patience = (times: TimerValues): number => 64 * times.t1;

/** Timer D: at least 32 s. */
export const lingerMs = 32_000;

export type Timer = 'A' | 'B' | 'D' | 'E' | 'F' | 'G' | 'H' | 'I' | 'J' | 'K' | 'L' | 'M';

/** What a machine asks of the layer around it. */
export type Action<Message> =
  | { type: 'send'; message: Message }
  | { type: 'schedule'; timer: Timer; ms: number }
  | { type: 'cancel'; timer: Timer }
  /** Hand the answer (clients) or the ACK of a 2xx (servers) to the transaction's user. */
  | { type: 'pass' }
  /** Send the ACK of the non-2xx answer just received (§17.1.1.3). */
  | { type: 'acknowledge' }
  /** The user is told that nothing came or nothing could be sent. */
  | { type: 'failed'; because: 'timeout' | 'transport' }
  /** The machine is done and may be forgotten. */
  | { type: 'ended' };

export interface Setting {
  /** TCP: no retransmissions, no waiting for strays. */
  reliable: boolean;
  times: TimerValues;
}
