/** Reading a session description (RFC 8866) down to the one audio stream we can take. Never throws. */
import type { SdpAudio } from './contract.js';

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
  /** Payload type → `name/clock`, lower case. */
  maps: Map<string, string>;
}

const limit = { bytes: 32_768, lines: 1_000, media: 32 } as const;

/**
 * An offer or answer without a usable audio stream is still read: `port` is 0 or `codecs` empty, for the caller to refuse.
 * Connections to 0.0.0.0, the hold of RFC 2543, read as `sendonly` (RFC 3264 §8.4).
 */
export function parseSdp(text: string): SdpResult {
  const media = parseMedia(text);
  if (!Array.isArray(media)) return { ok: false, code: media };
  const chosen = media[chooseAudio(media)];
  if (chosen === undefined) {
    const none = { address: '0.0.0.0', port: 0, codecs: [], dtmfPayloadType: null, ptimeMs: 20 };
    return { ok: true, audio: { ...none, direction: 'inactive', raw: text } };
  }
  if (chosen.port !== 0 && !isAddress(chosen.address)) return { ok: false, code: 'bad-address' };
  const held = chosen.address === '0.0.0.0' || chosen.address === '::';
  const codecs: SdpAudio['codecs'] = [];
  let dtmfPayloadType: number | null = null;
  for (const format of chosen.formats) {
    const map = chosen.maps.get(format);
    // Static numbers need no rtpmap (RFC 3551 §6); one that says something else wins over the table.
    if (format === '0' && (map === undefined || map === 'pcmu/8000') && !codecs.includes('PCMU')) codecs.push('PCMU');
    if (format === '8' && (map === undefined || map === 'pcma/8000') && !codecs.includes('PCMA')) codecs.push('PCMA');
    if (map === 'telephone-event/8000') dtmfPayloadType ??= Number(format);
  }
  let direction = chosen.direction;
  if (held && direction !== 'inactive') direction = direction === 'recvonly' ? 'inactive' : 'sendonly';
  const { address, port, ptimeMs } = chosen;
  return { ok: true, audio: { address, port, codecs, dtmfPayloadType, ptimeMs, direction, raw: text } };
}

/** Every m= section in order, session-level values filled in; or what is wrong. */
export function parseMedia(text: string): SdpMedia[] | SdpCode {
  if (text.length > limit.bytes) return 'too-large';
  const lines = text.split(/\r\n|\n|\r/);
  if (lines.length > limit.lines) return 'too-large';
  if (lines[0]?.trimEnd() !== 'v=0') return 'bad-line';
  const media: SdpMedia[] = [];
  let sessionAddress = '';
  let sessionDirection: SdpAudio['direction'] = 'sendrecv';
  let sessionPtime = 20;
  for (const line of lines) {
    if (line === '') continue;
    if (line.charAt(1) !== '=' || line.charCodeAt(0) < 97 || line.charCodeAt(0) > 122) return 'bad-line';
    const value = line.slice(2).trimEnd();
    const current = media.at(-1);
    switch (line.charAt(0)) {
      case 'm': {
        const section = parseMediaLine(value);
        if (section === null || media.length >= limit.media) return 'bad-media';
        media.push({ ...section, address: sessionAddress, direction: sessionDirection, ptimeMs: sessionPtime });
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
        } else if (attribute.type === 'ptime') {
          if (current === undefined) sessionPtime = attribute.ms;
          else current.ptimeMs = attribute.ms;
        } else if (attribute.type === 'map') current?.maps.set(attribute.format, attribute.codec);
        break;
      }
      default:
    }
  }
  return media;
}

/** The first audio section that is open and speaks plain RTP; failing that the first audio section; -1 for none. */
export function chooseAudio(media: readonly SdpMedia[]): number {
  const usable = media.findIndex(
    (section) =>
      section.kind === 'audio' && section.port !== 0 && section.protocol === 'RTP/AVP' && isAddress(section.address),
  );
  return usable >= 0 ? usable : media.findIndex(({ kind, protocol }) => kind === 'audio' && protocol === 'RTP/AVP');
}

type Attribute =
  | { type: 'direction'; direction: SdpAudio['direction'] }
  | { type: 'ptime'; ms: number }
  | { type: 'map'; format: string; codec: string }
  | { type: 'other' };

function readAttribute(value: string): Attribute {
  if (value === 'sendrecv' || value === 'sendonly' || value === 'recvonly' || value === 'inactive') {
    return { type: 'direction', direction: value };
  }
  if (value.startsWith('ptime:')) {
    const ms = Number(value.slice(6));
    return Number.isInteger(ms) && ms >= 10 && ms <= 200 ? { type: 'ptime', ms } : { type: 'other' };
  }
  const map = /^rtpmap:(\d{1,3}) +([^\s/]+\/\d+)(?:\/1)?$/.exec(value);
  if (map !== null) return { type: 'map', format: map[1] ?? '', codec: (map[2] ?? '').toLowerCase() };
  return { type: 'other' };
}

function parseMediaLine(value: string): Pick<SdpMedia, 'kind' | 'port' | 'protocol' | 'formats' | 'maps'> | null {
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
  return { kind: (match[1] ?? '').toLowerCase(), port, protocol: match[3] ?? '', formats, maps: new Map() };
}

/** An IP address in figures. Names are refused: resolving what a stranger wrote is not worth what it risks. */
function isAddress(text: string): boolean {
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(text)) return text.split('.').every((part) => Number(part) <= 255);
  return text.includes(':') && text.length <= 45 && /^[0-9A-Fa-f:.]+$/.test(text);
}
