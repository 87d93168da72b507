import { crc32c } from './crc32c.js';

/** Of one packet of ours. With a DTLS record around it, whatever its cipher, that is less than 1,200 (RFC 8831 §5). */
export const packetBytesMax = 1_132;
export const headBytes = 12;
const chunkHeadBytes = 4;

/** One chunk as it stands in a packet: `value` is what comes after its length, without the padding. */
export interface Chunk {
  type: number;
  flags: number;
  value: Buffer;
}

export interface Packet {
  /** Verification tag. */
  tag: number;
  chunks: Chunk[];
}

export interface Ports {
  ours: number;
  theirs: number;
}

const checksumPlace = 8;
const zeros = new Uint8Array(4);

/** The checksum covers the packet with four zeros in its own place. */
function checksumOf(bytes: Uint8Array): number {
  const head = crc32c(zeros, 0, 4, crc32c(bytes, 0, checksumPlace));
  return crc32c(bytes, headBytes, bytes.length, head);
}

/**
 * Reads the common header and divides the rest into chunks (RFC 9260 §3).
 *
 * @returns null for what is no packet for these ports: too short, another checksum (a zero one too: RFC 9653 is not agreed to), a
 *   chunk whose length does not fit, or no chunk at all. The chunks are views of `bytes`
 */
export function readPacket(bytes: Uint8Array, ports: Ports): Packet | null {
  if (bytes.length < headBytes + chunkHeadBytes) return null;
  const packet = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (packet.readUInt16BE(0) !== ports.theirs || packet.readUInt16BE(2) !== ports.ours) return null;
  if (packet.readUInt32LE(checksumPlace) !== checksumOf(packet)) return null;
  const chunks: Chunk[] = [];
  for (let at = headBytes; at < packet.length;) {
    if (at + chunkHeadBytes > packet.length) return null;
    const length = packet.readUInt16BE(at + 2);
    if (length < chunkHeadBytes || at + length > packet.length) return null;
    chunks.push({
      type: packet[at]!,
      flags: packet[at + 1]!,
      value: packet.subarray(at + chunkHeadBytes, at + length),
    });
    at += padded(length);
  }
  return { tag: packet.readUInt32BE(4), chunks };
}

/** @param chunks as `writeChunk` makes them */
export function writePacket(ports: Ports, tag: number, chunks: readonly Uint8Array[]): Buffer {
  const packet = Buffer.alloc(chunks.reduce((length, chunk) => length + chunk.length, headBytes));
  packet.writeUInt16BE(ports.ours, 0);
  packet.writeUInt16BE(ports.theirs, 2);
  packet.writeUInt32BE(tag, 4);
  let at = headBytes;
  for (const chunk of chunks) {
    packet.set(chunk, at);
    at += chunk.length;
  }
  packet.writeUInt32LE(checksumOf(packet), checksumPlace);
  return packet;
}

/** A chunk with its head, padded with zeros to whole words. */
export function writeChunk(type: number, flags = 0, value: Uint8Array = new Uint8Array(0)): Buffer {
  const length = chunkHeadBytes + value.length;
  const chunk = Buffer.alloc(padded(length));
  chunk[0] = type;
  chunk[1] = flags;
  chunk.writeUInt16BE(length, 2);
  chunk.set(value, chunkHeadBytes);
  return chunk;
}

/** A parameter or an error's cause: both are a type of 16 bits, a length with the head, a value (RFC 9260 §3.2.1, §3.3.10). */
export interface Parameter {
  type: number;
  value: Buffer;
}

/** @returns null where a length does not fit */
export function readParameters(bytes: Buffer): Parameter[] | null {
  const parameters: Parameter[] = [];
  for (let at = 0; at < bytes.length;) {
    if (at + 4 > bytes.length) return null;
    const length = bytes.readUInt16BE(at + 2);
    if (length < 4 || at + length > bytes.length) return null;
    parameters.push({ type: bytes.readUInt16BE(at), value: bytes.subarray(at + 4, at + length) });
    at += padded(length);
  }
  return parameters;
}

export function writeParameter(type: number, value: Uint8Array = new Uint8Array(0)): Buffer {
  const length = 4 + value.length;
  const parameter = Buffer.alloc(padded(length));
  parameter.writeUInt16BE(type, 0);
  parameter.writeUInt16BE(length, 2);
  parameter.set(value, 4);
  return parameter;
}

export const padded = (length: number): number => (length + 3) & ~3;

/** 32-bit numbers one after the other. */
export function words(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(numbers.length * 4);
  for (const [i, number] of numbers.entries()) bytes.writeUInt32BE(number >>> 0, i * 4);
  return bytes;
}
