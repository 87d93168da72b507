/** Answers built from the request they answer (RFC 3261 §8.2.6). */
import { noBody, toWire, type SipHeader, type SipRequest, type SipResponse } from './message.js';
import { formatVia, type Via } from './via.js';

export interface ResponseParts {
  /** Ours to add to To when the request has none. */
  toTag?: string | undefined;
  headers?: readonly SipHeader[] | undefined;
  body?: string | undefined;
  /** Copies Record-Route: for answers that make a dialog (§12.1.1). */
  recordRoute?: boolean | undefined;
}

/**
 * Vias in order with the topmost stamped, From, To, Call-ID and CSeq byte for byte.
 *
 * @param via the topmost Via, stamped with where the request came from
 * @param reason for people; null for the usual words
 */
export function responseTo(
  request: SipRequest,
  via: Via,
  status: number,
  reason: string | null,
  parts: ResponseParts = {},
): SipResponse {
  const headers: SipHeader[] = [{ name: 'via', value: formatVia(via) }];
  let top = true;
  for (const entry of request.headers) {
    switch (entry.name) {
      case 'via':
        if (!top) headers.push(entry);
        top = false;
        break;
      case 'to':
        headers.push(
          parts.toTag === undefined || /;\s*tag\s*=/i.test(entry.value)
            ? entry
            : { name: 'to', value: `${entry.value};tag=${parts.toTag}` },
        );
        break;
      case 'from':
      case 'call-id':
      case 'cseq':
        headers.push(entry);
        break;
      case 'record-route':
        if (parts.recordRoute === true) headers.push(entry);
        break;
      case 'timestamp':
        if (status === 100) headers.push(entry);
        break;
      default:
    }
  }
  if (parts.headers !== undefined) headers.push(...parts.headers);
  const words = reason === null || reason === '' ? (reasons[status] ?? 'Unknown') : toWire(reason);
  return { kind: 'response', status, reason: words, headers, body: parts.body ?? noBody };
}

const reasons: Record<number, string> = {
  100: 'Trying',
  180: 'Ringing',
  183: 'Session Progress',
  200: 'OK',
  202: 'Accepted',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  408: 'Request Timeout',
  415: 'Unsupported Media Type',
  416: 'Unsupported URI Scheme',
  420: 'Bad Extension',
  422: 'Session Interval Too Small',
  480: 'Temporarily Unavailable',
  481: 'Call/Transaction Does Not Exist',
  482: 'Loop Detected',
  486: 'Busy Here',
  487: 'Request Terminated',
  488: 'Not Acceptable Here',
  491: 'Request Pending',
  500: 'Server Internal Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  504: 'Server Time-out',
  505: 'Version Not Supported',
  513: 'Message Too Large',
  600: 'Busy Everywhere',
  603: 'Decline',
};
