/** Reading a session description (RFC 8866) down to the one audio stream we can take. Never throws. */
import { lately } from '../lately.js';
import type { SdpAudio, SdpCrypto, SrtpPolicy } from './contract.js';
import { readCrypto } from './crypto.js';

export type SdpCode = 'too-large' | 'bad-line' | 'bad-media' | 'bad-address';

export type SdpResult = { ok: true; audio: SdpAudio } | { ok: false; code: SdpCode };

export interface SdpMedia {
  kind: string;
  port: number;
  protocol: string;
  /** As offered, in order of preference. */
  formats: readonly string[];
  address: string;
  direction: SdpAudio['direction'];
  ptimeMs: number;
  maxptimeMs: number;
  /** Payload type → `name/clock`, lower case. */
  maps: Map<string, string>;
  /** Those we can take. */
  crypto: SdpCrypto[];
  rtcp: SdpAudio['rtcp'];
}

/** What the reader wants of it. */
export interface SdpWish {
  /** Default `optional`: what the far end encrypts is taken encrypted. */
  srtp?: SrtpPolicy;
  /** The reader's own order, and nothing else; default the far end's. */
  codecs?: readonly ('PCMU' | 'PCMA')[];
}

const limit = { bytes: 32_768, lines: 1_000, media: 32 } as const;

/**
 * An offer or answer without a usable audio stream is still read: `port` is 0 or `codecs` empty, for the caller to refuse.
 * Connections to 0.0.0.0, the hold of RFC 2543, read as `sendonly` (RFC 3264 §8.4).
 */
export function parseSdp(text: string, wish: SdpWish = {}): SdpResult {
  const media = parseMedia(text);
  if (!Array.isArray(media)) return { ok: false, code: media };
  const policy = wish.srtp ?? 'optional';
  const index = chooseAudio(media, policy);
  const chosen = media[index];
  const fax = media.some(
    ({ kind, port, formats }) => kind === 'image' && port !== 0 && formats[0]?.toLowerCase() === 't38',
  );
  if (chosen === undefined) return { ok: true, audio: { ...nothing(), fax, raw: text } };
  if (chosen.port !== 0 && !isAddress(chosen.address)) return { ok: false, code: 'bad-address' };
  const { codecs, dtmfPayloadType } = readFormats(chosen);
  const { address, direction, rtcp } = chosen;
  const secure = isSecure(chosen);
  const crypto = policy === 'off' ? [] : chosen.crypto;
  // Encrypted by keys that we cannot read, or not although it must be: there is nothing here for us.
  const refused = crypto.length === 0 && (secure || policy === 'required');
  const audio: SdpAudio = {
    address,
    port: refused ? 0 : chosen.port,
    codecs: wish.codecs?.filter((codec) => codecs.includes(codec)) ?? codecs,
    dtmfPayloadType,
    ptimeMs: Math.min(chosen.ptimeMs, chosen.maxptimeMs),
    direction: address === '0.0.0.0' || address === '::' ? heldBy(direction) : direction,
    secure,
    crypto,
    rtcp,
    fax,
    media: index,
    raw: text,
  };
  if (chosen.maxptimeMs < ptimeMsMost) audio.maxptimeMs = chosen.maxptimeMs;
  return { ok: true, audio };
}

const nothing = (): Omit<SdpAudio, 'raw' | 'fax'> => ({
  address: '0.0.0.0',
  port: 0,
  codecs: [],
  dtmfPayloadType: null,
  ptimeMs: 20,
  direction: 'inactive',
  secure: false,
  crypto: [],
  rtcp: null,
  media: -1,
});

const heldBy = (direction: SdpAudio['direction']): SdpAudio['direction'] =>
  direction === 'inactive' || direction === 'recvonly' ? 'inactive' : 'sendonly';

function readFormats({ formats, maps }: SdpMedia): Pick<SdpAudio, 'codecs' | 'dtmfPayloadType'> {
  const codecs: SdpAudio['codecs'] = [];
  let dtmfPayloadType: number | null = null;
  for (const format of formats) {
    const map = maps.get(format);
    // Static numbers need no rtpmap (RFC 3551 §6); one that says something else wins over the table.
    if (format === '0' && (map === undefined || map === 'pcmu/8000') && !codecs.includes('PCMU')) codecs.push('PCMU');
    if (format === '8' && (map === undefined || map === 'pcma/8000') && !codecs.includes('PCMA')) codecs.push('PCMA');
    if (map === 'telephone-event/8000') dtmfPayloadType ??= Number(format);
  }
  return { codecs, dtmfPayloadType };
}

/** Every m= section in order, session-level values filled in; or what is wrong. */
export function parseMedia(text: string): SdpMedia[] | SdpCode {
  if (text.length > limit.bytes) return 'too-large';
  // Phones that write other line ends are read all the same.
  const lines = /\r(?!\n)/.test(text) ? text.replace(/\r\n?/g, '\n') : text;
  const media: SdpMedia[] = [];
  let sessionAddress = '';
  let sessionDirection: SdpAudio['direction'] = 'sendrecv';
  const session = { ptimeMs: 20, maxptimeMs: ptimeMsMost };
  let count = 0;
  for (let at = 0, next = 0; at <= lines.length; at = next) {
    const feed = lines.indexOf('\n', at);
    next = feed < 0 ? lines.length + 1 : feed + 1;
    const end = feed < 0 ? lines.length : lines.charCodeAt(feed - 1) === 13 ? feed - 1 : feed;
    if (++count > limit.lines) return 'too-large';
    if (count === 1 && lines.slice(at, end).trimEnd() !== 'v=0') return 'bad-line';
    if (end === at) continue;
    const kind = lines.charCodeAt(at);
    if (lines.charCodeAt(at + 1) !== 61 || kind < 97 || kind > 122) return 'bad-line';
    const value = lines.slice(at + 2, end).trimEnd();
    const current = media.at(-1);
    switch (lines.charAt(at)) {
      case 'm': {
        const section = parseMediaLine(value);
        if (section === null || media.length >= limit.media) return 'bad-media';
        section.address = sessionAddress;
        section.direction = sessionDirection;
        section.ptimeMs = session.ptimeMs;
        section.maxptimeMs = session.maxptimeMs;
        media.push(section);
        break;
      }
      case 'c': {
        const plain = connectionOf(value);
        if (plain === null) return 'bad-address';
        if (current === undefined) sessionAddress = plain;
        else current.address = plain;
        break;
      }
      case 'a': {
        const attribute = readAttribute(value);
        if (attribute.type === 'direction') {
          if (current === undefined) sessionDirection = attribute.direction;
          else current.direction = attribute.direction;
        } else if (attribute.type === 'ptime') (current ?? session).ptimeMs = attribute.ms;
        else if (attribute.type === 'maxptime') (current ?? session).maxptimeMs = attribute.ms;
        else if (current === undefined) break;
        else if (attribute.type === 'map') current.maps.set(attribute.format, attribute.codec);
        else if (attribute.type === 'crypto') current.crypto.push(attribute.crypto);
        else if (attribute.type === 'rtcp' && current.rtcp !== 'mux') {
          const { port, address } = attribute;
          current.rtcp = { port, address: address ?? current.address };
        } else if (attribute.type === 'rtcp-mux') current.rtcp = 'mux';
        break;
      }
      default:
    }
  }
  return media;
}

/** The address of a c= line. Carriers have few. */
const connectionOf = lately((value: string): string | null => {
  const [net, family, address] = value.split(' ');
  if (net !== 'IN' || (family !== 'IP4' && family !== 'IP6') || address === undefined) return null;
  return address.split('/')[0] ?? '';
});

const profiles = ['RTP/AVP', 'RTP/SAVP', 'RTP/AVPF', 'RTP/SAVPF'];
const isSecure = ({ protocol }: SdpMedia): boolean => protocol.startsWith('RTP/SAVP');

/**
 * The audio section that is taken: the first open one that comes up to the policy, those that can be encrypted before those
 * that cannot; failing that the first that speaks RTP, to be refused; -1 for none. A phone that offers the same audio twice, with
 * and without encryption, means: as you like.
 */
function chooseAudio(media: readonly SdpMedia[], policy: SrtpPolicy): number {
  const usable = (wanted: (section: SdpMedia) => boolean): number =>
    media.findIndex(
      (section) =>
        section.kind === 'audio' &&
        section.port !== 0 &&
        profiles.includes(section.protocol) &&
        wanted(section) &&
        isAddress(section.address),
    );
  const encrypted = policy === 'off' ? -1 : usable((section) => isSecure(section) && section.crypto.length > 0);
  if (encrypted >= 0) return encrypted;
  const plain = usable((section) => !isSecure(section) && (policy !== 'required' || section.crypto.length > 0));
  if (plain >= 0) return plain;
  return media.findIndex(({ kind, protocol }) => kind === 'audio' && profiles.includes(protocol));
}

/** Nothing is packed larger than this, whoever asks. */
const ptimeMsMost = 200;

type Attribute =
  | { type: 'direction'; direction: SdpAudio['direction'] }
  | { type: 'ptime' | 'maxptime'; ms: number }
  | { type: 'map'; format: string; codec: string }
  | { type: 'crypto'; crypto: SdpCrypto }
  | { type: 'rtcp'; port: number; address: string | null }
  | { type: 'rtcp-mux' | 'other' };

const other: Attribute = { type: 'other' };

function readAttribute(value: string): Attribute {
  const colon = value.indexOf(':');
  const name = colon < 0 ? value : value.slice(0, colon);
  switch (name) {
    case 'crypto': {
      const crypto = readCrypto(value.slice(7));
      return crypto === null ? other : { type: 'crypto', crypto };
    }
    case 'rtcp':
      return readRtcp(value);
    case 'fmtp':
      return other;
    default:
      return commonAttribute(value);
  }
}

function readRtcp(value: string): Attribute {
  const rtcp = /^rtcp:(\d{1,5})(?: IN IP[46] (\S+))?$/.exec(value);
  const [port, address = null] = [Number(rtcp?.[1] ?? 0), rtcp?.[2]];
  const sound = port > 0 && port <= 65_535 && (address === null || isAddress(address));
  return sound ? { type: 'rtcp', port, address } : other;
}

/** Those that are written alike in every call. Nothing that is secret, or another one each time, comes here. */
const commonAttribute = lately((value: string): Attribute => {
  if (value === 'sendrecv' || value === 'sendonly' || value === 'recvonly' || value === 'inactive') {
    return { type: 'direction', direction: value };
  }
  if (value === 'rtcp-mux') return { type: 'rtcp-mux' };
  const packing = /^(ptime|maxptime): *(\d{1,4})$/.exec(value);
  if (packing !== null) {
    const ms = Number(packing[2]);
    if (ms < 10 || ms > ptimeMsMost) return other;
    return { type: packing[1] === 'ptime' ? 'ptime' : 'maxptime', ms };
  }
  const map = /^rtpmap:(\d{1,3}) +([^\s/]+\/\d+)(?:\/1)?$/.exec(value);
  return map === null ? other : { type: 'map', format: map[1] ?? '', codec: (map[2] ?? '').toLowerCase() };
});

/** With what holds unless the session or the section says otherwise. */
function parseMediaLine(value: string): SdpMedia | null {
  const first = value.indexOf(' ');
  const second = value.indexOf(' ', first + 1);
  if (first < 0 || second < 0) return null;
  const kind = value.slice(0, first);
  const place = value.slice(first + 1, second);
  if (!/^[A-Za-z0-9!#$%&'*+.^_`{|}~-]+$/.test(kind) || !/^\d{1,5}(?:\/\d+)?$/.test(place)) return null;
  const port = Number.parseInt(place, 10);
  const offered = formatsOf(value.slice(second + 1));
  if (port > 65_535 || offered === null) return null;
  return {
    kind: kind.toLowerCase(),
    port,
    protocol: offered.protocol,
    formats: offered.formats,
    address: '',
    direction: 'sendrecv',
    ptimeMs: 20,
    maxptimeMs: ptimeMsMost,
    maps: new Map(),
    crypto: [],
    rtcp: null,
  };
}

/** What follows the port: `RTP/AVP 0 8 101`. A telephone offers the same in each call. */
const formatsOf = lately((text: string): { protocol: string; formats: readonly string[] } | null => {
  const match = /^([A-Za-z0-9/._-]+)((?: +[^\s]+)+)$/.exec(text);
  if (match === null) return null;
  const [protocol, formats] = [match[1] ?? '', (match[2] ?? '').trim().split(/ +/)];
  // Payload types beyond 127 do not exist; anything that is not a number would go back unchecked into our answer.
  const isType = (format: string) => /^\d{1,3}$/.test(format) && Number(format) <= 127;
  return protocol.startsWith('RTP/') && !formats.every(isType) ? null : { protocol, formats };
});

/** An IP address in figures. Names are refused: resolving what a stranger wrote is not worth what it risks. */
const isAddress = lately((text: string): boolean => {
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(text)) return text.split('.').every((part) => Number(part) <= 255);
  return text.includes(':') && text.length <= 45 && /^[0-9A-Fa-f:.]+$/.test(text);
});
