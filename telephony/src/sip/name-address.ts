/** From, To, Contact, Route, P-Asserted-Identity: a name and an address with parameters (RFC 3261 §20.10, §25.1). */
import { fromWire } from './message.js';
import {
  endOfQuoted,
  formatParams,
  isAbsoluteUri,
  param,
  parseParams,
  trimmed,
  unquote,
  type Param,
} from './syntax.js';

export interface NameAddress {
  /** As written, quotes included; null when there is none. */
  display: string | null;
  /** The address as written, without angle brackets. */
  uri: string;
  /** Parameters of the header (`tag`, `expires`), not of the URI. */
  params: Param[];
}

/**
 * Reads one value. Spaces just inside the angle brackets are forgiven (RFC 4475 §3.1.2.14 allows it) and so are separators in
 * an unquoted display name (§3.1.2.15): phones in the field send both, and neither leaves a doubt about the address.
 *
 * @returns null when it is not a name-addr or addr-spec
 */
export function parseNameAddress(text: string): NameAddress | null {
  let open = text.indexOf('<');
  const quoteAt = text.indexOf('"');
  let display: string | null = null;
  if (quoteAt >= 0 && (open < 0 || quoteAt < open)) {
    if (text.slice(0, quoteAt).trim() !== '') {
      // A quote further back belongs to a parameter of a bare address; before a bracket it is a broken name.
      if (open >= 0) return null;
    } else {
      const end = endOfQuoted(text, quoteAt);
      if (end < 0) return null;
      display = text.slice(quoteAt, end);
      open = text.indexOf('<', end);
      if (open < 0 || text.slice(end, open).trim() !== '') return null;
    }
  }
  if (open >= 0) {
    if (display === null) {
      const name = open === 0 ? '' : text.slice(0, open).trim();
      if (name !== '') display = name;
    }
    const close = text.indexOf('>', open);
    if (close < 0) return null;
    const uri = trimmed(text, open + 1, close);
    if (!isAbsoluteUri(uri)) return null;
    const params = parseParams(text, close + 1);
    return params === null ? null : { display, uri, params };
  }
  // Without brackets every parameter belongs to the header, and a `?` or `,` is not allowed (§20.10).
  const semicolon = text.indexOf(';');
  const uri = trimmed(text, 0, semicolon < 0 ? text.length : semicolon);
  if (!isAbsoluteUri(uri) || uri.includes('?') || uri.includes(',')) return null;
  const params = semicolon < 0 ? [] : parseParams(text, semicolon);
  return params === null ? null : { display: null, uri, params };
}

export function formatNameAddress(address: NameAddress): string {
  const name = address.display === null ? '' : `${address.display} `;
  return `${name}<${address.uri}>${formatParams(address.params)}`;
}

/** The display name for people to read; null when there is none. */
export function displayText(address: NameAddress): string | null {
  if (address.display === null) return null;
  const text = fromWire(unquote(address.display)).trim();
  return text === '' ? null : text;
}

export function tagOf(address: NameAddress): string | null {
  const tag = param(address.params, 'tag');
  return tag === '' ? null : tag;
}

/** The same address with this tag, whatever tag it had. */
export function withTag(address: NameAddress, tag: string): NameAddress {
  return { ...address, params: [...address.params.filter(({ name }) => name !== 'tag'), { name: 'tag', value: tag }] };
}
