import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { epochMs, mintId, type RecordingId } from '@denwaban/core';
import { afterAll, expect, test } from 'vitest';
import { locateRecording, recordingPath, recordingsDir } from './files.js';

const dataDir = mkdtempSync(path.join(tmpdir(), 'denwaban-recordings-'));
afterAll(() => rmSync(dataDir, { recursive: true }));
const id = mintId('rc', epochMs(Date.UTC(2026, 1, 28, 23, 59, 59, 999)), new Uint8Array(10));

test('a recording lies under the day that its id was minted on', () => {
  expect(recordingPath(dataDir, id)).toBe(path.join(dataDir, 'recordings/2026/02/28', `${id}.wav`));
});

test.each(['rc_../../etc/passwd', 'rc_', 'cv_01m808tx0052g4scmnef8kv08f'])(
  '%s is no path of a recording',
  async (name) => {
    expect(() => recordingPath(dataDir, name as RecordingId)).toThrow(RangeError);
    expect(await locateRecording(dataDir, { id: name as RecordingId, path: null })).toBeNull();
  },
);

test('the path that was written down is used while it lies inside; a folder that moved is found by the id', async () => {
  const file = path.join(recordingsDir(dataDir), 'elsewhere.wav');
  mkdirSync(path.dirname(recordingPath(dataDir, id)), { recursive: true });
  writeFileSync(file, '');
  expect(await locateRecording(dataDir, { id, path: file })).toBe(file);
  expect(await locateRecording(dataDir, { id, path: '/etc/hostname' })).toBeNull();
  writeFileSync(recordingPath(dataDir, id), '');
  expect(await locateRecording(dataDir, { id, path: '/old/place/recordings/2026/02/28/x.wav' })).toBe(
    recordingPath(dataDir, id),
  );
  expect(await locateRecording(dataDir, { id, path: '../../../../etc/hostname' })).toBe(recordingPath(dataDir, id));
});
