/** The SIP engine against sipp, over real sockets. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createAutoAnswer,
  type AutoAnswer,
  type AutoAnswerOptions,
} from '../../../telephony/src/net/testing/auto-answer.js';
import { hasSipp, runSipp } from './sipp.js';

const port = 6000;
const target = `127.0.0.1:${port}`;
const scenario = (name: string) => fileURLToPath(new URL(`scenarios/${name}`, import.meta.url));
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

const caller = ['-i', '127.0.0.1', '-p', '6001', '-s', 'echo', '-nd'];
/** sipp gives up an INVITE after six tries by default; each fails with 0.36, so of 500 calls one would be lost to that alone. */
const lossy = ['-lost', '20', '-max_invite_retrans', '20', '-max_non_invite_retrans', '20'];
const run = (args: string[], timeoutMs = 60_000) => runSipp([target, ...caller, ...args], { cwd, timeoutMs });

describe.skipIf(!hasSipp)('sipp as caller (skipped where sip-tester is not installed)', () => {
  test('500 calls at 50 a second over UDP', async () => {
    const far = await answering();
    const result = await run(['-sn', 'uac', '-m', '500', '-r', '50', '-l', '200', '-d', '500']);
    expect(result, result.output).toMatchObject({ code: 0, successful: 500, failed: 0 });
    expect(far.ends).toEqual({ 'hung-up': 500, cancelled: 0, failed: 0 });
    expect(far.counts).toEqual({ calls: 500, answered: 500, acknowledged: 500, reoffers: 0 });
    expect(far.endpoint.counts.dialogs).toBe(0);
    expect(far.complaints).toEqual([]);
  });

  test('100 of 100 calls with a fifth of all messages lost', async () => {
    const far = await answering();
    const result = await run(['-sn', 'uac', '-m', '100', '-r', '20', '-l', '100', '-d', '500', '-lost', '20'], 100_000);
    expect(result, result.output).toMatchObject({ code: 0, successful: 100, failed: 0 });
    // Each call once, however often its messages came. How they ended on our side is the next test's: this scenario of
    // sipp's takes a late copy of the INVITE's 200 for the answer to its BYE, which then was never heard.
    expect(far.counts.calls).toBe(100);
    expect(far.complaints).toEqual([]);
  });

  test('the same by transaction: each call begins and ends once on both sides', async () => {
    const far = await answering();
    const args = ['-sf', scenario('uac-exact.xml'), '-m', '100', '-r', '20', '-l', '100', '-d', '500', ...lossy];
    const result = await run(args, 100_000);
    expect(result, result.output).toMatchObject({ code: 0, successful: 100, failed: 0 });
    expect(far.counts.calls).toBe(100);
    expect(far.ends).toEqual({ 'hung-up': 100, cancelled: 0, failed: 0 });
    expect(far.endpoint.counts.dialogs).toBe(0);
    expect(far.complaints).toEqual([]);
  });

  test('500 calls at 50 a second over one TCP connection', async () => {
    const far = await answering();
    const result = await run(['-t', 't1', '-sn', 'uac', '-m', '500', '-r', '50', '-l', '200', '-d', '500']);
    expect(result, result.output).toMatchObject({ code: 0, successful: 500, failed: 0 });
    expect(far.ends).toEqual({ 'hung-up': 500, cancelled: 0, failed: 0 });
    expect(far.complaints).toEqual([]);
  });

  test('100 calls over a TCP connection each', async () => {
    const far = await answering();
    const result = await run([
      '-t',
      'tn',
      '-sn',
      'uac',
      '-m',
      '100',
      '-r',
      '50',
      '-l',
      '100',
      '-d',
      '200',
      '-max_socket',
      '200',
    ]);
    expect(result, result.output).toMatchObject({ code: 0, successful: 100, failed: 0 });
    expect(far.ends).toEqual({ 'hung-up': 100, cancelled: 0, failed: 0 });
  });

  test('100 calls cancelled while ringing: 200 to each CANCEL, 487 to each INVITE', async () => {
    const far = await answering({ answerAfterMs: null });
    const result = await run(['-sf', scenario('uac-cancel.xml'), '-m', '100', '-r', '50', '-l', '100']);
    expect(result, result.output).toMatchObject({ code: 0, successful: 100, failed: 0 });
    expect(far.ends).toEqual({ 'hung-up': 0, cancelled: 100, failed: 0 });
  });

  test('100 calls cancelled with a fifth of all messages lost', async () => {
    const far = await answering({ answerAfterMs: null });
    const result = await run(
      ['-sf', scenario('uac-cancel.xml'), '-m', '100', '-r', '50', '-l', '100', ...lossy],
      100_000,
    );
    expect(result, result.output).toMatchObject({ code: 0, successful: 100, failed: 0 });
    expect(far.ends).toEqual({ 'hung-up': 0, cancelled: 100, failed: 0 });
  });

  test('100 calls that we end, a fifth of all messages lost', async () => {
    const far = await answering({ hangUpAfterMs: 100 });
    const result = await run(
      ['-sf', scenario('uac-wait-bye.xml'), '-m', '100', '-r', '20', '-l', '100', ...lossy],
      100_000,
    );
    expect(result, result.output).toMatchObject({ code: 0, successful: 100, failed: 0 });
    // Eleven copies of our 200 may all fail to bring an ACK, by 0.36^11: one call in 75,000.
    expect(far.ends['hung-up'] + far.ends.failed).toBe(100);
    expect(far.ends.failed).toBeLessThanOrEqual(1);
  });

  test('hold and resume by re-INVITE, a question by OPTIONS and a digit by INFO within the call', async () => {
    const far = await answering();
    const result = await run(['-sf', scenario('uac-reinvite.xml'), '-m', '50', '-r', '25', '-l', '50']);
    expect(result, result.output).toMatchObject({ code: 0, successful: 50, failed: 0 });
    expect(far.counts.reoffers).toBe(100);
    expect(far.digits).toEqual(Array(50).fill('5'));
    expect(far.ends).toEqual({ 'hung-up': 50, cancelled: 0, failed: 0 });
  });

  test('an INVITE without SDP is answered with our offer, the ACK answers it', async () => {
    const far = await answering();
    const result = await run(['-sf', scenario('uac-late-offer.xml'), '-m', '50', '-r', '25', '-l', '50']);
    expect(result, result.output).toMatchObject({ code: 0, successful: 50, failed: 0 });
    expect(far.lateAnswers).toBe(50);
  });
});
