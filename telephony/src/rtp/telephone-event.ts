import { ticksApart } from './arithmetic.js';

/** Events 0–15 of RFC 4733 §3.2, in order. */
export const eventDigits = '0123456789*#ABCD';

/** As far back as a packet can be and still be believed (128 packets of 20 ms). */
const overtakenTicks = 20_480;

/**
 * Reads RFC 4733 telephone-events: one digit per event, told at its first packet.
 *
 * An event is many packets with one timestamp (updates, then three ends); loss may take any of them, so the first one seen
 * speaks, whichever it is. A key held for more than 8.19 s is cut into segments, each with a new timestamp that
 * continues the last one (§2.5.1.3): still one digit.
 */
export class TelephoneEventReader {
  private last: { ssrc: number; timestamp: number; event: number; duration: number; ended: boolean } | null = null;

  /** The sender began anew: nothing that comes now belongs to what was. */
  reset(): void {
    this.last = null;
  }

  /** @returns the digit when this packet begins a new one, else null */
  read(ssrc: number, timestamp: number, payload: Uint8Array): string | null {
    if (payload.length < 4) return null;
    const event = payload[0]!;
    const digit = eventDigits[event];
    if (digit === undefined) return null;
    const ended = (payload[1]! & 0x80) !== 0;
    const duration = (payload[2]! << 8) | payload[3]!;
    const last = this.last;
    if (last !== null && last.ssrc === ssrc) {
      const apart = ticksApart(timestamp, last.timestamp);
      if (apart === 0) {
        last.duration = Math.max(last.duration, duration);
        last.ended ||= ended;
        return null;
      }
      // No key is pressed twice within 60 ms: some gateways give the repeats of an end packet timestamps of their own.
      if (event === last.event && apart > 0 && apart < 480 && ended) {
        last.ended = true;
        return null;
      }
      // A packet of an earlier event, overtaken on the way. Far back means that the sender's clock began anew.
      if (apart < 0 && apart > -overtakenTicks) return null;
      const continues =
        event === last.event && !last.ended && last.duration > 0xff00 && apart >= 0xff00 && apart <= 0x10000;
      this.last = { ssrc, timestamp, event, duration, ended };
      return continues ? null : digit;
    }
    this.last = { ssrc, timestamp, event, duration, ended };
    return digit;
  }
}

/** One 20 ms step of sending digits: a packet of an event, or nothing (the gap between two digits). */
export type EventStep = { payload: Uint8Array; begins: boolean } | null;

const stepTicks = 160;
const stepsPerDigit = 5;
const gapSteps = 5;
/** Volume -10 dBm0, what most phones send. */
const volume = 10;

export function isDigits(text: string): boolean {
  return text.length <= 64 && /^[0-9*#A-D]+$/.test(text);
}

/**
 * The 20 ms steps that send `digits` in order: each 100 ms long, 100 ms apart. The end packet goes three times
 * (RFC 4733 §2.5.1.4); the two repeats fall into the gap.
 */
export function digitSteps(digits: string): EventStep[] {
  const steps: EventStep[] = [];
  for (const digit of digits) {
    const event = eventDigits.indexOf(digit);
    if (event < 0) continue;
    for (let i = 1; i <= stepsPerDigit + 2; i++) {
      const duration = Math.min(i, stepsPerDigit) * stepTicks;
      const end = i >= stepsPerDigit ? 0x80 : 0;
      steps.push({ payload: Uint8Array.of(event, end | volume, duration >> 8, duration & 0xff), begins: i === 1 });
    }
    for (let i = 2; i < gapSteps; i++) steps.push(null);
  }
  return steps;
}
