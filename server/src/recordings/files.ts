/** Which file a recording is in. Nothing outside `<dataDir>/recordings` is ever served, whatever a path in the database says. */
import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { epochMs, type RecordingId } from '@denwaban/core';
import { recordingPath as pathIn } from '@denwaban/telephony';

export const recordingsDir = (dataDir: string): string => path.join(dataDir, 'recordings');

/** Where the exchange writes a recording: it follows from the id alone. @throws RangeError for what is no recording's id */
export function recordingPath(dataDir: string, id: RecordingId): string {
  if (!/^rc_[0-9a-z]{1,40}$/.test(id)) throw new RangeError(`no recording id: ${id.slice(0, 40)}`);
  return pathIn(recordingsDir(dataDir), id, epochMs(0));
}

/** The file of a recording, finished or growing; null when there is none, or it lies outside the recordings folder. */
export async function locateRecording(
  dataDir: string,
  recording: { id: RecordingId; path: string | null },
): Promise<string | null> {
  const root = await realpath(recordingsDir(dataDir)).catch(() => null);
  if (root === null) return null;
  // The written path comes first; after a move of the data folder only the one that follows from the id is right.
  for (const candidate of [recording.path && path.resolve(root, recording.path), expectedPath(dataDir, recording.id)]) {
    if (!candidate) continue;
    // Resolved first: a link inside the folder must not lead out of it.
    const real = await realpath(candidate).catch(() => null);
    if (real?.startsWith(root + path.sep) && (await stat(real)).isFile()) return real;
  }
  return null;
}

function expectedPath(dataDir: string, id: RecordingId): string | null {
  try {
    return recordingPath(dataDir, id);
  } catch {
    return null;
  }
}
