/** The HTTP API under /api/v1, as far as the screens need it. Every answer is checked against the schema of `core/wire`. */
import {
  conversationDetail,
  conversationList,
  customerList,
  customerView,
  demoInfo,
  errorBody,
  health,
  iceServers,
  importResult,
  me,
  recordingPeaks,
  systemView,
  type ErrorCode,
  type SignIn,
} from '@denwaban/core/wire';

interface Schema<Value> {
  parse(value: unknown): Value;
}

/** A refusal by the server (its code), or `network` when no answer came, or one that is not ours. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ErrorCode | 'network';
  readonly requestId: string | undefined;
  constructor(code: ErrorCode | 'network', detail: string, requestId?: string) {
    super(`${code}: ${detail}`);
    this.code = code;
    this.requestId = requestId;
  }
}

/** Codes after which asking again may help; TanStack Query retries these only. */
export const mayRetry = (error: unknown) =>
  error instanceof ApiError && (error.code === 'network' || error.code === 'unavailable');

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, { credentials: 'same-origin', ...init });
  } catch (cause) {
    throw new ApiError('network', String(cause));
  }
  if (response.ok) return response;
  const body = errorBody.safeParse(await response.json().catch(() => null));
  if (!body.success) throw new ApiError(response.status >= 502 ? 'network' : 'internal', `HTTP ${response.status}`);
  throw new ApiError(body.data.code, body.data.detail, body.data.requestId);
}

async function get<Value>(schema: Schema<Value>, path: string, signal?: AbortSignal): Promise<Value> {
  const response = await ask(path, signal ? { signal } : {});
  return schema.parse(await response.json());
}

const json = (method: string, body: unknown): RequestInit => ({
  method,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

/** `?a=1&b=2` of what is set; the empty string and undefined are left out. */
export function query(values: Record<string, string | number | undefined>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return text && `?${text}`;
}

export const api = {
  health: (signal?: AbortSignal) => get(health, '/health', signal),
  system: (signal?: AbortSignal) => get(systemView, '/system', signal),
  me: (signal?: AbortSignal) => get(me, '/me', signal),
  iceServers: (signal?: AbortSignal) => get(iceServers, '/me/ice-servers', signal),
  signIn: async (request: SignIn) => void (await ask('/session', json('POST', request))),
  signOut: async () => void (await ask('/session', { method: 'DELETE' })),
  demo: (signal?: AbortSignal) => get(demoInfo, '/demo', signal),
  customers: (values: { q?: string; cursor?: string; limit?: number }, signal?: AbortSignal) =>
    get(customerList, `/customers${query(values)}`, signal),
  customer: (id: string, signal?: AbortSignal) => get(customerView, `/customers/${encodeURIComponent(id)}`, signal),
  importCustomers: async (csv: string, dryRun: boolean) =>
    importResult.parse(await (await ask('/customers/import', json('POST', { csv, dryRun }))).json()),
  conversations: (values: Record<string, string | number | undefined>, signal?: AbortSignal) =>
    get(conversationList, `/conversations${query(values)}`, signal),
  conversation: (id: string, signal?: AbortSignal) =>
    get(conversationDetail, `/conversations/${encodeURIComponent(id)}`, signal),
  peaks: (id: string, points: number, signal?: AbortSignal) =>
    get(recordingPeaks, `/conversations/${encodeURIComponent(id)}/peaks${query({ points })}`, signal),
  recordingUrl: (id: string) => `/api/v1/conversations/${encodeURIComponent(id)}/recording`,
};
