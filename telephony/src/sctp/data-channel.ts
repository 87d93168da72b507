/** What a message is (RFC 8831 §8). 51 and 53 with at least one byte: an empty message is 56 or 57 with a byte that means nothing. */
export const ppids = { control: 50, text: 51, binary: 53, emptyText: 56, emptyBinary: 57 } as const;

const openType = 3;
const ackType = 2;
const openHeadBytes = 12;
/** Labels are read by nobody but us. */
const labelBytesMax = 256;

/** DATA_CHANNEL_OPEN and DATA_CHANNEL_ACK (RFC 8832 §5). */
export type ControlMessage = { type: 'open'; label: string } | { type: 'ack' };

/**
 * @returns null for what is neither. Priority, protocol and reliability are not kept: we send in order and until it is
 *   acknowledged, whatever a channel would make do with
 */
export function readControl(bytes: Buffer): ControlMessage | null {
  if (bytes[0] === ackType) return { type: 'ack' };
  if (bytes[0] !== openType || bytes.length < openHeadBytes) return null;
  const labelBytes = bytes.readUInt16BE(8);
  const protocolBytes = bytes.readUInt16BE(10);
  if (bytes.length !== openHeadBytes + labelBytes + protocolBytes || labelBytes > labelBytesMax) return null;
  const label = readText(bytes.subarray(openHeadBytes, openHeadBytes + labelBytes));
  return label === null ? null : { type: 'open', label };
}

export const controlAck: Buffer = Buffer.from([ackType]);

/** An ordered, reliable channel. */
export function writeOpen(label: string): Buffer {
  const name = Buffer.from(label);
  const bytes = Buffer.alloc(openHeadBytes + name.length);
  bytes[0] = openType;
  bytes.writeUInt16BE(name.length, 8);
  bytes.set(name, openHeadBytes);
  return bytes;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @returns null for what is no UTF-8 */
export function readText(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}
