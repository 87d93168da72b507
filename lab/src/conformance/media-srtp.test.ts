/** Encrypted calls of a telephone nobody here wrote: baresip with keys in the SDP (RFC 4568), and a control that changes under it. */
import { type AgentId, type LegId, type LineId, mintId, type PhoneEvent, type RecordingId } from '@denwaban/core';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { DeskLine } from '../../../telephony/src/carriers/testing/desk-line.js';
import { now, realExchange } from '../../../telephony/src/carriers/testing/real-exchange.js';
import { compile, startMedia, type RunningMedia } from '../../../telephony/src/media/testing/media-process.js';
import { Baresip } from '../peers/baresip.js';
import { cut, find } from '../peers/correlate.js';
import { missing, sleep, until } from '../peers/process.js';
import { voice } from '../peers/speech.js';
import { encodeUlaw, readWav } from '../peers/wav.js';

const absent = missing('baresip', 'espeak-ng', 'sox');
const anna = 'ag_anna' as AgentId;
const agentLeg = 'lg_agent' as LegId;
const sipPort = 6_196;
type House = Awaited<ReturnType<typeof realExchange>>;

describe.skipIf(absent)(`encrypted calls${absent ? ` (${absent})` : ''}`, () => {
  let media: RunningMedia;
  let folder: string;
  let house: House;
  const closing: (() => unknown)[] = [];

  beforeAll(async () => {
    compile();
    folder = mkdtempSync(join(tmpdir(), 'denwaban-srtp-'));
    media = await startMedia({ portMin: 20_500, portMax: 20_559 });
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

  const event = <Type extends PhoneEvent['type']>(type: Type, from: House = house) =>
    until(type, () => from.events.find((one): one is Extract<PhoneEvent, { type: Type }> => one.type === type));

  async function callIn(name: string, srtp: 'optional' | 'required') {
    const [customer, agent] = [voice('customer', folder), voice('agent', folder)];
    const desk = await DeskLine.make('line', encodeUlaw(agent.samples));
    closing.push(() => desk.close());
    const line = `ln_${name}` as LineId;
    desk.answered((await house.exchange.openLine({ agent: anna, line, offer: desk.offer })).answer);
    desk.prove();
    await event('line.proven');
    const phone = await Baresip.start({
      folder: join(folder, name),
      number: '0312345678',
      says: customer.telephone,
      srtp,
    });
    closing.push(() => phone.stop());
    await phone.dial({ number: '0120000001', host: '127.0.0.1', port: sipPort });
    const { leg } = await event('leg.arrived');
    const recording: RecordingId = mintId('rc', now(), randomBytes(10));
    house.exchange.carryOut({ type: 'join', customer: leg, agentLeg, agent: anna, recording });
    await event('leg.joined');
    return { phone, leg, recording, customer, agent, line };
  }
  function heardBy(phone: Baresip): Float32Array {
    return readWav(phone.heard()[0] ?? '').channels[0] ?? new Float32Array();
  }

  test.each(['optional', 'required'] as const)(
    '%s: both directions are what was said',
    async (srtp) => {
      house = await realExchange(media, sipPort, { trunk: { srtp: srtp === 'required' ? 'required' : 'optional' } });
      const { phone, recording, agent, leg } = await callIn(srtp, srtp);
      expect(await media.client.request({ type: 'keys-of', leg })).toMatchObject({ secure: true });
      await sleep(4_000);
      await phone.hangUp();
      const finished = await event('recording.finished');
      await phone.event('CALL_CLOSED');
      expect(finished.recording).toBe(recording);
      const [left] = readWav(finished.path).channels;
      const sent = readWav(phone.sent()[0] ?? '').channels[0] ?? new Float32Array();
      expect(find(cut(left!, 8_000, 0.3, 3.5), sent).coefficient).toBeGreaterThan(0.98);
      expect(find(cut(heardBy(phone), 8_000, 0.5, 3.5), agent.samples).coefficient).toBeGreaterThan(0.95);
      expect(house.complaints).toEqual([]);
      expect(media.log()).not.toContain('inline');
    },
    60_000,
  );

  test('a trunk that wants no encryption refuses what must be encrypted, and answers what need not be', async () => {
    house = await realExchange(media, sipPort, { trunk: { srtp: 'off' } });
    const says = voice('customer', folder).telephone;
    const strict = await Baresip.start({ folder: join(folder, 'strict'), number: '03', says, srtp: 'required' });
    closing.push(() => strict.stop());
    await strict.dial({ number: '0120000001', host: '127.0.0.1', port: sipPort });
    expect((await strict.event('CALL_CLOSED')).param).toContain('488');
    const { phone, leg } = await callIn('lenient', 'optional');
    expect(await media.client.request({ type: 'keys-of', leg })).toMatchObject({ secure: false });
    await sleep(1_500);
    await phone.hangUp();
    await phone.event('CALL_CLOSED');
    expect(find(cut(heardBy(phone), 8_000, 0.3, 1.3), voice('agent', folder).samples).coefficient).toBeGreaterThan(
      0.95,
    );
  }, 60_000);

  test('control is replaced in mid-talk: encrypted audio goes on, and so it does after a hold of the new one', async () => {
    house = await realExchange(media, sipPort);
    const before = house;
    const { phone, leg, recording, agent } = await callIn('replaced', 'required');
    const { token } = await event('leg.answered');
    await sleep(1_000);
    await before.exchange.leave();
    house = await realExchange(media, sipPort, { started: false, recordingsDir: before.recordingsDir });
    const talk = { agentLeg, agent: anna, joined: true, held: null };
    const taken = await house.exchange.restore([{ leg, token: token!, recording, talk, sound: null }]);
    expect(taken.get(leg)?.line).toMatchObject({ agent: anna });
    await sleep(1_500);
    // baresip's own hold and resume: two re-INVITEs that the new control answers, with the keys the media process kept.
    await phone.command('hold');
    await sleep(500);
    await phone.command('resume');
    await sleep(2_000);
    expect(await media.client.request({ type: 'keys-of', leg })).toMatchObject({ secure: true });
    await phone.hangUp();
    await phone.event('CALL_CLOSED');
    const heard = heardBy(phone);
    expect(find(cut(heard, 8_000, 0.4, 2.2), agent.samples).coefficient).toBeGreaterThan(0.95);
    const end = heard.length / 8_000;
    expect(find(cut(heard, 8_000, end - 1.5, end - 0.3), agent.samples).coefficient).toBeGreaterThan(0.95);
    expect(house.complaints).toEqual([]);
  }, 60_000);
});
