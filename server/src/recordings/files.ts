/**
 * Where recordings lie: `<dataDir>/recordings/2026/11/22/rc_….wav`, by the day (UTC) that their id was minted on, so that no
 * folder grows without end and a path follows from the id alone. Nothing outside that folder is ever served.
 */
import { realpath, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { isId, type RecordingId } from '@denwaban/core';

export const recordingsDir = (dataDir: string): string => path.join(dataDir, 'recordings');

/** Where a recording is to be written. Its folder may not exist yet. */
export function recordingPath(dataDir: string, id: RecordingId): string {
  return path.join(dayFolder(dataDir, mintedAt(id)), `${id}.wav`);
}

const dayFolder = (dataDir: string, day: Date): string =>
  path.join(recordingsDir(dataDir), ...day.toISOString().slice(0, 10).split('-'));

const crockford = '0123456789abcdefghjkmnpqrstvwxyz';

/** @throws RangeError for what is no recording's id */
function mintedAt(id: string): Date {
  const letters = /^rc_([0-9a-hjkmnp-tv-z]{10})[0-9a-z]{16}$/.exec(id)?.[1];
  const ms = [...(letters ?? '')].reduce((time, letter) => time * 32 + crockford.indexOf(letter), 0);
  if (!letters || ms >= Date.UTC(10_000, 0)) throw new RangeError(`no recording id: ${id.slice(0, 40)}`);
  return new Date(ms);
}

/** The file of a recording, finished or growing; null when there is none, or it lies outside the recordings folder. */
export async function locateRecording(
  dataDir: string,
  recording: { id: RecordingId; path: string | null },
): Promise<string | null> {
  const root = await realpath(recordingsDir(dataDir)).catch(() => null);
  if (root === null) return null;
  const candidates = [
    recording.path && path.resolve(root, recording.path),
    safe(() => recordingPath(dataDir, recording.id)),
  ];
  for (const candidate of candidates) {
    if (!candidate) continue;
    // Resolved first: a link inside the folder must not lead out of it.
    const real = await realpath(candidate).catch(() => null);
    if (real?.startsWith(root + path.sep) && (await stat(real)).isFile()) return real;
  }
  return null;
}

/** Recording ids that have a file, for a start-up that looks for unfinished ones. */
export async function recordingsOfDay(dataDir: string, day: Date): Promise<RecordingId[]> {
  const files = await readdir(dayFolder(dataDir, day)).catch(() => []);
  return files.map((file) => path.basename(file, '.wav')).filter((id) => isId('rc', id));
}

function safe<Value>(make: () => Value): Value | null {
  try {
    return make();
  } catch {
    return null;
  }
}
