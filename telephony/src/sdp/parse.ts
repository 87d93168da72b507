/** Reading a session description (RFC 8866) down to the one audio stream we can take. Never throws. */
import type { SdpAudio, SdpCrypto, SrtpPolicy } from './contract.js';
import { readCrypto } from './crypto.js';

export type SdpCode = 'too-large' | 'bad-line' | 'bad-media' | 'bad-address';

export type SdpResult = { ok: true; audio: SdpAudio } | { ok: false; code: SdpCode };

export interface SdpMedia {
  kind: string;
  port: number;
  protocol: string;
  /** As offered, in order of preference. */
  formats: string[];
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
    ({ kind, port, formats }) => kind === 'image' && port !== 0 && /^t38$/i.test(formats[0] ?? ''),
  );
  if (chosen === undefined) return { ok: true, audio: { ...nothing(), fax, raw: text } };
  if (chosen.port !== 0 && !isAddress(chosen.address)) return { ok: false, code: 'bad-address' };
  const { codecs, dtmfPayloadType } = readFormats(chosen);
  const { address, direction, rtcp } = chosen;
  const secure = isSecure(chosen);
  const crypto = policy === 'off' ? [] : chosen.crypto;
  // Encrypted by keys that we cannot read, or not although it must be: there is nothing here for us.
  const refused = crypto.length === 0 && (secure || policy === 'required');
  return {
    ok: true,
    audio: {
      address,
      port: refused ? 0 : chosen.port,
      codecs: wish.codecs?.filter((codec) => codecs.includes(codec)) ?? codecs,
      dtmfPayloadType,
      ptimeMs: Math.min(chosen.ptimeMs, chosen.maxptimeMs),
      ...(chosen.maxptimeMs < ptimeMsMost ? { maxptimeMs: chosen.maxptimeMs } : {}),
      direction: address === '0.0.0.0' || address === '::' ? heldBy(direction) : direction,
      secure,
      crypto,
      rtcp,
      fax,
      media: index,
      raw: text,
    },
  };
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
  const lines = splitLines(text);
  if (lines.length > limit.lines) return 'too-large';
  if (lines[0]?.trimEnd() !== 'v=0') return 'bad-line';
  const media: SdpMedia[] = [];
  let sessionAddress = '';
  let sessionDirection: SdpAudio['direction'] = 'sendrecv';
  const session = { ptimeMs: 20, maxptimeMs: ptimeMsMost };
  for (const line of lines) {
    if (line === '') continue;
    if (line.charAt(1) !== '=' || line.charCodeAt(0) < 97 || line.charCodeAt(0) > 122) return 'bad-line';
    const value = line.slice(2).trimEnd();
    const current = media.at(-1);
    switch (line.charAt(0)) {
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
        const [net, family, address] = value.split(' ');
        if (net !== 'IN' || (family !== 'IP4' && family !== 'IP6') || address === undefined) return 'bad-address';
        const plain = address.split('/')[0] ?? '';
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

/** Line ends as they should be are found quickly; phones that write others are read all the same. */
function splitLines(text: string): string[] {
  const lines = text.split('\r\n');
  return lines.some((line) => line.includes('\n') || line.includes('\r')) ? text.split(/\r\n|\n|\r/) : lines;
}

const profiles = /^RTP\/S?AVPF?$/;
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
        profiles.test(section.protocol) &&
        isAddress(section.address) &&
        wanted(section),
    );
  const encrypted = policy === 'off' ? -1 : usable((section) => isSecure(section) && section.crypto.length > 0);
  if (encrypted >= 0) return encrypted;
  const plain = usable((section) => !isSecure(section) && (policy !== 'required' || section.crypto.length > 0));
  if (plain >= 0) return plain;
  return media.findIndex(({ kind, protocol }) => kind === 'audio' && profiles.test(protocol));
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

function readAttribute(value: string): Attribute {
  if (value === 'sendrecv' || value === 'sendonly' || value === 'recvonly' || value === 'inactive') {
    return { type: 'direction', direction: value };
  }
  const colon = value.indexOf(':');
  const name = colon < 0 ? value : value.slice(0, colon);
  const packing = name.endsWith('ptime') ? /^(ptime|maxptime): *(\d{1,4})$/.exec(value) : null;
  if (packing !== null) {
    const ms = Number(packing[2]);
    if (ms < 10 || ms > ptimeMsMost) return { type: 'other' };
    return { type: packing[1] === 'ptime' ? 'ptime' : 'maxptime', ms };
  }
  if (name === 'crypto') {
    const crypto = readCrypto(value.slice(7));
    return crypto === null ? { type: 'other' } : { type: 'crypto', crypto };
  }
  if (value === 'rtcp-mux') return { type: 'rtcp-mux' };
  const rtcp = name !== 'rtcp' ? null : /^rtcp:(\d{1,5})(?: IN IP[46] (\S+))?$/.exec(value);
  if (rtcp !== null) {
    const [port, address = null] = [Number(rtcp[1]), rtcp[2]];
    const sound = port > 0 && port <= 65_535 && (address === null || isAddress(address));
    return sound ? { type: 'rtcp', port, address } : { type: 'other' };
  }
  const map = name !== 'rtpmap' ? null : /^rtpmap:(\d{1,3}) +([^\s/]+\/\d+)(?:\/1)?$/.exec(value);
  if (map !== null) return { type: 'map', format: map[1] ?? '', codec: (map[2] ?? '').toLowerCase() };
  return { type: 'other' };
}

/** With what holds unless the session or the section says otherwise. */
function parseMediaLine(value: string): SdpMedia | null {
  const match = /^([A-Za-z0-9!#$%&'*+.^_`{|}~-]+) (\d{1,5})(?:\/\d+)? ([A-Za-z0-9/._-]+)((?: +[^\s]+)+)$/.exec(value);
  if (match === null) return null;
  const port = Number(match[2]);
  if (port > 65_535) return null;
  const formats = (match[4] ?? '').trim().split(/ +/);
  // Payload types beyond 127 do not exist; anything that is not a number would go back unchecked into our answer.
  if (
    (match[3] ?? '').startsWith('RTP/') &&
    formats.some((format) => !/^\d{1,3}$/.test(format) || Number(format) > 127)
  ) {
    return null;
  }
  const [kind, protocol] = [(match[1] ?? '').toLowerCase(), match[3] ?? ''];
  return {
    kind,
    port,
    protocol,
    formats,
    address: '',
    direction: 'sendrecv',
    ptimeMs: 20,
    maxptimeMs: ptimeMsMost,
    maps: new Map(),
    crypto: [],
    rtcp: null,
  };
}

/** An IP address in figures. Names are refused: resolving what a stranger wrote is not worth what it risks. */
function isAddress(text: string): boolean {
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(text)) return text.split('.').every((part) => Number(part) <= 255);
  return text.includes(':') && text.length <= 45 && /^[0-9A-Fa-f:.]+$/.test(text);
}
