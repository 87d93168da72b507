/**
 * A telephone that nobody here wrote, through all that a caller does: over each transport, in the clear and encrypted, it calls,
 * hears, presses keys, holds and comes back, asks to be transferred, and is called. Telephones do not register with us (we are no
 * registrar): they call by address, as the demo's does.
 */
import { type AgentId, type LegId, type LineId, mintId, type PhoneEvent, type RecordingId } from '@denwaban/core';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { DeskLine } from '../../../telephony/src/carriers/testing/desk-line.js';
import { now, realExchange } from '../../../telephony/src/carriers/testing/real-exchange.js';
import { compile, startMedia, type RunningMedia } from '../../../telephony/src/media/testing/media-process.js';
import { createAutoAnswer, type AutoAnswer } from '../../../telephony/src/net/testing/auto-answer.js';
import { makeAuthority } from '../../../telephony/src/net/testing/certificates.js';
import { offerSdp } from '../../../telephony/src/sdp/index.js';
import { Baresip, type BaresipOptions } from '../peers/baresip.js';
import { cut, find } from '../peers/correlate.js';
import { missing, sleep, until } from '../peers/process.js';
import { voice } from '../peers/speech.js';
import { encodeUlaw, readWav } from '../peers/wav.js';

const absent = missing('baresip', 'espeak-ng', 'sox', 'openssl');
const anna = 'ag_anna' as AgentId;
const agentLeg = 'lg_agent' as LegId;
const sipPort = 6_198;
const tlsPort = 6_199;
const ways = [
  ['udp', 'none'],
  ['udp', 'required'],
  ['tcp', 'none'],
  ['tcp', 'required'],
  ['tls', 'none'],
  ['tls', 'required'],
] as const;

describe.skipIf(absent)(`baresip${absent ? ` (${absent})` : ''}`, () => {
  let media: RunningMedia;
  let folder: string;
  let authority: ReturnType<typeof makeAuthority>;
  const closing: (() => unknown)[] = [];

  beforeAll(async () => {
    compile();
    folder = mkdtempSync(join(tmpdir(), 'denwaban-baresip-'));
    authority = makeAuthority();
    const own = authority.sign(['IP:127.0.0.1']);
    writeFileSync(join(folder, 'ca.pem'), authority.cert);
    writeFileSync(join(folder, 'phone.pem'), own.cert + own.key);
    media = await startMedia({ portMin: 20_560, portMax: 20_598 });
  }, 90_000);
  afterAll(async () => {
    await media.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close();
  });

  const telephone = async (options: Omit<BaresipOptions, 'folder' | 'says' | 'number'>): Promise<Baresip> => {
    const says = voice('customer', folder).telephone;
    const phone = await Baresip.start({
      folder: mkdtempSync(join(folder, 'phone-')),
      number: '0312345678',
      says,
      ...options,
    });
    closing.push(() => phone.stop());
    return phone;
  };
  const heardBy = (phone: Baresip) => readWav(phone.heard()[0] ?? '').channels[0] ?? new Float32Array();

  test.each(ways)('calls in over %s, media encryption %s: all that a caller does', async (transport, srtp) => {
    const tls = { port: tlsPort, ...authority.sign(['IP:127.0.0.1']) };
    const house = await realExchange(media, sipPort, transport === 'tls' ? { tls } : {});
    closing.push(async () => {
      const left = await house.dispose();
      expect(left).toMatchObject({ legs: 0, lines: 0, recordings: 0, dialogs: 0, mediaLegs: 0 });
    });
    const event = <Type extends PhoneEvent['type']>(type: Type) =>
      until(type, () => house.events.find((one): one is Extract<PhoneEvent, { type: Type }> => one.type === type));
    const agent = voice('agent', folder);
    const desk = await DeskLine.make('line', encodeUlaw(agent.samples));
    closing.push(() => desk.close());
    const line = `ln_${transport}_${srtp}` as LineId;
    desk.answered((await house.exchange.openLine({ agent: anna, line, offer: desk.offer })).answer);
    desk.prove();
    await event('line.proven');

    const keys = { certificate: join(folder, 'phone.pem'), authorities: join(folder, 'ca.pem') };
    const phone = await telephone({
      transport,
      ...(transport === 'tls' ? { tls: keys } : {}),
      ...(srtp === 'none' ? {} : { srtp }),
    });
    const port = transport === 'tls' ? tlsPort : sipPort;
    await phone.dial({ number: '0120000001', host: '127.0.0.1', port });
    const { leg } = await event('leg.arrived');
    house.exchange.carryOut({ type: 'ring', leg });
    await phone.event('CALL_RINGING');
    const recording: RecordingId = mintId('rc', now(), randomBytes(10));
    house.exchange.carryOut({ type: 'join', customer: leg, agentLeg, agent: anna, recording });
    await event('leg.joined');
    await phone.event('CALL_ESTABLISHED');
    expect(await media.client.request({ type: 'keys-of', leg })).toMatchObject({ secure: srtp !== 'none' });
    await sleep(2_500);

    // Keys, both ways: each once and in order.
    for (const digit of '19#') {
      await phone.digit(digit);
      await sleep(250);
    }
    await until('three digits', () => house.events.filter(({ type }) => type === 'leg.dtmf').length === 3);
    expect(house.events.flatMap((one) => (one.type === 'leg.dtmf' ? [one.digit] : []))).toEqual(['1', '9', '#']);
    house.exchange.carryOut({ type: 'dtmf', leg, digits: '42' });
    await until(
      'two digits at the telephone',
      () => phone.events.filter(({ type }) => type === 'CALL_DTMF_END').length === 2,
    );
    const pressed = phone.events.filter(({ type }) => type === 'CALL_DTMF_START').map(({ param }) => param);
    expect(pressed).toEqual(['4', '2']);

    // Its own hold and resume: two re-INVITEs, and audio is back.
    await phone.command('hold');
    await sleep(700);
    await phone.command('resume');
    await sleep(2_500);
    // Nobody here takes a transfer on. Told 403, this telephone ends its call by itself.
    await phone.command('transfer', `sip:0120000002@127.0.0.1:${port}`);
    expect((await phone.event('TRANSFER_FAILED')).param).toContain('403');
    expect((await event('leg.ended')).cause).toBe('hung-up');
    const finished = await event('recording.finished');

    const heard = heardBy(phone);
    const end = heard.length / 8_000;
    expect(find(cut(heard, 8_000, 0.5, 2.3), agent.samples).coefficient, 'heard').toBeGreaterThan(0.95);
    expect(find(cut(heard, 8_000, end - 1.5, end - 0.3), agent.samples).coefficient, 'heard again').toBeGreaterThan(
      0.95,
    );
    const [left] = readWav(finished.path).channels;
    const sent = readWav(phone.sent()[0] ?? '').channels[0] ?? new Float32Array();
    expect(find(cut(left!, 8_000, 0.3, 2.3), sent).coefficient, 'was heard').toBeGreaterThan(0.95);
    expect(house.events.filter(({ type }) => type === 'leg.arrived')).toHaveLength(1);
    expect(house.complaints).toEqual([]);
  });

  describe('is called', () => {
    let far: AutoAnswer;
    const ours = { address: '127.0.0.1', port: 20_598, sessionId: '1', version: 1 };

    test.each(['udp', 'tcp'] as const)(
      'over %s: rings, answers, hangs up; and is hung up on while it rings',
      async (transport) => {
        far = createAutoAnswer({ port: sipPort });
        await far.endpoint.start();
        closing.push(() => far.endpoint.stop(1_000));
        const told: string[] = [];
        const call = (phone: Baresip) =>
          far.endpoint.call(
            {
              trunk: 'test',
              hops: [{ transport, address: '127.0.0.1', port: phone.sipPort, connection: null }],
              credentials: null,
              to: `sip:0312345678@127.0.0.1:${phone.sipPort};transport=${transport}`,
              from: 'sip:0120000001@127.0.0.1',
              displayName: '電話番',
              identity: null,
              withheld: false,
              offer: offerSdp(ours),
              ringMsMax: 10_000,
            },
            {
              onProgress: (status) => void told.push(String(status)),
              onAnswered: (answer) => void told.push(`answered ${answer.codecs.join()}`),
              onEnded: (cause) => void told.push(cause),
              onReoffer: () => null,
              onDigit: () => undefined,
            },
          );
        const answers = await telephone({ transport, answers: true });
        call(answers);
        await answers.event('CALL_ESTABLISHED');
        await until('answered', () => told.some((word) => word.startsWith('answered')));
        await answers.hangUp();
        await until('the end', () => told.includes('hung-up'));
        expect(told.filter((word) => !/^1\d\d$/.test(word))).toEqual(['answered PCMU', 'hung-up']);

        told.length = 0;
        const rings = await telephone({ transport });
        const placed = call(rings);
        await rings.event('CALL_INCOMING');
        await until('ringing', () => told.includes('180'));
        placed.hangUp('nobody waits any more');
        await rings.event('CALL_CLOSED');
        await until('the end', () => told.includes('cancelled'));
        await until('no dialog is left', () => far.endpoint.counts.dialogs === 0);
        expect(far.complaints).toEqual([]);
      },
    );
  });
});
