import { sequencesApart } from '../arithmetic.js';
import { Authenticator, Keystream, packetBytesMax } from './cipher.js';
import { deriveSessionKeys, rtcpTagBytes, rtpTagBytes, type SrtpSuite } from './keys.js';
import { ReplayWindow } from './window.js';

/** A far end has one stream, and another one after a transfer of its own. Beyond this nothing new is believed: memory is bounded. */
const sourcesMax = 64;
/** Of 22 minutes each at 20 ms: so long a call may have been before we hear its key. Each is a try, until the first packet is authentic. */
const turnsMissedMax = 5;
const rtcpIndexBytes = 4;

/**
 * One direction of SRTP and SRTCP under one master key (RFC 3711): packets in the order they come, any number of sources.
 *
 * A packet that is not authentic changes nothing here; one that was there before is refused. Both are ordinary: null, no
 * exception. The same goes for what we send: a number that was used is never used again, for two packets under the same key
 * stream would tell both.
 */
abstract class SrtpStream {
  protected readonly tagBytes: number;
  protected readonly rtp: { cipher: Keystream; auth: Authenticator };
  protected readonly rtcp: { cipher: Keystream; auth: Authenticator };
  /** By SSRC: the indices of its packets. */
  protected readonly sources = new Map<number, ReplayWindow>();

  constructor(suite: SrtpSuite, master: Uint8Array) {
    this.tagBytes = rtpTagBytes[suite];
    const tools = (of: 'rtp' | 'rtcp') => {
      const keys = deriveSessionKeys(master, of);
      return { cipher: new Keystream(keys, of === 'rtp' ? undefined : 1), auth: new Authenticator(keys.auth) };
    };
    this.rtp = tools('rtp');
    this.rtcp = tools('rtcp');
  }

  /** The 48-bit index that a sequence number most likely means (§3.3.1); null when it lies before the stream's beginning. */
  protected indexOf(window: ReplayWindow | undefined, sequence: number): number | null {
    if (window === undefined) return this.sources.size < sourcesMax ? sequence : null;
    const index = window.highest + sequencesApart(sequence, window.highest % 0x10000);
    return index < 0 ? null : index;
  }

  protected mark(ssrc: number, window: ReplayWindow | undefined, index: number): void {
    if (window === undefined) this.sources.set(ssrc, new ReplayWindow(index));
    else window.mark(index);
  }
}

/** What we send. */
export class SrtpSender extends SrtpStream {
  private rtcpIndex = 0;

  /** @returns a new packet, encrypted and signed; null for one whose number was used before */
  protect(packet: Uint8Array): Uint8Array | null {
    const { length } = packet;
    const payload = payloadOffset(packet, length);
    if (payload < 0 || length > packetBytesMax - this.tagBytes) return null;
    const ssrc = readUint32(packet, 8);
    const window = this.sources.get(ssrc);
    const index = this.indexOf(window, (packet[2]! << 8) | packet[3]!);
    if (index === null || window?.has(index) === true) return null;
    this.mark(ssrc, window, index);
    const out = Buffer.allocUnsafe(length + this.tagBytes);
    for (let i = 0; i < payload; i++) out[i] = packet[i]!;
    this.rtp.cipher.apply(packet, out, payload, length, ssrc, index);
    this.rtp.auth.sign(out, length, rolloverOf(index), this.tagBytes);
    return out;
  }

  /** @param packet a compound RTCP packet */
  protectRtcp(packet: Uint8Array): Uint8Array {
    const { length } = packet;
    const index = this.rtcpIndex;
    this.rtcpIndex = (this.rtcpIndex + 1) % 0x80000000;
    const out = Buffer.allocUnsafe(length + rtcpIndexBytes + rtcpTagBytes);
    for (let i = 0; i < 8; i++) out[i] = packet[i]!;
    this.rtcp.cipher.apply(packet, out, 8, length, readUint32(packet, 4), index);
    out.writeUInt32BE((index | 0x80000000) >>> 0, length);
    this.rtcp.auth.sign(out, length + rtcpIndexBytes, null, rtcpTagBytes);
    return out;
  }
}

/** What the far end sends. */
export class SrtpReceiver extends SrtpStream {
  private readonly rtcpSources = new Map<number, ReplayWindow>();

  /** Decrypts in place. @returns the plain packet, or null when it is not authentic, seen before, or no RTP */
  unprotect(packet: Uint8Array): Uint8Array | null {
    const end = packet.length - this.tagBytes;
    const payload = payloadOffset(packet, end);
    if (payload < 0 || packet.length > packetBytesMax) return null;
    const ssrc = readUint32(packet, 8);
    const window = this.sources.get(ssrc);
    let index = this.indexOf(window, (packet[2]! << 8) | packet[3]!);
    if (index === null || window?.has(index) === true) return null;
    // A leg that moved to another process of ours hears a stream in its middle: it may have turned over a few times.
    const most = this.sources.size === 0 ? index + turnsMissedMax * 0x10000 : index;
    while (!this.rtp.auth.holds(packet, end, rolloverOf(index), end, this.tagBytes)) {
      if (index + 0x10000 > most) return null;
      index += 0x10000;
    }
    this.mark(ssrc, window, index);
    this.rtp.cipher.apply(packet, packet, payload, end, ssrc, index);
    return packet.subarray(0, end);
  }

  /** Decrypts in place. @returns the plain compound packet, or null as above */
  unprotectRtcp(packet: Uint8Array): Uint8Array | null {
    const signed = packet.length - rtcpTagBytes;
    const end = signed - rtcpIndexBytes;
    if (end < 8 || packet.length > packetBytesMax || packet[0]! >> 6 !== 2) return null;
    const word = readUint32(packet, end);
    const index = word & 0x7fffffff;
    const ssrc = readUint32(packet, 4);
    const window = this.rtcpSources.get(ssrc);
    if (window === undefined ? this.rtcpSources.size >= sourcesMax : window.has(index)) return null;
    if (!this.rtcp.auth.holds(packet, signed, null, signed, rtcpTagBytes)) return null;
    // Not encrypted would be by an agreement that we never make (UNENCRYPTED_SRTCP).
    if (word < 0x80000000) return null;
    if (window === undefined) this.rtcpSources.set(ssrc, new ReplayWindow(index));
    else window.mark(index);
    this.rtcp.cipher.apply(packet, packet, 8, end, ssrc, index);
    return packet.subarray(0, end);
  }
}

const rolloverOf = (index: number): number => Math.floor(index / 0x10000) >>> 0;

function readUint32(packet: Uint8Array, at: number): number {
  return ((packet[at]! << 24) | (packet[at + 1]! << 16) | (packet[at + 2]! << 8) | packet[at + 3]!) >>> 0;
}

/** Where the encrypted part begins: after header, CSRC list and extension (RFC 3711 §3.1); -1 when that is not before `end`. */
function payloadOffset(packet: Uint8Array, end: number): number {
  if (end < 12 || packet[0]! >> 6 !== 2) return -1;
  let offset = 12 + 4 * (packet[0]! & 0x0f);
  if ((packet[0]! & 0x10) !== 0) {
    if (end < offset + 4) return -1;
    offset += 4 + 4 * ((packet[offset + 2]! << 8) | packet[offset + 3]!);
  }
  return offset > end ? -1 : offset;
}
