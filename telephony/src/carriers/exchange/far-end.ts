/** The customer's own phone, whatever it is: a SIP user agent, who called or was called, or a page in a browser. */
import type { HangUpCause, LegEndCause, TrunkId } from '@denwaban/core';
import type { Reached, ReachedOut } from './leg.js';

export interface FarEnd {
  ring(): void;
  /** `answered` of the listener follows, at once or later. */
  answer(): void;
  end(reached: Reached | ReachedOut, cause: HangUpCause): void;
  /**
   * The media process that had our end of the audio died: opens another end, and tells the far end where it is when it has to
   * know. Missing: this far end cannot be moved. @throws MediaError when there is no process to open it in
   */
  reanchor?(): Promise<void>;
}

/** What a caller's phone tells the exchange about a leg. */
export interface FarEndListener {
  /** It was called, and rings. `early`: the network sends a sound of its own; `alerted`: somebody's phone rings, surely. */
  rings(early: boolean, alerted: boolean): void;
  /** `trunk`: by which it was called. */
  answered(token: string | null, trunk?: TrunkId): void;
  /** What `answered` gave has changed. */
  moved(token: string): void;
  ended(cause: Exclude<LegEndCause, 'media-lost'>): void;
  digit(digit: string): void;
  /** It has hung up, and the one whom it asked us to call in its place rings; false: no longer. */
  transferRings(now: boolean): void;
}
