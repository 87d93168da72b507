/** The small grammar that all headers share (RFC 3261 §25.1): tokens, quoted strings, parameters, lists. */

/** A parameter's value is null when it stands alone (`;lr`). Quoted values keep their quotes, so that they go out as they came. */
export interface Param {
  /** Lower case. */
  name: string;
  value: string | null;
}

const tokenChars = new Uint8Array(256);
for (const char of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~") {
  tokenChars[char.charCodeAt(0)] = 1;
}

const schemeChars = new Uint8Array(256);
for (const char of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.')
  schemeChars[char.charCodeAt(0)] = 1;

export function isToken(text: string): boolean {
  if (text === '') return false;
  for (let at = 0; at < text.length; at++) if (tokenChars[text.charCodeAt(at)] !== 1) return false;
  return true;
}

/** Index just past the token that begins at `at`: `at` itself when there is none. */
export function endOfToken(text: string, at: number, end: number): number {
  let index = at;
  while (index < end && tokenChars[text.charCodeAt(index)] === 1) index++;
  return index;
}

/** What stands between, without the white space around it: a byte of UTF-8 that looks like a no-break space is none. */
export function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

/**
 * A scheme, a colon, something, and no space, bracket, quote or control character within: as much as every address has in common,
 * whatever its scheme.
 */
export function isAbsoluteUri(text: string): boolean {
  let colon = -1;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char <= 32 || char === 60 || char === 62 || char === 34 || char === 127) return false;
    if (colon >= 0) continue;
    if (char === 58) colon = at;
    else if (schemeChars[char] !== 1) return false;
  }
  return colon > 0 && colon < text.length - 1;
}

/** Index just past a quoted string that opens at `at`, or -1 when it never closes. */
export function endOfQuoted(text: string, at: number): number {
  for (let index = at + 1; index < text.length; index++) {
    const char = text.charCodeAt(index);
    if (char === 92) index++;
    else if (char === 34) return index + 1;
  }
  return -1;
}

/** Splits at a separator that stands outside quotes and angle brackets; null when a quote or bracket never closes. */
export function splitOutside(text: string, separator: ',' | ';'): string[] | null {
  if (!text.includes(separator) && !text.includes('"') && !text.includes('<')) return [text.trim()];
  const code = separator.charCodeAt(0);
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === 34) {
      const end = endOfQuoted(text, at);
      if (end < 0) return null;
      at = end - 1;
    } else if (char === 60) {
      const end = text.indexOf('>', at);
      if (end < 0) return null;
      at = end;
    } else if (char === code) {
      parts.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  parts.push(text.slice(start).trim());
  return parts;
}

/**
 * Reads `;a=b;c` from `at` to the end. Null when a parameter has no name, a value is empty, or something else stands between.
 * Values may hold any character but separators and white space: what real hosts, tags and branches look like (an IPv6 address
 * in `received` is not a token either).
 */
export function parseParams(text: string, at: number): Param[] | null {
  let params: Param[] | null = null;
  let index = skipSpace(text, at);
  while (index < text.length) {
    if (text.charCodeAt(index) !== 59) return null;
    index = skipSpace(text, index + 1);
    const nameStart = index;
    index = endOfToken(text, index, text.length);
    if (index === nameStart) return null;
    const name = paramNameAt(text, nameStart, index);
    index = skipSpace(text, index);
    if (text.charCodeAt(index) !== 61) {
      params = added(params, name, null);
      continue;
    }
    index = skipSpace(text, index + 1);
    const valueStart = index;
    if (text.charCodeAt(index) === 34) {
      index = endOfQuoted(text, index);
      if (index < 0) return null;
    } else {
      while (index < text.length && !endsValue(text.charCodeAt(index))) index++;
      if (index === valueStart) return null;
    }
    params = added(params, name, text.slice(valueStart, index));
    index = skipSpace(text, index);
  }
  return params ?? [];
}

/** Most often there is one, and an array that grows has room for seventeen, for as long as it is kept. */
function added(params: Param[] | null, name: string, value: string | null): Param[] {
  if (params === null) return [{ name, value }];
  params.push({ name, value });
  return params;
}

/** The parameters that nearly every message has: found there they need no string of their own. */
const usualParams = ['tag', 'branch', 'rport', 'received', 'lr', 'transport'];

function paramNameAt(text: string, from: number, to: number): string {
  for (const name of usualParams) if (name.length === to - from && text.startsWith(name, from)) return name;
  return text.slice(from, to).toLowerCase();
}

export function formatParams(params: readonly Param[]): string {
  let text = '';
  for (const { name, value } of params) text += value === null ? `;${name}` : `;${name}=${value}`;
  return text;
}

/** A parameter's value; '' when it stands alone, null when it is not there. */
export function param(params: readonly Param[], name: string): string | null {
  for (const entry of params) if (entry.name === name) return entry.value ?? '';
  return null;
}

/** The content of a quoted string, escapes resolved; other text as it is. */
export function unquote(text: string): string {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return text;
  return text.slice(1, -1).replace(/\\(.)/gs, '$1');
}

export function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** A non-negative decimal number up to `max`, digits only; null otherwise. */
export function parseNumber(text: string, max: number): number | null {
  if (text === '' || text.length > 16) return null;
  let number = 0;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return null;
    number = number * 10 + digit;
  }
  return number <= max ? number : null;
}

export function endOfDigits(text: string, at: number): number {
  let index = at;
  while (index < text.length && isDigit(text.charCodeAt(index))) index++;
  return index;
}

function isDigit(char: number): boolean {
  return char >= 48 && char <= 57;
}

export function skipSpace(text: string, at: number): number {
  let index = at;
  while (index < text.length && isSpace(text.charCodeAt(index))) index++;
  return index;
}

export function isSpace(char: number): boolean {
  return char === 32 || char === 9;
}

/** Space, tab, line ends and what else terminals move by. */
function isBlank(char: number): boolean {
  return char === 32 || (char >= 9 && char <= 13);
}

function endsValue(char: number): boolean {
  return char === 59 || char === 44 || char === 34 || char === 60 || char === 62 || isSpace(char);
}
