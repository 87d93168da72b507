/** What a live connection of a page is made with. */
import { api, ApiError } from './api.js';

/** The part of WebSocket that is used. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
  send(text: string): void;
  close(): void;
}

/** Opens a socket of this page's server. */
export function openSocket(path: string): Socket {
  const url = new URL(path, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return new WebSocket(url) as Socket;
}

/** False only when the server says that there is no session; a network that is down says nothing. */
export async function sessionHolds(): Promise<boolean> {
  try {
    await api.me();
    return true;
  } catch (error) {
    return !(error instanceof ApiError && error.code === 'not-signed-in');
  }
}
