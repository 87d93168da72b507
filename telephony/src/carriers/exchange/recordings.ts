/** Begins and ends recordings, and keeps `recording.finished` to exactly one each, whoever brings the news first. */
import type { EpochMs, LegId, PhoneEvent, RecordingId } from '@denwaban/core';
import { dirname } from 'node:path';
import type { MediaClient } from '../../media/contract.js';
import type { Log } from './log.js';
import { recordingPath, type Disk } from './recording-file.js';

type Finished = Extract<PhoneEvent, { type: 'recording.finished' }>;

export interface RecordingsOptions {
  media: Pick<MediaClient, 'request' | 'ready'>;
  folder: string;
  disk: Disk;
  now(): EpochMs;
  emit(event: Finished): void;
  log: Log;
}

export interface Recordings {
  /** Makes today's folder ahead of the first recording: a first second must not wait for a disk. */
  prepare(): void;
  /**
   * Resolves when the request to record is on its way, so that a bridge asked for afterwards is recorded from its first
   * sample. A disk that is full is logged and costs the recording, not the talk.
   *
   * @param wanted asked when the folder stands: false, and nothing is begun
   */
  begin(recording: RecordingId, leg: LegId, wanted: () => boolean): Promise<void>;
  /** A recording that a process before this one began, and that still runs. */
  takeUp(recording: RecordingId, leg: LegId): void;
  /** The leg's media process died and it has another: what was recorded is gone on with there. */
  goOn(leg: LegId): void;
  /** Ends the leg's recordings. */
  end(leg: LegId): void;
  /** The media process says so of itself, also of recordings begun before this process lived. */
  finished(event: Finished): void;
  /** A media process is there (again). What is open on a leg that is gone, and not held by it, is measured on disk. */
  reconcile(held: ReadonlySet<string>, isGone: (leg: LegId) => boolean): void;
  readonly open: number;
  /** Resolves when every recording is finished, or `ms` have passed. */
  settled(ms: number): Promise<void>;
}

export function createRecordings(options: RecordingsOptions): Recordings {
  const { media, disk, log } = options;
  const open = new Map<RecordingId, { leg: LegId; path: string }>();
  // The media process tells of an end twice, by event and by reply; the second word comes within moments of the first.
  const over = new Set<RecordingId>();
  const folders = new Map<string, Promise<void>>();
  let onEmpty = () => {};

  function folderOf(path: string): Promise<void> {
    const folder = dirname(path);
    let made = folders.get(folder);
    if (made === undefined) {
      made = disk.makeFolder(folder).catch((problem: unknown) => {
        folders.delete(folder);
        log.error({ folder, problem: String(problem) }, 'recordings: no folder');
      });
      folders.set(folder, made);
    }
    return made;
  }
  function closed(recording: RecordingId): void {
    open.delete(recording);
    if (open.size === 0) onEmpty();
  }
  function finished(event: Finished): void {
    if (over.has(event.recording)) return;
    closed(event.recording);
    over.add(event.recording);
    if (over.size > 1_000) for (const oldest of over) if (over.delete(oldest)) break;
    options.emit(event);
  }
  async function salvage(recording: RecordingId, leg: LegId, path: string): Promise<void> {
    if (over.has(recording)) return;
    const found = await disk.mend(path);
    if (found !== null)
      return finished({ type: 'recording.finished', recording, leg, at: options.now(), path, ...found });
    closed(recording);
    log.error({ recording, leg }, 'recordings: nothing was written');
  }
  async function stop(recording: RecordingId, leg: LegId, path: string): Promise<void> {
    let done;
    try {
      done = await media.request({ type: 'stop-record', recording });
    } catch {
      // Without a media process the file may still be growing somewhere: it is asked about again when one is there.
      if (media.ready) await salvage(recording, leg, path);
      return;
    }
    // Null: it is being finished already, with the leg that was lost; the event follows when the file is whole.
    if (done !== null) finished({ type: 'recording.finished', recording, leg, at: options.now(), ...done });
  }

  return {
    prepare() {
      void folderOf(recordingPath(options.folder, null, options.now()));
    },
    async begin(recording, leg, wanted) {
      const path = recordingPath(options.folder, recording, options.now());
      await folderOf(path);
      if (!wanted() || open.has(recording) || over.has(recording)) return;
      open.set(recording, { leg, path });
      media.request({ type: 'record', recording, leg, path }).catch((problem: unknown) => {
        closed(recording);
        log.error({ leg, recording, problem: String(problem) }, 'recordings: could not begin');
      });
    },
    takeUp(recording, leg) {
      open.set(recording, { leg, path: recordingPath(options.folder, recording, options.now()) });
    },
    goOn(leg) {
      for (const [recording, held] of open) {
        if (held.leg !== leg) continue;
        media.request({ type: 'record', recording, leg, path: held.path, resume: true }).catch((problem: unknown) => {
          log.error({ leg, recording, problem: String(problem) }, 'recordings: could not go on');
          void salvage(recording, leg, held.path);
        });
      }
    },
    end(leg) {
      for (const [recording, held] of open) {
        if (held.leg !== leg) continue;
        stop(recording, leg, held.path).catch((problem: unknown) =>
          log.error({ recording, problem: String(problem) }, 'recordings: could not end'),
        );
      }
    },
    finished,
    reconcile(held, isGone) {
      for (const [recording, { leg, path }] of open) {
        if (held.has(recording) || !isGone(leg)) continue;
        salvage(recording, leg, path).catch((problem: unknown) =>
          log.error({ recording, problem: String(problem) }, 'recordings: could not be measured'),
        );
      }
    },
    get open() {
      return open.size;
    },
    async settled(ms) {
      if (open.size === 0) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        onEmpty = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    },
  };
}
