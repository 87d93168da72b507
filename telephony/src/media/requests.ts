import { isAbsolute } from 'node:path';
import { isIP } from 'node:net';
import { isDigits, readMasterKey, srtpSuites } from '../rtp/index.js';
import type { MediaRequest, MediaRequestFrame, RtpRemote } from './protocol.js';
import { isSoundName } from './sounds.js';

/** Why a line is no request; `n` is 0 when not even that could be read. */
export interface BadRequest {
  n: number;
  problem: string;
}

const sdpBytesMax = 32_768;

/** Reads one line of the control socket. Never throws: what is wrong is said in words. */
export function readRequest(line: string): { n: number; request: MediaRequest } | BadRequest {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { n: 0, problem: 'the line is no JSON' };
  }
  if (!isRecord(value)) return { n: 0, problem: 'a request is an object' };
  const n = value['n'];
  if (!Number.isSafeInteger(n) || (n as number) < 1) return { n: 0, problem: 'n must be a positive integer' };
  const problem = whatIsWrong(value);
  if (problem !== null) return { n: n as number, problem };
  return { n: n as number, request: value as unknown as MediaRequestFrame };
}

type Fields = Record<string, unknown>;
type Check = (value: unknown) => string | null;

const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const check =
  (what: string, holds: (value: unknown) => boolean): Check =>
  (value) =>
    holds(value) ? null : what;

const id = check(
  'must be a string of 1 to 128 characters',
  (v) => typeof v === 'string' && v.length > 0 && v.length <= 128,
);
const sound = check('must be the name of a sound', (v) => typeof v === 'string' && isSoundName(v));
const path = check(
  'must be an absolute path',
  (v) => typeof v === 'string' && v.length <= 1_024 && isAbsolute(v) && !v.includes('\0'),
);
const orNull =
  (inner: Check): Check =>
  (value) =>
    value === null ? null : inner(value);
const orMissing =
  (inner: Check): Check =>
  (value) =>
    value === undefined ? null : inner(value);

const isKey = (value: unknown): boolean => typeof value === 'string' && readMasterKey(value) !== null;
const isPlace = ({ address, port }: Fields): boolean =>
  typeof address === 'string' &&
  isIP(address) !== 0 &&
  Number.isInteger(port) &&
  Number(port) > 0 &&
  Number(port) < 65_536;

const flag = check('must be true or false', (v) => typeof v === 'boolean');
const port = check(
  'must be an even port',
  (v) => Number.isInteger(v) && (v as number) > 0 && (v as number) < 65_535 && (v as number) % 2 === 0,
);

const note = check('must be a string of at most 16,000 characters', (v) => typeof v === 'string' && v.length <= 16_000);

const remote: Check = (value) => {
  if (!isRecord(value)) return 'must be an object';
  const far = value as unknown as RtpRemote;
  if (typeof far.address !== 'string' || isIP(far.address) === 0) return 'address must be an IP address';
  if (!Number.isInteger(far.port) || far.port < 1 || far.port > 65_535) return 'port must be 1 to 65535';
  if (far.codec !== 'PCMU' && far.codec !== 'PCMA') return 'codec must be PCMU or PCMA';
  const dtmf = far.dtmfPayloadType;
  if (dtmf !== null && !(Number.isInteger(dtmf) && dtmf >= 96 && dtmf <= 127))
    return 'dtmfPayloadType must be 96 to 127';
  if (!Number.isInteger(far.ptimeMs) || far.ptimeMs < 1 || far.ptimeMs > 200) return 'ptimeMs must be 1 to 200';
  const { srtp = null, rtcp = null, maxptimeMs = 20 } = far;
  if (!Number.isInteger(maxptimeMs) || maxptimeMs < 10 || maxptimeMs > 200) return 'maxptimeMs must be 10 to 200';
  // Said without its value: it may be a key.
  if (srtp !== null && !(isRecord(srtp) && srtpSuites.includes(srtp.suite) && isKey(srtp.key)))
    return 'srtp must be a suite and a key';
  if (rtcp !== null && rtcp !== 'mux' && !(isRecord(rtcp) && isPlace(rtcp)))
    return 'rtcp must be mux or an address and a port';
  return ['sendrecv', 'sendonly', 'recvonly', 'inactive'].includes(far.direction) ? null : 'direction is unknown';
};

const keys = check(
  'must hold a key for each suite',
  (v) => isRecord(v) && srtpSuites.every((suite) => isKey(v[suite])),
);

const meanwhile: Check = (value) => {
  if (!isRecord(value)) return 'must be an object';
  return sound(value['sound']) ?? (typeof value['again'] === 'boolean' ? null : 'again must be true or false');
};

const fieldsOf: { [Type in MediaRequest['type']]: Record<string, Check> } = {
  hello: { version: check('must be a number', (v) => typeof v === 'number') },
  'open-rtp': {
    leg: id,
    remote: orNull(remote),
    port: orMissing(port),
    near: orMissing(id),
    note: orMissing(note),
    keys: orMissing(keys),
  },
  note: { leg: id, note },
  'keys-of': { leg: id },
  'aim-rtp': { leg: id, remote },
  'open-webrtc': {
    leg: id,
    offer: check('must be SDP', (v) => typeof v === 'string' && v.length <= sdpBytesMax),
    heartbeat: check('must be true or false', (v) => typeof v === 'boolean'),
  },
  close: { leg: id },
  play: { leg: id, sound: orNull(sound), followedBy: orMissing(sound) },
  bridge: { a: id, b: id },
  unbridge: { a: id, b: id },
  listen: { leg: id, to: id, meanwhile: orMissing(meanwhile) },
  hold: { leg: id, sound },
  resume: { leg: id },
  record: { recording: id, leg: id, path, resume: orMissing(flag) },
  'stop-record': { recording: id },
  dtmf: { leg: id, digits: check('must be 1 to 64 of 0-9 * # A-D', (v) => typeof v === 'string' && isDigits(v)) },
};

function whatIsWrong(value: Fields): string | null {
  const type = value['type'];
  if (typeof type !== 'string' || !Object.hasOwn(fieldsOf, type)) return 'the type is unknown';
  for (const [name, wrong] of Object.entries(fieldsOf[type as MediaRequest['type']])) {
    const problem = wrong(value[name]);
    if (problem !== null) return `${name} ${problem}`;
  }
  return null;
}

/** What a request touches: requests that share one of these are carried out one after the other. */
export function touchedBy(request: MediaRequest): string[] {
  if (request.type === 'hello') return [];
  if (request.type === 'bridge' || request.type === 'unbridge') return [`leg ${request.a}`, `leg ${request.b}`];
  if (request.type === 'listen') return [`leg ${request.leg}`, `leg ${request.to}`];
  if (request.type === 'stop-record') return [`recording ${request.recording}`];
  if (request.type === 'record') return [`leg ${request.leg}`, `recording ${request.recording}`];
  return [`leg ${request.leg}`];
}
