/** Message to text (RFC 3261 §7): a byte string, as all text here. */
import { lineStart } from './header-names.js';
import type { SipMessage } from './message.js';

/**
 * Content-Length is always written, over UDP too: a body cut off on the way is then seen.
 *
 * @param via the topmost, where it is not among the headers yet
 */
export function serializeMessage(message: SipMessage, via: string | null = null): string {
  const lines =
    message.kind === 'request'
      ? [message.method, ' ', message.uri, ' SIP/2.0']
      : ['SIP/2.0 ', String(message.status), ' ', message.reason];
  if (via !== null) lines.push('\r\nVia: ', via);
  // Joined at once: string by string it is a chain of fifty, each an object that the next collection has to look at.
  for (const { name, value } of message.headers) lines.push(lineStart(name), value);
  lines.push('\r\nContent-Length: ', String(message.body.length), '\r\n\r\n', message.body);
  return lines.join('');
}
