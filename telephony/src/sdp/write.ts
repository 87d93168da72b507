/** Our own descriptions: the answer to an offer, and the offer of a call or of a 200 to an INVITE without one (RFC 3264). */
import type { SdpAudio } from './contract.js';
import { chooseAudio, parseMedia } from './parse.js';

export interface SdpOurs {
  /** Where we receive; the address is written into c= and o=. */
  address: string;
  port: number;
  /** Stays the same for all descriptions of one leg (o= line): digits. */
  sessionId: string;
  /** Goes up by one with each changed description of the leg. */
  version: number;
}

const payloadType = { PCMU: 0, PCMA: 8 } as const;

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
  const chosen = chooseAudio(media);
  const lines = session(ours);
  media.forEach((section, index) => {
    if (index !== chosen) {
      lines.push(`m=${section.kind} 0 ${section.protocol} ${section.formats.join(' ')}`);
      return;
    }
    const direction = narrow(mirrored[offer.direction], wish.direction ?? 'sendrecv');
    lines.push(...audio(ours.port, [codec], offer.dtmfPayloadType, offer.ptimeMs, direction));
  });
  return `${lines.join('\r\n')}\r\n`;
}

/** Our offer: both laws in the order given, telephone-events on 101. */
export function offerSdp(
  ours: SdpOurs,
  wish: {
    codecs?: ('PCMU' | 'PCMA')[];
    direction?: SdpAudio['direction'];
    dtmfPayloadType?: number;
    ptimeMs?: number;
  } = {},
): string {
  const lines = session(ours);
  const codecs = wish.codecs ?? ['PCMU', 'PCMA'];
  lines.push(
    ...audio(ours.port, codecs, wish.dtmfPayloadType ?? 101, wish.ptimeMs ?? 20, wish.direction ?? 'sendrecv'),
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

function audio(
  port: number,
  codecs: readonly ('PCMU' | 'PCMA')[],
  dtmf: number | null,
  ptimeMs: number,
  direction: SdpAudio['direction'],
): string[] {
  const formats = codecs.map((codec) => String(payloadType[codec]));
  if (dtmf !== null) formats.push(String(dtmf));
  const lines = [`m=audio ${port} RTP/AVP ${formats.join(' ')}`];
  for (const codec of codecs) lines.push(`a=rtpmap:${payloadType[codec]} ${codec}/8000`);
  if (dtmf !== null) lines.push(`a=rtpmap:${dtmf} telephone-event/8000`, `a=fmtp:${dtmf} 0-15`);
  lines.push(`a=ptime:${ptimeMs}`, `a=${direction}`);
  return lines;
}
