/** Header names: read in any case and in their compact form (RFC 3261 §7.3.1, §7.3.3), held in one, written as peers know them. */

export interface HeaderName {
  /** Lower case, long form. */
  readonly name: string;
  /** How often it may stand in a message, and whether commas divide it into values that are held one by one. */
  readonly form: 'once' | 'list' | 'any';
  /** A bit of its own for each that may stand but once; 0 for the others. */
  readonly bit: number;
}

const once = ['from', 'to', 'call-id', 'cseq', 'max-forwards', 'content-type', 'content-length', 'expires'];
const lists = new Set(['via', 'route', 'record-route', 'contact']);

const commonNames = [
  ...['Via', 'From', 'To', 'Call-ID', 'CSeq', 'Contact', 'Max-Forwards', 'Route', 'Record-Route', 'Content-Type'],
  ...['Content-Length', 'Allow', 'Accept', 'Supported', 'Require', 'Unsupported', 'User-Agent', 'Server', 'Reason'],
  ...['Expires', 'Retry-After', 'Authorization', 'WWW-Authenticate', 'Proxy-Authenticate', 'Proxy-Authorization'],
  ...['Proxy-Require', 'P-Asserted-Identity', 'Privacy', 'Session-Expires', 'Min-SE', 'RSeq', 'RAck', 'Refer-To'],
  ...['Referred-By', 'Replaces', 'Subscription-State', 'Date', 'Warning', 'Subject', 'Accept-Encoding'],
  ...['Accept-Language', 'Content-Disposition', 'Allow-Events', 'Event', 'MIME-Version'],
];

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

/** By lower-case long form: those that are anything special. */
const known = new Map<string, HeaderName>();
for (const name of [...commonNames.map((usual) => usual.toLowerCase()), ...Object.values(compactNames)]) {
  const form = once.includes(name) ? 'once' : lists.has(name) ? 'list' : 'any';
  known.set(name, { name, form, bit: form === 'once' ? 1 << once.indexOf(name) : 0 });
}

/** The spellings that peers really use, by their shape. */
const spelled = Array.from<{ written: string; header: HeaderName }[] | undefined>({ length: 32 * 128 });
for (const [written, name] of [
  ...commonNames.flatMap((usual) => [usual, usual.toLowerCase()].map((written) => [written, usual.toLowerCase()])),
  ['Call-Id', 'call-id'],
  ['Cseq', 'cseq'],
  ...Object.entries(compactNames),
] as [string, string][]) {
  (spelled[shapeOf(written.length, written.charCodeAt(0))] ??= []).push({ written, header: ofLower(name) });
}

/** A small number that names of different length or beginning do not share. */
function shapeOf(length: number, first: number): number {
  return length < 32 ? length * 128 + (first & 127) : 0;
}

function ofLower(name: string): HeaderName {
  return known.get(name) ?? { name, form: 'any', bit: 0 };
}

/** The header whose name stands there. The usual spellings are found without a string of their own. */
export function headerNameAt(text: string, from: number, to: number): HeaderName {
  const alike = spelled[shapeOf(to - from, text.charCodeAt(from))];
  if (alike !== undefined) {
    for (const { written, header } of alike) if (text.startsWith(written, from)) return header;
  }
  const lower = text.slice(from, to).toLowerCase();
  return ofLower((lower.length === 1 ? compactNames[lower] : undefined) ?? lower);
}

const starts = new Map(commonNames.map((name) => [name.toLowerCase(), `\r\n${name}: `]));

/** How the line of a header begins, the end of the one before included. Unknown names get capitals, which no peer minds. */
export function lineStart(name: string): string {
  return starts.get(name) ?? `\r\n${name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase())}: `;
}
