/** DENWABAN_CALL_OUT_PREFIXES: the beginnings of numbers that agents may call. */

/**
 * @param text `+81,+1415`: E.164 beginnings; `+` alone is every number; nothing at all is nobody
 * @returns the prefixes, or what is wrong with them
 */
export function readCallOutPrefixes(text: string): { prefixes: string[] } | { problem: string } {
  const prefixes = text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
  const odd = prefixes.find((one) => !/^\+(?:[1-9]\d{0,14})?$/.test(one));
  if (odd === undefined) return { prefixes };
  return {
    problem: `"${odd}" is no beginning of an international number. Write it as +81 or +8150, with commas between; + is every number.`,
  };
}
