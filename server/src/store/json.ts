/** JSON that PostgreSQL's jsonb takes: it refuses the NUL character and half a surrogate pair, which a caller's name may hold. */
const mayBeRefused = /\\u(?:0{4}|d[89a-f])/i;
const nul = String.fromCharCode(0);

export function toJsonb(value: unknown): string {
  const json = JSON.stringify(value);
  // Nearly always there is no escape at all, and that is found out much quicker than which one it is.
  if (!json.includes('\\u') || !mayBeRefused.test(json)) return json;
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'string' ? part.replaceAll(nul, '').replace(/\p{Surrogate}/gu, '\ufffd') : part,
  );
}
