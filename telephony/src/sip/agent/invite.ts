/** An INVITE of ours as it goes out: whom it names as caller, what it offers, what we can (RFC 3261 §13.2.1, RFC 3323, RFC 3325). */
import type { CallRequest } from '../contract.js';
import { toBody, toWire, type SipHeader, type SipRequest } from '../message.js';
import { requestOutside } from '../requests.js';
import { isToken, quote } from '../syntax.js';
import { parseSipUri } from '../uri.js';
import { allowHeader, sdpHeader, supportedHeader } from './rules.js';
import { proposeTimer, sessionExpiresS } from './session-timer.js';

/** Written by us alone: a second one would say something else, or open a way into the message. */
const ours = new Set([
  ...['via', 'from', 'to', 'call-id', 'cseq', 'max-forwards', 'contact', 'route', 'record-route', 'content-type'],
  ...['content-length', 'allow', 'supported', 'require', 'session-expires', 'min-se', 'authorization', 'privacy'],
  ...['proxy-authorization', 'p-asserted-identity', 'p-preferred-identity', 'replaces', 'expires'],
]);

/** Can this call be placed at all? */
export function isCallable(request: CallRequest): boolean {
  const { to, from, identity, replaces = null, headers = [] } = request;
  const named = (uri: string) => parseSipUri(uri)?.headers === null || /^tel:\+?[0-9*#().-]+$/i.test(uri);
  return (
    named(to) &&
    named(from) &&
    (identity === null || named(identity.uri)) &&
    (replaces === null || /^[\x21-\x7e]+$/.test(replaces)) &&
    headers.every(({ name }) => isToken(name) && !ours.has(name.toLowerCase()))
  );
}

/** @param minS the session interval that the far end wants at least */
export function inviteOf(
  request: CallRequest,
  ids: { callId: string; fromTag: string },
  minS: number,
  contact: SipHeader,
): SipRequest {
  const { to, from, displayName, identity, withheld, offer, replaces = null, headers = [] } = request;
  const name = displayName === null || displayName === '' ? '' : `${quote(toWire(displayName))} `;
  const extra: SipHeader[] = [
    contact,
    allowHeader,
    supportedHeader,
    ...proposeTimer(sessionExpiresS, minS, null),
    ...(withheld ? [{ name: 'privacy', value: 'id' }] : []),
    ...(identity === null ? [] : [{ name: `p-${identity.header}-identity`, value: `${name}<${identity.uri}>` }]),
    ...(replaces === null
      ? []
      : [
          { name: 'require', value: 'replaces' },
          { name: 'replaces', value: replaces },
        ]),
    ...headers.map((entry) => ({ name: entry.name.toLowerCase(), value: toWire(entry.value) })),
    sdpHeader,
  ];
  return requestOutside({
    method: 'INVITE',
    uri: to,
    // RFC 3323 §4.1.1.3: the form that says nothing, and that no far end takes for a number.
    from: withheld ? '"Anonymous" <sip:anonymous@anonymous.invalid>' : `${name}<${from}>`,
    to: `<${to}>`,
    callId: ids.callId,
    fromTag: ids.fromTag,
    extra,
    body: toBody(offer),
  });
}
