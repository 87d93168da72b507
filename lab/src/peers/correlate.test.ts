import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cut, find, rms, toneShare } from './correlate.js';
import { decodeUlaw, encodeUlaw, parseWav, readWav, writeWav } from './wav.js';

const rate = 8000;

/** A deterministic stand-in for speech: filtered noise whose loudness swells and falls like syllables. */
function babble(seed: number, seconds: number): Float32Array {
  let state = seed;
  let smooth = 0;
  return Float32Array.from({ length: seconds * rate }, (_, i) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    smooth = 0.7 * smooth + 0.3 * (state / 2 ** 31 - 1);
    return 0.4 * smooth * Math.abs(Math.sin((i / rate) * Math.PI * 2.3 + seed));
  });
}

function mixed(a: Float32Array, b: Float32Array, gain: number): Float32Array {
  return a.map((sample, i) => sample + gain * (b[i] ?? 0));
}

test('a piece is found where it is, through G.711 and another loudness', () => {
  const voice = babble(1, 6);
  const piece = cut(voice, rate, 2, 4);
  const heard = decodeUlaw(encodeUlaw(voice.map((sample) => sample * 0.5)));
  const match = find(piece, heard);
  expect(match.at).toBe(2 * rate);
  expect(match.coefficient).toBeGreaterThan(0.99);
});

test('noise lowers the coefficient and does not move the place', () => {
  const voice = babble(1, 6);
  const match = find(cut(voice, rate, 1, 4), mixed(voice, babble(9, 6), 0.3));
  expect(match.at).toBe(rate);
  expect(match.coefficient).toBeGreaterThan(0.9);
  expect(match.coefficient).toBeLessThan(0.99);
});

test('another voice is not taken for this one', () => {
  expect(find(babble(1, 3), babble(2, 8)).coefficient).toBeLessThan(0.3);
});

test('a voice upside down correlates negatively at its place and is not taken for itself', () => {
  const voice = babble(3, 2);
  expect(
    find(
      voice,
      voice.map((sample) => -sample),
      { from: 0, to: 0 },
    ).coefficient,
  ).toBeCloseTo(-1, 5);
});

test('a piece that hangs over either edge is judged by what overlaps', () => {
  const voice = babble(4, 6);
  expect(find(cut(voice, rate, 0, 4), cut(voice, rate, 1))).toMatchObject({ at: -rate });
  expect(find(cut(voice, rate, 3, 6), cut(voice, rate, 0, 5))).toMatchObject({ at: 3 * rate });
});

test('looking between two lags finds what looking everywhere finds there, at either edge, too', () => {
  const voice = babble(6, 8);
  const piece = cut(voice, rate, 3, 4);
  const everywhere = find(piece, voice);
  const nearby = find(piece, voice, { from: 2.5 * rate, to: 3.5 * rate });
  expect(nearby.at).toBe(everywhere.at);
  expect(nearby.coefficient).toBeCloseTo(everywhere.coefficient, 9);
  expect(find(piece, voice, { from: 4 * rate, to: 5 * rate }).coefficient).toBeLessThan(0.3);
  expect(find(cut(voice, rate, 0, 2), cut(voice, rate, 0.5), { from: -rate, to: 0 }).at).toBe(-0.5 * rate);
  expect(find(cut(voice, rate, 6, 8), voice, { from: 5.5 * rate, to: 9 * rate }).at).toBe(6 * rate);
  expect(find(piece, voice, { from: 9 * rate, to: 10 * rate }).coefficient).toBe(0);
});

test('a lost half second in the middle lowers the coefficient below what a proof asks', () => {
  const voice = babble(5, 6);
  const shifted = new Float32Array(voice.length);
  shifted.set(voice.subarray(0, 3 * rate));
  shifted.set(voice.subarray(3.5 * rate), 3 * rate);
  expect(find(voice, shifted).coefficient).toBeLessThan(0.9);
});

test('silence in what was recorded is no match, silence to look for is a mistake of the test', () => {
  expect(find(babble(1, 1), new Float32Array(rate)).coefficient).toBe(0);
  expect(() => find(new Float32Array(rate), babble(1, 2))).toThrow('silence');
});

test('a tone is told from speech and from another tone', () => {
  const tone = Float32Array.from({ length: rate }, (_, i) => 0.3 * Math.sin((2 * Math.PI * 425 * i) / rate));
  expect(toneShare(tone, 425, rate)).toBeGreaterThan(0.99);
  expect(toneShare(tone, 600, rate)).toBeLessThan(0.01);
  expect(toneShare(babble(1, 1), 425, rate)).toBeLessThan(0.2);
});

test('µ-law survives a round trip of every code, both zeros included', () => {
  const codes = Uint8Array.from({ length: 256 }, (_, i) => i);
  const back = encodeUlaw(decodeUlaw(codes));
  // 0x7f and 0xff are both zero: the encoder writes the positive one.
  expect([...back].map((code, i) => (i === 0x7f ? 0x7f : code))).toEqual([...codes]);
});

test('a WAV file comes back as it was written, also when its writer was killed before it knew the length', () => {
  const folder = mkdtempSync(join(tmpdir(), 'denwaban-wav-'));
  try {
    const path = join(folder, 'two.wav');
    const left = babble(1, 1);
    const right = babble(2, 1);
    writeWav(path, { rate, channels: [left, right] });
    const sound = readWav(path);
    expect(sound.rate).toBe(rate);
    expect(find(left, sound.channels[0]!)).toMatchObject({ at: 0 });
    expect(find(right, sound.channels[1]!).coefficient).toBeGreaterThan(0.999);
    expect(rms(sound.channels[0]!)).toBeCloseTo(rms(left), 3);
  } finally {
    rmSync(folder, { recursive: true });
  }
  const killed = Buffer.alloc(44 + 4);
  killed.write('RIFF\0\0\0\0WAVEfmt ', 0, 'latin1');
  killed.writeUInt32LE(16, 16);
  killed.writeUInt16LE(1, 20);
  killed.writeUInt16LE(1, 22);
  killed.writeUInt32LE(8000, 24);
  killed.writeUInt16LE(16, 34);
  killed.write('data', 36, 'latin1');
  killed.writeUInt32LE(0xffffffff, 40);
  expect(parseWav(killed).channels[0]).toHaveLength(2);
});
