import { ulawSilence } from '../rtp/index.js';

const frameTicks = 160;

/** Cuts a sound into 20 ms frames: looped, or once and then perhaps another one looped. */
export class Player {
  private sound: Uint8Array | null;
  private at = 0;
  private readonly once: boolean;
  private readonly followedBy: Uint8Array | null;
  private looping = false;

  constructor(sound: Uint8Array, once: boolean, followedBy: Uint8Array | null) {
    this.sound = sound;
    this.once = once;
    this.followedBy = followedBy;
  }

  /** Fills `frame` from `offset` with the next 160 µ-law samples. @returns false when nothing is left to play */
  frame(frame: Uint8Array, offset: number): boolean {
    if (this.sound === null) return false;
    let done = 0;
    while (done < frameTicks && this.sound !== null) {
      const sound: Uint8Array = this.sound;
      const part = sound.subarray(this.at, this.at + frameTicks - done);
      frame.set(part, offset + done);
      done += part.length;
      this.at += part.length;
      if (this.at >= sound.length) this.turnOver();
    }
    frame.fill(ulawSilence, offset + done, offset + frameTicks);
    return true;
  }

  private turnOver(): void {
    this.at = 0;
    if (!this.once || this.looping) return;
    this.sound = this.followedBy;
    this.looping = true;
  }
}
