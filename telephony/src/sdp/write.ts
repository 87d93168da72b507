/** Our own descriptions: the answer to an offer, and the offer of a call or of a 200 to an INVITE without one (RFC 3264). */
import type { SdpAudio } from './contract.js';
import type { OwnKeys } from '../rtp/srtp/index.js';
import type { SrtpPolicy } from './contract.js';
import { answerCrypto, offerCrypto } from './crypto.js';
import { parseMedia } from './parse.js';

export interface SdpOurs {
  /** Where we receive; the address is written into c= and o=. */
  address: string;
  port: number;
  /** Stays the same for all descriptions of one leg (o= line): digits. */
  sessionId: string;
  /** Goes up by one with each changed description of the leg. */
  version: number;
  /** Our keys; without them nothing is encrypted, and what must be is refused. */
  srtp?: OwnKeys;
}

const payloadType = { PCMU: 0, PCMA: 8 } as const;

/** What we pack ourselves: more in a packet is more that one loss takes. */
const ptimeMsMax = 60;

/**
 * Our answer: one codec, so that neither side changes it in mid-call; telephone-events when offered; every other m= line refused
 * with port 0 (RFC 3264 §6); the direction mirrored and, if `direction` is given, narrowed to what we want.
 *
 * @param codec one of the offer's; its first when left out
 * @returns null when the offer holds no stream that we can take
 */
export function answerSdp(
  offer: SdpAudio,
  ours: SdpOurs,
  wish: { codec?: 'PCMU' | 'PCMA'; direction?: SdpAudio['direction'] } = {},
): string | null {
  const codec = wish.codec !== undefined && offer.codecs.includes(wish.codec) ? wish.codec : offer.codecs[0];
  const media = parseMedia(offer.raw);
  if (codec === undefined || offer.port === 0 || !Array.isArray(media)) return null;
  const taken = ours.srtp === undefined ? undefined : offer.crypto[0];
  if (offer.secure && taken === undefined) return null;
  const lines = session(ours);
  media.forEach((section, index) => {
    if (index !== offer.media) {
      lines.push(`m=${section.kind} 0 ${section.protocol} ${section.formats.join(' ')}`);
      return;
    }
    lines.push(
      ...audio({
        port: ours.port,
        protocol: section.protocol,
        codecs: [codec],
        dtmf: offer.dtmfPayloadType,
        ptimeMs: Math.min(offer.ptimeMs, ptimeMsMax),
        direction: narrow(mirrored[offer.direction], wish.direction ?? 'sendrecv'),
        crypto: taken === undefined || ours.srtp === undefined ? [] : [answerCrypto(taken, ours.srtp)],
        mux: offer.rtcp === 'mux',
      }),
    );
  });
  return `${lines.join('\r\n')}\r\n`;
}

/**
 * Our offer: both laws in the order given, telephone-events on 101. `srtp`: `required` is RTP/SAVP; `optional` is RTP/AVP with crypto lines,
 * which a far end that does not know them passes over (as common as it is outside RFC 4568); both need our keys.
 */
export function offerSdp(
  ours: SdpOurs,
  wish: {
    codecs?: readonly ('PCMU' | 'PCMA')[];
    direction?: SdpAudio['direction'];
    dtmfPayloadType?: number;
    ptimeMs?: number;
    srtp?: SrtpPolicy;
  } = {},
): string {
  const lines = session(ours);
  const srtp = wish.srtp ?? 'off';
  lines.push(
    ...audio({
      port: ours.port,
      protocol: srtp === 'required' ? 'RTP/SAVP' : 'RTP/AVP',
      codecs: wish.codecs ?? ['PCMU', 'PCMA'],
      dtmf: wish.dtmfPayloadType ?? 101,
      ptimeMs: wish.ptimeMs ?? 20,
      direction: wish.direction ?? 'sendrecv',
      crypto: srtp === 'off' || ours.srtp === undefined ? [] : offerCrypto(ours.srtp),
      mux: false,
    }),
  );
  return `${lines.join('\r\n')}\r\n`;
}

const mirrored = { sendrecv: 'sendrecv', sendonly: 'recvonly', recvonly: 'sendonly', inactive: 'inactive' } as const;

/** What both allow: we send only if both say so, we receive only if both say so. */
function narrow(a: SdpAudio['direction'], b: SdpAudio['direction']): SdpAudio['direction'] {
  const sends = (direction: SdpAudio['direction']) => direction === 'sendrecv' || direction === 'sendonly';
  const hears = (direction: SdpAudio['direction']) => direction === 'sendrecv' || direction === 'recvonly';
  const send = sends(a) && sends(b);
  const hear = hears(a) && hears(b);
  if (send) return hear ? 'sendrecv' : 'sendonly';
  return hear ? 'recvonly' : 'inactive';
}

function session(ours: SdpOurs): string[] {
  const family = ours.address.includes(':') ? 'IP6' : 'IP4';
  return [
    'v=0',
    `o=- ${ours.sessionId} ${ours.version} IN ${family} ${ours.address}`,
    's=-',
    `c=IN ${family} ${ours.address}`,
    't=0 0',
  ];
}

function audio(of: {
  port: number;
  protocol: string;
  codecs: readonly ('PCMU' | 'PCMA')[];
  dtmf: number | null;
  ptimeMs: number;
  direction: SdpAudio['direction'];
  crypto: readonly string[];
  mux: boolean;
}): string[] {
  const { codecs, dtmf } = of;
  const formats = codecs.map((codec) => String(payloadType[codec]));
  if (dtmf !== null) formats.push(String(dtmf));
  const lines = [`m=audio ${of.port} ${of.protocol} ${formats.join(' ')}`];
  for (const codec of codecs) lines.push(`a=rtpmap:${payloadType[codec]} ${codec}/8000`);
  if (dtmf !== null) lines.push(`a=rtpmap:${dtmf} telephone-event/8000`, `a=fmtp:${dtmf} 0-15`);
  lines.push(...of.crypto, `a=ptime:${of.ptimeMs}`, `a=${of.direction}`);
  if (of.mux) lines.push('a=rtcp-mux');
  return lines;
}
