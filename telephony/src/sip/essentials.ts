/** What every element needs of a message at once (RFC 3261 §8.1.1), read and checked. */
import { parseNameAddress, type NameAddress } from './name-address.js';
import { endOfDigits, isSpace, isToken, parseNumber, skipSpace } from './syntax.js';
import { parseVia, type Via } from './via.js';

export interface Essentials {
  /** The topmost. */
  via: Via;
  from: NameAddress;
  to: NameAddress;
  callId: string;
  cseq: { number: number; method: string };
}

/** The headers that every message must have, as they stand there; null: not there. Of Via the topmost. */
export interface RawEssentials {
  via: string | null;
  from: string | null;
  to: string | null;
  callId: string | null;
  cseq: string | null;
}

/** @param fail told what is missing or cannot be read */
export function readEssentials(
  raw: RawEssentials,
  fail: (code: 'missing-header' | 'bad-header', name: string) => null,
): Essentials | null {
  if (raw.via === null) return fail('missing-header', 'via');
  if (raw.from === null) return fail('missing-header', 'from');
  if (raw.to === null) return fail('missing-header', 'to');
  if (raw.callId === null) return fail('missing-header', 'call-id');
  if (raw.cseq === null) return fail('missing-header', 'cseq');
  const via = parseVia(raw.via);
  if (via === null) return fail('bad-header', 'via');
  const from = parseNameAddress(raw.from);
  if (from === null) return fail('bad-header', 'from');
  const to = parseNameAddress(raw.to);
  if (to === null) return fail('bad-header', 'to');
  const { callId } = raw;
  if (callId === '' || callId.includes(' ')) return fail('bad-header', 'call-id');
  const cseq = parseCseq(raw.cseq);
  if (cseq === null) return fail('bad-header', 'cseq');
  return { via, from, to, callId, cseq };
}

const cseqMax = 2 ** 31 - 1;

export function parseCseq(value: string): { number: number; method: string } | null {
  const end = endOfDigits(value, 0);
  const number = parseNumber(value.slice(0, end), cseqMax);
  if (number === null || !isSpace(value.charCodeAt(end))) return null;
  const start = skipSpace(value, end);
  const method = usualMethodAt(value, start, value.length) ?? value.slice(start);
  return isToken(method) ? { number, method } : null;
}

const usualMethods = ['INVITE', 'ACK', 'BYE', 'CANCEL', 'OPTIONS', 'REGISTER', 'UPDATE', 'PRACK', 'INFO', 'REFER'];

/** The method that stands there, without a string of its own; null for one that is rare. */
export function usualMethodAt(text: string, from: number, to: number): string | null {
  for (const method of usualMethods) {
    if (method.length === to - from && text.startsWith(method, from)) return method;
  }
  return null;
}
