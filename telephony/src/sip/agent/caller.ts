/** Who calls, as far as a trunk may say so (RFC 3325, RFC 3323). */
import { headerTokens, headerValues, type SipRequest } from '../message.js';
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
  const wishes = headerTokens(request, 'privacy').flatMap((value) => value.split(';').map((one) => one.trim()));
  if (wishes.some((wish) => wish === 'id' || wish === 'user' || wish === 'header')) return withheld;
  const asserted = headerValues(request, 'p-asserted-identity')
    .flatMap((value) => splitOutside(value, ',') ?? [])
    .map(parseNameAddress)
    .find((address) => address !== null && userOf(address.uri) !== null);
  const who = asserted ?? from;
  const number = userOf(who.uri);
  const host = parseSipUri(who.uri)?.host;
  if (number === null || /^anonymous$/i.test(number) || host === 'anonymous.invalid') return withheld;
  const name = displayText(who) ?? displayText(from);
  return { number, name: name === number ? null : name };
}

/** What was dialled: the user part of the Request-URI. '' when it has none. */
export function dialledIn(request: SipRequest): string {
  return userOf(request.uri) ?? '';
}
