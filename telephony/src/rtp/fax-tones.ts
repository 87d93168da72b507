/** Is it a fax machine? Its calling tone (CNG, 1 100 Hz) and its answering tone (CED, 2 100 Hz), ITU-T T.30. Pure. */

/** 10 ms: short enough that a tone 38 Hz off its note, as T.30 allows, is still in the block's 100 Hz. */
const blockSamples = 80;
const rate = 8_000;
/** CNG sounds for 425 to 575 ms; CED for 2.6 to 4 s. So many blocks in a row must be tone. */
const blocksOf = { calling: 40, answering: 100 } as const;
/** Of each block's energy, that much is in the tone; no voice holds one note without overtones for so long. */
const share = 0.55;
/** Mean square of 16-bit samples below which there is nothing to judge: about -40 dBm0. */
const audible = 40_000;

export type FaxTone = keyof typeof blocksOf;
const hzOf: Readonly<Record<FaxTone, number>> = { calling: 1_100, answering: 2_100 };

/** Listens to one party; tells once of each tone. */
export class FaxTones {
  private readonly tones = (['calling', 'answering'] as const).map((tone) => ({
    tone,
    turn: 2 * Math.cos((2 * Math.PI * hzOf[tone]) / rate),
    s1: 0,
    s2: 0,
    run: 0,
  }));
  private samples = 0;
  private energy = 0;

  /**
   * @param linear 16-bit sample of each byte, by the packet's law
   * @returns the tone that has now sounded long enough, else null
   */
  hear(bytes: Uint8Array, start: number, end: number, linear: Int16Array): FaxTone | null {
    let heard: FaxTone | null = null;
    for (let i = start; i < end; i++) {
      const sample = linear[bytes[i]!]!;
      this.energy += sample * sample;
      for (const tone of this.tones) {
        const next = sample + tone.turn * tone.s1 - tone.s2;
        tone.s2 = tone.s1;
        tone.s1 = next;
      }
      this.samples += 1;
      if (this.samples === blockSamples) heard = this.judge() ?? heard;
    }
    return heard;
  }

  private judge(): FaxTone | null {
    let heard: FaxTone | null = null;
    for (const tone of this.tones) {
      const power = tone.s1 * tone.s1 + tone.s2 * tone.s2 - tone.turn * tone.s1 * tone.s2;
      const inTone = (2 * power) / blockSamples / this.energy;
      tone.run = this.energy > audible * blockSamples && inTone > share ? tone.run + 1 : 0;
      if (tone.run === blocksOf[tone.tone]) heard = tone.tone;
      tone.s1 = 0;
      tone.s2 = 0;
    }
    this.samples = 0;
    this.energy = 0;
    return heard;
  }
}
