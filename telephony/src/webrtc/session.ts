import type { BrowserOffer } from './offer.js';

/** What ICE and DTLS need of an offer, and what the answer must mirror. */
export interface OfferedSession {
  ufrag: string;
  /** SHA-256, upper case with colons: any of them may be the certificate's. */
  fingerprints: readonly string[];
  sections: readonly OfferedSection[];
  /** Mids that share the audio's path; empty when the offer bundles nothing. */
  bundle: readonly string[];
}

interface OfferedSection {
  /** The words of its `m=` line: media, port, protocol, formats. */
  words: readonly string[];
  mid: string | null;
  direction: Direction;
}

type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
const mirrored = { sendrecv: 'sendrecv', sendonly: 'recvonly', recvonly: 'sendonly', inactive: 'inactive' } as const;
/** More media than any page of ours offers; the answer has as many lines. */
const sectionsMax = 16;

/** @returns what is wrong with the offer as a text, where it cannot be answered */
export function readSession({ sdp, mid }: BrowserOffer): OfferedSession | string {
  const [session = [], ...media] = sectionsOf(sdp);
  if (media.length > sectionsMax) return 'too many media';
  const audio = media.find((section) => section[0]!.startsWith('m=audio ')) ?? [];
  // Attributes of a medium stand before those of the whole session.
  const valueOf = (pattern: RegExp): string | null => first(audio, pattern) ?? first(session, pattern);
  const ufrag = valueOf(/^a=ice-ufrag:([\w+/]{4,256})$/);
  if (ufrag === null) return 'no ice-ufrag';
  const setup = valueOf(/^a=setup:(\w+)$/) ?? 'active';
  if (setup !== 'actpass' && setup !== 'active') return `we cannot begin the handshake (setup:${setup.slice(0, 20)})`;
  const told = [audio, session].map((lines) =>
    lines.flatMap((line) => /^a=fingerprint:sha-256 ((?:[\da-f]{2}:){31}[\da-f]{2})$/i.exec(line)?.[1] ?? []),
  );
  const fingerprints = (told.find((some) => some.length > 0) ?? []).map((one) => one.toUpperCase());
  if (fingerprints.length === 0) return 'no fingerprint by SHA-256';
  const groups = session.flatMap((line) => (line.startsWith('a=group:BUNDLE ') ? [line.slice(15).split(' ')] : []));
  return {
    ufrag,
    fingerprints,
    bundle: groups.find((group) => group.includes(mid)) ?? [],
    sections: media.map((lines) => ({
      words: lines[0]!.slice(2).split(' '),
      mid: first(lines, /^a=mid:(\S{1,32})$/),
      direction: (first(lines, /^a=(sendrecv|sendonly|recvonly|inactive)$/) ?? 'sendrecv') as Direction,
    })),
  };
}

export interface OurSession {
  ufrag: string;
  password: string;
  fingerprint: string;
  ssrc: number;
  /** Where we are to be reached, in the order of our preference. */
  addresses: readonly string[];
  port: number;
  sessionId: number;
}

/** The answer of an ICE-lite agent that lets the other begin (RFC 8839, RFC 8842): PCMU and telephone-events, and the data channels that share their path. */
export function writeAnswer(offer: BrowserOffer, theirs: OfferedSession, ours: OurSession): string {
  const [address = '127.0.0.1'] = ours.addresses;
  const at = `IN IP${address.includes(':') ? 6 : 4} ${address}`;
  const carried = (section: OfferedSection): boolean =>
    section.mid === offer.mid ||
    (section.words[0] === 'application' && section.mid !== null && theirs.bundle.includes(section.mid));
  const path = ['a=setup:passive', `a=ice-ufrag:${ours.ufrag}`, `a=ice-pwd:${ours.password}`];
  const lines = ['v=0', `o=denwaban ${ours.sessionId} 1 ${at}`, 's=-', 't=0 0'];
  const mids = theirs.sections.flatMap((section) => (carried(section) ? [section.mid ?? ''] : []));
  if (theirs.bundle.length > 0) lines.push(`a=group:BUNDLE ${mids.join(' ')}`);
  lines.push('a=ice-lite', `a=fingerprint:sha-256 ${ours.fingerprint}`);
  for (const section of theirs.sections) {
    const [media = '', , protocol = '', ...formats] = section.words;
    if (!carried(section)) {
      lines.push(`m=${media} 0 ${protocol} ${formats.join(' ')}`, 'c=IN IP4 0.0.0.0');
      if (section.mid !== null) lines.push(`a=mid:${section.mid}`);
      lines.push('a=inactive');
    } else if (section.mid === offer.mid) {
      const events = offer.dtmfPayloadType;
      lines.push(`m=audio ${ours.port} ${protocol} 0${events === null ? '' : ` ${events}`}`, `c=${at}`);
      lines.push(`a=mid:${offer.mid}`, `a=${mirrored[section.direction]}`, 'a=rtcp-mux', 'a=rtpmap:0 PCMU/8000');
      if (events !== null) lines.push(`a=rtpmap:${events} telephone-event/8000`, `a=fmtp:${events} 0-15`);
      // Without our SSRC in the answer Chromium counts packets on the transport but plays none.
      lines.push('a=msid:denwaban audio', `a=ssrc:${ours.ssrc} cname:denwaban`, ...path);
      lines.push(...candidates(ours), 'a=end-of-candidates');
    } else {
      lines.push(`m=application ${ours.port} ${protocol} ${formats.join(' ')}`, `c=${at}`, `a=mid:${section.mid}`);
      lines.push('a=sctp-port:5000', `a=max-message-size:${messageBytesMax}`, ...path);
    }
  }
  return `${lines.join('\r\n')}\r\n`;
}

/** What a data channel carries here is a beat. */
const messageBytesMax = 1_024;

/** Host candidates (RFC 8839 §5.1), the first the most wanted (RFC 8445 §5.1.2). */
function candidates({ addresses, port }: OurSession): string[] {
  const priority = (n: number): number => 126 * 2 ** 24 + (65_535 - 1 - n) * 2 ** 8 + 255;
  return addresses.map((address, n) => `a=candidate:${n + 1} 1 UDP ${priority(n)} ${address} ${port} typ host`);
}

function sectionsOf(sdp: string): string[][] {
  const sections: string[][] = [[]];
  for (const line of sdp.split('\r\n')) {
    if (line.startsWith('m=')) sections.push([]);
    if (line !== '') sections.at(-1)!.push(line);
  }
  return sections;
}

function first(lines: readonly string[], pattern: RegExp): string | null {
  for (const line of lines) {
    const found = pattern.exec(line)?.[1];
    if (found !== undefined) return found;
  }
  return null;
}
