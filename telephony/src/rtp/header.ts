/** What of an RTP packet's header matters to us (RFC 3550 §5.1), and where its payload lies. */
export interface RtpHeader {
  payloadType: number;
  marker: boolean;
  sequence: number;
  /** Ticks of the payload's clock: G.711 runs at 8 000 Hz, so 20 ms are 160. Starts anywhere, wraps at 2^32. */
  timestamp: number;
  ssrc: number;
  payloadOffset: number;
  payloadLength: number;
}

export const rtpHeaderBytes = 12;

/** RTCP multiplexed onto the RTP port is told apart by what would be the payload type (RFC 5761 §4). */
export function isRtcp(packet: Uint8Array): boolean {
  const type = (packet[1] ?? 0) & 0x7f;
  return type >= 64 && type <= 95;
}

/**
 * Reads the fixed header, skips CSRC list, header extension and padding (RFC 3550 §5.1, §5.3.1).
 *
 * Anybody can send anything to a UDP port, so what is no RTP is ordinary here: null, no exception.
 *
 * @param packet one UDP payload, already decrypted; not kept after the call returns
 */
export function readRtpHeader(packet: Uint8Array): RtpHeader | null {
  const length = packet.length;
  if (length < rtpHeaderBytes) return null;
  const first = packet[0]!;
  if (first >> 6 !== 2 || isRtcp(packet)) return null;
  let offset = rtpHeaderBytes + 4 * (first & 0x0f);
  if ((first & 0x10) !== 0) {
    if (length < offset + 4) return null;
    offset += 4 + 4 * ((packet[offset + 2]! << 8) | packet[offset + 3]!);
  }
  let end = length;
  if ((first & 0x20) !== 0) {
    const padding = packet[length - 1]!;
    if (padding === 0) return null;
    end -= padding;
  }
  if (end < offset) return null;
  const second = packet[1]!;
  return {
    payloadType: second & 0x7f,
    marker: second >= 0x80,
    sequence: (packet[2]! << 8) | packet[3]!,
    timestamp: ((packet[4]! << 24) | (packet[5]! << 16) | (packet[6]! << 8) | packet[7]!) >>> 0,
    ssrc: ((packet[8]! << 24) | (packet[9]! << 16) | (packet[10]! << 8) | packet[11]!) >>> 0,
    payloadOffset: offset,
    payloadLength: end - offset,
  };
}

/** Sequence number, timestamp and marker of one packet of a stream we send. */
export interface Stamp {
  sequence: number;
  timestamp: number;
  marker: boolean;
}

/** Writes a plain 12-byte header at `at`: version 2, no CSRC, no extension, no padding. */
export function writeRtpHeader(into: Uint8Array, at: number, payloadType: number, stamp: Stamp, ssrc: number): void {
  into[at] = 0x80;
  into[at + 1] = (stamp.marker ? 0x80 : 0) | payloadType;
  into[at + 2] = stamp.sequence >>> 8;
  into[at + 3] = stamp.sequence;
  writeUint32(into, at + 4, stamp.timestamp);
  writeUint32(into, at + 8, ssrc);
}

function writeUint32(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 24;
  into[at + 1] = value >>> 16;
  into[at + 2] = value >>> 8;
  into[at + 3] = value;
}
