/**
 * Who is let in when there is too much: new calls are refused before old ones suffer. Pure; a look at the strain every moment in,
 * a rate of new calls out. It falls quickly, from what was really let in, and rises slowly, so that it settles below the limit
 * instead of swinging around it.
 *
 *              strain > 1: rate × 0.7                          strain < 0.5: rate × 1.15
 *     open ───────────────────────────▶ limited ──────────────────────────────────────────▶ open
 *                                          ▲ │ in between: as it is        (nobody refused for 3 s)
 *                                          └─┘
 */
import type { MediaProcessState } from '../../media/contract.js';

export interface Strain {
  /** How late control's turns come, ms: nine of ten are no later. */
  controlLateMs: number;
  /** How late those of the worst media process come, ms: 99 of a hundred are no later. */
  mediaLateMs: number;
  /** Calls that can still have a port; null: unknown. */
  freePorts: number | null;
  /** How long the oldest word that is not on disk yet has waited for it, ms. */
  journalBehindMs: number;
}

/** What the process of the exchange knows of itself. */
export type OwnStrain = Pick<Strain, 'controlLateMs' | 'journalBehindMs'>;
export const noStrain: OwnStrain = { controlLateMs: 0, journalBehindMs: 0 };

export interface Admission {
  /** New calls a second; null: without strain, as many as came before and some more. */
  rate: number | null;
  /** Calls that may come in at once. */
  tokens: number;
  /** Since the last look. */
  admitted: number;
  refused: number;
  /** How long nobody has had to be refused, while limited. */
  calmMs: number;
  /** The last look found that nothing could be done for one call more: no port for it, or no word of it would be on disk. */
  closed: boolean;
}

/** So many may come at once where nobody came before: strain shows only after they are in. */
const openBurst = 50;
/** Without strain as many may come as came before, and a fifth more: a flood does not get further than one look sees. */
const openGrowth = 1.2;

export const open: Admission = { rate: null, tokens: openBurst, admitted: 0, refused: 0, calmMs: 0, closed: false };

const lookEveryMs = 250;

/**
 * Measured, docs/reference/overload.md: from 160 ms on nothing that is asked of us feels immediate any more, and at 400 telephones
 * begin to repeat themselves.
 */
export const controlLateMsMax = 80;
/** Measured, ibid.: at 20 the worst-placed of a thousand listeners begins to hear gaps of 60 ms; from 30 on somebody always does. */
export const mediaLateMsMax = 20;
/**
 * Nothing is done about a call before it is on disk, so whatever somebody does (answer, hold, hang up) comes this much later. A
 * caller let in now would hear nothing at all until the disk is back.
 */
export const journalBehindMsMax = 500;
/** Ports are kept back for lines and patches that are being built. */
export const freePortsMin = 4;
const rateMin = 5;
const fall = 0.7;
const rise = 1.15;
const calmMsMax = 3_000;
/** What may come at once, as a part of a second's rate. */
const burst = 0.25;

/** @param elapsedMs since the look before */
export function look(now: Admission, strain: Strain, elapsedMs: number): Admission {
  const elapsedS = Math.max(elapsedMs, 1) / 1_000;
  const pressure = Math.max(
    strain.controlLateMs / controlLateMsMax,
    strain.mediaLateMs / mediaLateMsMax,
    strain.journalBehindMs / journalBehindMsMax,
  );
  const closed =
    (strain.freePorts !== null && strain.freePorts < freePortsMin) || strain.journalBehindMs > journalBehindMsMax;
  const fresh = { ...now, admitted: 0, refused: 0, closed };
  if (pressure > 1) {
    const came = now.admitted / elapsedS;
    const before = now.rate === null ? came : Math.min(now.rate, Math.max(came, rateMin));
    return refill({ ...fresh, rate: Math.max(rateMin, before * fall), tokens: 0, calmMs: 0 }, elapsedS);
  }
  if (now.rate === null) {
    return { ...fresh, tokens: Math.max(openBurst, (now.admitted / elapsedS) * (lookEveryMs / 1_000) * openGrowth) };
  }
  const calmMs = now.refused > 0 || pressure > 0.5 ? 0 : now.calmMs + elapsedMs;
  if (calmMs >= calmMsMax) return { ...open, closed };
  return refill({ ...fresh, calmMs, rate: pressure < 0.5 ? now.rate * rise : now.rate }, elapsedS);
}

function refill(now: Admission, elapsedS: number): Admission {
  const rate = now.rate ?? 0;
  return { ...now, tokens: Math.min(Math.max(1, rate * burst), now.tokens + rate * elapsedS) };
}

/** One more call: may it come in? */
export function admit(now: Admission): [Admission, boolean] {
  if (now.closed || now.tokens < 1) return [{ ...now, refused: now.refused + 1 }, false];
  return [{ ...now, admitted: now.admitted + 1, tokens: now.tokens - 1 }, true];
}

export const isOverloaded = (now: Admission): boolean => now.closed || now.rate !== null;

/** A process tells of itself four times a second. One that has not for so long is stuck, whatever it said last. */
const silentMsMax = 1_000;

/** The worst of those that are there: whoever lives in it must not suffer for a newcomer. */
export function mediaStrain(processes: readonly MediaProcessState[], now: number): Omit<Strain, keyof OwnStrain> {
  const loads = processes.flatMap(({ load }) => load ?? []);
  const lateness = loads.map(({ lateMs, at }) => (now - at > silentMsMax ? now - at : lateMs));
  return {
    mediaLateMs: Math.max(0, ...lateness),
    freePorts: loads.length === 0 ? null : loads.reduce((sum, { freePorts }) => sum + freePorts, 0),
  };
}

export interface Gate {
  /** One more call: may it come in? */
  admit(): boolean;
  readonly overloaded: boolean;
}

/** Looks when somebody asks, no more often than four times a second: a house where nobody calls has no timer for it. */
export function createGate(strain: () => Strain, now: () => number): Gate {
  let state = open;
  let lookedAt = now();
  const refresh = (): void => {
    const elapsedMs = now() - lookedAt;
    if (elapsedMs < lookEveryMs) return;
    lookedAt += elapsedMs;
    state = look(state, strain(), elapsedMs);
  };
  return {
    admit() {
      refresh();
      const [after, free] = admit(state);
      state = after;
      return free;
    },
    get overloaded() {
      refresh();
      return isOverloaded(state);
    },
  };
}
