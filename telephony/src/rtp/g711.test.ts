import fc from 'fast-check';
import { expect, test } from 'vitest';
import { alawToLinear, toAlaw, toUlaw, transcode, ulawToLinear } from './g711.js';

test('the tables have the values of G.711', () => {
  expect([0xff, 0x7f, 0x00, 0x80, 0xfe, 0x8f].map((byte) => ulawToLinear[byte])).toEqual([
    0, 0, -32_124, 32_124, 8, 16_764,
  ]);
  expect([0xd5, 0x55, 0x2a, 0xaa, 0xd4].map((byte) => alawToLinear[byte])).toEqual([8, -8, -32_256, 32_256, 24]);
});

test('a byte survives the way to linear and back', () => {
  for (let byte = 0; byte < 256; byte++) {
    // µ-law has two zeros; the negative one comes back as the other.
    expect(toUlaw(ulawToLinear[byte]!)).toBe(byte === 0x7f ? 0xff : byte);
    expect(toAlaw(alawToLinear[byte]!)).toBe(byte);
  }
});

test('no sample is further from its code than half a step of its segment', () => {
  fc.assert(
    fc.property(fc.integer({ min: -32_768, max: 32_767 }), (sample) => {
      const step = Math.max(8, Math.abs(sample) / 16);
      expect(Math.abs(ulawToLinear[toUlaw(sample)]! - sample)).toBeLessThanOrEqual(Math.max(step, 644));
      expect(Math.abs(alawToLinear[toAlaw(sample)]! - sample)).toBeLessThanOrEqual(Math.max(step, 16));
    }),
  );
});

test('from one law to the other the sound stays the same to 3 %', () => {
  for (let byte = 0; byte < 256; byte++) {
    const bytes = Uint8Array.of(byte);
    transcode(bytes, 'PCMU');
    const before = ulawToLinear[byte]!;
    expect(Math.abs(alawToLinear[bytes[0]!]! - before)).toBeLessThanOrEqual(Math.max(16, Math.abs(before) * 0.032));
    const back = Uint8Array.of(byte);
    transcode(back, 'PCMA');
    const linear = alawToLinear[byte]!;
    expect(Math.abs(ulawToLinear[back[0]!]! - linear)).toBeLessThanOrEqual(Math.max(16, Math.abs(linear) * 0.032));
  }
});
