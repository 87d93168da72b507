import { connect, type Socket } from 'node:net';
import { basename } from 'node:path';
import { MediaError, type MediaClient, type Owns, type MediaProcessState } from './contract.js';
import { LineReader } from './lines.js';
import {
  mediaProtocolVersion,
  type HeldLeg,
  type MediaEvent,
  type MediaFrame,
  type MediaReplies,
  type MediaRequest,
} from './protocol.js';

export type MediaLog = (
  level: 'info' | 'warn' | 'error',
  message: string,
  data?: Record<string, string | number | boolean | null>,
) => void;

const requestMsMax = 5_000;
const retryMsMin = 100;
/** Callers sit in silence meanwhile. */
const retryMsMax = 250;
const lineCharsMax = 4 * 1024 * 1024;
/** One process: whatever leg is asked about is its. */
const all: Owns = () => true;

interface Asked {
  resolve: (value: unknown) => void;
  reject: (error: MediaError) => void;
  timer: NodeJS.Timeout;
}

/**
 * Connects to a media process and stays connected: tries again after 100 ms, then less often, up to every 250 ms, until closed.
 *
 * @param socketPath its Unix socket; need not be there yet
 * @param log hears of connections, of refused versions, and of what the media process has to say
 */
export function connectMedia(socketPath: string, log: MediaLog): MediaClient {
  const eventListeners = new Set<(event: MediaEvent) => void>();
  const lostListeners = new Set<(owns: Owns) => void>();
  const readyListeners = new Set<(legs: readonly HeldLeg[], owns: Owns) => void>();
  const asked = new Map<number, Asked>();
  let socket: Socket | null = null;
  let ready = false;
  let processId: number | null = null;
  let load: MediaProcessState['load'] = null;
  let closed = false;
  let lastNumber = 0;
  let retryMs = retryMsMin;
  let retry: NodeJS.Timeout | null = null;
  /** What the process last refused us with: it is tried again and again, and said once. */
  let refused = '';

  const ask = (to: Socket, request: MediaRequest): Promise<unknown> =>
    new Promise((resolve, reject) => {
      lastNumber += 1;
      const n = lastNumber;
      const timer = setTimeout(() => {
        asked.delete(n);
        reject(new MediaError('unreachable', `no reply to ${request.type} within ${requestMsMax} ms`));
      }, requestMsMax);
      asked.set(n, { resolve, reject, timer });
      to.write(`${JSON.stringify({ ...request, n })}\n`);
    });

  const receive = (line: string | null): void => {
    const frame = line === null ? null : parse(line);
    if (frame === null) {
      log('error', 'the media process sent what is no frame');
      return;
    }
    if (frame.kind === 'event') {
      const { kind: _, ...event } = frame;
      if (event.type === 'log') log(event.level, event.message, event.data);
      if (event.type === 'load') load = event;
      for (const listener of eventListeners) listener(event);
      return;
    }
    const waiting = asked.get(frame.n);
    if (waiting === undefined) return;
    asked.delete(frame.n);
    clearTimeout(waiting.timer);
    if (frame.ok) waiting.resolve(frame.value);
    else waiting.reject(new MediaError(frame.code, frame.detail));
  };

  const open = (): void => {
    retry = null;
    const fresh = connect(socketPath);
    const reader = new LineReader(lineCharsMax);
    socket = fresh;
    fresh.on('error', () => undefined);
    fresh.on('data', (chunk) => reader.read(chunk).forEach(receive));
    fresh.on('connect', () => {
      ask(fresh, { type: 'hello', version: mediaProtocolVersion }).then(
        (value) => {
          if (socket !== fresh || closed) return;
          const { legs, pid } = value as MediaReplies['hello'];
          ready = true;
          processId = pid;
          retryMs = retryMsMin;
          refused = '';
          log('info', 'media process connected', { pid, legs: legs.length });
          for (const listener of readyListeners) listener(legs, all);
        },
        (error: MediaError) => {
          if (!closed && error.code !== 'unreachable' && error.message !== refused) {
            refused = error.message;
            const calls = error.code === 'version' ? '; its calls end, and one of our version takes its place' : '';
            log('error', `media process refused us${calls}`, { detail: error.message });
          }
          fresh.destroy();
        },
      );
    });
    fresh.on('close', () => {
      if (socket === fresh) socket = null;
      for (const [n, waiting] of asked) {
        asked.delete(n);
        clearTimeout(waiting.timer);
        waiting.reject(new MediaError('unreachable', 'the connection to the media process broke'));
      }
      const wasReady = ready;
      ready = false;
      processId = null;
      load = null;
      if (closed) return;
      retry = setTimeout(open, retryMs);
      retryMs = Math.min(retryMs * 2, retryMsMax);
      if (!wasReady) return;
      log('warn', 'media process lost');
      for (const listener of lostListeners) listener(all);
    });
  };
  open();

  return {
    request<Type extends MediaRequest['type']>(request: Extract<MediaRequest, { type: Type }>) {
      if (socket === null || !ready) {
        return Promise.reject<MediaReplies[Type]>(new MediaError('unreachable', 'no media process is connected'));
      }
      return ask(socket, request) as Promise<MediaReplies[Type]>;
    },
    onEvent: (listener) => subscribe(eventListeners, listener),
    onLost: (listener) => subscribe(lostListeners, listener),
    onReady: (listener) => subscribe(readyListeners, listener),
    get ready() {
      return ready;
    },
    get complete() {
      return ready;
    },
    get processes() {
      return [{ name: basename(socketPath, '.sock'), ready, pid: processId, load }];
    },
    close() {
      closed = true;
      if (retry !== null) clearTimeout(retry);
      socket?.destroy();
    },
  };
}

function subscribe<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function parse(line: string): MediaFrame | null {
  try {
    const frame = JSON.parse(line) as MediaFrame;
    return frame.kind === 'event' || frame.kind === 'reply' ? frame : null;
  } catch {
    return null;
  }
}
