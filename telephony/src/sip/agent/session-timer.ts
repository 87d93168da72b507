/**
 * Session timers (RFC 4028): a call whose far end has died without a BYE is noticed, because one side shows now and then that it
 * lives, by UPDATE or re-INVITE.
 *
 *     0 ───────────── interval / 2 ──────────── interval − min(32 s, interval / 3) ── interval
 *        the refresher refreshes                          whoever heard nothing ends the call
 */
import { header, headerTokens, type SipHeader, type SipMessage } from '../message.js';
import { nothing, type Timers } from '../ports.js';
import { param, parseNumber, parseParams } from '../syntax.js';

/** What both sides agreed on. */
export interface SessionTimer {
  intervalS: number;
  refresher: 'us' | 'them';
}

/** The shortest interval that we agree to (§5 forbids less). */
export const minSeS = 90;
/** What we propose (§4 recommends it). */
export const sessionExpiresS = 1_800;
const intervalSMax = 86_400;

/** Session-Expires; null when there is none that can be read. */
export function readSessionExpires(message: SipMessage): { seconds: number; refresher: string | null } | null {
  const value = header(message, 'session-expires');
  if (value === null) return null;
  const semicolon = value.indexOf(';');
  const seconds = parseNumber((semicolon < 0 ? value : value.slice(0, semicolon)).trim(), 2 ** 31);
  const params = semicolon < 0 ? [] : parseParams(value, semicolon);
  if (seconds === null || params === null) return null;
  return { seconds, refresher: param(params, 'refresher')?.toLowerCase() ?? null };
}

export function readMinSe(message: SipMessage): number {
  return parseNumber((header(message, 'min-se') ?? '').split(';')[0]?.trim() ?? '', intervalSMax) ?? minSeS;
}

/** What a request of ours says: a proposal, or that what was agreed on goes on. */
export function proposeTimer(
  intervalS: number,
  minS: number,
  refresher: SessionTimer['refresher'] | null,
): SipHeader[] {
  const who = refresher === null ? '' : `;refresher=${refresher === 'us' ? 'uac' : 'uas'}`;
  return [
    { name: 'session-expires', value: `${Math.max(intervalS, minS)}${who}` },
    { name: 'min-se', value: String(minS) },
  ];
}

/** The far end's 2xx to a request of ours: without the header it keeps no timer (§7.2). */
export function timerOfAnswer(response: SipMessage): SessionTimer | null {
  const said = readSessionExpires(response);
  if (said === null) return null;
  const intervalS = Math.min(Math.max(said.seconds, minSeS), intervalSMax);
  return { intervalS, refresher: said.refresher === 'uas' ? 'them' : 'us' };
}

/**
 * Our 2xx to a request of the far end (§9).
 *
 * @returns 'too-short': to be refused with 422. A far end that knows no timers is let alone: what a proxy asks on its behalf for
 *   less than `minSeS` cannot be refused in a way that it understands.
 */
export function answerTimer(request: SipMessage): { timer: SessionTimer | null; headers: SipHeader[] } | 'too-short' {
  const supports =
    headerTokens(request, 'supported').includes('timer') || headerTokens(request, 'require').includes('timer');
  const said = readSessionExpires(request);
  if (said !== null && said.seconds < minSeS) return supports ? 'too-short' : { timer: null, headers: [] };
  if (said === null && !supports) return { timer: null, headers: [] };
  const intervalS = Math.min(said?.seconds ?? Math.max(sessionExpiresS, readMinSe(request)), intervalSMax);
  const theirs = supports && said !== null && said.refresher !== 'uas';
  const headers: SipHeader[] = [{ name: 'session-expires', value: `${intervalS};refresher=${theirs ? 'uac' : 'uas'}` }];
  if (supports) headers.push({ name: 'require', value: 'timer' });
  return { timer: { intervalS, refresher: theirs ? 'them' : 'us' }, headers };
}

/** Whose time is counted. */
export interface Clocked {
  /** Again and again, until `start` is called for its success. */
  refresh(): void;
  expired(): void;
}

/** Counts one session's time. */
export class SessionClock {
  readonly #timers: Timers;
  readonly #session: Clocked;
  #cancelRefresh = nothing;
  #cancelExpiry = nothing;
  #timer: SessionTimer | null = null;

  constructor(timers: Timers, session: Clocked) {
    this.#timers = timers;
    this.#session = session;
  }

  get timer(): SessionTimer | null {
    return this.#timer;
  }

  /** @param refreshMs until the first refresh, if it is ours; half the interval unless told */
  start(timer: SessionTimer | null, refreshMs = (timer?.intervalS ?? 0) * 500): void {
    this.stop();
    this.#timer = timer;
    if (timer === null) return;
    const { intervalS, refresher } = timer;
    this.#cancelExpiry = this.#timers.after(1_000 * (intervalS - Math.min(32, intervalS / 3)), () => {
      this.#cancelRefresh();
      this.#session.expired();
    });
    if (refresher === 'us') this.#refreshIn(refreshMs);
  }

  stop(): void {
    this.#timer = null;
    this.#cancelRefresh();
    this.#cancelExpiry();
  }

  /** A refresh that failed is tried again after half the time, but never more often than every 5 s. */
  #refreshIn(ms: number): void {
    this.#cancelRefresh = this.#timers.after(ms, () => {
      this.#refreshIn(Math.max(ms / 2, 5_000));
      this.#session.refresh();
    });
  }
}
