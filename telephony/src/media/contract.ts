/** A media process as control sees it: `media/client.ts` implements it over the Unix socket. */
import type { MediaErrorCode, MediaEvent, MediaReplies, MediaRequest } from './protocol.js';

export class MediaError extends Error {
  override readonly name = 'MediaError';
  readonly code: MediaErrorCode | 'unreachable';
  constructor(code: MediaErrorCode | 'unreachable', detail: string) {
    super(`${code}: ${detail}`);
    this.code = code;
  }
}

export interface MediaClient {
  /** @throws MediaError; `unreachable` when the process is gone */
  request<Type extends MediaRequest['type']>(
    request: Extract<MediaRequest, { type: Type }>,
  ): Promise<MediaReplies[Type]>;
  onEvent(listener: (event: MediaEvent) => void): () => void;
  /** Called when the connection breaks: every leg of this process is to be taken as lost. The client reconnects by itself. */
  onLost(listener: () => void): () => void;
  /** Called at each (re)connection with the legs that the process still holds. */
  onReady(listener: (legs: MediaReplies['hello']['legs']) => void): () => void;
  readonly ready: boolean;
  close(): void;
}
