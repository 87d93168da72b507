import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { toUlaw, ulawToLinear } from '../../rtp/index.js';
import { Recording, type Side } from './recording.js';
import { repairRecording, wavHeader } from './wav.js';

let folder: string;
let nowMs = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'denwaban-recording-'));
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  nowMs = 5_000;
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

const trouble: string[] = [];
const begin = (name = 'a.wav'): Promise<Recording> =>
  Recording.start({ path: join(folder, name), now: () => nowMs, onTrouble: (detail) => trouble.push(detail) });

const level = { left: 9_000, right: -4_000 };
function speak(recording: Recording, side: Side, fromMs: number, toMs: number): void {
  for (let ms = fromMs; ms < toMs; ms += 20) {
    const payload = new Uint8Array(160).fill(toUlaw(level[side]));
    recording.hear(side, { ssrc: 1, timestamp: ms * 8, arrivalMs: 5_000 + ms, codec: 'PCMU', payload });
  }
}
const samples = (path: string): { left: number[]; right: number[] } => {
  const file = readFileSync(path);
  const read = (offset: number) =>
    Array.from({ length: (file.length - 44) >> 2 }, (_, i) => file.readInt16LE(44 + 4 * i + offset));
  return { left: read(0), right: read(2) };
};

test('customer left, agent right, silence where nobody spoke, and exactly as long as it ran', async () => {
  const recording = await begin('deep/folder/a.wav');
  speak(recording, 'left', 100, 400);
  speak(recording, 'right', 300, 700);
  nowMs += 1_000;
  const result = await recording.finish();
  const path = join(folder, 'deep/folder/a.wav');
  expect(result).toEqual({ path, durationMs: 1_000, bytes: 44 + 32_000 });
  expect(readFileSync(path).subarray(0, 44)).toEqual(wavHeader(32_000));
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const { left, right } = samples(path);
  const spoken = (channel: number[]): [number, number] => [
    channel.findIndex((s) => s !== 0) / 8,
    (channel.findLastIndex((s) => s !== 0) + 1) / 8,
  ];
  expect(spoken(left)).toEqual([100, 400]);
  expect(spoken(right)).toEqual([300, 700]);
  expect([left[1_000], right[3_000]]).toEqual([ulawToLinear[toUlaw(9_000)], ulawToLinear[toUlaw(-4_000)]]);
});

test('what is spoken is on disk within half a second, and the header counts it', async () => {
  const recording = await begin();
  speak(recording, 'left', 0, 2_000);
  nowMs += 2_000;
  vi.advanceTimersByTime(400);
  await vi.waitFor(() => expect(statSync(join(folder, 'a.wav')).size).toBe(44 + 64_000));
  await vi.waitFor(() => expect(readFileSync(join(folder, 'a.wav')).readUInt32LE(40)).toBe(64_000));
  await recording.finish();
});

test('what is heard after the end, or beyond it, is not in it', async () => {
  const recording = await begin();
  speak(recording, 'left', 0, 1_200);
  nowMs += 1_000;
  const [first, second] = [recording.finish(), recording.finish()];
  speak(recording, 'right', 0, 500);
  expect(await first).toEqual(await second);
  const { left, right } = samples(join(folder, 'a.wav'));
  expect([left.length, right.every((sample) => sample === 0)]).toEqual([8_000, true]);
});

test('nothing is ever written over', async () => {
  writeFileSync(join(folder, 'a.wav'), 'precious');
  await expect(begin()).rejects.toThrow('EEXIST');
  expect(readFileSync(join(folder, 'a.wav'), 'utf8')).toBe('precious');
});

test('a file that a killed process left is made whole, whatever its end', async () => {
  const recording = await begin();
  speak(recording, 'left', 0, 1_000);
  nowMs += 1_000;
  await recording.finish();
  const path = join(folder, 'a.wav');
  for (const cut of [32_044, 20_003, 46, 44, 20, 0]) {
    truncateSync(path, cut);
    const frames = Math.max(0, Math.floor((cut - 44) / 4));
    expect(await repairRecording(path)).toEqual({ durationMs: Math.round(frames / 8), bytes: 44 + 4 * frames });
    expect(readFileSync(path).readUInt32LE(40)).toBe(4 * frames);
    expect(readFileSync(path).readUInt32LE(4)).toBe(36 + 4 * frames);
  }
});

test('what is no recording of ours is left alone', async () => {
  expect(await repairRecording(join(folder, 'none.wav'))).toBeNull();
  const other = Buffer.from(wavHeader(100));
  other.writeUInt16LE(1, 22);
  for (const content of [Buffer.from('this is a letter, and not a recording of anything at all'), other]) {
    writeFileSync(join(folder, 'x.wav'), content);
    expect(await repairRecording(join(folder, 'x.wav'))).toBeNull();
    expect(readFileSync(join(folder, 'x.wav')).equals(content)).toBe(true);
  }
});

test('a recording of a process that died is gone on with: what it has stays, the time in between is silent', async () => {
  const first = await begin();
  speak(first, 'left', 0, 1_000);
  nowMs += 1_000;
  await first.finish();
  const path = join(folder, 'a.wav');
  const died = new Date(Date.now() - 2_000);
  utimesSync(path, died, died);
  nowMs = 5_000;
  const second = await Recording.start({ path, resume: true, now: () => nowMs, onTrouble: () => undefined });
  speak(second, 'right', 0, 500);
  nowMs += 500;
  const { durationMs } = await second.finish();
  expect(durationMs).toBeGreaterThanOrEqual(3_500);
  expect(durationMs).toBeLessThan(3_900);
  const { left, right } = samples(path);
  expect(left.findLastIndex((s) => s !== 0) + 1).toBe(8_000);
  const began = right.findIndex((s) => s !== 0);
  expect(began / 8).toBeGreaterThanOrEqual(3_000);
  expect(right.findLastIndex((s) => s !== 0) + 1 - began).toBe(4_000);
});

test('a recording that is to be gone on with and is not there begins anew', async () => {
  const path = join(folder, 'new.wav');
  const recording = await Recording.start({ path, resume: true, now: () => nowMs, onTrouble: () => undefined });
  nowMs += 1_000;
  expect(await recording.finish()).toMatchObject({ durationMs: 1_000 });
});
