/** A call of either direction, as the agent keeps it. */
import type { Session } from './session.js';

export interface Call {
  /** Our tag, by which the far end's requests are found. */
  readonly id: string;
  readonly trunk: string;
  readonly callId: string;
  /** The dialog with the peer of this tag; a forked call of ours may have several. */
  sessionWith(remoteTag: string): Session | undefined;
  /** Its far end is there: where we called, or whence it called. */
  isWith(address: string): boolean;
  /** The process goes. */
  hangUpNow(cause: string): void;
  /** No timer fires any more, and nobody is told of anything. */
  stop(): void;
}
