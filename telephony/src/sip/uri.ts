/** SIP and tel addresses (RFC 3261 §19.1, RFC 3966). */
import { fromWire } from './message.js';
import { lately } from '../lately.js';
import { formatParams, parseNumber, type Param } from './syntax.js';

export interface SipUri {
  scheme: 'sip' | 'sips';
  /** Still percent-encoded; null when the address has no user. */
  user: string | null;
  password: string | null;
  /** Lower case; IPv6 keeps its brackets. */
  host: string;
  port: number | null;
  params: Param[];
  /** Behind `?`, as written. */
  headers: string | null;
}

const userChars = /^[A-Za-z0-9\-_.!~*'()&=+$,;?/%]*$/;
const hostChars = /^(?:[A-Za-z0-9.\-_]+|\[[0-9A-Fa-f:.]+\])$/;

/** @returns null when it is not a well-formed sip: or sips: address; not to be changed, others get the same */
export const parseSipUri: (text: string) => Readonly<SipUri> | null = lately(readSipUri);

function readSipUri(text: string): SipUri | null {
  const colon = text.indexOf(':');
  const scheme = text.slice(0, colon).toLowerCase();
  if (scheme !== 'sip' && scheme !== 'sips') return null;
  let rest = text.slice(colon + 1);

  // The user part may hold `;`, `?` and `/`, so the @ is looked for first (RFC 4475 §3.1.1.2, §3.1.1.9).
  let user: string | null = null;
  let password: string | null = null;
  const at = rest.indexOf('@');
  if (at >= 0) {
    const userInfo = rest.slice(0, at);
    rest = rest.slice(at + 1);
    const secret = userInfo.indexOf(':');
    user = secret < 0 ? userInfo : userInfo.slice(0, secret);
    password = secret < 0 ? null : userInfo.slice(secret + 1);
    if (user === '' || !userChars.test(user) || (password !== null && !userChars.test(password))) return null;
  }

  let headers: string | null = null;
  const question = rest.indexOf('?');
  if (question >= 0) {
    headers = rest.slice(question + 1);
    rest = rest.slice(0, question);
    if (headers === '') return null;
  }
  const params: Param[] = [];
  const semicolon = rest.indexOf(';');
  if (semicolon >= 0) {
    for (const piece of rest.slice(semicolon + 1).split(';')) {
      const equals = piece.indexOf('=');
      const name = equals < 0 ? piece : piece.slice(0, equals);
      const value = equals < 0 ? null : piece.slice(equals + 1);
      if (name === '' || value === '' || /[\s"<>@]/.test(piece)) return null;
      params.push({ name: name.toLowerCase(), value });
    }
    rest = rest.slice(0, semicolon);
  }
  const place = parseHostPort(rest);
  return place === null ? null : { scheme, user, password, host: place.host, port: place.port, params, headers };
}

export function formatSipUri(uri: SipUri): string {
  const secret = uri.password === null ? '' : `:${uri.password}`;
  const user = uri.user === null ? '' : `${uri.user}${secret}@`;
  const port = uri.port === null ? '' : `:${uri.port}`;
  const headers = uri.headers === null ? '' : `?${uri.headers}`;
  return `${uri.scheme}:${user}${uri.host}${port}${formatParams(uri.params)}${headers}`;
}

/** `host`, `host:port`, `[v6]:port`; not to be changed, others get the same. */
export const parseHostPort: (text: string) => Readonly<HostPort> | null = lately(readHostPort);

export interface HostPort {
  /** Lower case; IPv6 keeps its brackets. */
  host: string;
  port: number | null;
}

function readHostPort(text: string): HostPort | null {
  let host = text;
  let port: number | null = null;
  const colon = text.lastIndexOf(':');
  if (colon >= 0 && !text.endsWith(']')) {
    host = text.slice(0, colon).trimEnd();
    port = parseNumber(text.slice(colon + 1).trimStart(), 65_535);
    if (port === null || port === 0) return null;
  }
  return host.length <= 255 && hostChars.test(host) ? { host: host.toLowerCase(), port } : null;
}

/** As the socket has it: IPv6 without its brackets. */
export function bareHost(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host;
}

/**
 * The user part for people and look-ups: of a sip: address percent-decoded and without `;` parameters, of a tel: address the
 * number without visual separators. Null when there is none, or it decodes to something with control characters.
 */
export function userOf(uri: string): string | null {
  const sip = parseSipUri(uri);
  let raw: string;
  if (sip === null && /^tel:/i.test(uri)) raw = withoutParams(uri.slice(4)).replace(/[-.()]/g, '');
  else raw = withoutParams(sip?.user ?? '');
  if (raw === '') return null;
  const text = fromWire(raw.includes('%') ? unescaped(raw) : raw);
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char < 32 || char === 127) return null;
  }
  return text;
}

function withoutParams(text: string): string {
  const semicolon = text.indexOf(';');
  return semicolon < 0 ? text : text.slice(0, semicolon);
}

function unescaped(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
