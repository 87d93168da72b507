/** `Digest a="b", c=d`: challenges and credentials as they stand in headers (RFC 3261 §25.1, RFC 7616 §3.3–3.4). */
import { endOfQuoted, isToken, quote, skipSpace, unquote } from '../syntax.js';

const maxParams = 32;

/** Parameters by lower-case name, unquoted. Null when it is another scheme, malformed, or names one twice. */
export function parseDigest(value: string): Map<string, string> | null {
  const scheme = /^digest[ \t]+/i.exec(value);
  if (scheme === null) return null;
  const params = new Map<string, string>();
  let at = scheme[0].length;
  while (at < value.length) {
    const equals = value.indexOf('=', at);
    const name = equals < 0 ? '' : value.slice(at, equals).trim().toLowerCase();
    if (!isToken(name) || params.has(name) || params.size >= maxParams) return null;
    at = skipSpace(value, equals + 1);
    let end: number;
    if (value.charAt(at) === '"') {
      end = endOfQuoted(value, at);
      if (end < 0) return null;
    } else {
      end = value.indexOf(',', at);
      if (end < 0) end = value.length;
    }
    params.set(name, unquote(value.slice(at, end).trim()));
    at = skipSpace(value, end);
    if (at >= value.length) break;
    if (value.charAt(at) !== ',') return null;
    at = skipSpace(value, at + 1);
  }
  return params;
}

/** RFC 7616 §3.3, §3.4: these go without quotes, everything else within. */
const bare = new Set(['algorithm', 'stale', 'nc']);

/** @param scope a challenge quotes `qop` (it is a list there), credentials do not */
export function formatDigest(params: Iterable<readonly [string, string]>, scope: 'challenge' | 'credentials'): string {
  const parts: string[] = [];
  for (const [name, value] of params) {
    const plain = bare.has(name) || (name === 'qop' && scope === 'credentials');
    parts.push(`${name}=${plain ? value : quote(value)}`);
  }
  return `Digest ${parts.join(', ')}`;
}
