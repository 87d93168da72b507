/** What a number looks like on its way to a carrier. Pure. */
import type { E164 } from '@denwaban/core';

/** As it is dialled inside one country whose trunk prefix is 0. */
export interface NationalFormat {
  /** Figures only: `81`. */
  countryCode: string;
  /** The way out of that country: `010`. */
  internationalPrefix: string;
}

/** `+81312345678`, `81312345678`, or `0312345678` and `010` before numbers of other countries. */
export type NumberFormat = 'e164' | 'e164-bare' | NationalFormat;

/**
 * @returns null when there is no such way to write it: behind the 0 of a national number another 0 or the rest of the way out
 *   would lead abroad or to another carrier, and the bill of that call is what thieves are after [OUT7]
 */
export function asDialled(number: E164, format: NumberFormat): string | null {
  if (format === 'e164') return number;
  const bare = number.slice(1);
  if (format === 'e164-bare') return bare;
  const { countryCode, internationalPrefix } = format;
  if (!bare.startsWith(countryCode)) return `${internationalPrefix}${bare}`;
  const national = `0${bare.slice(countryCode.length)}`;
  return national.startsWith('00') || national.startsWith(internationalPrefix) ? null : national;
}
