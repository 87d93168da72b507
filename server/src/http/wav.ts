/** The header of a RIFF WAVE file of 16-bit PCM, as far as serving and drawing a recording needs it. */
export interface WavShape {
  channels: number;
  sampleRate: number;
  /** Where the samples begin. */
  dataAt: number;
  /** Where the 32-bit length of the `data` chunk stands. */
  dataSizeAt: number;
  /** Bytes of samples that the header promises; meaningless while the file grows. */
  dataBytes: number;
}

/**
 * Finds `fmt ` and `data`. Null when this is no 16-bit PCM WAVE or `head` ends before `data`.
 *
 * @param head the first bytes of the file, 4 096 are plenty
 */
export function readWavShape(head: Buffer): WavShape | null {
  if (head.length < 12 || head.toString('latin1', 0, 4) !== 'RIFF' || head.toString('latin1', 8, 12) !== 'WAVE')
    return null;
  let format: { channels: number; sampleRate: number } | null = null;
  for (let at = 12; at + 8 <= head.length;) {
    const name = head.toString('latin1', at, at + 4);
    const bytes = head.readUInt32LE(at + 4);
    if (name === 'fmt ' && at + 24 <= head.length) {
      const pcm = head.readUInt16LE(at + 8) === 1 && head.readUInt16LE(at + 22) === 16;
      const channels = head.readUInt16LE(at + 10);
      if (!pcm || channels < 1 || channels > 8) return null;
      format = { channels, sampleRate: head.readUInt32LE(at + 12) };
      if (format.sampleRate === 0) return null;
    }
    if (name === 'data') {
      return format && { ...format, dataAt: at + 8, dataSizeAt: at + 4, dataBytes: bytes };
    }
    at += 8 + bytes + (bytes % 2); // chunks are padded to even lengths
  }
  return null;
}

/**
 * The header of a file that still grows, with both lengths set to what is on disk now: as the recorder leaves them they would
 * have a player show nothing, or hours.
 *
 * @param head the first bytes of the file, up to and including the `data` header; copied
 * @param size bytes of the file now
 */
export function headerFor(head: Buffer, shape: WavShape, size: number): Buffer {
  const header = Buffer.from(head.subarray(0, shape.dataAt));
  header.writeUInt32LE(Math.min(0xffff_ffff, size - 8), 4);
  header.writeUInt32LE(Math.min(0xffff_ffff, size - shape.dataAt), shape.dataSizeAt);
  return header;
}
