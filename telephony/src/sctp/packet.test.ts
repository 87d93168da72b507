import { expect, test } from 'vitest';
import { readData, readInit, readSack, writeData, writeInit, writeSack } from './chunks.js';
import { crc32c } from './crc32c.js';
import { readPacket, readParameters, writeChunk, writePacket, writeParameter } from './packet.js';

const ports = { ours: 5_000, theirs: 5_000 };

test('CRC32c has the values of RFC 3720 §B.4', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
  expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => 31 - i))).toBe(0x113fdb5c);
});

test('a packet that was written is read again', () => {
  const chunks = [writeChunk(11), writeChunk(4, 3, Buffer.from('abcde'))];
  const packet = writePacket(ports, 0xdeadbeef, chunks);
  expect(packet.length % 4).toBe(0);
  expect(readPacket(packet, ports)).toEqual({
    tag: 0xdeadbeef,
    chunks: [
      { type: 11, flags: 0, value: Buffer.alloc(0) },
      { type: 4, flags: 3, value: Buffer.from('abcde') },
    ],
  });
});

test('chunks whose lengths do not fit are no packet', () => {
  for (const [length, bytes] of [
    [0, 4],
    [3, 4],
    [9, 8],
    [0xffff, 8],
    [8, 10],
  ] as const) {
    const chunk = Buffer.alloc(bytes);
    chunk.writeUInt16BE(length, 2);
    expect(readPacket(writePacket(ports, 1, [chunk]), ports)).toBeNull();
  }
  expect(readPacket(writePacket(ports, 1, []), ports)).toBeNull();
});

test('parameters whose lengths do not fit are none', () => {
  expect(readParameters(Buffer.of(0, 1, 0, 3))).toBeNull();
  expect(readParameters(Buffer.of(0, 1, 0, 5))).toBeNull();
  expect(readParameters(Buffer.of(0, 1, 0))).toBeNull();
  const two = Buffer.concat([writeParameter(1, Buffer.from('x')), writeParameter(2)]);
  expect(readParameters(two)).toEqual([
    { type: 1, value: Buffer.from('x') },
    { type: 2, value: Buffer.alloc(0) },
  ]);
});

test('INIT, DATA and SACK that were written are read again, and no shorter ones', () => {
  const init = { tag: 1, window: 2, outStreams: 3, inStreams: 4, tsn: 0xffff_ffff, rest: writeParameter(5) };
  const data = { tsn: 7, stream: 1, ssn: 2, ppid: 51, unordered: true, begins: true, ends: false, bytes: Buffer.of(9) };
  const gaps: [number, number][] = [[2, 3]];
  const sack = { cumulative: 5, window: 6, gaps, again: [8, 9] };
  const chunkOf = (chunk: Buffer) => ({
    flags: chunk[1]!,
    value: chunk.subarray(4, chunk.readUInt16BE(2)),
  });
  const [initValue, sackValue] = [chunkOf(writeInit('init', init)).value, chunkOf(writeSack(sack)).value];
  expect(readInit(initValue)).toEqual(init);
  expect(readInit(initValue.subarray(0, 15))).toBeNull();
  expect(readData(chunkOf(writeData(data)))).toEqual(data);
  expect(readData({ flags: 0, value: Buffer.alloc(11) })).toBeNull();
  expect(readSack(sackValue)).toEqual(sack);
  expect(readSack(sackValue.subarray(0, sackValue.length - 1))).toBeNull();
});
