/** What the fuzzer knows of an edge: where inputs come from, how they are bent, and what must hold whatever they are. */
import type { Random } from './random.js';

/** A promise of the edge is broken. `code` names it in the file's name: lower case, hyphens. */
export class Broken extends Error {
  override readonly name = 'Broken';
  readonly code: string;
  constructor(code: string, detail: string) {
    super(`${code}: ${detail}`);
    this.code = code;
  }
}

/** Kept by a target while it runs one input. */
export interface Report {
  /** Something happened that is worth telling inputs apart by: a status code, an error code, one state after another. */
  saw(feature: string): void;
  /** Runs what handles one message of a stranger, and looks at the clock. */
  timed<Value>(handle: () => Value): Value;
}

export interface Target<Input> {
  name: string;
  /** What its inputs are on disk. */
  extension: 'bin' | 'json';
  seeds(): Input[];
  /** A new input made of `input` and, where two are needed, `other`. Must leave both as they are. */
  mutate(input: Input, other: Input, random: Random): Input;
  /** @throws Broken, or whatever passed the edge although nothing may */
  run(input: Input, report: Report): void;
  encode(input: Input): Uint8Array;
  decode(bytes: Uint8Array): Input;
  /** Inputs a little smaller, to find the least one that still fails. */
  smaller(input: Input): Iterable<Input>;
}

/** Targets of all kinds in one list: what goes in comes from the same target. */
export type AnyTarget = Target<unknown>;

export function ensure(holds: boolean, code: string, detail: string | (() => string)): void {
  if (!holds) throw new Broken(code, typeof detail === 'string' ? detail : detail());
}

/** Orders of magnitude are features; each number would be a new one for ever. */
export const size = (n: number): number => 32 - Math.clz32(n);
