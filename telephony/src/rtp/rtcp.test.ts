/** RFC 3550 §6.4. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isRtcp } from './header.js';
import { ntpMiddle, readRtcp, writeRtcp, type ReportBlock } from './rtcp.js';

const block: ReportBlock = {
  ssrc: 0xcafe,
  fractionLost: 0.25,
  lost: -3,
  highest: 0x1_0005,
  jitter: 42,
  lastReport: 0x1234_5678,
  sinceLastReport: 65_536,
};
const sender = { wallMs: 1_700_000_000_250, timestamp: 0xfffffff0, packets: 50, octets: 8_000 };

test('a sender’s report, to the byte', () => {
  expect(writeRtcp(0x01020304, 'ab', sender, block).toString('hex')).toBe(
    [
      '81c8000c01020304', // one block, 13 words
      'e8fe6f8040000000', // 2023-11-14T22:13:20.250Z
      'fffffff0 00000032 00001f40',
      '0000cafe 40 fffffd 00010005 0000002a 12345678 00010000',
      '81ca0003 01020304 01026162 00000000',
    ]
      .join('')
      .replaceAll(' ', ''),
  );
});

test('what was written is read again, with and without its parts', () => {
  const reported = (packet: Buffer) => readRtcp(packet);
  expect(reported(writeRtcp(7, 'c', sender, block))).toEqual([
    { ssrc: 7, sentAt: ntpMiddle(sender.wallMs), blocks: [block] },
  ]);
  expect(reported(writeRtcp(7, 'c', null, block))).toEqual([{ ssrc: 7, sentAt: null, blocks: [block] }]);
  expect(reported(writeRtcp(7, 'c', null, null))).toEqual([{ ssrc: 7, sentAt: null, blocks: [] }]);
  for (let length = 0; length < 12; length++) {
    const packet = writeRtcp(7, 'x'.repeat(length), sender, block);
    expect(packet.length % 4).toBe(0);
    expect(isRtcp(packet)).toBe(true);
    expect(reported(packet)).toHaveLength(1);
  }
});

test('the middle of an NTP time: seconds and fraction, 16 bits each', () => {
  expect(ntpMiddle(0)).toBe(((2_208_988_800 & 0xffff) * 0x10000) >>> 0);
  expect((ntpMiddle(1_500) - ntpMiddle(0)) >>> 0).toBe(0x1_8000);
});

test('anything at all is read without a word, and nothing is read beyond its end', () => {
  const whole = writeRtcp(7, 'c', sender, block);
  for (let length = 0; length < whole.length; length++)
    expect(readRtcp(whole.subarray(0, length)).length).toBeLessThan(2);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), fc.nat(120), fc.nat(255), (bytes, at, value) => {
      expect(Array.isArray(readRtcp(bytes))).toBe(true);
      const changed = Buffer.from(whole);
      changed[at % changed.length] = value;
      expect(Array.isArray(readRtcp(changed))).toBe(true);
    }),
  );
});
