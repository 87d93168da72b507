/**
 * A telephone with encrypted audio whose media process dies: it is told new keys by re-INVITE, for those of the dead process are
 * gone with it, and hears and is heard again. By ear: what the telephone recorded, and what is on record here.
 */
import { statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Baresip } from '../peers/baresip.js';
import { cut, find, rms } from '../peers/correlate.js';
import { sleep, until } from '../peers/process.js';
import { parseWav, readWav } from '../peers/wav.js';
import { missingStage, stage } from './stage.js';

const absent = missingStage();
const stretchMs = 2_500;

/** How much the telephone has written down of what it hears, bytes by file: nothing is written while nothing comes. */
const writtenBy = (phone: Baresip) => new Map(phone.heard().map((path) => [path, statSync(path).size]));
type Written = ReturnType<typeof writtenBy>;

/** What it heard from one moment to another. It begins a file with each stream. */
function heardBetween(before: Written, after: Written): Float32Array {
  const sampleAt = (bytes: number) => Math.max(0, bytes - 44) / 2;
  const grown = [...after].map(([path, end]) => {
    const sound = readWav(path).channels[0]!;
    return sound.subarray(sampleAt(before.get(path) ?? 0), sampleAt(end));
  });
  return Float32Array.from(grown.flatMap((sound) => [...sound]));
}

/** The best of three stretches of 1.5 s: a voice that is said again from its beginning breaks one of them. */
function likest(sound: Float32Array, said: readonly Float32Array[]): number {
  if (sound.length < 2 * 8_000) return 0;
  const stretches = [0, 0.5, 1].map((from) => cut(sound, 8_000, from, from + 1.5)).filter((one) => rms(one) > 0.001);
  return Math.max(0, ...stretches.flatMap((one) => said.map((voice) => find(one, voice).coefficient)));
}

describe.skipIf(absent)(`encrypted audio, moved${absent ? ` (${absent})` : ''}`, () => {
  const on = stage(async () => ({ DENWABAN_MEDIA_PROCESSES: '2' }));

  test('[CNV17] each of two processes dies in turn: whichever had the leg, both hear each other again within 3 s', async () => {
    const { agent, phone, begun } = await on.answeredCall(0, { srtp: 'required', talkMs: 500 });
    const stretches: { at: number; when: string; before: Written; after: Written }[] = [];
    const listen = async (when: string) => {
      const [at, before] = [Date.now(), writtenBy(phone)];
      await sleep(stretchMs);
      stretches.push({ at, when, before, after: writtenBy(phone) });
    };
    await listen('before');
    const first = on.system.tree().filter(({ role }) => role === 'media');
    expect(first).toHaveLength(2);
    for (const [n, { pid }] of first.entries()) {
      process.kill(pid, 'SIGKILL');
      await sleep(3_000);
      await listen(`after death ${n + 1}`);
      await on.system.ready();
    }
    await phone.hangUp();
    const { at: closedAt } = await phone.event('CALL_CLOSED');
    await agent.saveWrapUp();
    await phone.stop();

    const record = await until('the conversation', async () => {
      const all = await on.admin.conversations(begun - 50);
      return all.find(({ endedAt }) => endedAt !== null);
    });
    const [left] = parseWav(await on.finishedRecording(record.id)).channels;
    const said = phone.sent().map((path) => readWav(path).channels[0]!);
    for (const { at, when, before, after } of stretches) {
      const heard = heardBetween(before, after);
      expect.soft(likest(heard, [on.voices.agent.samples]), `heard ${when}`).toBeGreaterThan(0.85);
      // The recording ends with the call.
      const from = left!.length / 8_000 - (closedAt - at) / 1_000;
      const wasHeard = cut(left!, 8_000, from, from + stretchMs / 1_000);
      expect.soft(likest(wasHeard, said), `was heard ${when}`).toBeGreaterThan(0.85);
    }
    expect(on.system.tree().filter(({ role }) => role === 'media')).toHaveLength(2);
  });
});
