/** What a user agent server checks before it acts on a request (RFC 3261 §8.2), in the RFC's order. Pure. */
import { header, headerTokens, headerValues, type SipHeader, type SipRequest } from '../message.js';
import { parseSipUri } from '../uri.js';
import { answerTimer, minSeS } from './session-timer.js';

/** What we do. SUBSCRIBE and the like are known but not ours. REFER is up to the trunk. */
export const allowed = ['INVITE', 'ACK', 'CANCEL', 'BYE', 'OPTIONS', 'INFO', 'UPDATE', 'PRACK', 'REFER'] as const;
const known = new Set(['REGISTER', 'SUBSCRIBE', 'NOTIFY', 'MESSAGE', 'PUBLISH']);
/** Extensions that may be required of us: RFC 3262, RFC 4028, RFC 3891. */
const supported = ['100rel', 'timer', 'replaces'];

export const allowHeader: SipHeader = { name: 'allow', value: allowed.join(', ') };
export const supportedHeader: SipHeader = { name: 'supported', value: supported.join(', ') };
export const sdpHeader: SipHeader = { name: 'content-type', value: 'application/sdp' };
export const acceptHeader: SipHeader = { name: 'accept', value: 'application/sdp' };

export interface Refusal {
  status: number;
  headers: SipHeader[];
}

/** Null: nothing speaks against it. */
export function refusalOf(request: SipRequest): Refusal | null {
  if (!(allowed as readonly string[]).includes(request.method)) {
    return { status: known.has(request.method) ? 405 : 501, headers: [allowHeader] };
  }
  if (parseSipUri(request.uri) === null && !/^(?:sips?|tel):/i.test(request.uri)) return { status: 416, headers: [] };
  // §8.2.2.3 wants back what was asked, spelled as it was.
  if (header(request, 'require') !== null && request.method !== 'CANCEL') {
    const unsupported = headerValues(request, 'require')
      .flatMap((value) => value.split(','))
      .map((option) => option.trim())
      .filter((option) => !supported.includes(option.toLowerCase()));
    if (unsupported.length > 0) {
      return { status: 420, headers: [{ name: 'unsupported', value: unsupported.join(', ') }] };
    }
  }
  if (request.method !== 'INVITE' && request.method !== 'UPDATE') return null;
  // RFC 4028 §9: sessions that would have to be refreshed every few seconds are a load and no use.
  if (answerTimer(request) === 'too-short')
    return { status: 422, headers: [{ name: 'min-se', value: String(minSeS) }] };
  return contentRefusal(request);
}

function contentRefusal(request: SipRequest): Refusal | null {
  if (request.body.length > 0) {
    const encoding = header(request, 'content-encoding');
    if (encoding !== null && encoding.toLowerCase() !== 'identity') {
      return { status: 415, headers: [{ name: 'accept-encoding', value: 'identity' }] };
    }
    const type = mediaType(header(request, 'content-type'));
    // A body without a type is taken for what it can only be: phones of the last century leave it out.
    if (type !== '' && type !== 'application/sdp' && !type.startsWith('multipart/')) {
      return { status: 415, headers: [acceptHeader] };
    }
  }
  const accepts = headerTokens(request, 'accept').map(mediaType);
  if (accepts.length > 0 && !accepts.some((type) => ['application/sdp', 'application/*', '*/*'].includes(type))) {
    return { status: 406, headers: [acceptHeader] };
  }
  return null;
}

/** `application/sdp;charset=x` → `application/sdp`. */
export function mediaType(value: string | null): string {
  if (value === null || value === 'application/sdp') return value ?? '';
  return (value.split(';')[0] ?? '').trim().toLowerCase();
}
