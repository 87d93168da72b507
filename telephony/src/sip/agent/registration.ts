/**
 * Being known to a registrar (RFC 3261 §10.2): when to ask, whom, and what an answer means. Pure: one state and one input give the
 * next state and what is to be done. registrar.ts carries it out.
 *
 *     idle ─start─▶ asking ──granted──▶ registered ──timer, flow lost──▶ asking
 *                     │ ▲                  refreshed long before its end
 *                     │ └── the next server at once, after the last one a wait that doubles ── failed, 5xx
 *                     └── refused: a wait that doubles, and no other server: its word would be the same
 *     any ─stop─▶ leaving ──any outcome──▶ left
 */
export interface Registration {
  status: 'idle' | 'asking' | 'registered' | 'waiting' | 'leaving' | 'left';
  /** Index of the server that is or was asked last. */
  server: number;
  /** Servers asked since the last wait or success. */
  tried: number;
  /** Waits since the last success. */
  failures: number;
  /** What is asked for; a registrar may want more (423). */
  expiresS: number;
  /** The registrar holds our address until then, ms; null when it does not, as far as we know. */
  untilMs: number | null;
  /** Why it does not stand; null when it does. */
  because: RegistrationTrouble | null;
}

export type RegistrationTrouble = { status: number } | 'timeout' | 'transport' | 'no-address';

export type RegistrationInput =
  | { type: 'start' | 'timer' | 'flow-lost' | 'moved' | 'stop' }
  /** 2xx, with what our Contact was given. */
  | { type: 'granted'; expiresS: number }
  /** 423 with its Min-Expires. */
  | { type: 'too-brief'; minExpiresS: number }
  | { type: 'refused'; status: number; retryAfterS: number | null }
  | { type: 'failed'; because: 'timeout' | 'transport' | 'no-address' };

export type RegistrationAction =
  /** REGISTER to this server; `expiresS` 0 ends it. */
  | { do: 'ask'; server: number; expiresS: number }
  /** Come back with `timer` after so long; replaces any wait before. */
  | { do: 'wait'; ms: number }
  | { do: 'left' };

export interface RegistrationSetting {
  servers: number;
  expiresS: number;
  nowMs: number;
  /** Evenly from 0 up to and without 1: many houses must not come back in the same second. */
  random(): number;
}

/** A line that is down is tried again soon; a refusal is not: carriers lock out who insists. */
const retryMs = { failed: 4_000, refused: 60_000, max: 1_800_000 } as const;
const expiresMaxS = 86_400;

export const idle = (expiresS: number): Registration => ({
  ...{ status: 'idle', server: 0, tried: 0, failures: 0, expiresS, untilMs: null, because: null },
});

export function stepRegistration(
  now: Registration,
  input: RegistrationInput,
  setting: RegistrationSetting,
): [Registration, RegistrationAction[]] {
  if (now.status === 'left') return [now, []];
  if (now.status === 'leaving') {
    // Whatever comes, we have said that we go.
    return input.type === 'granted' || input.type === 'refused' || input.type === 'failed' || input.type === 'too-brief'
      ? [{ ...now, status: 'left', untilMs: null }, [{ do: 'left' }]]
      : [now, []];
  }
  switch (input.type) {
    case 'start':
      return now.status === 'idle' ? ask(now) : [now, []];
    case 'stop':
      if (now.untilMs === null || now.untilMs <= setting.nowMs) return [{ ...now, status: 'left' }, [{ do: 'left' }]];
      return [{ ...now, status: 'leaving' }, [{ do: 'ask', server: now.server, expiresS: 0 }]];
    case 'timer':
      return now.status === 'registered' || now.status === 'waiting' ? ask(now) : [now, []];
    case 'flow-lost':
      // The registrar would send calls into a connection that is no more. A moment's wait: a server that starts anew closes all.
      if (now.status !== 'registered') return [now, []];
      return [{ ...now, status: 'waiting' }, [{ do: 'wait', ms: 200 + setting.random() * 1_800 }]];
    case 'moved':
      return now.status === 'registered' ? ask(now) : [now, []];
    case 'granted':
      return granted(now, input.expiresS, setting);
    case 'too-brief':
      // Once; who then wants still more is answered as a refusal.
      if (now.status !== 'asking') return [now, []];
      if (input.minExpiresS <= now.expiresS || input.minExpiresS > expiresMaxS) {
        return refused(now, { status: 423 }, null, setting);
      }
      return ask({ ...now, expiresS: input.minExpiresS });
    case 'refused':
      if (now.status !== 'asking') return [now, []];
      if (input.status >= 500 || input.status === 408)
        return nextServer(now, { status: input.status }, input.retryAfterS, setting);
      return refused(now, { status: input.status }, input.retryAfterS, setting);
    case 'failed':
      return now.status === 'asking' ? nextServer(now, input.because, null, setting) : [now, []];
    default:
      return input satisfies never;
  }
}

function ask(now: Registration): [Registration, RegistrationAction[]] {
  return [{ ...now, status: 'asking' }, [{ do: 'ask', server: now.server, expiresS: now.expiresS }]];
}

function granted(
  now: Registration,
  expiresS: number,
  { nowMs, random }: RegistrationSetting,
): [Registration, RegistrationAction[]] {
  if (now.status !== 'asking') return [now, []];
  const lastsMs = Math.min(expiresS, expiresMaxS) * 1_000;
  // Between three quarters and nine tenths of it, so that a first failure leaves time for a second try.
  const refreshMs = Math.max(1_000, lastsMs * (0.75 + random() * 0.15));
  return [
    { ...now, status: 'registered', tried: 0, failures: 0, untilMs: nowMs + lastsMs, because: null },
    [{ do: 'wait', ms: refreshMs }],
  ];
}

function nextServer(
  now: Registration,
  because: RegistrationTrouble,
  retryAfterS: number | null,
  setting: RegistrationSetting,
): [Registration, RegistrationAction[]] {
  const tried = now.tried + 1;
  const server = (now.server + 1) % setting.servers;
  if (tried < setting.servers) return ask({ ...now, server, tried, because });
  return wait({ ...now, server, because }, retryMs.failed, retryAfterS, setting);
}

function refused(
  now: Registration,
  because: RegistrationTrouble,
  retryAfterS: number | null,
  setting: RegistrationSetting,
): [Registration, RegistrationAction[]] {
  return wait({ ...now, because, untilMs: null }, retryMs.refused, retryAfterS, setting);
}

/** RFC 5626 §4.5 in kind: doubles, and is spread over its upper half. What the far end asked for is the least. */
function wait(
  now: Registration,
  baseMs: number,
  retryAfterS: number | null,
  { random }: RegistrationSetting,
): [Registration, RegistrationAction[]] {
  const whole = Math.min(retryMs.max, baseMs * 2 ** Math.min(now.failures, 12));
  const spread = whole * (0.5 + random() * 0.5);
  const asked = Math.min(retryMs.max, (retryAfterS ?? 0) * 1_000);
  return [
    { ...now, status: 'waiting', tried: 0, failures: now.failures + 1 },
    [{ do: 'wait', ms: Math.max(spread, asked * (1 + random() * 0.1)) }],
  ];
}
