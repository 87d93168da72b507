/** Where a recording lies, and how long a file is that nobody can be asked about any more. */
import { idTime, type EpochMs, type RecordingId } from '@denwaban/core';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { repairRecording } from '../../media/recorder/wav.js';

/**
 * `<folder>/2026/03/01/rc_….wav`. The day (UTC) is that in which the id was minted, read from the id itself: after a crash the
 * path can be told from the id alone. An id that carries no time, or none, gets the day of `at`.
 */
export function recordingPath(folder: string, recording: RecordingId | null, at: EpochMs): string {
  const minted = idTime(recording ?? '');
  const day = new Date(minted > 0 && minted < 8.64e15 ? minted : at).toISOString();
  return join(folder, day.slice(0, 4), day.slice(5, 7), day.slice(8, 10), `${recording}.wav`);
}

/**
 * Length of a WAV file that may have been cut off: counted from its size, not from what its header says.
 *
 * @returns null when there is no such file or it is no WAV
 */
export async function measureRecording(path: string): Promise<{ durationMs: number; bytes: number } | null> {
  let file;
  try {
    file = await open(path, 'r');
  } catch {
    return null;
  }
  try {
    const head = Buffer.alloc(44);
    const { bytesRead } = await file.read(head, 0, 44, 0);
    const { size } = await file.stat();
    if (bytesRead < 44 || head.toString('latin1', 0, 4) !== 'RIFF' || head.toString('latin1', 8, 12) !== 'WAVE')
      return null;
    const bytesPerSecond = head.readUInt32LE(28);
    if (bytesPerSecond === 0) return null;
    return { durationMs: Math.floor(((size - 44) * 1000) / bytesPerSecond), bytes: size };
  } finally {
    await file.close();
  }
}

/** What the exchange asks of the disk. */
export interface Disk {
  makeFolder(folder: string): Promise<void>;
  /** Makes a file that nobody writes any more whole. Null: there is none. */
  mend(path: string): Promise<{ durationMs: number; bytes: number } | null>;
}

export const realDisk: Disk = {
  makeFolder: async (folder) => void (await mkdir(folder, { recursive: true })),
  mend: repairRecording,
};
