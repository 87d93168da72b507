/** So many at a time, so many waiting, the rest refused. For work that is dear: argon2, scanning a recording. */
export class Lanes {
  readonly #waiting: (() => void)[] = [];
  readonly #widthMax: number;
  readonly #waitingMax: number;
  #busy = 0;

  constructor(widthMax: number, waitingMax: number) {
    this.#widthMax = widthMax;
    this.#waitingMax = waitingMax;
  }

  /** Null when too many wait already; else what `work` resolves to. */
  async run<Result>(work: () => Promise<Result>): Promise<{ value: Result } | null> {
    if (this.#busy >= this.#widthMax) {
      if (this.#waiting.length >= this.#waitingMax) return null;
      // The one that leaves hands its lane over, so #busy stays as it is.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#busy += 1;
    }
    try {
      return { value: await work() };
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#busy -= 1;
      else next();
    }
  }
}
