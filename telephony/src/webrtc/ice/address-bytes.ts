import { isIPv4 } from 'node:net';

/**
 * An IP address in figures as its bytes. A mapped one (`::ffff:192.0.2.1`) is the IPv4 address that it stands for: who sent from
 * there knows no other.
 *
 * @param address as the kernel writes it, so that it is one
 */
export function addressBytes(address: string): Uint8Array {
  const four = address.startsWith('::ffff:') ? address.slice(7) : address;
  if (isIPv4(four)) return Uint8Array.from(four.split('.'), Number);
  const [text = ''] = address.split('%');
  const [head = '', tail] = text.split('::');
  const left = words(head);
  const right = tail === undefined ? [] : words(tail);
  const zeros = Array<number>(Math.max(0, 8 - left.length - right.length)).fill(0);
  return Uint8Array.from([...left, ...zeros, ...right].flatMap((word) => [word >> 8, word & 255]));
}

const words = (text: string): number[] =>
  text === ''
    ? []
    : text.split(':').flatMap((word) => {
        if (!word.includes('.')) return [Number.parseInt(word, 16)];
        const [a = 0, b = 0, c = 0, d = 0] = word.split('.').map(Number);
        return [(a << 8) | b, (c << 8) | d];
      });
