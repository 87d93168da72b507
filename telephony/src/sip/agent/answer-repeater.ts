/**
 * Repeats our 2xx until its ACK comes (RFC 3261 §13.3.1.4): T1 doubling to T2, given up after 64·T1, over TCP too. A reliable
 * provisional answer is repeated alike until its PRACK, but doubles without end (RFC 3262 §3).
 */
import { nothing, type Timers } from '../ports.js';
import { patience, type TimerValues } from '../transaction/timers.js';

export class AnswerRepeater {
  readonly #timers: Timers;
  readonly #resend: () => void;
  readonly #longestMs: number;
  #cancelResend = nothing;
  readonly #cancelGiveUp: () => void;
  #done = false;

  constructor(timers: Timers, times: TimerValues, resend: () => void, givenUp: () => void, longestMs = times.t2) {
    this.#timers = timers;
    this.#resend = resend;
    this.#longestMs = longestMs;
    this.#resendIn(times.t1);
    this.#cancelGiveUp = timers.after(patience(times), () => {
      if (this.#done) return;
      this.stop();
      givenUp();
    });
  }

  #resendIn(ms: number): void {
    this.#cancelResend = this.#timers.after(ms, () => {
      if (this.#done) return;
      this.#resend();
      this.#resendIn(Math.min(ms * 2, this.#longestMs));
    });
  }

  /** The ACK is here, or the call is over. */
  stop(): void {
    this.#done = true;
    this.#cancelResend();
    this.#cancelGiveUp();
  }
}
