import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RtpHeader } from './header.js';
import { IncomingStream } from './incoming.js';

const header = (sequence: number, ssrc = 1): RtpHeader => ({
  payloadType: 0,
  marker: false,
  sequence: sequence & 0xffff,
  timestamp: 0,
  ssrc,
  payloadOffset: 12,
  payloadLength: 160,
});

test('every packet counts once, however it is reordered within 100 and repeated, across the wrap', () => {
  fc.assert(
    fc.property(fc.nat(0xffff), fc.array(fc.nat(60), { minLength: 2, maxLength: 300 }), (first, delays) => {
      const sent = delays.map((delay, i) => ({ sequence: first + i, at: i + delay / 2 }));
      const twice = [...sent, ...sent.map(({ sequence, at }) => ({ sequence, at: at + 31 }))].toSorted(
        (a, b) => a.at - b.at,
      );
      const stream = new IncomingStream();
      const taken = twice.filter(({ sequence }) => ['next', 'late'].includes(stream.judge(header(sequence))));
      const numbers = taken.map(({ sequence }) => sequence);
      expect(new Set(numbers).size).toBe(numbers.length);
      expect(numbers.length).toBe(delays.length);
    }),
  );
});

test('a packet from long ago is a replay', () => {
  const stream = new IncomingStream();
  for (let i = 0; i < 200; i++) stream.judge(header(i));
  expect(stream.judge(header(50))).toBe('duplicate');
  expect(stream.judge(header(199))).toBe('duplicate');
  expect(stream.judge(header(200))).toBe('next');
});

test('one stray packet of another sender or from far away changes nothing', () => {
  const stream = new IncomingStream();
  stream.judge(header(100));
  expect(stream.judge(header(7, 666))).toBe('doubtful');
  expect(stream.judge(header(40_000))).toBe('doubtful');
  expect(stream.judge(header(101))).toBe('next');
  expect(stream.judge(header(40_001))).toBe('doubtful');
  expect(stream.judge(header(102))).toBe('next');
});

test('a sender that began anew is believed at its second packet', () => {
  const stream = new IncomingStream();
  stream.judge(header(100));
  expect(stream.judge(header(7, 2))).toBe('doubtful');
  expect(stream.judge(header(8, 2))).toBe('restart');
  expect(stream.judge(header(9, 2))).toBe('next');
  expect(stream.judge(header(8, 2))).toBe('duplicate');
});
