/**
 * Bytes to message (RFC 3261 §7, §25). Never throws: what cannot be read is a result with a code, and as much of the request
 * as is needed to answer it, if that much could be read.
 */
import { readEssentials, usualMethodAt, type Essentials, type RawEssentials } from './essentials.js';
import { headerNameAt } from './header-names.js';
import { header, noBody, type SipHeader, type SipMessage, type SipRequest } from './message.js';
import { parseNameAddress } from './name-address.js';
import {
  endOfToken,
  isAbsoluteUri,
  isSpace,
  isToken,
  parseNumber,
  skipSpace,
  splitOutside,
  trimmed,
} from './syntax.js';
import { parseSipUri } from './uri.js';
import { parseVia, type Via } from './via.js';

export type { Essentials } from './essentials.js';

export type MalformedCode =
  | 'keep-alive' // nothing but line ends (RFC 5626 §3.5.1); not an error
  | 'too-large'
  | 'too-many-headers'
  | 'head-not-closed'
  | 'bare-line-end'
  | 'bad-start-line'
  | 'bad-version'
  | 'bad-status'
  | 'bad-uri'
  | 'bad-header'
  | 'repeated-header'
  | 'missing-header'
  | 'method-mismatch'
  | 'bad-content-length';

export type ParseResult =
  | { ok: true; message: SipMessage; essentials: Essentials }
  | {
      ok: false;
      code: MalformedCode;
      /** With what a request like this is refused. */
      status: 400 | 505 | 513;
      /** Names a header or a part, never its content. */
      detail: string;
      /** The request as far as it goes when it can be answered: it has Via, From, To, Call-ID and CSeq. */
      answerable: { request: SipRequest; via: Via } | null;
    };

/** What one message may cost us. Larger ones are refused before they are looked at. */
export const limits = { bytes: 65_535, headBytes: 32_768, headers: 256 } as const;

/** @param bytes one datagram, or one message framed off a stream, itself or as a byte string; nothing of it is kept but text */
export function parseMessage(bytes: Uint8Array | string): ParseResult {
  const text = typeof bytes === 'string' ? bytes : byteString(bytes);
  let start = 0;
  while (text.charCodeAt(start) === 13 && text.charCodeAt(start + 1) === 10) start += 2;
  if (start >= text.length || (text.length - start === 4 && text.endsWith('\0\0\0\0'))) {
    return { ok: false, code: 'keep-alive', status: 400, detail: 'no message', answerable: null };
  }
  const blank = text.indexOf('\r\n\r\n', start);
  const headEnd = blank < 0 ? text.length : blank;
  const tooLarge = text.length - start > limits.bytes || headEnd - start > limits.headBytes;
  const reader = new Reader(text, start, Math.min(headEnd, start + limits.headBytes));
  const message = reader.read();
  // Faults that spoil the framing come first: nothing after them can be trusted.
  if (tooLarge) return reader.refuse('too-large', 'message', 513);
  if (blank < 0) return reader.refuse('head-not-closed', 'empty line');
  if (message === null) return reader.failure();

  const after = text.length - (blank + 4);
  const length = reader.contentLength ?? after;
  // A datagram may carry bytes behind the body (RFC 3261 §18.3: discard), never fewer than it says.
  if (length > after) return reader.refuse('bad-content-length', 'content-length');
  if (length > 0) message.body = text.slice(blank + 4, blank + 4 + length);
  const essentials = reader.essentials();
  return essentials === null ? reader.failure() : { ok: true, message, essentials };
}

function byteString(bytes: Uint8Array): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.toString('latin1');
}

class Reader {
  contentLength: number | null = null;
  private readonly text: string;
  private readonly start: number;
  /** Of the head. */
  private readonly end: number;
  private message: SipMessage | null = null;
  private readonly raw: RawEssentials = { via: null, from: null, to: null, callId: null, cseq: null };
  private bareFeeds = false;
  private maxForwards: string | null = null;
  /** Of the headers that may stand but once, those that did. */
  private seen = 0;
  /** A further Via, a Contact or a route that cannot be read: a fault, but those of the headers that must be there come first. */
  private unreadable: string | null = null;
  private fault: { code: MalformedCode; detail: string; status: 400 | 505 | 513 } | null = null;

  constructor(text: string, start: number, end: number) {
    this.text = text;
    this.start = start;
    this.end = end;
  }

  /** Start line and headers. Null after the first fault, but it reads on so that a refusal can be addressed. */
  read(): SipMessage | null {
    const { text, end } = this;
    const lineEnd = this.lineEnd(this.start);
    const message = this.startLine(this.start, lineEnd);
    this.message = message;
    if (message === null) return null;
    const { headers } = message;
    let at = lineEnd + 2;
    while (at < end) {
      const stop = this.lineEnd(at);
      // Folding: a line that begins with white space goes on with the one before (§7.3.1).
      if (stop + 2 < end && isSpace(text.charCodeAt(stop + 2))) at = this.folded(at, stop, headers);
      else {
        this.header(text, at, stop, headers);
        at = stop + 2;
      }
      // Counted behind, so that Content-Length, which is kept apart, is not: what we read we can write and read again.
      if (headers.length > limits.headers) {
        this.fail('too-many-headers', 'headers', 513);
        break;
      }
    }
    return this.fault === null ? message : null;
  }

  /** Where the line that begins there ends. */
  private lineEnd(from: number): number {
    const { text, end } = this;
    const feed = text.indexOf('\n', from);
    if (feed > from && feed < end + 2 && text.charCodeAt(feed - 1) === 13) return feed - 1;
    // The last one of a head that is not closed, or one with a line feed of its own in it.
    this.bareFeeds ||= feed >= 0 && feed < end;
    const at = text.indexOf('\r\n', from);
    return at < 0 || at > end ? end : at;
  }

  /** @returns where the next header begins */
  private folded(from: number, firstEnd: number, headers: SipHeader[]): number {
    const { text, end } = this;
    let line = text.slice(from, firstEnd);
    let at = firstEnd + 2;
    while (at < end && isSpace(text.charCodeAt(at))) {
      const stop = this.lineEnd(at);
      line += ` ${trimmed(text, at, stop)}`;
      at = stop + 2;
    }
    this.header(line, 0, line.length, headers);
    return at;
  }

  private startLine(from: number, to: number): SipMessage | null {
    const { text } = this;
    if (text.startsWith('SIP/', from)) return this.statusLine(text.slice(from, to));
    const methodEnd = endOfToken(text, from, to);
    const uriEnd = to - requestLineEnd.length;
    if (
      methodEnd > from &&
      text.charCodeAt(methodEnd) === 32 &&
      uriEnd > methodEnd &&
      text.startsWith(requestLineEnd, uriEnd)
    ) {
      const method = usualMethodAt(text, from, methodEnd) ?? text.slice(from, methodEnd);
      const uri = text.slice(methodEnd + 1, uriEnd);
      if (!isRequestUri(uri)) this.fail('bad-uri', 'request-uri');
      return { kind: 'request', method, uri, headers: [], body: noBody };
    }
    return this.oddRequestLine(text.slice(from, to));
  }

  private statusLine(line: string): SipMessage | null {
    const space = line.indexOf(' ');
    const version = space < 0 ? line : line.slice(0, space);
    if (version !== 'SIP/2.0') return this.fail('bad-version', 'version', 505);
    const status = parseNumber(line.slice(space + 1, space + 4), 699);
    const next = line.charAt(space + 4);
    if (status === null || status < 100 || (next !== ' ' && next !== '')) return this.fail('bad-status', 'status');
    return { kind: 'response', status, reason: line.slice(space + 5), headers: [], body: noBody };
  }

  /** Not ours to act on, but to be answered as far as it can be read. */
  private oddRequestLine(line: string): SipMessage | null {
    const first = line.indexOf(' ');
    const last = line.lastIndexOf(' ');
    const method = first < 0 ? line : line.slice(0, first);
    if (first < 1 || last === first || !isToken(method)) return this.fail('bad-start-line', 'method');
    const version = line.slice(last + 1);
    if (/^SIP\/\d+\.\d+$/i.test(version)) this.fail('bad-version', 'version', 505);
    else this.fail('bad-start-line', 'version');
    return { kind: 'request', method, uri: line.slice(first + 1, last), headers: [], body: noBody };
  }

  /** One header, which stands in `text` from `from` to `to`. */
  private header(text: string, from: number, to: number, headers: SipHeader[]): void {
    const nameEnd = endOfToken(text, from, to);
    const colon = skipSpace(text, nameEnd);
    if (nameEnd === from || colon >= to || text.charCodeAt(colon) !== 58) return void this.fail('bad-header', 'name');
    const { name, form, bit } = headerNameAt(text, from, nameEnd);
    const value = trimmed(text, colon + 1, to);
    if (value.includes('\r') || (this.bareFeeds && value.includes('\n'))) return void this.fail('bare-line-end', name);
    if (form === 'once') {
      const repeated = (this.seen & bit) !== 0;
      this.seen |= bit;
      if (repeated) this.fail('repeated-header', name);
      if (name === 'content-length') this.length(value);
      else if (!repeated) this.single(name, value, headers);
    } else if (form === 'any') headers.push({ name, value });
    else if (!value.includes(',')) this.listed(name, value, headers);
    else {
      const values = splitOutside(value, ',');
      if (values === null || values.includes('')) return void this.fail('bad-header', name);
      if (headers.length + values.length > limits.headers) return void this.fail('too-many-headers', name, 513);
      for (const one of values) this.listed(name, one, headers);
    }
  }

  private length(value: string): void {
    const length = parseNumber(value, limits.bytes);
    if (length === null) this.fail('bad-content-length', 'content-length');
    this.contentLength = length ?? 0;
  }

  private single(name: string, value: string, headers: SipHeader[]): void {
    const { raw } = this;
    if (name === 'from') raw.from = value;
    else if (name === 'to') raw.to = value;
    else if (name === 'call-id') raw.callId = value;
    else if (name === 'cseq') raw.cseq = value;
    else if (name === 'max-forwards') this.maxForwards = value;
    headers.push({ name, value });
  }

  /** A Via, Contact or route. */
  private listed(name: string, value: string, headers: SipHeader[]): void {
    if (name !== 'via') {
      const readable = (name === 'contact' && value === '*') || parseNameAddress(value) !== null;
      if (!readable) this.unreadable ??= name;
    } else if (this.raw.via === null) this.raw.via = value;
    else if (parseVia(value) === null) this.unreadable ??= name;
    headers.push({ name, value });
  }

  /** Those that every message must have, and those whose fault would only bite later. */
  essentials(): Essentials | null {
    const { message, maxForwards, unreadable } = this;
    const read = readEssentials(this.raw, (code, name) => this.fail(code, name));
    if (read === null || message === null) return null;
    if (message.kind === 'request') {
      if (read.cseq.method !== message.method) return this.fail('method-mismatch', 'cseq');
      if (maxForwards !== null && parseNumber(maxForwards, 255) === null)
        return this.fail('bad-header', 'max-forwards');
    }
    return unreadable === null ? read : this.fail('bad-header', unreadable);
  }

  refuse(code: MalformedCode, detail: string, status: 400 | 505 | 513 = 400): ParseResult {
    this.fault = { code, detail, status };
    return this.failure();
  }

  failure(): ParseResult {
    const fault = this.fault ?? { code: 'bad-start-line' as const, detail: 'start line', status: 400 as const };
    return { ok: false, ...fault, answerable: this.answerable() };
  }

  /** To refuse a request we only need to send back what it wrote; From and To need not make sense. */
  private answerable(): { request: SipRequest; via: Via } | null {
    const request = this.message;
    if (request === null || request.kind !== 'request' || request.method === 'ACK') return null;
    const via = parseVia(header(request, 'via') ?? '');
    const whole = ['from', 'to', 'call-id', 'cseq'].every((name) => header(request, name) !== null);
    return via !== null && whole ? { request, via } : null;
  }

  private fail(code: MalformedCode, detail: string, status: 400 | 505 | 513 = 400): null {
    // A header's name may be as long as its sender likes; what goes into logs and answers may not.
    this.fault ??= { code, detail: detail.slice(0, 40), status };
    return null;
  }
}

const requestLineEnd = ' SIP/2.0';

/** No space, no bracket, a scheme; a sip: address must be well-formed and carry no headers (§19.1.1). */
function isRequestUri(uri: string): boolean {
  if (!isAbsoluteUri(uri)) return false;
  const parsed = parseSipUri(uri);
  return parsed === null ? !/^sips?:/i.test(uri) : parsed.headers === null;
}
