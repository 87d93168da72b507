/** Identifiers that others must not guess or collide with (RFC 3261 §8.1.1.4, §8.1.1.7, §19.3), from chance handed in. */
import type { Chance } from './ports.js';

/** 128 bits behind the magic cookie. */
export const mintBranch = (chance: Chance): string => `z9hG4bK${hex(chance(16))}`;

/** 96 bits; RFC 3261 §19.3 asks for 32. Knowing the tags is what lets a request into a dialog. */
export const mintTag = (chance: Chance): string => hex(chance(12));

export const mintCallId = (chance: Chance): string => hex(chance(16));

const digits = Buffer.from('0123456789abcdef');
const written = Buffer.alloc(32);

/** By a buffer of our own: a new one for each tag costs more than the digits. */
function hex(bytes: Uint8Array): string {
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    written[2 * at] = digits[byte >> 4]!;
    written[2 * at + 1] = digits[byte & 15]!;
  }
  return written.toString('latin1', 0, 2 * bytes.length);
}
