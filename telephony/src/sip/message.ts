/**
 * A SIP message as values (RFC 3261 §7).
 *
 * All text is a *byte string*: one character per byte (latin-1), exactly as it stood on the wire. What we must echo (Via, From,
 * To, Call-ID) so comes back byte for byte even when it is not valid UTF-8. Text meant for people goes through `fromWire` and
 * `toWire`. Header names are held in lower case and in their long form; a header that may be joined by commas (Via, Route,
 * Record-Route, Contact) is held one value per entry. Content-Length is framing, not content: it is never among the headers.
 */
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
export function headerTokens(message: { headers: readonly SipHeader[] }, name: string): string[] {
  const tokens: string[] = [];
  for (const entry of message.headers) {
    if (entry.name !== name) continue;
    for (const piece of entry.value.split(',')) {
      const token = piece.trim().toLowerCase();
      if (token !== '') tokens.push(token);
    }
  }
  return tokens;
}

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

const compactNames: Record<string, string> = {
  a: 'accept-contact',
  b: 'referred-by',
  c: 'content-type',
  d: 'request-disposition',
  e: 'content-encoding',
  f: 'from',
  i: 'call-id',
  j: 'reject-contact',
  k: 'supported',
  l: 'content-length',
  m: 'contact',
  n: 'identity-info',
  o: 'event',
  r: 'refer-to',
  s: 'subject',
  t: 'to',
  u: 'allow-events',
  v: 'via',
  x: 'session-expires',
  y: 'identity',
};

/** Lower case and long form of the header name that stands there. The usual ones are found without a string of their own. */
export function nameAt(text: string, from: number, to: number): string {
  const alike = spelled[shapeOf(to - from, text.charCodeAt(from))];
  if (alike !== undefined) {
    for (const { written, name } of alike) if (text.startsWith(written, from)) return name;
  }
  const lower = text.slice(from, to).toLowerCase();
  return (lower.length === 1 ? compactNames[lower] : undefined) ?? lower;
}

/** A small number that names of different length or beginning do not share. */
const shapeOf = (length: number, first: number): number => (length < 32 ? length * 128 + (first & 127) : 0);

/** How the line of a header begins, the end of the one before included. Unknown names get capitals, which no peer minds. */
export function lineStart(name: string): string {
  return starts.get(name) ?? `\r\n${name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase())}: `;
}

const commonNames = [
  ...['Via', 'From', 'To', 'Call-ID', 'CSeq', 'Contact', 'Max-Forwards', 'Route', 'Record-Route', 'Content-Type'],
  ...['Content-Length', 'Allow', 'Accept', 'Supported', 'Require', 'Unsupported', 'User-Agent', 'Server', 'Reason'],
  ...['Expires', 'Retry-After', 'Authorization', 'WWW-Authenticate', 'Proxy-Authenticate', 'Proxy-Authorization'],
  ...[
    'Proxy-Require',
    'P-Asserted-Identity',
    'Privacy',
    'Session-Expires',
    'Min-SE',
    'RSeq',
    'RAck',
    'Refer-To',
    'Referred-By',
    'Replaces',
    'Subscription-State',
    'Date',
    'Warning',
  ],
  ...['Subject', 'Accept-Encoding', 'Accept-Language', 'Content-Disposition', 'Allow-Events', 'Event', 'MIME-Version'],
];
const starts = new Map(commonNames.map((name) => [name.toLowerCase(), `\r\n${name}: `]));
/** The spellings that peers really use, by their shape. */
const spelled = Array.from<{ written: string; name: string }[] | undefined>({ length: 32 * 128 });
for (const [written, name] of [
  ...commonNames.flatMap((usual) => [
    [usual, usual.toLowerCase()] as const,
    [usual.toLowerCase(), usual.toLowerCase()] as const,
  ]),
  ['Call-Id', 'call-id'] as const,
  ['Cseq', 'cseq'] as const,
  ...Object.entries(compactNames),
]) {
  (spelled[shapeOf(written.length, written.charCodeAt(0))] ??= []).push({ written, name });
}
