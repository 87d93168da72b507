/** The beginning of a number, in any written form, as the beginning of an E.164 one. */
const digitsOnly = /^[+\d][\d\s().-]*$/;

/** `０３-12` → `+81312`, `+81 3` → `+813`, `0120` → `+81120`. Null when it is no number, or too short to mean one. */
export function phonePrefix(written: string): string | null {
  const text = written
    .normalize('NFKC')
    .replace(/[\u2010-\u2015\u2212\u30fc]/g, '-')
    .trim();
  if (!digitsOnly.test(text)) return null;
  const compact = text.replace(/(?!^\+)\D/g, '');
  if (compact.replace('+', '').length < 3) return null;
  if (compact.startsWith('+')) return compact;
  const abroad = /^(?:010|00(?!77|88))(?=[1-9])/.exec(compact);
  if (abroad) return `+${compact.slice(abroad[0].length)}`;
  return compact.startsWith('0') ? `+81${compact.slice(1)}` : `+${compact}`;
}
