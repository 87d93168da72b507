/** Bending JSON where it has joints, and as text. */
import { bounded, bytesOf, latin1, mutateText, numbers } from './mutate.js';
import type { Random } from './random.js';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

function strange(random: Random): Json {
  return random.pick<() => Json>([
    () => null,
    () => random.pick([true, false]),
    () => random.pick([0, -1, 1e308, 2 ** 53, 0.1, -0]),
    () => random.pick(numbers),
    () => 'x'.repeat(random.pick([0, 61, 129, 1_025, 20_001, 33_000])),
    () =>
      random.pick(['\u0000', '../../etc/passwd', '/a\0b', '__proto__', '\ud800', '電話', '＋８１', '<script>', '%00']),
    () => [],
    () => ({}),
    () => ({ __proto__x: 1, constructor: { prototype: { polluted: 1 } } }),
    () => Array.from({ length: random.pick([1, 100, 5_000]) }, () => null),
    () => nested(random.pick([10, 500, 5_000])),
  ])();
}

function nested(depth: number): Json {
  let value: Json = 1;
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

/** A member somewhere becomes something else, goes, or is joined by another. */
function bend(value: Json, other: Json, random: Random): Json {
  if (Array.isArray(value) && value.length > 0 && !random.once(4)) {
    const at = random.below(value.length);
    return value.with(at, bend(value[at] ?? null, other, random));
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !random.once(8)) {
    const entries = Object.entries(value);
    const at = random.below(entries.length + 1);
    const entry = entries[at];
    if (entry === undefined || random.once(6)) {
      entries.push([
        random.pick(['type', 'leg', '__proto__', 'constructor', 'n', 'extra', 'toString']),
        strange(random),
      ]);
    } else if (random.once(5)) entries.splice(at, 1);
    else entries[at] = [entry[0], bend(entry[1], other, random)];
    return Object.fromEntries(entries);
  }
  if (typeof value === 'string' && random.once(2)) return mutateText(value.slice(0, 40_000), 'offer', random);
  return random.once(4) ? other : strange(random);
}

/** One line of JSON to another, or to what is none any more. Text of one character per byte. */
export function mutateJson(input: string, other: string, random: Random): string {
  if (!random.once(4)) {
    try {
      const read = (text: string): Json => JSON.parse(Buffer.from(bytesOf(text)).toString('utf8')) as Json;
      return latin1(Buffer.from(JSON.stringify(bend(read(input), read(other), random)), 'utf8'));
    } catch {
      // No JSON any more: bent as text.
    }
  }
  return bounded(mutateText(input, other, random));
}
