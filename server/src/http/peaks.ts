/** The outline of a recording for drawing: read as a stream, so that an hour costs no memory and never holds the loop. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FileHandle } from 'node:fs/promises';
import type { RecordingPeaks } from '@denwaban/core/wire';
import { readWavShape } from './wav.js';

/** 64 KiB is 2 s of two channels at 8 kHz and well under a millisecond of work. */
const pieceBytes = 65_536;

/**
 * Loudest sample per stretch and channel, 0 to 1. Stretches are of equal length, `points` of them, or one per frame when
 * there are fewer frames. What is appended to the file while we read is left out. Null when the file is no PCM16 WAVE.
 */
export async function readPeaks(file: FileHandle, points: number): Promise<RecordingPeaks | null> {
  const { size } = await file.stat();
  const head = Buffer.alloc(4096);
  const { bytesRead } = await file.read(head, 0, head.length, 0);
  const shape = readWavShape(head.subarray(0, bytesRead));
  if (shape === null) return null;

  const frameBytes = 2 * shape.channels;
  const frames = Math.max(0, Math.floor((size - shape.dataAt) / frameBytes));
  const count = Math.min(points, frames);
  const right = shape.channels > 1 ? 2 : 0;
  const loudest = [new Float64Array(count), new Float64Array(count)] as const;

  const piece = Buffer.alloc(pieceBytes - (pieceBytes % frameBytes));
  for (let frame = 0; frame < frames;) {
    const wanted = Math.min(piece.length, (frames - frame) * frameBytes);
    const read = await file.read(piece, 0, wanted, shape.dataAt + frame * frameBytes);
    const whole = Math.floor(read.bytesRead / frameBytes);
    if (whole === 0) break;
    for (let i = 0; i < whole; i++, frame++) {
      const point = Math.floor((frame * count) / frames);
      const at = i * frameBytes;
      const a = Math.abs(piece.readInt16LE(at));
      const b = Math.abs(piece.readInt16LE(at + right));
      if (a > loudest[0][point]!) loudest[0][point] = a;
      if (b > loudest[1][point]!) loudest[1][point] = b;
    }
    await nextTurn(); // a read from the page cache resolves without a turn of the loop for others
  }
  const scaled = (values: Float64Array): number[] => Array.from(values, (v) => Math.round((v / 32_768) * 1000) / 1000);
  return {
    durationMs: Math.round((frames / shape.sampleRate) * 1000),
    channels: [scaled(loudest[0]), scaled(loudest[1])],
  };
}
