/** Message to bytes (RFC 3261 §7). */
import { writtenName, type SipMessage } from './message.js';

/** Content-Length is always written, over UDP too: a body cut off on the way is then seen. */
export function serializeMessage(message: SipMessage): Uint8Array {
  let head =
    message.kind === 'request'
      ? `${message.method} ${message.uri} SIP/2.0\r\n`
      : `SIP/2.0 ${message.status} ${message.reason}\r\n`;
  for (const { name, value } of message.headers) head += `${writtenName(name)}: ${value}\r\n`;
  head += `Content-Length: ${message.body.length}\r\n\r\n`;
  const bytes = Buffer.allocUnsafe(head.length + message.body.length);
  bytes.write(head, 0, 'latin1');
  bytes.set(message.body, head.length);
  return bytes;
}
