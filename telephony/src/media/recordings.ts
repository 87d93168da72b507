import { MediaError, messageOf } from './contract.js';
import type { Leg } from './leg.js';
import type { MediaEvent } from './protocol.js';
import { Recording, type RecordingResult } from './recorder/index.js';

export interface RecordingsOptions {
  emit: (event: MediaEvent) => void;
  wallNow: () => number;
  now: () => number;
  /** The leg has not gone in the meantime. */
  isAlive: (leg: Leg) => boolean;
}

/** The recordings that run, by id, and those that are being finished. Each is told once by `recording-finished`, however it ended. */
export class Recordings {
  private readonly options: RecordingsOptions;
  private readonly running = new Map<string, { leg: Leg; recording: Recording }>();
  private readonly finishing = new Set<Promise<unknown>>();

  constructor(options: RecordingsOptions) {
    this.options = options;
  }

  /** Idempotent by `id`. @throws MediaError `disk` when the file cannot be made, or exists and is not to be resumed */
  async start(id: string, leg: Leg, path: string, resume = false): Promise<void> {
    const known = this.running.get(id);
    if (known !== undefined) {
      if (known.leg === leg) return;
      throw new MediaError('bad-request', `recording ${id} runs on another leg`);
    }
    if (leg.recording !== null) throw new MediaError('bad-request', `leg ${leg.id} is being recorded already`);
    let recording: Recording;
    try {
      recording = await Recording.start({
        path,
        resume,
        now: this.options.now,
        onTrouble: (detail) =>
          this.options.emit({
            type: 'log',
            level: 'error',
            message: 'a recording cannot be written',
            data: { recording: id, detail },
          }),
      });
    } catch (error) {
      throw new MediaError('disk', messageOf(error));
    }
    leg.recording = { id, recording };
    this.running.set(id, { leg, recording });
    // Lost while the file was made: what there is of it is finished like any other.
    if (!this.options.isAlive(leg)) void this.finish(id);
  }

  /** Ends a recording and tells of it. Never rejects. @returns null when there is none of this id (any more) */
  async finish(id: string): Promise<RecordingResult | null> {
    const found = this.running.get(id);
    if (found === undefined) return null;
    this.running.delete(id);
    found.leg.recording = null;
    const at = this.options.wallNow();
    const finished = found.recording.finish().then((result) => {
      this.options.emit({ type: 'recording-finished', recording: id, leg: found.leg.id, at, ...result });
      return result;
    });
    this.finishing.add(finished);
    void finished.finally(() => this.finishing.delete(finished));
    return finished;
  }

  get idle(): boolean {
    return this.running.size === 0 && this.finishing.size === 0;
  }

  /** Resolves when everything that was ended is on disk. */
  async settled(): Promise<void> {
    while (this.finishing.size > 0) await Promise.allSettled(this.finishing);
  }
}
