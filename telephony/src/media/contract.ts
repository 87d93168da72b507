/** Media as control sees it: `media/client.ts` is one process, behind a Unix socket; `media/pool.ts` makes several look like one. */
import type { HeldLeg, MediaErrorCode, MediaEvent, MediaLoad, MediaReplies, MediaRequest } from './protocol.js';

export class MediaError extends Error {
  override readonly name = 'MediaError';
  readonly code: MediaErrorCode | 'unreachable';
  constructor(code: MediaErrorCode | 'unreachable', detail: string) {
    super(`${code}: ${detail}`);
    this.code = code;
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Does (or did) the leg live in the process that the news is of? */
export type Owns = (leg: string) => boolean;

export interface MediaProcessState {
  /** As its socket is named: media-1. */
  name: string;
  ready: boolean;
  pid: number | null;
  /** What it last said of itself; null when it is not there, or has not yet. */
  load: (MediaLoad & { at: number }) | null;
}

export interface MediaClient {
  /** @throws MediaError; `unreachable` when the process is gone */
  request<Type extends MediaRequest['type']>(
    request: Extract<MediaRequest, { type: Type }>,
  ): Promise<MediaReplies[Type]>;
  onEvent(listener: (event: MediaEvent) => void): () => void;
  /** Called when the connection to a process breaks: its legs are to be taken as lost. The client reconnects by itself. */
  onLost(listener: (owns: Owns) => void): () => void;
  /** Called at each (re)connection with the legs that the process still holds. `owns`: of these, and of those it held before. */
  onReady(listener: (legs: readonly HeldLeg[], owns: Owns) => void): () => void;
  /** Somebody can be asked. */
  readonly ready: boolean;
  /** Every process can be. */
  readonly complete: boolean;
  readonly processes: readonly MediaProcessState[];
  close(): void;
}
