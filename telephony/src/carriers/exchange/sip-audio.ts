/** The audio of one SIP leg: what our descriptions of it say, and what the media process is told of the far end's. */
import type { LegId } from '@denwaban/core';
import { createHash } from 'node:crypto';
import type { MediaReplies, RtpRemote } from '../../media/protocol.js';
import type { OwnKeys } from '../../rtp/index.js';
import { answerSdp, offerSdp, parseSdp, type SdpAudio, type SdpOurs, type SrtpPolicy } from '../../sdp/index.js';
import type { SipSource, SdpWarning } from '../../sip/contract.js';
import type { Trunk } from './trunk.js';

/** How a trunk wants its audio. */
export interface AudioWish {
  /** Missing: what the far end encrypts is taken encrypted, and what we offer is plain. */
  srtp?: SrtpPolicy;
  /** What we offer, in order. An offer of the far end's is answered in its own order. */
  codecs?: readonly ('PCMU' | 'PCMA')[];
  /** Where we want the audio, in place of what the media process names. */
  address?: string;
}

export interface SipAudio {
  /** What our side's audio is encrypted with, where that is known. */
  readonly ownKeys: OwnKeys | null;
  /** @returns where and how the far end wants its audio; null when there is nothing that we can take */
  remoteOf(audio: SdpAudio): RtpRemote | null;
  /** What is wrong with a description that `remoteOf` found nothing in. */
  whyNot(audio: SdpAudio): SdpWarning;
  /** Our port stands. `version`: that of the last description of ours, if there was one. */
  opened(at: Omit<MediaReplies['open-rtp'], 'keys'> & { keys?: OwnKeys }, version?: number): void;
  /** Of a leg that a process before this one opened: its keys, which the media process kept. */
  keys(known: MediaReplies['keys-of']): void;
  /** Our answer to `offer`, or an offer of ours when there is none. Null: not opened yet, or nothing in common. */
  describe(offer: SdpAudio | null): string | null;
}

/**
 * Digits for the `o=` line: unlike those of any other leg, and the same in whichever process (RFC 4566 §5.2: at most 63 bits,
 * for those who read them as a number).
 */
function sessionIdOf(leg: LegId): string {
  return String(createHash('sha256').update(leg).digest().readBigUInt64BE() >> 2n);
}

/** What a trunk's settings say of its audio; without a trunk, nothing. */
export const wishOf = (
  trunk: Trunk | null,
  source?: Pick<SipSource, 'address'>,
  publicAddress6?: string | null,
): AudioWish => ({
  ...(trunk?.srtp === undefined ? {} : { srtp: trunk.srtp }),
  ...(trunk?.outbound === undefined ? {} : { codecs: trunk.outbound.codecs }),
  ...(publicAddress6 && source?.address.includes(':') ? { address: publicAddress6 } : {}),
});

/** @param place where audio may be sent that a description wants at this address; null: nowhere (media-place.ts) */
export function createSipAudio(
  leg: LegId,
  wish: AudioWish,
  place: (told: { address: string; port: number }) => string | null = ({ address }) => address,
): SipAudio {
  let ours: SdpOurs | null = null;
  /** What an offer of ours says of encryption: what stands, once something does. */
  let offered: SrtpPolicy = wish.srtp ?? 'off';

  /** The SIP engine has read it without knowing the trunk. */
  const asWished = (audio: SdpAudio): SdpAudio | null => {
    if (wish.srtp === undefined || wish.srtp === 'optional') return audio;
    const read = parseSdp(audio.raw, { srtp: wish.srtp });
    return read.ok ? read.audio : null;
  };

  return {
    get ownKeys() {
      return ours?.srtp ?? null;
    },
    remoteOf(told) {
      const audio = asWished(told);
      const codec = audio?.codecs[0];
      if (audio === null || codec === undefined || audio.port === 0) return null;
      const { port, dtmfPayloadType, ptimeMs, maxptimeMs, direction } = audio;
      const address = place(audio);
      if (address === null) return null;
      const [crypto] = audio.crypto;
      offered = crypto === undefined ? 'off' : audio.secure ? 'required' : 'optional';
      return {
        address,
        port,
        codec,
        dtmfPayloadType,
        ptimeMs,
        ...(maxptimeMs === undefined ? {} : { maxptimeMs }),
        direction,
        srtp: crypto === undefined ? null : { suite: crypto.suite, key: crypto.key },
        ...(audio.rtcp === null ? {} : { rtcp: audio.rtcp }),
      };
    },
    whyNot(told) {
      const audio = asWished(told) ?? told;
      if (audio.fax && audio.media < 0) return { code: 304, text: 'Fax (T.38) is not taken here: audio only' };
      if (audio.codecs.length === 0) return { code: 305, text: 'Audio is taken as PCMU or PCMA' };
      if (wish.srtp === 'required' && audio.crypto.length === 0) {
        return { code: 399, text: 'Audio must be encrypted (SDES: AES_CM_128_HMAC_SHA1_80 or _32)' };
      }
      if (audio.secure && audio.crypto.length === 0) {
        const text = wish.srtp === 'off' ? 'Encrypted audio is not taken here' : 'No crypto line that is known here';
        return { code: 399, text };
      }
      return { code: 304, text: 'No audio that could be taken' };
    },
    opened({ address, port, keys }, version = 0) {
      const place = { address: wish.address ?? address, port, sessionId: sessionIdOf(leg), version };
      ours = keys === undefined ? place : { ...place, srtp: keys };
    },
    keys({ keys, secure }) {
      if (ours !== null) ours = { ...ours, srtp: keys };
      if (secure && offered === 'off') offered = 'required';
    },
    describe(offer) {
      if (ours === null) return null;
      // Each description of ours has a version above the last (RFC 3264 §8).
      ours = { ...ours, version: ours.version + 1 };
      const { codecs } = wish;
      if (offer === null) return offerSdp(ours, { srtp: offered, ...(codecs === undefined ? {} : { codecs }) });
      const audio = asWished(offer);
      return audio === null ? null : answerSdp(audio, ours);
    },
  };
}
