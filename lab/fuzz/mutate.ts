/** Bending bytes, text and lists, whatever they mean. */
import type { Random } from './random.js';

export const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
export const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1');

/** Numbers that are edges somewhere. */
export const numbers = [
  ...[
    '0',
    '00',
    '-1',
    '1',
    '+1',
    '1.5',
    '1e9',
    '0x10',
    ' 7',
    '99',
    '100',
    '255',
    '256',
    '699',
    '700',
    '32768',
    '65535',
  ],
  ...['65536', '2147483647', '2147483648', '4294967295', '4294967296', '9007199254740993', '9'.repeat(40), 'NaN', ''],
];
const odd = ['\0', '\r', '\n', '\r\n', '\r\n\r\n', '\t', ' ', '"', '\\', '<', '>', ';', ',', ':', '=', '%00', '%', '@'];
const strange = ['ÿ', '\x80', '{', '}', '[', ']', '٣', '０', '../', '__proto__', '?', '*', '&', "'", '~'];
const words = [...odd, ...strange.map((text) => Buffer.from(text, 'utf8').toString('latin1')), ...numbers];

const inputCharsMax = 80_000;

/** One change to a text of one character per byte. */
export function mutateText(text: string, other: string, random: Random): string {
  const at = random.below(text.length + 1);
  const length = random.once(4) ? random.below(text.length - at + 1) : random.below(Math.min(12, text.length - at + 1));
  const before = text.slice(0, at);
  const after = text.slice(at);
  switch (random.below(9)) {
    case 0:
      return before + random.pick(words) + after;
    case 1:
      return before + String.fromCharCode(random.below(256)) + after.slice(1);
    case 2:
      return before + after.slice(length);
    case 3:
      return before + after.slice(0, length) + after;
    case 4: {
      const from = random.below(other.length + 1);
      return before + other.slice(from, from + random.below(200)) + after;
    }
    case 5: {
      // Much of the same: what is quadratic shows.
      const piece = random.once(2) ? random.pick(words) : after.slice(0, Math.min(length, 40));
      const times = 1 + random.below(random.once(8) ? 20_000 : 300);
      return `${before}${piece.repeat(Math.min(times, Math.ceil(inputCharsMax / Math.max(1, piece.length))))}${after}`;
    }
    case 6: {
      const char = text.charCodeAt(at);
      return Number.isNaN(char) ? text : before + String.fromCharCode(char ^ (1 << random.below(8))) + after.slice(1);
    }
    case 7: {
      // A number that stands there becomes another.
      const found = /\d+/.exec(after);
      if (found === null) return text;
      return before + after.slice(0, found.index) + random.pick(numbers) + after.slice(found.index + found[0].length);
    }
    default:
      return before + latin1(random.bytes(random.below(16))) + after;
  }
}

/** Shortens what has grown past what any edge looks at. */
export const bounded = (text: string): string => (text.length > inputCharsMax ? text.slice(0, inputCharsMax) : text);

/** One change to a list: its members are bent by `bend`, or come from `other` or `fresh`. */
export function mutateList<Member>(
  list: readonly Member[],
  other: readonly Member[],
  random: Random,
  bend: (member: Member) => Member,
  max: number,
): Member[] {
  const at = random.below(list.length + 1);
  const copy = [...list];
  switch (random.below(8)) {
    case 0:
      copy.splice(at, 1);
      break;
    case 1:
      if (list.length > 0) copy.splice(at, 0, random.pick(list));
      break;
    case 2: {
      const from = random.below(other.length + 1);
      copy.splice(at, random.once(2) ? 1 : 0, ...other.slice(from, from + 1 + random.below(4)));
      break;
    }
    case 3: {
      const second = random.below(list.length);
      const [a, b] = [copy[at], copy[second]];
      if (a !== undefined && b !== undefined) [copy[at], copy[second]] = [b, a];
      break;
    }
    default: {
      const member = copy[at] ?? copy[0];
      if (member !== undefined) copy[copy[at] === undefined ? 0 : at] = bend(member);
    }
  }
  return copy.slice(0, max);
}

/** Ever smaller cuts, then single members. */
export function* smallerList<Member>(list: readonly Member[]): Iterable<Member[]> {
  for (let width = Math.ceil(list.length / 2); width >= 1; width = Math.floor(width / 2)) {
    for (let at = 0; at < list.length; at += width) yield [...list.slice(0, at), ...list.slice(at + width)];
  }
}

export function* smallerText(text: string): Iterable<string> {
  for (let width = Math.ceil(text.length / 2); width >= 1; width = Math.floor(width / 2)) {
    if (width < text.length / 200) return;
    for (let at = 0; at < text.length; at += width) yield text.slice(0, at) + text.slice(at + width);
  }
}
