import { mkdir, open, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ticksPerMs } from '../../rtp/index.js';
import { Canvas } from './canvas.js';
import { StreamPlacement, type HeardPacket } from './placement.js';
import { bytesPerFrame, durationOf, repairRecording, wavHeader, wavHeaderBytes } from './wav.js';

const flushMs = 400;
/** Silence is written only this far behind the present: sooner than that a packet may still come. */
const silenceLagMs = 400;
/** More silence than this is not put into a file that is gone on with. */
const resumeMsMax = 60_000;
/** What may wait for a slow disk before speech is given up (about two minutes). */
const backlogBytesMax = 4 * 1024 * 1024;

export interface RecordingResult {
  path: string;
  durationMs: number;
  bytes: number;
}

/** `left`: what the recorded leg says. `right`: what its partner says to it. */
export type Side = 'left' | 'right';

export interface RecordingOptions {
  path: string;
  /** What a process that died has written of it is gone on with; the time since then is silent. */
  resume?: boolean;
  /** Monotonic milliseconds. */
  now: () => number;
  /** The disk refused; told once until it works again. */
  onTrouble: (detail: string) => void;
}

/**
 * A two-channel WAV that grows on disk while people speak. No write ever happens on the packet's path: packets are painted into
 * memory and a timer carries what changed to the file, data first, then the header that counts it, so that the
 * file is playable at every moment, after a kill -9 too.
 */
export class Recording {
  private readonly options: RecordingOptions;
  private readonly file: FileHandle;
  private readonly beganMs: number;
  private readonly canvas = new Canvas();
  private readonly streams: Record<Side, StreamPlacement>;
  private readonly timer: NodeJS.Timeout;
  private waiting: { at: number; bytes: Buffer }[] = [];
  private waitingBytes = 0;
  private writing: Promise<void> = Promise.resolve();
  private busy = false;
  /** Frames that a process before this one wrote, and the silence since. */
  private readonly before: number;
  private framesOnDisk: number;
  private troubled = false;
  private finished: Promise<RecordingResult> | null = null;

  /**
   * Creates the file and its folder. @throws when it cannot be written, or is there already and not to be resumed: nothing is
   * ever written over
   */
  static async start(options: RecordingOptions): Promise<Recording> {
    await mkdir(dirname(options.path), { recursive: true, mode: 0o700 });
    const beganMs = options.now();
    const before = options.resume === true ? await framesUntilNow(options.path) : null;
    const file = await open(options.path, before === null ? 'wx' : 'r+', 0o600);
    try {
      await file.write(wavHeader((before ?? 0) * bytesPerFrame), 0, wavHeaderBytes, 0);
      if (before !== null) await file.truncate(wavHeaderBytes + before * bytesPerFrame); // filled up with zeros
      return new Recording(options, file, beganMs, before ?? 0);
    } catch (error) {
      await file.close().catch(() => undefined);
      throw error;
    }
  }

  private constructor(options: RecordingOptions, file: FileHandle, beganMs: number, before: number) {
    this.before = before;
    this.framesOnDisk = before;
    this.options = options;
    this.file = file;
    this.beganMs = beganMs;
    this.streams = {
      left: new StreamPlacement((at, payload, codec) => this.canvas.paint(0, at, payload, codec)),
      right: new StreamPlacement((at, payload, codec) => this.canvas.paint(1, at, payload, codec)),
    };
    this.timer = setInterval(() => this.flush(), flushMs);
  }

  /** @param packet `arrivalMs` by the monotonic clock */
  hear(side: Side, packet: HeardPacket): void {
    if (this.finished !== null) return;
    this.streams[side].hear({ ...packet, arrivalMs: packet.arrivalMs - this.beganMs });
  }

  /** Ends the recording at this moment: as long as it ran, to the millisecond. Safe to call twice. */
  finish(): Promise<RecordingResult> {
    this.finished ??= this.end();
    return this.finished;
  }

  private async end(): Promise<RecordingResult> {
    clearInterval(this.timer);
    const spoken = Math.round((this.options.now() - this.beganMs) * ticksPerMs);
    const frames = this.before + spoken;
    this.collect(Number.POSITIVE_INFINITY, spoken);
    await this.writeOut();
    let bytes = wavHeaderBytes + this.framesOnDisk * bytesPerFrame;
    try {
      // What was spoken after the end by the clock (a stream that ran ahead) is cut, so that both channels end together.
      if (this.framesOnDisk > frames) {
        this.framesOnDisk = frames;
        bytes = wavHeaderBytes + frames * bytesPerFrame;
        await this.file.truncate(bytes);
        await this.file.write(wavHeader(frames * bytesPerFrame), 0, wavHeaderBytes, 0);
      }
      await this.file.datasync();
    } catch (error) {
      this.trouble(error);
    } finally {
      await this.file.close().catch(() => undefined);
    }
    return { path: this.options.path, durationMs: durationOf(bytes - wavHeaderBytes), bytes };
  }

  private flush(): void {
    const nowMs = this.options.now() - this.beganMs;
    this.collect(nowMs, Math.floor((nowMs - silenceLagMs) * ticksPerMs));
    this.writing = this.writeOut();
  }

  private collect(settleMs: number, until: number): void {
    for (const stream of Object.values(this.streams)) stream.settle(settleMs);
    for (let part = this.canvas.take(until); part !== null; part = this.canvas.take(until)) {
      if (this.waitingBytes + part.bytes.length > backlogBytesMax) return;
      this.waiting.push(part);
      this.waitingBytes += part.bytes.length;
    }
  }

  /** One writer at a time; whoever comes meanwhile waits for it and then carries on with what is left. */
  private async writeOut(): Promise<void> {
    while (this.busy) await this.writing;
    if (this.waiting.length === 0) return;
    this.busy = true;
    try {
      while (this.waiting.length > 0) {
        const part = this.waiting[0]!;
        await writeAll(this.file, part.bytes, wavHeaderBytes + (this.before + part.at) * bytesPerFrame);
        this.waiting.shift();
        this.waitingBytes -= part.bytes.length;
        this.framesOnDisk = Math.max(this.framesOnDisk, this.before + part.at + part.bytes.length / bytesPerFrame);
      }
      await this.file.write(wavHeader(this.framesOnDisk * bytesPerFrame), 0, wavHeaderBytes, 0);
      this.troubled = false;
    } catch (error) {
      this.trouble(error);
    } finally {
      this.busy = false;
    }
  }

  private trouble(error: unknown): void {
    if (this.troubled) return;
    this.troubled = true;
    this.options.onTrouble(error instanceof Error ? error.message : String(error));
  }
}

/** How many frames a file of ours has, with those that passed since it was last written. Null: there is none. */
async function framesUntilNow(path: string): Promise<number | null> {
  const found = await stat(path).catch(() => null);
  const written = found === null ? null : await repairRecording(path);
  if (found === null || written === null) return null;
  const silentMs = Math.min(Math.max(0, Date.now() - found.mtimeMs), resumeMsMax);
  return (written.bytes - wavHeaderBytes) / bytesPerFrame + Math.round(silentMs * ticksPerMs);
}

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
