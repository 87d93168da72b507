import { open } from 'node:fs/promises';

/**
 * Two channels, 8 kHz, 16-bit linear PCM: what every browser and player plays. 32 kB a second.
 *
 *     0 "RIFF" size-8 "WAVE" | 12 "fmt " 16 … | 36 "data" size | 44 left0 right0 left1 right1 …
 */
export const wavHeaderBytes = 44;
export const bytesPerFrame = 4;
export const framesPerSecond = 8_000;

export function wavHeader(dataBytes: number): Buffer {
  // The sizes are 32 bits: a recording of more than 37 hours says that it is as long as can be said.
  const size = Math.min(dataBytes, 0xffff_fff0 - wavHeaderBytes);
  const header = Buffer.alloc(wavHeaderBytes);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(size + wavHeaderBytes - 8, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(2, 22);
  header.writeUInt32LE(framesPerSecond, 24);
  header.writeUInt32LE(framesPerSecond * bytesPerFrame, 28);
  header.writeUInt16LE(bytesPerFrame, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(size, 40);
  return header;
}

export const durationOf = (dataBytes: number): number =>
  Math.round((dataBytes / bytesPerFrame / framesPerSecond) * 1_000);

/**
 * Makes a recording whose process died whole: its header says what its length says, and half a frame at the end is cut off.
 * A finished recording is left as it is, so it may be called on any.
 *
 * @returns null when the file is missing or none of our recordings
 */
export async function repairRecording(path: string): Promise<{ durationMs: number; bytes: number } | null> {
  const file = await open(path, 'r+').catch(() => null);
  if (file === null) return null;
  try {
    const { size } = await file.stat();
    const head = Buffer.alloc(wavHeaderBytes);
    const { bytesRead } = await file.read(head, 0, wavHeaderBytes, 0);
    const mark = wavHeader(0);
    // A process that died at the very start may have left nothing, or less than a header.
    const ours =
      bytesRead < 4 || (head.subarray(0, 4).equals(mark.subarray(0, 4)) && sameFormat(head, mark, bytesRead));
    if (!ours) return null;
    const dataBytes = Math.max(0, size - wavHeaderBytes);
    const whole = dataBytes - (dataBytes % bytesPerFrame);
    const bytes = wavHeaderBytes + whole;
    const header = wavHeader(whole);
    if (size !== bytes || !head.equals(header)) {
      await file.write(header, 0, wavHeaderBytes, 0);
      await file.truncate(bytes);
    }
    return { durationMs: durationOf(whole), bytes };
  } finally {
    await file.close();
  }
}

function sameFormat(head: Buffer, mark: Buffer, bytesRead: number): boolean {
  const end = Math.min(bytesRead, 40);
  return end <= 8 || head.subarray(8, end).equals(mark.subarray(8, end));
}
