/** Agents call a telephone that nobody here wrote, over TCP, TLS and with encrypted audio, and what everybody heard is listened to. */
import { mintId, type RecordingId } from '@denwaban/core';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { now } from '../../../telephony/src/carriers/testing/real-exchange.js';
import { makeAuthority } from '../../../telephony/src/net/testing/certificates.js';
import { Baresip, type BaresipOptions } from '../peers/baresip.js';
import { cut, find } from '../peers/correlate.js';
import { freePorts } from '../peers/ports.js';
import { missing, sleep } from '../peers/process.js';
import { voice, type Voice } from '../peers/speech.js';
import { encodeUlaw, readWav } from '../peers/wav.js';
import { carrierStage } from './carrier-stage.js';

const absent = missing('baresip', 'espeak-ng', 'sox', 'openssl');
const national = { countryCode: '81', internationalPrefix: '010' };

describe.skipIf(absent)(`agents call baresip${absent ? ` (${absent})` : ''}`, () => {
  const on = carrierStage(21_400);
  let voices: { customer: Voice; agent: Voice };
  let authority: ReturnType<typeof makeAuthority>;

  beforeAll(() => {
    voices = { customer: voice('customer', on.folder), agent: voice('agent', on.folder) };
    authority = makeAuthority();
    writeFileSync(join(on.folder, 'ca.pem'), authority.cert);
    const own = authority.sign(['IP:127.0.0.1']);
    writeFileSync(join(on.folder, 'phone.pem'), own.cert + own.key);
  });

  /** A telephone, its trunk, and the exchange with that trunk. */
  async function reachable(transport: 'udp' | 'tcp' | 'tls', srtp: 'off' | 'optional' | 'required', phoneSrtp = srtp) {
    const port = await freePorts('sip', 2); // baresip takes the next one for TLS
    const options: BaresipOptions = {
      ...{ folder: join(on.folder, `${transport}-${srtp}`), sipPort: port, transport, says: voices.customer.telephone },
      number: '0398765432', // as the trunk writes it: called by any other form it says 404
      ...(phoneSrtp === 'off' ? {} : { srtp: phoneSrtp }),
      ...(transport === 'tls'
        ? { tls: { certificate: join(on.folder, 'phone.pem'), authorities: join(on.folder, 'ca.pem') } }
        : {}),
    };
    const phone = await Baresip.start(options);
    on.closing(() => phone.stop());
    const server = { host: '127.0.0.1', port: transport === 'tls' ? port + 1 : port, transport };
    const outbound = { server, callerId: '+81312345678', numberFormat: national };
    const trunk = on.trunk('tk_phone', port, outbound, { srtp, tls: { ca: authority.cert, verify: true } });
    const ours =
      transport === 'tls' ? { port: await freePorts('sip'), ...authority.sign(['IP:127.0.0.1']) } : undefined;
    await on.open([trunk], ours);
    return phone;
  }

  test.each([
    ['tcp', 'off', false],
    ['tls', 'off', false],
    ['tls', 'required', true],
    ['tls', 'optional', true],
    ['udp', 'required', true],
  ] as const)(
    'over %s, SRTP %s: both hear each other and both are on record',
    async (transport, srtp, secure) => {
      const phone = await reachable(transport, srtp);
      const call = await on.place('+81398765432', null, encodeUlaw(voices.agent.samples));
      const incoming = await phone.event('CALL_INCOMING');
      await call.event('leg.ringing');
      await phone.answer();
      const recording: RecordingId = mintId('rc', now(), randomBytes(10));
      await call.join(recording);
      expect(await on.media.client.request({ type: 'keys-of', leg: call.leg })).toMatchObject({ secure });
      await sleep(4_500);
      call.hangUp();
      await phone.event('CALL_CLOSED');
      const finished = await call.event('recording.finished');
      await phone.stop();
      const [left, right] = readWav(finished.path).channels;
      const said = readWav(phone.sent()[0] ?? '').channels[0]!;
      const heard = readWav(phone.heard()[0] ?? '').channels[0]!;
      const alike = {
        left: find(cut(left!, 8_000, 0.5, 4), said).coefficient,
        right: find(cut(right!, 8_000, 0.5, 4), voices.agent.samples).coefficient,
        heard: find(cut(heard, 8_000, 0.5, 4), voices.agent.samples).coefficient,
        heardBack: find(call.desk.sound(), said).coefficient,
      };
      process.stdout.write(`${transport}, SRTP ${srtp}: ${JSON.stringify(alike)} (${incoming.param})\n`);
      expect(alike.left).toBeGreaterThan(0.98);
      expect(alike.right).toBeGreaterThan(0.98);
      expect(alike.heard).toBeGreaterThan(0.95);
      expect(alike.heardBack).toBeGreaterThan(0.95);
      expect(find(cut(left!, 8_000, 0.5, 4), voices.agent.samples).coefficient).toBeLessThan(0.3);
      expect(on.complaints).toEqual([]);
      expect(on.media.log()).not.toContain('inline');
    },
    60_000,
  );

  test('a telephone that encrypts nothing is not called by a trunk that must', async () => {
    const phone = await reachable('udp', 'required', 'off');
    const call = await on.place('+81398765432');
    expect(await call.event('leg.ended')).toMatchObject({ cause: 'unreachable' });
    expect(phone.has('CALL_ESTABLISHED')).toBe(false);
  });

  test('a telephone that encrypts nothing is talked to in the clear by a trunk that may', async () => {
    const phone = await reachable('tls', 'optional', 'off');
    const call = await on.place('+81398765432');
    await phone.event('CALL_INCOMING');
    await phone.answer();
    await call.join();
    await call.hears('sound');
    expect(await on.media.client.request({ type: 'keys-of', leg: call.leg })).toMatchObject({ secure: false });
    call.hangUp();
    await phone.event('CALL_CLOSED');
  });

  test('it hangs up over TLS, on the connection that we made', async () => {
    const phone = await reachable('tls', 'optional');
    const call = await on.place('+81398765432');
    await phone.event('CALL_INCOMING');
    await phone.answer();
    await call.join();
    await phone.hangUp();
    expect(await call.event('leg.ended')).toMatchObject({ cause: 'hung-up' });
  });

  test('it holds and resumes, encrypted over TLS: the agent hears silence, and then them again', async () => {
    const phone = await reachable('tls', 'required');
    const call = await on.place('+81398765432');
    await phone.event('CALL_INCOMING');
    await phone.answer();
    await call.join();
    await call.hears('sound');
    await phone.command('hold');
    await call.hears('silence');
    expect(new Set(await call.listensFor(2_000))).toEqual(new Set(['silence']));
    await phone.command('resume');
    await call.hears('sound');
    call.hangUp();
    await phone.event('CALL_CLOSED');
  });
});
