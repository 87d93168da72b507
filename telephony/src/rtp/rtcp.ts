/** Sender and receiver reports (RFC 3550 §6.4), written and read. Whoever else is in a compound packet is passed over. */

/** What a receiver says of a stream that it hears. */
export interface ReportBlock {
  /** Whose stream. */
  ssrc: number;
  /** 0…1 since the report before. */
  fractionLost: number;
  /** All in all; duplicates count against it, so that it may be below 0. */
  lost: number;
  /** Newest sequence number, with the number of its turns above it. */
  highest: number;
  /** Ticks of 8 kHz (§6.4.1). */
  jitter: number;
  /** Middle 32 bits of the NTP time of the last sender report heard; 0 when there was none. */
  lastReport: number;
  /** Since then, in 1/65 536 s. */
  sinceLastReport: number;
}

export interface SenderReport {
  /** Epoch ms. */
  wallMs: number;
  /** The same moment in the stream's own ticks. */
  timestamp: number;
  packets: number;
  octets: number;
}

export interface RtcpReport {
  ssrc: number;
  /** Middle 32 bits of its NTP time, for those that send. */
  sentAt: number | null;
  blocks: ReportBlock[];
}

const ntpEpochS = 2_208_988_800;
const type = { sender: 200, receiver: 201, description: 202 } as const;
const blockBytes = 24;
const cnameItem = 1;

/** The middle 32 bits of an NTP time: seconds and fraction, 16 bits each. Wraps every 18 hours. */
export function ntpMiddle(wallMs: number): number {
  const seconds = Math.floor(wallMs / 1_000) + ntpEpochS;
  return ((seconds & 0xffff) * 0x10000 + Math.floor(((wallMs % 1_000) / 1_000) * 0x10000)) >>> 0;
}

/** A compound packet: a sender's report when there is one, else a receiver's; then who we are (§6.5), which no compound may lack. */
export function writeRtcp(ssrc: number, cname: string, sender: SenderReport | null, block: ReportBlock | null): Buffer {
  const name = Buffer.from(cname, 'latin1').subarray(0, 255);
  const reportBytes = 8 + (sender === null ? 0 : 20) + (block === null ? 0 : blockBytes);
  // Items end with at least one zero and fill up a word.
  const chunkBytes = Math.ceil((4 + 2 + name.length + 1) / 4) * 4;
  const packet = Buffer.alloc(reportBytes + 4 + chunkBytes);
  packet[0] = 0x80 | (block === null ? 0 : 1);
  packet[1] = sender === null ? type.receiver : type.sender;
  packet.writeUInt16BE(reportBytes / 4 - 1, 2);
  packet.writeUInt32BE(ssrc, 4);
  let at = 8;
  if (sender !== null) {
    packet.writeUInt32BE((Math.floor(sender.wallMs / 1_000) + ntpEpochS) >>> 0, at);
    packet.writeUInt32BE(Math.floor(((sender.wallMs % 1_000) / 1_000) * 2 ** 32) >>> 0, at + 4);
    packet.writeUInt32BE(sender.timestamp >>> 0, at + 8);
    packet.writeUInt32BE(sender.packets >>> 0, at + 12);
    packet.writeUInt32BE(sender.octets >>> 0, at + 16);
    at += 20;
  }
  if (block !== null) {
    packet.writeUInt32BE(block.ssrc, at);
    packet[at + 4] = Math.min(255, Math.floor(block.fractionLost * 256));
    packet.writeIntBE(Math.max(-0x800000, Math.min(0x7fffff, block.lost)), at + 5, 3);
    packet.writeUInt32BE(block.highest >>> 0, at + 8);
    packet.writeUInt32BE(Math.min(0xffffffff, Math.round(block.jitter)), at + 12);
    packet.writeUInt32BE(block.lastReport, at + 16);
    packet.writeUInt32BE(block.sinceLastReport >>> 0, at + 20);
    at += blockBytes;
  }
  packet[at] = 0x81;
  packet[at + 1] = type.description;
  packet.writeUInt16BE(chunkBytes / 4, at + 2);
  packet.writeUInt32BE(ssrc, at + 4);
  packet[at + 8] = cnameItem;
  packet[at + 9] = name.length;
  packet.set(name, at + 10);
  return packet;
}

/** The reports of a compound packet; what is broken, or not RTCP at all, has none. */
export function readRtcp(packet: Uint8Array): RtcpReport[] {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const reports: RtcpReport[] = [];
  for (let at = 0; at + 8 <= packet.length;) {
    const first = packet[at]!;
    const end = at + 4 * (view.getUint16(at + 2) + 1);
    if (first >> 6 !== 2 || end > packet.length) return reports;
    const kind = packet[at + 1]!;
    if (kind === type.sender || kind === type.receiver) {
      const sends = kind === type.sender;
      const blocksAt = at + 8 + (sends ? 20 : 0);
      if (blocksAt + blockBytes * (first & 0x1f) > end) return reports;
      const blocks = Array.from({ length: first & 0x1f }, (_, i) => readBlock(view, blocksAt + blockBytes * i));
      reports.push({ ssrc: view.getUint32(at + 4), sentAt: sends ? view.getUint32(at + 10) : null, blocks });
    }
    at = end;
  }
  return reports;
}

function readBlock(view: DataView, at: number): ReportBlock {
  return {
    ssrc: view.getUint32(at),
    fractionLost: view.getUint8(at + 4) / 256,
    lost: (view.getInt32(at + 4) << 8) >> 8,
    highest: view.getUint32(at + 8),
    jitter: view.getUint32(at + 12),
    lastReport: view.getUint32(at + 16),
    sinceLastReport: view.getUint32(at + 20),
  };
}
