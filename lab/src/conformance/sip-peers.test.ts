/** The SIP engine against sipp, over real sockets. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createAutoAnswer,
  type AutoAnswer,
  type AutoAnswerOptions,
} from '../../../telephony/src/net/testing/auto-answer.js';
import { hasSipp, runSipp } from './sipp.js';

const port = 6000;
const target = `127.0.0.1:${port}`;
let cwd: string;
let peer: AutoAnswer | null = null;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'denwaban-sipp-'));
});
afterEach(async () => {
  await peer?.endpoint.stop(1_000);
  peer = null;
  rmSync(cwd, { recursive: true, force: true });
});

async function answering(options: Omit<AutoAnswerOptions, 'port'> = {}): Promise<AutoAnswer> {
  peer = createAutoAnswer({ port, ...options });
  await peer.endpoint.start();
  return peer;
}

test.runIf(process.env.CI === 'true')('sipp is here to be tested against', () => {
  expect(hasSipp, 'sipp is missing: apt-get install sip-tester').toBe(true);
});

describe.skipIf(!hasSipp)('sipp as caller (skipped where sip-tester is not installed)', () => {
  test('500 calls at 50 a second over UDP', async () => {
    const far = await answering();
    const args = [target, '-sn', 'uac', '-i', '127.0.0.1', '-p', '6001', '-s', 'echo'];
    const result = await runSipp([...args, '-m', '500', '-r', '50', '-l', '200', '-d', '500'], {
      cwd,
      timeoutMs: 60_000,
    });
    expect(result, result.output).toMatchObject({ code: 0, successful: 500, failed: 0 });
    expect(far.ends).toEqual({ 'hung-up': 500, cancelled: 0, failed: 0 });
    expect(far.counts).toEqual({ calls: 500, answered: 500, acknowledged: 500, reoffers: 0 });
    expect(far.endpoint.counts.dialogs).toBe(0);
    expect(far.complaints).toEqual([]);
  });
});
