/** Audio of telephones nobody here wrote: sipp's streams and keys, and baresip that packs 30 ms. */
import { type AgentId, type LegId, mintId, type PhoneEvent, type RecordingId } from '@denwaban/core';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { DeskLine } from '../../../telephony/src/carriers/testing/desk-line.js';
import { now, realExchange } from '../../../telephony/src/carriers/testing/real-exchange.js';
import { compile, startMedia, type RunningMedia } from '../../../telephony/src/media/testing/media-process.js';
import { transcode } from '../../../telephony/src/rtp/index.js';
import { Baresip } from '../peers/baresip.js';
import { cut, find } from '../peers/correlate.js';
import { missing, sleep, until } from '../peers/process.js';
import { voice } from '../peers/speech.js';
import { encodeUlaw, readWav } from '../peers/wav.js';
import { mediaScenario, type MediaCall } from './sipp-media-scenario.js';
import { runSipp } from './sipp.js';

const absent = missing('baresip', 'sipp', 'espeak-ng', 'sox');
const pcaps = '/usr/share/sip-tester';
const anna = 'ag_anna' as AgentId;
const agentLeg = 'lg_agent' as LegId;
const ports = { sip: 6_200, sipp: 6_210, rtp: 20_420 };
type House = Awaited<ReturnType<typeof realExchange>>;

describe.skipIf(absent)(`audio of telephones${absent ? ` (${absent})` : ''}`, () => {
  let media: RunningMedia;
  let folder: string;
  let house: House;
  const closing: (() => unknown)[] = [];

  beforeAll(async () => {
    compile();
    folder = mkdtempSync(join(tmpdir(), 'denwaban-sipp-media-'));
    media = await startMedia({ portMin: 20_360, portMax: 20_409 });
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

  const all = <Type extends PhoneEvent['type']>(type: Type) =>
    house.events.filter((one): one is Extract<PhoneEvent, { type: Type }> => one.type === type);
  const event = <Type extends PhoneEvent['type']>(type: Type) => until(type, () => all(type)[0]);

  /** Whoever calls is joined with an agent who says one thing, and recorded. */
  async function answering(): Promise<Float32Array> {
    const agent = voice('agent', folder);
    const desk = await DeskLine.make('line', encodeUlaw(agent.samples));
    closing.push(() => desk.close());
    const line = mintId('ln', now(), randomBytes(10));
    desk.answered((await house.exchange.openLine({ agent: anna, line, offer: desk.offer })).answer);
    desk.prove();
    await event('line.proven');
    house.exchange.listen((news) => {
      if (news.type !== 'leg.arrived') return;
      const recording: RecordingId = mintId('rc', now(), randomBytes(10));
      house.exchange.carryOut({ type: 'join', customer: news.leg, agentLeg, agent: anna, recording });
    });
    return agent.samples;
  }
  async function sipp(name: string, call: MediaCall, more: string[] = []): Promise<void> {
    const scenario = mediaScenario(folder, name, call);
    const address = more.includes('::1') ? '[::1]' : '127.0.0.1';
    const own = more.includes('-i') ? [] : ['-i', '127.0.0.1'];
    const args = [`${address}:${ports.sip}`, '-sf', scenario, '-s', '0120', '-m', '1', '-p', String(ports.sipp)];
    const result = await runSipp([...args, ...own, ...more, '-mp', String(ports.rtp)], {
      cwd: folder,
      timeoutMs: 30_000,
    });
    expect(result, result.output).toMatchObject({ code: 0, successful: 1, failed: 0 });
  }

  test.each([
    ['PCMU', '0', 'ul'],
    ['PCMA', '8', 'al'],
  ])(
    'a stream of sipp in %s is recorded as it was',
    async (law, format, ending) => {
      house = await realExchange(media, ports.sip);
      await answering();
      const said = voice('customer', folder).samples;
      const bytes = encodeUlaw(said);
      if (law === 'PCMA') transcode(bytes, 'PCMU');
      const file = join(folder, `customer.${ending}`);
      writeFileSync(file, bytes);
      await sipp(`stream-${law}`, {
        formats: `${format} 101`,
        port: '[rtpstream_audio_port]',
        steps: [{ exec: `rtp_stream="${file},1,${format}"`, thenMs: 4_000 }],
      });
      const { path } = await event('recording.finished');
      const [left] = readWav(path).channels;
      expect(find(cut(left!, 8_000, 0.5, 3.5), said).coefficient).toBeGreaterThan(0.98);
      expect(all('line.measured').filter(({ final, agent }) => final && agent === null)).toMatchObject([
        { mean: { from: { lostPercent: 0 } } },
      ]);
    },
    60_000,
  );

  test('keys of sipp, played from captures, arrive in order and each once', async () => {
    house = await realExchange(media, ports.sip);
    await answering();
    const keys = ['1', '5', '9', 'star', '0', 'pound', '0'];
    await sipp('keys', {
      formats: '8 0 101',
      port: '[media_port]',
      steps: [
        { exec: `play_pcap_audio="${pcaps}/g711a.pcap"`, thenMs: 1_000 },
        ...keys.map((key) => ({ exec: `play_pcap_audio="${pcaps}/dtmf_2833_${key}.pcap"`, thenMs: 700 })),
      ],
    });
    expect(
      all('leg.dtmf')
        .map(({ digit }) => digit)
        .join(''),
    ).toBe('159*0#0');
  }, 60_000);

  test('a caller who wants 30 ms is answered so, hears music and people in whole, and is heard', async () => {
    house = await realExchange(media, ports.sip);
    const agent = await answering();
    const customer = voice('customer', folder);
    const phone = await Baresip.start({
      folder: join(folder, 'thirty'),
      number: '0312345678',
      says: customer.telephone,
      ptimeMs: 30,
    });
    closing.push(() => phone.stop());
    await phone.dial({ number: '0120', host: '127.0.0.1', port: ports.sip });
    await event('leg.joined');
    await sleep(3_500);
    await phone.hangUp();
    await phone.event('CALL_CLOSED');
    const { path } = await event('recording.finished');
    const [left] = readWav(path).channels;
    const sent = readWav(phone.sent()[0] ?? '').channels[0]!;
    const heard = readWav(phone.heard()[0] ?? '').channels[0]!;
    expect(find(cut(left!, 8_000, 0.5, 3), sent).coefficient).toBeGreaterThan(0.98);
    expect(find(cut(heard, 8_000, 0.5, 3), agent).coefficient).toBeGreaterThan(0.95);
  }, 60_000);

  test('our answer to 30 ms says 30 ms, and no more than 60 to anybody', async () => {
    house = await realExchange(media, ports.sip);
    house.exchange.listen((news) => {
      if (news.type === 'leg.arrived') house.exchange.carryOut({ type: 'answer', leg: news.leg });
    });
    const quiet = { formats: '0', port: '[media_port]' as const, steps: [] };
    await sipp('ptime-30', { ...quiet, sdp: ['a=ptime:30'], answer: /a=ptime:30/ });
    await sipp('ptime-200', { ...quiet, sdp: ['a=ptime:200'], answer: /a=ptime:60/ });
  }, 60_000);
});

describe.skipIf(absent)(`audio over IPv6${absent ? ` (${absent})` : ''}`, () => {
  test('a call of sipp from ::1 is answered with an IPv6 address, and its audio arrives', async () => {
    compile();
    const folder = mkdtempSync(join(tmpdir(), 'denwaban-sipp-media-'));
    const media = await startMedia({ portMin: 20_360, portMax: 20_409 }, { bindAddress: '::1', publicAddress: '::1' });
    const house = await realExchange(media, ports.sip, { host: '::1' });
    try {
      house.exchange.listen((news) => {
        if (news.type === 'leg.arrived') house.exchange.carryOut({ type: 'answer', leg: news.leg });
      });
      const file = join(folder, 'tone.ul');
      writeFileSync(file, encodeUlaw(Float32Array.from({ length: 8_000 }, (_, i) => Math.sin(i / 3) / 3)));
      const scenario = mediaScenario(folder, 'ipv6', {
        formats: '0',
        port: '[rtpstream_audio_port]',
        steps: [{ exec: `rtp_stream="${file},-1,0"`, thenMs: 1_500 }],
        answer: /c=IN IP6 ::1/,
      });
      const args = [`[::1]:${ports.sip}`, '-sf', scenario, '-s', '0120', '-m', '1', '-i', '::1', '-mi', '::1'];
      const result = await runSipp([...args, '-p', String(ports.sipp), '-mp', String(ports.rtp)], {
        cwd: folder,
        timeoutMs: 30_000,
      });
      expect(result, result.output).toMatchObject({ code: 0, successful: 1, failed: 0 });
      expect(media.events.filter(({ type }) => type === 'leg-connected')).toHaveLength(1);
    } finally {
      await house.dispose();
      await media.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  }, 60_000);
});
