/** What a request or answer carries: the session description, also out of a multipart body, and DTMF by INFO. */
import { parseSdp, type SdpResult } from '../../sdp/parse.js';
import { header, type SipMessage } from '../message.js';
import { param, parseParams, unquote } from '../syntax.js';
import { mediaType } from './rules.js';

/** Null: there is none. */
export function sessionOf(message: SipMessage): SdpResult | null {
  if (message.body.length === 0) return null;
  const value = header(message, 'content-type') ?? '';
  const type = mediaType(value);
  const text = message.body;
  if (!type.startsWith('multipart/')) return parseSdp(text);
  const semicolon = value.indexOf(';');
  const boundary = unquote(param(semicolon < 0 ? [] : (parseParams(value, semicolon) ?? []), 'boundary') ?? '');
  if (boundary === '') return null;
  for (const part of `\r\n${text}`.split(`\r\n--${boundary}`)) {
    const blank = part.indexOf('\r\n\r\n');
    if (blank < 0) continue;
    const head = part.slice(0, blank);
    if (/^content-type[ \t]*:[ \t]*application\/sdp\b/im.test(head)) return parseSdp(part.slice(blank + 4));
  }
  return null;
}

/**
 * The digit of an INFO: `application/dtmf-relay` (`Signal=5`) or `application/dtmf` (`5`). 10 and 11 stand for * and #.
 *
 * @returns null for a DTMF body without a digit, undefined for a body of another kind
 */
export function digitOf(message: SipMessage): string | null | undefined {
  const type = mediaType(header(message, 'content-type'));
  if (type !== 'application/dtmf-relay' && type !== 'application/dtmf') return undefined;
  const text = message.body.slice(0, 256);
  const signal = type === 'application/dtmf' ? text.trim() : (/^\s*signal\s*=\s*(\S+)/im.exec(text)?.[1] ?? '');
  const digit = signal === '10' ? '*' : signal === '11' ? '#' : signal.toUpperCase();
  return /^[0-9*#A-D]$/.test(digit) ? digit : null;
}
