/** Message to text (RFC 3261 §7): a byte string, as all text here. */
import { lineStart } from './header-names.js';
import type { SipMessage } from './message.js';

/**
 * Content-Length is always written, over UDP too: a body cut off on the way is then seen.
 *
 * @param via the topmost, where it is not among the headers yet
 */
export function serializeMessage(message: SipMessage, via: string | null = null): string {
  let text =
    message.kind === 'request'
      ? `${message.method} ${message.uri} SIP/2.0`
      : `SIP/2.0 ${message.status} ${message.reason}`;
  if (via !== null) text += `\r\nVia: ${via}`;
  for (const { name, value } of message.headers) text += lineStart(name) + value;
  return `${text}\r\nContent-Length: ${message.body.length}\r\n\r\n${message.body}`;
}
