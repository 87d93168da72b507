/**
 * Telephone numbers as people write them: +81 in national form with hyphens, every other country in international form.
 *
 * libphonenumber's smallest build would add 43 KB gzipped for the grouping of one country, so the few Japanese rules stand
 * here. Five-digit area codes (some 100 villages) are grouped like their four-digit neighbours: a hyphen off, never a digit.
 */

/** Two-digit area codes after the 0 (042, 045, 052 …). 3 and 6 have one digit (03, 06); the rest is shown with three (0422). */
const twoDigitAreas = new Set(
  [
    '11 15 17 18 19 22 23 24 25 26 27 28 29 42 43 44 45 46 47 48 49 52 53 54 55 58 59',
    '72 73 74 75 76 77 78 79 82 83 84 86 87 88 89 92 93 95 96 97 98 99',
  ]
    .join(' ')
    .split(' '),
);

/** `+81312345678` → `03-1234-5678`; `+14155550123` → `+1 415 555 0123`. What is no E.164 number comes back as it is. */
export function showNumber(number: string): string {
  const japanese = /^\+81(\d{8,10})$/.exec(number);
  if (japanese) return national(japanese[1] ?? '');
  const american = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(number);
  if (american) return `+1 ${american[1]} ${american[2]} ${american[3]}`;
  const other = /^\+([2-9]\d)(\d{6,13})$/.exec(number);
  if (other) return `+${other[1]} ${(other[2] ?? '').replace(/(\d{3})(?=\d{2})/g, '$1 ')}`;
  return number;
}

/** @param digits the significant digits, without country code and without the national 0 */
function national(digits: string): string {
  const grouped = (first: number, second: number) =>
    `0${digits.slice(0, first)}-${digits.slice(first, first + second)}-${digits.slice(first + second)}`;
  if (digits.length === 10) return grouped(2, 4); // 050, 070, 080, 090
  if (digits.length !== 9) return `0${digits}`;
  if (/^(120|800|570|990)/.test(digits)) return grouped(3, 3);
  if (digits.startsWith('3') || digits.startsWith('6')) return grouped(1, 4);
  return twoDigitAreas.has(digits.slice(0, 2)) ? grouped(2, 3) : grouped(3, 2);
}

/** Full-width digits and signs become plain ones: `０９０−１２３４` → `090-1234`. */
export function plainDigits(written: string): string {
  return written.normalize('NFKC').replace(/[‐‑‒–—―−ー]/g, '-');
}
