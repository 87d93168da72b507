/** The peers proven against each other, so that a failing proof points at the system and not at its examiners. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Baresip } from '../peers/baresip.js';
import { cut, find, rms } from '../peers/correlate.js';
import { freePorts } from '../peers/ports.js';
import { missing, run, sleep } from '../peers/process.js';
import { voice } from '../peers/speech.js';
import { readWav } from '../peers/wav.js';

const absent = missing('baresip', 'espeak-ng', 'sox', 'sipp');

describe.skipIf(absent)(`telephones${absent ? ` (${absent})` : ''}`, () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'denwaban-peers-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(['udp', 'tcp'] as const)(
    'two baresips over %s: each hears what the other says',
    async (transport) => {
      const [customer, agent] = [voice('customer', folder), voice('agent', folder)];
      const at = join(folder, transport);
      const caller = await Baresip.start({
        folder: join(at, 'a'),
        number: '+819011112222',
        says: customer.telephone,
        transport,
      });
      const called = await Baresip.start({
        folder: join(at, 'b'),
        number: '+81312345678',
        says: agent.telephone,
        transport,
        answers: true,
      });
      try {
        await caller.dial({ number: '+81312345678', host: '127.0.0.1', port: called.sipPort });
        await caller.event('CALL_ESTABLISHED');
        await sleep(4000);
        await caller.hangUp();
        await caller.event('CALL_CLOSED');
        await called.event('CALL_CLOSED');
      } finally {
        await caller.stop();
        await called.stop();
      }
      const heard = readWav(caller.heard()[0]!).channels[0]!;
      expect(rms(heard)).toBeGreaterThan(0.02);
      expect(find(cut(heard, 8000, 1, 3.5), agent.samples).coefficient).toBeGreaterThan(0.95);
      expect(find(cut(heard, 8000, 1, 3.5), customer.samples).coefficient).toBeLessThan(0.4);
      const heardByCalled = readWav(called.heard()[0]!).channels[0]!;
      expect(find(cut(heardByCalled, 8000, 1, 3.5), customer.samples).coefficient).toBeGreaterThan(0.95);
      const sent = readWav(caller.sent()[0]!).channels[0]!;
      expect(find(cut(sent, 8000, 0, 3), customer.samples)).toMatchObject({ at: 0 });
    },
    30_000,
  );

  test('baresip against sipp’s echo hears itself', async () => {
    const customer = voice('customer', folder);
    const port = await freePorts('sip');
    const media = await freePorts('rtp', 4);
    const where = `-i 127.0.0.1 -p ${port} -mi 127.0.0.1 -mp ${media}`;
    const sipp = run('sipp', `-sn uas ${where} -rtp_echo -nostdin -m 1`.split(' '));
    const caller = await Baresip.start({
      folder: join(folder, 'c'),
      number: '+819011112222',
      says: customer.telephone,
    });
    try {
      await caller.dial({ number: 'echo', host: '127.0.0.1', port });
      const established = await caller.event('CALL_ESTABLISHED');
      expect(established.at).toBeGreaterThanOrEqual((await caller.event('CALL_RINGING')).at);
      await sleep(3000);
      await caller.hangUp();
      await caller.event('CALL_CLOSED');
    } finally {
      await caller.stop();
      await sipp.stop(500);
    }
    const heard = readWav(caller.heard()[0]!).channels[0]!;
    expect(find(cut(heard, 8000, 0.5, 2.5), customer.samples).coefficient).toBeGreaterThan(0.95);
  }, 30_000);
});
