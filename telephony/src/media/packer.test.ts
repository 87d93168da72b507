import { expect, test } from 'vitest';
import { Packer, packetTicks } from './packer.js';

test.each([
  [10, 10],
  [20, 20],
  [30, 30],
  [40, 40],
  [60, 60],
  [25, 20],
  [5, 10],
  [200, 60],
])('asked for %i ms, a packet has %i', (asked, packed) => {
  expect(packetTicks(asked) / 8).toBe(packed);
});

test.each([10, 20, 30, 40, 50, 60])(
  '%i ms: every sample goes out once, in order, in packets of that length',
  (ptime) => {
    const packer = new Packer();
    const sound = Uint8Array.from({ length: 160 * 31 }, (_, i) => (i * 7) % 251);
    const packets: Uint8Array[] = [];
    const take = (payload: Uint8Array) => packets.push(payload.slice());
    for (let at = 0; at < sound.length; at += 160) packer.pack(sound.subarray(at, at + 160), ptime, take);
    expect(new Set(packets.map(({ length }) => length))).toEqual(new Set([ptime * 8]));
    packer.pack(null, ptime, take);
    expect(Buffer.concat(packets).equals(sound)).toBe(true);
  },
);

test('a far end that changes its mind in the middle loses nothing', () => {
  const packer = new Packer();
  const packets: Uint8Array[] = [];
  const take = (payload: Uint8Array) => packets.push(payload.slice());
  packer.pack(new Uint8Array(160).fill(1), 60, take);
  packer.pack(new Uint8Array(160).fill(2), 20, take);
  expect(packets.map((payload) => payload[0])).toEqual([1, 2]);
});
