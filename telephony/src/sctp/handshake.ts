import { causes, type Init } from './chunks.js';
import type { Agreement } from './cookie.js';
import { windowBytes } from './arrivals.js';
import { readParameters, writeParameter, type Parameter } from './packet.js';

/** Each way. Browsers ask for 65,535; a line needs one. */
export const streamsMax = 1_024;
/** The least room that an endpoint may have (RFC 9260 §3.3.2). */
const windowBytesMin = 1_500;

/** RFC 9260 §3.3.2.1, §3.3.3.1; 0x8008 is RFC 5061 §4.2.7. */
const types = {
  ipv4: 5,
  ipv6: 6,
  cookie: 7,
  unrecognized: 8,
  cookiePreservative: 9,
  hostName: 11,
  addressTypes: 12,
  extensions: 0x8008,
} as const;
/** None of these is for an association inside DTLS, and none does harm (RFC 8261 §6). */
const passedOver: readonly number[] = [types.ipv4, types.ipv6, types.cookiePreservative, types.addressTypes];

const reConfigChunk = 130;
/** Of what we do not know, so much is told: it must fit into one packet of ours. */
const reportBytesMax = 256;

/** What the far end's INIT or INIT ACK comes to. */
export type Judgement =
  | { ok: true; resets: boolean; cookie: Buffer | null; unrecognized: Parameter[] }
  | { ok: false; cause: number; about: Buffer };

export function judgeInit(init: Init): Judgement {
  if (init.window < windowBytesMin || init.outStreams === 0 || init.inStreams === 0)
    return { ok: false, cause: causes.invalidMandatoryParameter, about: Buffer.alloc(0) };
  const parameters = readParameters(init.rest);
  if (parameters === null) return { ok: false, cause: causes.protocolViolation, about: Buffer.alloc(0) };
  let resets = false;
  let cookie: Buffer | null = null;
  const unrecognized: Parameter[] = [];
  let reportBytes = 0;
  for (const parameter of parameters) {
    const { type, value } = parameter;
    if (type === types.hostName) return { ok: false, cause: causes.unresolvableAddress, about: Buffer.alloc(0) };
    if (type === types.extensions) resets = value.includes(reConfigChunk);
    else if (type === types.cookie) cookie = value;
    else if (type !== types.unrecognized && !passedOver.includes(type)) {
      // The two highest bits say what to do with one that is not known (§3.2.1): tell of it, and go on or not.
      if ((type & 0x4000) !== 0 && reportBytes + value.length <= reportBytesMax) {
        reportBytes += value.length + 4;
        unrecognized.push(parameter);
      }
      if ((type & 0x8000) === 0) break;
    }
  }
  return { ok: true, resets, cookie, unrecognized };
}

/** What our INIT says beside its numbers: that we take RE-CONFIG. Partial reliability and interleaving we have no use for. */
export const ourExtensions: Buffer = writeParameter(types.extensions, Uint8Array.of(reConfigChunk));

/** What our INIT ACK says. */
export const ackParameters = (cookie: Buffer, unrecognized: readonly Parameter[]): Buffer =>
  Buffer.concat([
    writeParameter(types.cookie, cookie),
    ourExtensions,
    ...unrecognized.map(({ type, value }) => writeParameter(types.unrecognized, writeParameter(type, value))),
  ]);

export const ourInit = (tag: number, tsn: number, rest: Buffer): Init => ({
  ...{ tag, tsn, rest, window: windowBytes, outStreams: streamsMax, inStreams: streamsMax },
});

export function agree(ours: { tag: number; tsn: number }, theirs: Init, resets: boolean): Agreement {
  return {
    ourTag: ours.tag,
    theirTag: theirs.tag,
    ourTsn: ours.tsn,
    theirTsn: theirs.tsn,
    theirWindow: theirs.window,
    streams: Math.min(streamsMax, theirs.inStreams, theirs.outStreams),
    resets,
  };
}
