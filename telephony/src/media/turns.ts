/** Work on the same thing goes one after the other, in the order it was asked for; work on different things does not wait. */
export class Turns {
  private readonly last = new Map<string, Promise<void>>();

  /** @param keys what the work touches. Without a predecessor it begins at once, in this very call */
  async take<Result>(keys: readonly string[], work: () => Promise<Result>): Promise<Result> {
    const before = keys.flatMap((key) => this.last.get(key) ?? []);
    const done = before.length === 0 ? work() : Promise.all(before).then(work);
    const turn: Promise<void> = done.then(
      () => undefined,
      () => undefined,
    );
    for (const key of keys) this.last.set(key, turn);
    try {
      return await done;
    } finally {
      for (const key of keys) if (this.last.get(key) === turn) this.last.delete(key);
    }
  }
}
