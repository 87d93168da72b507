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

const turnOf = (hz: number): number => 2 * Math.cos((2 * Math.PI * hz) / rate);
const callingTurn = turnOf(hzOf.calling);
const answeringTurn = turnOf(hzOf.answering);

/** Listens to one party; tells once of each tone. Two Goertzel filters side by side, unrolled: this is on every packet's way. */
export class FaxTones {
  private c1 = 0;
  private c2 = 0;
  private a1 = 0;
  private a2 = 0;
  private energy = 0;
  private samples = 0;
  private readonly runs = { calling: 0, answering: 0 };

  /**
   * @param linear 16-bit sample of each byte, by the packet's law
   * @returns the tone that has now sounded long enough, else null
   */
  hear(bytes: Uint8Array, start: number, end: number, linear: Int16Array): FaxTone | null {
    let heard: FaxTone | null = null;
    for (let from = start; from < end;) {
      const to = Math.min(end, from + blockSamples - this.samples);
      this.filter(bytes, from, to, linear);
      this.samples += to - from;
      from = to;
      if (this.samples === blockSamples) heard = this.judge() ?? heard;
    }
    return heard;
  }

  private filter(bytes: Uint8Array, from: number, to: number, linear: Int16Array): void {
    let { c1, c2, a1, a2, energy } = this;
    for (let i = from; i < to; i++) {
      const sample = linear[bytes[i]!]!;
      energy += sample * sample;
      const c0 = sample + callingTurn * c1 - c2;
      c2 = c1;
      c1 = c0;
      const a0 = sample + answeringTurn * a1 - a2;
      a2 = a1;
      a1 = a0;
    }
    this.c1 = c1;
    this.c2 = c2;
    this.a1 = a1;
    this.a2 = a2;
    this.energy = energy;
  }

  private judge(): FaxTone | null {
    const { c1, c2, a1, a2 } = this;
    const calling = this.count('calling', c1 * c1 + c2 * c2 - callingTurn * c1 * c2);
    const answering = this.count('answering', a1 * a1 + a2 * a2 - answeringTurn * a1 * a2);
    this.c1 = this.c2 = this.a1 = this.a2 = this.energy = this.samples = 0;
    return calling ? 'calling' : answering ? 'answering' : null;
  }

  private count(tone: FaxTone, power: number): boolean {
    const inTone = (2 * power) / blockSamples / this.energy;
    this.runs[tone] = this.energy > audible * blockSamples && inTone > share ? this.runs[tone] + 1 : 0;
    return this.runs[tone] === blocksOf[tone];
  }
}
