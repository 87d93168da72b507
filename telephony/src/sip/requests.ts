/** Requests outside a dialog, and those derived from other messages: the ACK of a refusal and the CANCEL of an INVITE. */
import { noBody, type SipHeader, type SipRequest, type SipResponse } from './message.js';

/**
 * A request outside any dialog (RFC 3261 §8.1.1), without Via and CSeq: `sendOutside` gives each try its own.
 *
 * @param of `from`, `to`: name-addr without tag, `"Aiko" <sip:100@pbx.example>`
 */
export function requestOutside(of: {
  method: string;
  uri: string;
  from: string;
  fromTag: string;
  to: string;
  callId: string;
  extra?: readonly SipHeader[];
  body?: string;
}): SipRequest {
  const headers: SipHeader[] = [
    { name: 'max-forwards', value: '70' },
    { name: 'from', value: `${of.from};tag=${of.fromTag}` },
    { name: 'to', value: of.to },
    { name: 'call-id', value: of.callId },
    ...(of.extra ?? []),
  ];
  return { kind: 'request', method: of.method, uri: of.uri, headers, body: of.body ?? noBody };
}

/**
 * The ACK of a 300–699 answer (RFC 3261 §17.1.1.3): same Via and Request-URI as the INVITE, To of the answer. It belongs to the
 * INVITE's transaction; the ACK of a 2xx is a request of the dialog instead.
 */
export function acknowledgeRefusal(invite: SipRequest, response: SipResponse): SipRequest {
  return fromInvite(invite, 'ACK', response.headers.find(({ name }) => name === 'to') ?? null);
}

/** §9.1: all but the method equals the INVITE, so that every hop finds it. */
export function cancelOf(invite: SipRequest): SipRequest {
  return fromInvite(invite, 'CANCEL', null);
}

function fromInvite(invite: SipRequest, method: string, to: SipHeader | null): SipRequest {
  const headers: SipHeader[] = [];
  let top = true;
  for (const entry of invite.headers) {
    if (entry.name === 'via') {
      if (top) headers.push(entry);
      top = false;
    } else if (entry.name === 'to') headers.push(to ?? entry);
    else if (entry.name === 'cseq')
      headers.push({ name: 'cseq', value: `${Number.parseInt(entry.value, 10)} ${method}` });
    else if (['from', 'call-id', 'route', 'max-forwards'].includes(entry.name)) headers.push(entry);
  }
  return { kind: 'request', method, uri: invite.uri, headers, body: noBody };
}
