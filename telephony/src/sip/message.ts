/**
 * A SIP message as values (RFC 3261 §7).
 *
 * All text is a *byte string*: one character per byte (latin-1), exactly as it stood on the wire. What we must echo (Via, From,
 * To, Call-ID) so comes back byte for byte even when it is not valid UTF-8. Text meant for people goes through `fromWire` and
 * `toWire`. Header names are held in lower case and in their long form; a header that may be joined by commas (Via, Route,
 * Record-Route, Contact) is held one value per entry. Content-Length is framing, not content: it is never among the headers.
 */
import { lately } from '../lately.js';

export interface SipHeader {
  /** Lower case, long form: `via`, `call-id`. */
  name: string;
  /** Unfolded and trimmed. */
  value: string;
}

export interface SipRequest {
  kind: 'request';
  method: string;
  uri: string;
  headers: SipHeader[];
  /** A byte string, too. */
  body: string;
}

export interface SipResponse {
  kind: 'response';
  /** 100 to 699. */
  status: number;
  reason: string;
  headers: SipHeader[];
  body: string;
}

export type SipMessage = SipRequest | SipResponse;

export const noBody = '';

/** The first value of a header, or null. */
export function header(message: { headers: readonly SipHeader[] }, name: string): string | null {
  for (const entry of message.headers) if (entry.name === name) return entry.value;
  return null;
}

/** Every value of a header, in order. */
export function headerValues(message: { headers: readonly SipHeader[] }, name: string): string[] {
  const values: string[] = [];
  for (const entry of message.headers) if (entry.name === name) values.push(entry.value);
  return values;
}

/** The tokens of a comma-separated header (Supported, Require, Allow …), lower-cased, over all its lines. */
export function headerTokens(message: { headers: readonly SipHeader[] }, name: string): readonly string[] {
  let tokens: readonly string[] = none;
  for (const entry of message.headers) {
    if (entry.name !== name) continue;
    const more = tokensOf(entry.value);
    tokens = tokens === none ? more : [...tokens, ...more];
  }
  return tokens;
}

const none: readonly string[] = [];

/** A far end says the same in each message. */
const tokensOf = lately((value: string): readonly string[] =>
  value
    .split(',')
    .map((piece) => piece.trim().toLowerCase())
    .filter((token) => token !== ''),
);

/** A byte string read as UTF-8; what is not UTF-8 becomes U+FFFD. */
export function fromWire(bytes: string): string {
  // Plain ASCII, the ordinary case, is the same in both.
  return isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8');
}

/** Text as a byte string of its UTF-8 form, as it is: for bodies. */
export function toBody(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

/** Text as a byte string of its UTF-8 form. Line ends and NUL become spaces: text of ours must never open a header. */
export function toWire(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return toBody(text.replace(/[\r\n\0]+/g, ' '));
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 127) return false;
  return true;
}
