/** Via: the way an answer takes back (RFC 3261 §18.2, §20.42; RFC 3581). */
import { formatParams, isToken, param, parseNumber, parseParams, trimmed, type Param } from './syntax.js';
import { bareHost, parseHostPort } from './uri.js';

export interface Via {
  /** Upper case: UDP, TCP, TLS, or whatever a far hop used. */
  transport: string;
  host: string;
  port: number | null;
  params: Param[];
}

/** How nearly every Via begins. */
const usual = ['UDP', 'TCP', 'TLS'].map((transport) => ({ transport, start: `SIP/2.0/${transport} ` }));

/** Forgives white space around the slashes and before the port (RFC 4475 §3.1.1.1). */
export function parseVia(text: string): Via | null {
  const semicolon = text.indexOf(';');
  const end = semicolon < 0 ? text.length : semicolon;
  let transport: string;
  let sentBy: string;
  const ordinary = usual.find(({ start }) => text.startsWith(start));
  if (ordinary !== undefined) {
    transport = ordinary.transport;
    sentBy = trimmed(text, ordinary.start.length, end);
  } else {
    const parts = /^([^\s/]+)\s*\/\s*([^\s/]+)\s*\/\s*([^\s/]+)\s+(.+)$/.exec(text.slice(0, end));
    if (parts === null || (parts[1] ?? '').toUpperCase() !== 'SIP' || parts[2] !== '2.0') return null;
    transport = (parts[3] ?? '').toUpperCase();
    sentBy = (parts[4] ?? '').trim();
    if (!isToken(transport)) return null;
  }
  const place = parseHostPort(sentBy);
  const params = semicolon < 0 ? [] : parseParams(text, semicolon);
  return place === null || params === null ? null : { transport, host: place.host, port: place.port, params };
}

export function formatVia(via: Via): string {
  const port = via.port === null ? '' : `:${via.port}`;
  return `SIP/2.0/${via.transport} ${via.host}${port}${formatParams(via.params)}`;
}

export function branchOf(via: Via): string | null {
  const branch = param(via.params, 'branch');
  return branch === '' ? null : branch;
}

/**
 * Notes on the topmost Via where the request really came from: `received` when the sender wrote another host or asked by
 * `rport`, and the `rport` it asked for (RFC 3261 §18.2.1, RFC 3581 §4). What the sender wrote there itself is dropped.
 */
export function stampVia(via: Via, source: { address: string; port: number }): Via {
  let asked = false;
  const params: Param[] = [];
  for (const one of via.params) {
    if (one.name === 'rport') asked = true;
    else if (one.name !== 'received') params.push(one);
  }
  if (asked || bareHost(via.host) !== source.address) params.push({ name: 'received', value: source.address });
  if (asked) params.push({ name: 'rport', value: String(source.port) });
  return { transport: via.transport, host: via.host, port: via.port, params };
}

/** Where an answer goes over UDP, from a stamped Via. `maddr` is not obeyed: it would let a stranger aim our answers. */
export function answerPlace(via: Via): { address: string; port: number } {
  const address = param(via.params, 'received') ?? bareHost(via.host);
  const rport = parseNumber(param(via.params, 'rport') ?? '', 65_535);
  return { address, port: rport !== null && rport > 0 ? rport : (via.port ?? 5060) };
}
