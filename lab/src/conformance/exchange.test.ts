/** The exchange with peers nobody here wrote: what baresip hears and what is recorded, and sipp's many calls. */
import { type AgentId, type LegId, type LineId, mintId, type PhoneEvent, type RecordingId } from '@denwaban/core';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { DeskLine } from '../../../telephony/src/carriers/testing/desk-line.js';
import { exchangeProcess } from '../../../telephony/src/carriers/testing/exchange-process.js';
import { now, realExchange } from '../../../telephony/src/carriers/testing/real-exchange.js';
import { ScriptedCaller } from '../../../telephony/src/carriers/testing/scripted-caller.js';
import { classify, toneFrame, toneShare } from '../../../telephony/src/carriers/testing/tone.js';
import {
  compile,
  spawnMedia,
  startMedia,
  type RunningMedia,
} from '../../../telephony/src/media/testing/media-process.js';
import { Baresip } from '../peers/baresip.js';
import { cut, find, rms } from '../peers/correlate.js';
import { missing, sleep, until } from '../peers/process.js';
import { voice } from '../peers/speech.js';
import { decodeUlaw, encodeUlaw, readWav } from '../peers/wav.js';
import { runSipp } from './sipp.js';

const absent = missing('baresip', 'sipp', 'espeak-ng', 'sox');
const anna = 'ag_anna' as AgentId;
const agentLeg = 'lg_agent' as LegId;
const sipPort = 6_190;

describe.skipIf(absent)(`exchange with telephones${absent ? ` (${absent})` : ''}`, () => {
  let media: RunningMedia;
  let folder: string;
  let house: Awaited<ReturnType<typeof realExchange>>;
  const closing: (() => unknown)[] = [];

  beforeAll(async () => {
    compile();
    folder = mkdtempSync(join(tmpdir(), 'denwaban-exchange-peers-'));
    media = await startMedia({ portMin: 20_200, portMax: 20_299 });
  }, 90_000);
  afterAll(async () => {
    await media.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(async () => {
    const left = await house.dispose();
    for (const close of closing.splice(0)) await close();
    expect(left).toMatchObject({ legs: 0, lines: 0, recordings: 0, dialogs: 0, mediaLegs: 0 });
  });

  const event = <Type extends PhoneEvent['type']>(type: Type) =>
    until(type, () => house.events.find((one): one is Extract<PhoneEvent, { type: Type }> => one.type === type));
  const ours = (sound: string) =>
    decodeUlaw(readFileSync(fileURLToPath(new URL(`../../../telephony/sounds/${sound}.ul`, import.meta.url))));

  test.each(['udp', 'tcp'] as const)(
    'a call over %s: ring-back, music, talk, hold, talk, a word of comfort',
    async (transport) => {
      house = await realExchange(media, sipPort);
      const { exchange } = house;
      const [customer, agent] = [voice('customer', folder), voice('agent', folder)];
      const desk = await DeskLine.make('line', encodeUlaw(agent.samples));
      closing.push(() => desk.close());
      const line = `ln_${transport}` as LineId;
      desk.answered((await exchange.openLine({ agent: anna, line, offer: desk.offer })).answer);
      desk.prove();
      await event('line.proven');

      const phone = await Baresip.start({
        folder: join(folder, transport),
        number: '0312345678',
        displayName: 'Sato Hana',
        says: customer.telephone,
        transport,
      });
      closing.push(() => phone.stop());
      await phone.dial({ number: '0120000001', ...{ host: '127.0.0.1', port: sipPort } });
      const arrived = await event('leg.arrived');
      expect(arrived).toMatchObject({
        from: '0312345678',
        fromName: 'Sato Hana',
        to: '0120000001',
        trunk: 'tk_demo',
        carrier: 'exchange',
      });
      const { leg } = arrived;
      const talk = { customer: leg, agentLeg };
      exchange.carryOut({ type: 'ring', leg });
      await phone.event('CALL_RINGING');

      exchange.carryOut({ type: 'answer', leg });
      exchange.carryOut({ type: 'play', leg, sound: 'ring-back' });
      const answered = await event('leg.answered');
      const established = await phone.event('CALL_ESTABLISHED');
      await sleep(2_000);
      exchange.carryOut({ type: 'play', leg, sound: 'hold-music' });
      await sleep(2_000);
      const recording: RecordingId = mintId('rc', now(), randomBytes(10));
      const accepted = Date.now();
      exchange.carryOut({ type: 'join', ...talk, agent: anna, recording });
      const joined = await event('leg.joined');
      await sleep(3_000);
      exchange.carryOut({ type: 'hold', ...talk, sound: 'hold-music' });
      await sleep(1_500);
      exchange.carryOut({ type: 'resume', ...talk });
      await sleep(2_000);
      exchange.carryOut({ type: 'part', ...talk });
      exchange.carryOut({ type: 'play', leg, sound: 'announcement-reconnecting' });
      await sleep(1_500);
      const over = Date.now();
      await phone.hangUp();
      expect((await event('leg.ended')).cause).toBe('hung-up');
      const finished = await event('recording.finished');
      await phone.event('CALL_CLOSED');

      expect(Math.abs(answered.at - established.at)).toBeLessThan(100);
      expect(joined.at - accepted).toBeLessThan(100);
      expect(house.complaints).toEqual([]);

      const heard = readWav(phone.heard()[0] ?? '').channels[0] ?? new Float32Array();
      // Moments on the recording of the telephone: it begins at about the answer.
      const at = (fromS: number, toS: number) => cut(heard, 8_000, fromS, toS);
      expect(find(at(0.4, 1.4), repeated(ours('ring-back'), 3)).coefficient).toBeGreaterThan(0.95);
      expect(find(at(2.4, 3.6), ours('hold-music')).coefficient).toBeGreaterThan(0.95);
      expect(find(at(4.6, 6.6), agent.samples).coefficient).toBeGreaterThan(0.95);
      expect(find(at(7.4, 8.2), repeated(ours('hold-music'), 2)).coefficient).toBeGreaterThan(0.95);
      expect(find(at(9, 10.2), agent.samples).coefficient).toBeGreaterThan(0.95);
      expect(find(at(10.9, 11.7), ours('announcement-reconnecting')).coefficient).toBeGreaterThan(0.95);
      // … and the bite: what was heard at one time is not what was heard at another.
      expect(find(at(4.6, 6.6), ours('hold-music')).coefficient).toBeLessThan(0.4);

      // The recording: from the join to the end of the leg, left the customer, right the agent, and no music.
      expect(finished).toMatchObject({ recording, leg });
      expect(finished.path).toBe(
        join(house.recordingsDir, ...new Date(joined.at).toISOString().slice(0, 10).split('-'), `${recording}.wav`),
      );
      expect(finished.bytes).toBe(statSync(finished.path).size);
      expect(Math.abs(finished.durationMs - (over - joined.at))).toBeLessThan(150);
      const [left, right] = readWav(finished.path).channels;
      const sent = readWav(phone.sent()[0] ?? '').channels[0] ?? new Float32Array();
      expect(find(cut(left!, 8_000, 0.2, 9), sent).coefficient).toBeGreaterThan(0.98);
      expect(find(cut(right!, 8_000, 0.2, 2.8), agent.samples).coefficient).toBeGreaterThan(0.95);
      expect(find(cut(right!, 8_000, 5, 6), agent.samples).coefficient).toBeGreaterThan(0.95);
      expect(rms(cut(right!, 8_000, 7, 8))).toBeLessThan(0.003);
    },
    60_000,
  );

  test('a caller who is refused hears why, in SIP', async () => {
    house = await realExchange(media, sipPort);
    const phone = await Baresip.start({
      folder: join(folder, 'refused'),
      number: '0312345678',
      says: voice('customer', folder).telephone,
    });
    closing.push(() => phone.stop());
    await phone.dial({ number: '0120000002', host: '127.0.0.1', port: sipPort });
    const { leg } = await event('leg.arrived');
    house.exchange.carryOut({ type: 'hang-up', leg, cause: 'unknown-number' });
    expect((await phone.event('CALL_CLOSED')).param).toContain('404');
  });

  test('200 calls of sipp, 40 at a time, are answered, hear music, hang up and leave nothing behind', async () => {
    // Beside other work the media process's turns come late, and then new calls get 503, as they should: scale.test.ts is about that.
    house = await realExchange(media, sipPort, { calm: true });
    const { exchange } = house;
    exchange.listen((news) => {
      if (news.type !== 'leg.arrived') return;
      exchange.carryOut({ type: 'ring', leg: news.leg });
      exchange.carryOut({ type: 'answer', leg: news.leg });
      exchange.carryOut({ type: 'play', leg: news.leg, sound: 'hold-music' });
    });
    const result = await runSipp(
      [`127.0.0.1:${sipPort}`, '-sn', 'uac', '-i', '127.0.0.1', '-p', '6191', '-mp', '20360', '-s', '0120'].concat(
        '-m 200 -r 40 -l 40 -d 800 -max_socket 300'.split(' '),
      ),
      { cwd: folder, timeoutMs: 60_000 },
    );
    expect(result, result.output).toMatchObject({ code: 0, successful: 200, failed: 0 });
    await until('every leg has ended', () => count('leg.ended') === 200);
    expect({ arrived: count('leg.arrived'), answered: count('leg.answered') }).toEqual({
      arrived: 200,
      answered: 200,
    });
    expect(house.complaints).toEqual([]);
    expect(exchange.health()).toMatchObject({ legs: 0, dialogs: 0 });
  });

  test('a control process killed in mid-talk: people go on talking; the next one finishes the recording and says goodbye', async () => {
    const recordingsDir = mkdtempSync(join(tmpdir(), 'denwaban-orphans-'));
    closing.push(() => rmSync(recordingsDir, { recursive: true, force: true }));
    const first = await exchangeProcess({ folder, socket: media.settings.socket, sipPort, recordingsDir });
    closing.push(() => first.kill());
    const told = <Type extends PhoneEvent['type']>(type: Type) =>
      until(type, () => first.events.find((one): one is Extract<PhoneEvent, { type: Type }> => one.type === type));
    const desk = await DeskLine.make('line', toneFrame(1_000));
    closing.push(() => desk.close());
    first.openLine({ agent: anna, line: 'ln_orphan', offer: desk.offer });
    desk.answered(await until('the answer', () => first.answers[0]));
    desk.prove();
    await told('line.proven');
    const caller = await ScriptedCaller.dial(
      { from: '0312345678', to: '0120', sipPort: 6_192, rtpPort: 20_398, hz: 700 },
      { address: '127.0.0.1', port: sipPort },
    );
    closing.push(() => caller.close());
    const { leg } = await told('leg.arrived');
    const recording: RecordingId = mintId('rc', now(), randomBytes(10));
    first.carryOut({ type: 'join', customer: leg, agentLeg, agent: anna, recording });
    const joined = await told('leg.joined');
    const { token } = await told('leg.answered');
    await sleep(1_000);

    await first.kill();
    caller.audio.heard.length = 0;
    await sleep(1_000);
    expect(classify(caller.audio.sound(), 1_000)).toBe('person');
    expect(caller.audio.heard.length).toBeGreaterThan(45);

    house = await realExchange(media, sipPort); // the next control
    const finished = await event('recording.finished');
    const end = Date.now();
    expect(finished).toMatchObject({ recording, leg });
    expect(Math.abs(finished.durationMs - (end - joined.at))).toBeLessThan(200);
    const sound = readWav(finished.path).channels.map((channel) => cut(channel, 8_000, 0.2, 1.8));
    expect(sound.map((channel, i) => toneShare(channel, [700, 1_000][i]!) > 0.9)).toEqual([true, true]);
    // By what the media process kept for this; the journal's token, for a call that it does not know any more, does no harm.
    await until('the goodbye', () => caller.told.includes('bye'));
    expect(caller.reason).toContain('cause=41');
    house.exchange.carryOut({ type: 'end-orphan', token: token ?? '' });
  }, 30_000);
  test('a media process killed in mid-talk, and no other in time: the caller is let go within 3 s, the recording is mended by the next one’s time', async () => {
    const own = await startMedia({ portMin: 20_300, portMax: 20_340 });
    closing.push(() => own.stop());
    house = await realExchange(own, sipPort);
    const { exchange } = house;
    const desk = await DeskLine.make('line', toneFrame(1_000));
    closing.push(() => desk.close());
    desk.answered((await exchange.openLine({ agent: anna, line: 'ln_killed' as LineId, offer: desk.offer })).answer);
    desk.prove();
    await event('line.proven');
    const caller = await ScriptedCaller.dial(
      { from: '0312345678', to: '0120', sipPort: 6_193, rtpPort: 20_396, hz: 700 },
      house.target,
    );
    closing.push(() => caller.close());
    const { leg } = await event('leg.arrived');
    const recording: RecordingId = mintId('rc', now(), randomBytes(10));
    exchange.carryOut({ type: 'join', customer: leg, agentLeg, agent: anna, recording });
    const joined = await event('leg.joined');
    await sleep(1_500);

    const killed = Date.now();
    own.child.kill('SIGKILL');
    await until('the goodbye', () => caller.told.includes('bye'));
    expect(Date.now() - killed).toBeLessThan(3_200);
    expect((await event('leg.ended')).cause).toBe('media-lost');
    expect((await event('line.lost')).because).toBe('media-process');
    const refused = await ScriptedCaller.dial(
      { from: '0312345678', to: '0120', sipPort: 6_194, rtpPort: 20_394, hz: 700 },
      house.target,
    );
    closing.push(() => refused.close());
    await until('the refusal', () => refused.told.includes('503'));
    expect(count('recording.finished')).toBe(0);

    const next = spawnMedia(own.settings);
    closing.push(async () => {
      next.child.kill('SIGTERM');
      await next.exited;
    });
    const finished = await event('recording.finished');
    expect(finished).toMatchObject({ recording, leg });
    // At most a second of it had not reached the disk.
    expect(finished.durationMs).toBeGreaterThan(killed - joined.at - 1_100);
    expect(finished.durationMs).toBeLessThan(killed - joined.at + 200);
    expect(finished.bytes).toBe(statSync(finished.path).size);
    const [left] = readWav(finished.path).channels;
    expect(toneShare(cut(left!, 8_000, 0.2, finished.durationMs / 1_000), 700)).toBeGreaterThan(0.9);
  }, 30_000);
  const count = (type: PhoneEvent['type']) => house.events.filter((one) => one.type === type).length;
});

function repeated(sound: Float32Array, times: number): Float32Array {
  const all = new Float32Array(sound.length * times);
  for (let i = 0; i < times; i++) all.set(sound, i * sound.length);
  return all;
}
