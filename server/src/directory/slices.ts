/** Long work in slices, so that the event loop gets its turn between them. */

/** @returns a function to await often: it gives way once `sliceMs` of work have passed, and costs nothing otherwise */
export function makeBreather(sliceMs = 8, now: () => number = () => performance.now()): () => Promise<void> {
  let since = now();
  const goOn = Promise.resolve();
  return () => {
    if (now() - since < sliceMs) return goOn;
    return new Promise((resolve) =>
      setImmediate(() => {
        since = now();
        resolve();
      }),
    );
  };
}

export function* chunks<Item>(items: readonly Item[], size: number): Generator<readonly Item[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
