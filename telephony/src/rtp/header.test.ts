import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isRtcp, readRtpHeader, writeRtpHeader } from './header.js';

const packetOf = (first: number, second: number, rest: number[]): Uint8Array =>
  Uint8Array.of(first, second, 0x12, 0x34, 0x80, 0, 0, 1, 0xff, 0, 0, 2, ...rest);

test('a header is read as it was written, whatever the numbers', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 63 }),
      fc.integer({ min: 0, max: 0xffff }),
      fc.nat(2 ** 32 - 1),
      fc.boolean(),
      fc.nat(2 ** 32 - 1),
      fc.uint8Array({ maxLength: 200 }),
      (payloadType, sequence, timestamp, marker, ssrc, payload) => {
        const packet = new Uint8Array(12 + payload.length);
        writeRtpHeader(packet, 0, payloadType, { sequence, timestamp, marker }, ssrc);
        packet.set(payload, 12);
        expect(readRtpHeader(packet)).toEqual({
          payloadType,
          marker,
          sequence,
          timestamp,
          ssrc,
          payloadOffset: 12,
          payloadLength: payload.length,
        });
      },
    ),
  );
});

test('CSRC list, extension and padding are no payload', () => {
  const csrc = readRtpHeader(packetOf(0x82, 0, [1, 2, 3, 4, 5, 6, 7, 8, 99]));
  expect(csrc).toMatchObject({ payloadOffset: 20, payloadLength: 1, sequence: 0x1234, timestamp: 0x8000_0001 });
  const extension = readRtpHeader(packetOf(0x90, 0, [0xbe, 0xde, 0, 1, 1, 2, 3, 4, 99, 98]));
  expect(extension).toMatchObject({ payloadOffset: 20, payloadLength: 2 });
  expect(readRtpHeader(packetOf(0xa0, 0, [7, 8, 9, 0, 0, 3]))).toMatchObject({ payloadOffset: 12, payloadLength: 3 });
});

test('what lies about its lengths, its version or its kind is no RTP', () => {
  expect(readRtpHeader(packetOf(0x8f, 0, [1, 2, 3]))).toBeNull();
  expect(readRtpHeader(packetOf(0x90, 0, [0xbe, 0xde, 0xff, 0xff, 1]))).toBeNull();
  expect(readRtpHeader(packetOf(0x90, 0, [0xbe]))).toBeNull();
  expect(readRtpHeader(packetOf(0xa0, 0, [1, 2, 200]))).toBeNull();
  expect(readRtpHeader(packetOf(0xa0, 0, [1, 2, 0]))).toBeNull();
  expect(readRtpHeader(packetOf(0x40, 0, [1]))).toBeNull();
  expect(readRtpHeader(packetOf(0x80, 200, [1]))).toBeNull();
  expect(readRtpHeader(packetOf(0x80, 0, []).subarray(0, 11))).toBeNull();
  expect([64, 72, 95, 200].every((type) => isRtcp(Uint8Array.of(0x80, type)))).toBe(true);
  expect([0, 8, 63, 96, 101, 0x80 | 101].some((type) => isRtcp(Uint8Array.of(0x80, type)))).toBe(false);
});

test('no bytes from the network throw, and a payload never reaches past the packet', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      if (bytes.length > 0) bytes[0] = (bytes[0]! & 0x3f) | 0x80;
      const header = readRtpHeader(bytes);
      if (header === null) return;
      expect(header.payloadLength).toBeGreaterThanOrEqual(0);
      expect(header.payloadOffset + header.payloadLength).toBeLessThanOrEqual(bytes.length);
    }),
    { numRuns: 2_000 },
  );
});
