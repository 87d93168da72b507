/** Message to bytes (RFC 3261 §7). */
import { lineStart, type SipMessage } from './message.js';

/**
 * Content-Length is always written, over UDP too: a body cut off on the way is then seen.
 *
 * @param via the topmost, where it is not among the headers yet
 */
export function serializeMessage(message: SipMessage, via: string | null = null): Uint8Array {
  const lines =
    message.kind === 'request'
      ? [message.method, ' ', message.uri, ' SIP/2.0']
      : ['SIP/2.0 ', String(message.status), ' ', message.reason];
  if (via !== null) lines.push('\r\nVia: ', via);
  // Joined at once: string by string it is a chain of fifty, each an object that the next collection has to look at.
  for (const { name, value } of message.headers) lines.push(lineStart(name), value);
  lines.push('\r\nContent-Length: ', String(message.body.length), '\r\n\r\n');
  const head = lines.join('');
  const bytes = Buffer.allocUnsafe(head.length + message.body.length);
  bytes.write(head, 0, 'latin1');
  bytes.set(message.body, head.length);
  return bytes;
}
