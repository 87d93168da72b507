/**
 * Where datagrams come from and go to, as the kernel writes it (net/datagrams/sockaddr.ts): whatever stands in the bytes, an
 * address that can be written again, and nothing written that is none. The sockets themselves have tests of their own.
 */
import { isIP } from 'node:net';
import { loadLibc, type Libc } from '../../telephony/src/net/datagrams/libc.js';
import { Sockaddrs, sockaddrBytesMax } from '../../telephony/src/net/datagrams/sockaddr.js';
import { bounded, bytesOf, latin1, mutateText, smallerText } from './mutate.js';
import { ensure, type Report, type Target } from './target.js';

/** Machines without it have no native sockets either. */
const libc: Libc | null = (() => {
  try {
    return loadLibc();
  } catch {
    return null;
  }
})();
const known = libc === null ? null : new Sockaddrs(libc);

const four = [2, 0, 0x13, 0xc4, 192, 0, 2, 10, ...Array<number>(8).fill(0)];
const six = (address: number[], scope = 0): number[] => [
  ...[10, 0, 0x13, 0xc4, 0, 0, 0, 0],
  ...address,
  ...[scope, 0, 0, 0],
];
const zeros = Array<number>(10).fill(0);

function run(input: string, report: Report): void {
  if (known === null) return;
  const bytes = Buffer.alloc(sockaddrBytesMax);
  bytesOf(input)
    .subarray(0, sockaddrBytesMax)
    .forEach((byte, at) => (bytes[at] = byte));
  const from = report.timed(() => known.read(bytes));
  const plain = from.address.replace(/%.*$/, '');
  ensure(isIP(plain) !== 0, 'no-address', from.address.slice(0, 60));
  ensure(Number.isInteger(from.port) && from.port >= 0 && from.port <= 65_535, 'no-port', String(from.port));
  const family = bytes.readUInt16LE(0) === 2 ? 4 : 6;
  const written = known.write(from, family);
  ensure(written !== null, 'cannot-be-answered', from.address);
  const again = Buffer.alloc(sockaddrBytesMax);
  written?.copy(again);
  const back = known.read(again);
  ensure(
    back.address === from.address && back.port === from.port,
    'answers-elsewhere',
    `${from.address} ${back.address}`,
  );
  report.saw(
    `${family} ${from.address.includes('%')} ${plain.includes('.')} ${plain.startsWith('fe80')} ${from.port > 1_023}`,
  );
  // The rest of the input is what somebody would have us send to.
  const [address = '', port = ''] = input.slice(sockaddrBytesMax, sockaddrBytesMax + 80).split(' ');
  for (const of of [4, 6] as const) {
    const to = report.timed(() => known.write({ address, port: Number(port) }, of));
    report.saw(`${of} ${to === null} ${isIP(address)}`);
    const isPort = Number.isInteger(Number(port)) && Number(port) >= 0 && Number(port) <= 65_535;
    const fits = isPort && (of === 4 ? isIP(address) === 4 : isIP(address) !== 0);
    ensure((to !== null) === fits, 'address-misjudged', `${address.slice(0, 60)} ${port.slice(0, 10)} ${of}`);
  }
}

export const sockaddr: Target<string> = {
  name: 'sockaddr',
  extension: 'bin',
  seeds: () =>
    [
      [four, '192.0.2.1 5060'],
      [six([0x20, 1, 0x0d, 0xb8, ...zeros, 0, 7]), '2001:db8::7 5061'],
      [six([0xfe, 0x80, ...zeros, 0, 0, 0, 1], 1), 'fe80::1%lo 5060'],
      [six([...zeros, 0xff, 0xff, 192, 0, 2, 1]), '::ffff:192.0.2.1 0'],
      [six([...zeros, 0, 0, 0, 0, 0, 1], 200), 'fe80::1%none 65535'],
      [[], ' '],
    ].map(([head, rest]) => latin1(Uint8Array.from(head as number[])).padEnd(sockaddrBytesMax, '\0') + String(rest)),
  mutate: (input, other, random) => bounded(mutateText(input, other, random)).slice(0, 200),
  encode: bytesOf,
  decode: latin1,
  smaller: smallerText,
  run,
};
