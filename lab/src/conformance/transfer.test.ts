/**
 * A customer's telephone hands the call on by itself: whoever it names is called by the same trunk and takes its place. The agent
 * talks on, it stays one conversation, and the recording has both voices, one after the other.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Baresip } from '../peers/baresip.js';
import { cut, find, rms } from '../peers/correlate.js';
import { Denwaban } from '../peers/denwaban.js';
import { HeadlessDesk } from '../peers/headless-desk.js';
import { missing, sleep, until } from '../peers/process.js';
import { voice } from '../peers/speech.js';
import { parseWav, readWav } from '../peers/wav.js';

const absent = missing('baresip', 'espeak-ng', 'sox');

describe.skipIf(absent)(`a call that is handed on${absent ? ` (${absent})` : ''}`, () => {
  let folder: string;
  const closing: (() => unknown)[] = [];
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'denwaban-transfer-'))));
  afterAll(async () => {
    for (const close of closing.toReversed()) await close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('[MOV2] the agent goes on with whoever the customer’s telephone transferred the call to, and so does the next control process', async () => {
    const telephone = async (who: 'customer' | 'agent', number: string, answers: boolean) => {
      const says = voice(who, folder).telephone;
      const phone = await Baresip.start({ folder: join(folder, number), number, says, answers });
      closing.push(() => phone.stop());
      return phone;
    };
    const colleague = await telephone('agent', '0398760002', true);
    const system = await Denwaban.start({
      trunks: [
        {
          id: 'tk_lab',
          name: 'The telephones of this test',
          inbound: { addresses: ['127.0.0.1'] },
          outbound: { host: '127.0.0.1', port: colleague.sipPort, transport: 'udp' },
          transfers: true,
        },
      ],
    });
    closing.push(() => system.remove());
    const admin = await system.admin();
    const agent = system.demo.people.find(({ role }) => role === 'agent')!;
    const desk = await HeadlessDesk.open(await system.signIn(agent.email), { accepts: true });
    closing.push(() => desk.close());
    await desk.goAvailable();

    const customer = await telephone('customer', '0398760001', false);
    const begun = Date.now();
    await customer.dial({ ...system.demo.sip, number: system.demo.numbers[0]! });
    await customer.event('CALL_ESTABLISHED');
    const { call } = await desk.reaches((state) => state.call?.state === 'talking', 'talks');
    await sleep(3000);
    await customer.command('transfer', `sip:0398760002@127.0.0.1:${colleague.sipPort}`);
    await colleague.event('CALL_ESTABLISHED');
    await customer.event('CALL_CLOSED');
    await sleep(4000);
    expect(desk.state?.call).toMatchObject({ state: 'talking', caller: { conversation: call!.caller.conversation } });
    const packets = desk.heard.packets;
    await sleep(500);
    expect(desk.heard.packets - packets, 'packets heard in half a second').toBeGreaterThan(15);

    // Where the call stands now has to be known to the next process, too: it ends it there.
    const control = system.pidOf('control');
    system.kill('control');
    await until('a new control process', () => (system.pidOf('control') ?? control) !== control, { withinMs: 10_000 });
    await system.ready();
    const next = await HeadlessDesk.open(await system.signIn(agent.email));
    closing.push(() => next.close());
    next.openLine();
    await next.reaches((state) => state.line === 'proven' && state.call?.state === 'talking', 'talks again');
    await sleep(3500);
    next.hangUp();
    await colleague.event('CALL_CLOSED');
    await next.reaches((state) => state.wrapUp !== null, 'wraps up');
    next.saveWrapUp();

    const conversations = await until('the conversation closed', async () => {
      const all = await admin.conversations(begun - 50);
      return all.every(({ status }) => status === 'closed') ? all : null;
    });
    expect(conversations).toHaveLength(1);
    const { id } = conversations[0]!;
    await until('the recording finished', async () => (await admin.conversation(id)).recording?.finished);
    const [left, right] = parseWav(await admin.recording(id)).channels;
    const end = left!.length / 8_000;
    const before = find(cut(left!, 8_000, 0.5, 2.5), readWav(customer.sent()[0]!).channels[0]!);
    const after = find(cut(left!, 8_000, end - 2.5, end - 0.5), readWav(colleague.sent()[0]!).channels[0]!);
    process.stdout.write(
      `left: the customer ${before.coefficient.toFixed(3)}, then who took the place ${after.coefficient.toFixed(3)}\n`,
    );
    expect(before.coefficient).toBeGreaterThan(0.9);
    expect(after.coefficient).toBeGreaterThan(0.9);
    expect(rms(cut(right!, 8_000, end - 2, end - 0.5))).toBeGreaterThan(0);
  });
});
