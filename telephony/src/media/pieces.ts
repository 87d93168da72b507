/** A packet with more sound than the far end takes (its maxptime, RFC 8866 §6.4) goes on in several. */
import {
  payloadTypeOf,
  rtpHeaderBytes,
  writeRtpHeader,
  type LineMeter,
  type OutgoingStream,
  type RtpHeader,
  type Stamp,
  type Transport,
} from '../rtp/index.js';

export interface Way {
  outgoing: OutgoingStream;
  meter: LineMeter;
  transport: Transport;
}

/**
 * All at once, for they are spoken already: to space them out would only make the last one later. Their numbers follow each other,
 * so what was lost before them is still one hole for the far end, and its reports count what it was really sent.
 *
 * @param stamp of the packet as a whole
 */
export function sendInPieces(way: Way, packet: Uint8Array, header: RtpHeader, stamp: Stamp, nowMs: number): void {
  const { outgoing, meter, transport } = way;
  // Its other pieces would have the numbers of what came before it in its place.
  if (!outgoing.isNewest(stamp)) return;
  const end = header.payloadOffset + header.payloadLength;
  let own: Stamp = stamp;
  for (let at = header.payloadOffset; at < end;) {
    const length = Math.min(transport.payloadBytesMax, end - at);
    // Each in bytes of its own: the one before may still be on its way.
    const piece = new Uint8Array(rtpHeaderBytes + length);
    piece.set(packet.subarray(at, at + length), rtpHeaderBytes);
    writeRtpHeader(piece, 0, payloadTypeOf[transport.codec], own, outgoing.ssrc);
    meter.sent(own.timestamp, length, nowMs);
    transport.send(piece);
    at += length;
    if (at < end) own = outgoing.piece(header, length, Math.min(transport.payloadBytesMax, end - at));
  }
}
