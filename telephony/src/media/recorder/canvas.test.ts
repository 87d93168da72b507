import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toUlaw, ulawToLinear } from '../../rtp/index.js';
import { Canvas } from './canvas.js';

const loud = (length: number, level: number): Uint8Array => new Uint8Array(length).fill(toUlaw(level));
const levelOf = (level: number): number => ulawToLinear[toUlaw(level)]!;

/** A disk that everything taken is written to. */
function disk() {
  const frames: [number, number][] = [];
  return {
    frames,
    write(part: { at: number; bytes: Buffer } | null): void {
      if (part === null) return;
      for (let i = 0; i < part.bytes.length / 4; i++) {
        frames[part.at + i] = [part.bytes.readInt16LE(4 * i), part.bytes.readInt16LE(4 * i + 2)];
      }
    },
  };
}

test('however painting and taking alternate, the file is what was painted and silence elsewhere', () => {
  const stroke = fc.record({
    channel: fc.constantFrom(0 as const, 1 as const),
    back: fc.nat(3_000),
    length: fc.nat(400),
    level: fc.integer({ min: -30_000, max: 30_000 }),
    take: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(stroke, { minLength: 1, maxLength: 300 }), (strokes) => {
      const canvas = new Canvas();
      const file = disk();
      const wanted: [number, number][] = [];
      let now = 0;
      for (const { channel, back, length, level, take } of strokes) {
        now += 320;
        const at = now - back;
        canvas.paint(channel, at, loud(length, level), 'PCMU');
        for (let i = Math.max(0, at); i < at + length; i++) (wanted[i] ??= [0, 0])[channel] = levelOf(level);
        if (take) file.write(canvas.take(now - 3_200));
      }
      for (let part = canvas.take(now); part !== null; part = canvas.take(now)) file.write(part);
      expect(file.frames.length).toBeGreaterThanOrEqual(now);
      const wrong = file.frames.findIndex((frame, i) => {
        const [left, right] = wanted[i] ?? [0, 0];
        return frame[0] !== left || frame[1] !== right;
      });
      expect(wrong).toBe(-1);
      expect(wanted.length).toBeLessThanOrEqual(file.frames.length);
    }),
    { numRuns: 50 },
  );
});

test('only what is new is handed out', () => {
  const canvas = new Canvas();
  canvas.paint(0, 0, loud(160, 1_000), 'PCMU');
  expect(canvas.take(0)).toMatchObject({ at: 0, bytes: { length: 640 } });
  expect(canvas.take(160)).toBeNull();
  canvas.paint(1, 100, loud(10, 1_000), 'PCMA');
  expect(canvas.take(0)).toMatchObject({ at: 100, bytes: { length: 240 } });
});

test('hours of silence cost no more than their length on disk', () => {
  const canvas = new Canvas();
  let frames = 0;
  for (let part = canvas.take(8_000 * 60); part !== null; part = canvas.take(8_000 * 60)) {
    expect(part.at).toBe(frames);
    frames += part.bytes.length / 4;
    expect(part.bytes.every((byte) => byte === 0)).toBe(true);
  }
  expect(frames).toBe(8_000 * 60);
});
