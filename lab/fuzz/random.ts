/** Chance from a seed (sfc32): the same seed gives the same run on every machine. */
export interface Random {
  /** A whole number from 0 up to and without `n`. */
  below(n: number): number;
  /** True once in `n` times. */
  once(n: number): boolean;
  pick<Value>(values: readonly Value[]): Value;
  bytes(count: number): Uint8Array;
}

export function createRandom(seed: number): Random {
  let a = 0x9e3779b9;
  let b = seed | 0;
  let c = 0x85ebca6b ^ seed;
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 12; i++) next();
  const below = (n: number): number => (n <= 1 ? 0 : Math.floor((next() / 0x1_0000_0000) * n));
  return {
    below,
    once: (n) => below(n) === 0,
    pick(values) {
      const value = values[below(values.length)];
      if (value === undefined) throw new Error('nothing to pick from');
      return value;
    },
    bytes: (count) => Uint8Array.from({ length: count }, () => next() & 0xff),
  };
}
