/** Whom an agent may call. Calls to far and dear numbers are what thieves want of a telephone system. SPEC.md §OUT. Pure. */
import type { E164 } from '../ids.js';

/**
 * Emergency numbers of many countries, as they are dialled there. Nobody who answers them could be told where the caller is, and
 * no carrier of ours promises to reach them.
 */
const emergency = new Set('000 110 111 112 113 118 119 122 190 191 192 193 911 995 997 998 999'.split(' '));
/** Before a number in Japan: do not show mine, do show mine. */
const showOrNot = /^18[46](?=\d)/;
const countryCodesMax = 3;
/**
 * A Japanese number as a carrier may dial it on: 0 and the rest. `+81 10 1 415 …` would then be 010 1 415 …, a call to America, and
 * `+81 0033 …` a choice of another carrier: no such number is Japanese, whatever its beginning says.
 */
const japanese = /^\+81(?!10)[1-9]\d{8,9}$/;

/**
 * @param written as the agent wrote it
 * @param number what it means as a telephone number; null: none
 * @param prefixes beginnings of the E.164 numbers that may be called; `+` is every number
 * @returns why not, or null when it may be called [OUT7]
 */
export function whyNotCall(
  written: string,
  number: E164 | null,
  prefixes: readonly string[],
): 'emergency-number' | 'no-number' | 'number-not-allowed' | null {
  if (isEmergency(written) || (number !== null && isEmergency(number))) return 'emergency-number';
  if (number === null || (number.startsWith('+81') && !japanese.test(number))) return 'no-number';
  return prefixes.some((prefix) => number.startsWith(prefix)) ? null : 'number-not-allowed';
}

function isEmergency(written: string): boolean {
  const text = written.normalize('NFKC').trim();
  const digits = text
    .replace(/[;,@x#].*$/is, '')
    .replace(/\D/g, '')
    .replace(showOrNot, '');
  if (emergency.has(digits)) return true;
  // `+81 110`: a country code before it makes it none the less one.
  const international = text.startsWith('+') && digits.length <= countryCodesMax + 3;
  return international && emergency.has(digits.slice(-3));
}
