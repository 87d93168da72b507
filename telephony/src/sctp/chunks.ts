import { writeChunk, writeParameter } from './packet.js';

/** RFC 9260 §3.2, RFC 6525 §3.1. */
export const chunkTypes = {
  data: 0,
  init: 1,
  initAck: 2,
  sack: 3,
  heartbeat: 4,
  heartbeatAck: 5,
  abort: 6,
  shutdown: 7,
  shutdownAck: 8,
  error: 9,
  cookieEcho: 10,
  cookieAck: 11,
  shutdownComplete: 14,
  reConfig: 130,
} as const;

/** RFC 9260 §3.3.10. */
export const causes = {
  invalidStream: 1,
  staleCookie: 3,
  unresolvableAddress: 5,
  unrecognizedChunk: 6,
  invalidMandatoryParameter: 7,
  unrecognizedParameters: 8,
  noUserData: 9,
  userAbort: 12,
  protocolViolation: 13,
} as const;

/** INIT and INIT ACK (§3.3.2): what each side says of itself. */
export interface Init {
  tag: number;
  /** Bytes that the sender has room for. */
  window: number;
  outStreams: number;
  inStreams: number;
  /** Of its first DATA chunk. */
  tsn: number;
  /** Parameters, not yet read. */
  rest: Buffer;
}

const initBytes = 16;

export function readInit(value: Buffer): Init | null {
  if (value.length < initBytes) return null;
  return {
    tag: value.readUInt32BE(0),
    window: value.readUInt32BE(4),
    outStreams: value.readUInt16BE(8),
    inStreams: value.readUInt16BE(10),
    tsn: value.readUInt32BE(12),
    rest: value.subarray(initBytes),
  };
}

export function writeInit(type: 'init' | 'initAck', init: Init): Buffer {
  const value = Buffer.alloc(initBytes + init.rest.length);
  value.writeUInt32BE(init.tag, 0);
  value.writeUInt32BE(init.window, 4);
  value.writeUInt16BE(init.outStreams, 8);
  value.writeUInt16BE(init.inStreams, 10);
  value.writeUInt32BE(init.tsn, 12);
  value.set(init.rest, initBytes);
  return writeChunk(chunkTypes[type], 0, value);
}

/** One DATA chunk (§3.3.1): a message, or a piece of one. */
export interface Data {
  tsn: number;
  stream: number;
  ssn: number;
  ppid: number;
  unordered: boolean;
  begins: boolean;
  ends: boolean;
  bytes: Buffer;
}

export const dataHeadBytes = 12;
const endBit = 1;
const beginBit = 2;
const unorderedBit = 4;

/** @returns null where it is too short to be one; `bytes` may be empty, which is an error of another kind */
export function readData({ flags, value }: { flags: number; value: Buffer }): Data | null {
  if (value.length < dataHeadBytes) return null;
  return {
    tsn: value.readUInt32BE(0),
    stream: value.readUInt16BE(4),
    ssn: value.readUInt16BE(6),
    ppid: value.readUInt32BE(8),
    unordered: (flags & unorderedBit) !== 0,
    begins: (flags & beginBit) !== 0,
    ends: (flags & endBit) !== 0,
    bytes: value.subarray(dataHeadBytes),
  };
}

export function writeData(data: Data): Buffer {
  const value = Buffer.alloc(dataHeadBytes + data.bytes.length);
  value.writeUInt32BE(data.tsn, 0);
  value.writeUInt16BE(data.stream, 4);
  value.writeUInt16BE(data.ssn, 6);
  value.writeUInt32BE(data.ppid, 8);
  value.set(data.bytes, dataHeadBytes);
  const flags = (data.unordered ? unorderedBit : 0) | (data.begins ? beginBit : 0) | (data.ends ? endBit : 0);
  return writeChunk(chunkTypes.data, flags, value);
}

/** SACK (§3.3.4). */
export interface Sack {
  /** Everything up to this TSN has come. */
  cumulative: number;
  /** Bytes that there is room for. */
  window: number;
  /** What came beyond: first and last, counted from `cumulative`. */
  gaps: readonly (readonly [first: number, last: number])[];
  /** TSNs that came more than once since the last SACK. */
  again: readonly number[];
}

export function readSack(value: Buffer): Sack | null {
  if (value.length < 12) return null;
  const gapCount = value.readUInt16BE(8);
  const againCount = value.readUInt16BE(10);
  if (value.length < 12 + 4 * (gapCount + againCount)) return null;
  const gaps: [number, number][] = [];
  for (let i = 0; i < gapCount; i++) gaps.push([value.readUInt16BE(12 + 4 * i), value.readUInt16BE(14 + 4 * i)]);
  const again: number[] = [];
  for (let i = 0; i < againCount; i++) again.push(value.readUInt32BE(12 + 4 * (gapCount + i)));
  return { cumulative: value.readUInt32BE(0), window: value.readUInt32BE(4), gaps, again };
}

export function writeSack({ cumulative, window, gaps, again }: Sack): Buffer {
  const value = Buffer.alloc(12 + 4 * (gaps.length + again.length));
  value.writeUInt32BE(cumulative, 0);
  value.writeUInt32BE(window, 4);
  value.writeUInt16BE(gaps.length, 8);
  value.writeUInt16BE(again.length, 10);
  let at = 12;
  for (const [first, last] of gaps) {
    value.writeUInt16BE(first, at);
    value.writeUInt16BE(last, at + 2);
    at += 4;
  }
  for (const tsn of again) at = value.writeUInt32BE(tsn, at);
  return writeChunk(chunkTypes.sack, 0, value);
}

/** ABORT or ERROR with one cause. */
export const writeFault = (type: 'abort' | 'error', cause: number, about: Uint8Array = new Uint8Array(0)): Buffer =>
  writeChunk(chunkTypes[type], 0, writeParameter(cause, about));
