/** How numbers are dialled inside a country, by the metadata of the telephone number library. */
import type { NumberFormat } from '@denwaban/telephony';
import { getCountryCallingCode, isSupportedCountry, Metadata, type NumberingPlan } from 'libphonenumber-js';

/**
 * @param country ISO 3166, two capital letters
 * @returns null for a country whose trunk prefix is not 0, or that has more than one way out: which of them a carrier wants, nobody
 *   could guess, and the library's preferred one is not right for all
 */
export function nationalFormat(country: string): Exclude<NumberFormat, string> | null {
  if (!isSupportedCountry(country)) return null;
  const metadata = new Metadata();
  metadata.selectNumberingPlan(country);
  // The method is there, but not in the types. It answers with another value of the table where a country has no trunk prefix.
  const plan = metadata.numberingPlan as (NumberingPlan & { nationalPrefix(): unknown }) | undefined;
  const internationalPrefix = plan?.IDDPrefix() ?? '';
  if (plan?.nationalPrefix() !== '0' || !/^0\d{1,3}$/.test(internationalPrefix)) return null;
  return { countryCode: getCountryCallingCode(country), internationalPrefix };
}
