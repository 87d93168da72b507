/** Telephone numbers in any written form to E.164. Pure. */
import type { E164 } from '@denwaban/core';
import { parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js';

/** The installation's: whose national form is meant where none is named. */
export const houseCountry: CountryCode = 'JP';

/** Hyphens, dashes, minus signs and the long vowel mark: all of them get typed between the digits of a Japanese number. */
const dashes = /[\u2010-\u2015\u2212\u30fc\u2500\ufe58\ufe63\uff0d\uff70~\u301c]/g;
/**
 * Ways out of the country: 010, with a carrier's code before it or not, and the 00 that most of the world writes (0077 and 0088
 * are toll-free numbers inside Japan).
 */
const wayOut = /^(?:(?:00(?:33|41|44|61|65|66|68|77|78|82|91))?010(?=[1-9])|00(?!77|88)(?=[1-9]))/;
const extension = /\s*\(?\s*(?:内線|ext\.?|x|#)\s*\d*\s*\)?\s*$/i;

/**
 * `03-1234-5678`, `０３（１２３４）５６７８`, `+81 3 1234 5678`, `010 81 3…`, `tel:+81-3-…`, `sip:+8131…@host` → `+81312345678`.
 * Null when it is no number that can be called from outside: an extension, an emergency number, a word.
 *
 * @param country whose national form is meant when there is no country code
 */
export function normalise(written: string, country: CountryCode = houseCountry): E164 | null {
  if (written.length > 200) return null;
  const text = written
    .normalize('NFKC')
    .replace(dashes, '-')
    .trim()
    .replace(/^<|>$/g, '')
    .replace(/^(?:tel|sips?|fax):/i, '')
    .replace(/[@;?].*$/s, '')
    .replace(extension, '');
  if (!/^[+\d(.][\d\s().\-/+]*$/.test(text)) return null;
  const compact = text.replace(/(?!^\+)\D/g, '');
  const candidate = compact.startsWith('+') ? compact : compact.replace(wayOut, '+');
  if (candidate.length < 6 || candidate.length > 20) return null;
  const parsed = parsePhoneNumberFromString(candidate, country);
  if (!parsed?.isPossible()) return null;
  return /^\+[1-9]\d{6,14}$/.test(parsed.number) ? (parsed.number as unknown as E164) : null;
}
