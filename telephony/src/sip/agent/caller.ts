/** Who calls, as far as a trunk may say so (RFC 3325, RFC 3323). */
import { headerTokens, type SipRequest } from '../message.js';
import { displayText, parseNameAddress, type NameAddress } from '../name-address.js';
import { splitOutside } from '../syntax.js';
import { parseSipUri, userOf } from '../uri.js';

export interface Caller {
  /** Null: withheld. */
  number: string | null;
  name: string | null;
}

const withheld: Caller = { number: null, name: null };

/**
 * The asserted identity if there is one, else From. A caller who asked for privacy is nobody to us, even when the trunk sends
 * along who it is: the next hop to honour that wish is we (RFC 3325 §9.3).
 */
export function callerOf(request: SipRequest, from: NameAddress): Caller {
  if (headerTokens(request, 'privacy').some(asksForPrivacy)) return withheld;
  const who = assertedIn(request) ?? from;
  const number = userOf(who.uri);
  const host = parseSipUri(who.uri)?.host;
  if (number === null || number.toLowerCase() === 'anonymous' || host === 'anonymous.invalid') return withheld;
  const name = displayText(who) ?? displayText(from);
  return { number, name: name === number ? null : name };
}

function asksForPrivacy(value: string): boolean {
  const wishes = value.split(';').map((one) => one.trim());
  return wishes.some((wish) => wish === 'id' || wish === 'user' || wish === 'header');
}

/** The first that names anybody; null: nobody is. */
function assertedIn(request: SipRequest): NameAddress | null {
  for (const { name, value } of request.headers) {
    if (name !== 'p-asserted-identity') continue;
    for (const one of splitOutside(value, ',') ?? []) {
      const address = parseNameAddress(one);
      if (address !== null && userOf(address.uri) !== null) return address;
    }
  }
  return null;
}

/** What was dialled: the user part of the Request-URI. '' when it has none. */
export function dialledIn(request: SipRequest): string {
  return userOf(request.uri) ?? '';
}
