/**
 * The last word of a process that dies while a telephone still rings: a final answer to who called, a CANCEL to whom we called, ready
 * to be sent by whoever comes next. Nobody there knows the transaction any more, so it goes out as it is, a few times over UDP, and
 * what comes back (an ACK; a 200 and a 487) is nobody's.
 */
import type { SipMessage } from '../message.js';
import type { Hop, Timers, Wire } from '../ports.js';
import { serializeMessage } from '../serialize.js';

/** A lost datagram must not leave a telephone ringing. */
const againMs = [0, 500, 1_500];

export function writeFarewell({ transport, address, port }: Hop, message: SipMessage): string {
  const bytes = Buffer.from(serializeMessage(message)).toString('latin1');
  return JSON.stringify({ transport, address, port, message: bytes });
}

export function sendFarewell(farewell: string, wire: Wire, timers: Timers): void {
  const read = readFarewell(farewell);
  if (read === null) return;
  const { hop, bytes } = read;
  for (const ms of hop.transport === 'udp' ? againMs : [0]) timers.after(ms, () => wire.send(hop, bytes, () => {}));
}

function readFarewell(text: string): { hop: Hop; bytes: Uint8Array } | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { transport, address, port, message } = value as Record<string, unknown>;
  if (transport !== 'udp' && transport !== 'tcp' && transport !== 'tls') return null;
  if (typeof address !== 'string' || typeof port !== 'number' || typeof message !== 'string') return null;
  return { hop: { transport, address, port, connection: null }, bytes: Buffer.from(message, 'latin1') };
}
