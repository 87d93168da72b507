/** A fax machine calls: its tone comes by a telephone that nobody here wrote, through the whole house. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missing, until } from '../peers/process.js';
import { missingStage, stage } from './stage.js';

const absent = missingStage() ?? missing('sox');

describe.skipIf(absent)(`a fax machine${absent ? ` (${absent})` : ''}`, () => {
  const on = stage();
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'denwaban-fax-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** CNG (T.30 §4.2.3.2.1): 1100 Hz for half a second, every three and a half. */
  function cng(): string {
    const path = join(folder, 'cng.wav');
    const shape = ['synth', '0.5', 'sine', '1100', 'gain', '-12', 'pad', '0.8', '3'];
    execFileSync('sox', ['-n', '-r', '8000', '-c', '1', '-b', '16', path, ...shape, 'repeat', '4']);
    return path;
  }

  test('[CNV18] its tone is heard while it waits, written down once, and a voice is none', async () => {
    const { system, voices, admin } = on;
    const call = async (says: string, number: string) => {
      const begun = Date.now();
      const phone = await on.telephone({ number, says });
      await phone.dial(on.companyNumber());
      await phone.event('CALL_ESTABLISHED');
      const find = async () => (await admin.conversations(begun - 50))[0];
      return { phone, begun, find };
    };
    const machine = await call(cng(), '0399990001');
    const heard = await until(
      'the tone is written down',
      async () => {
        const one = await machine.find();
        const detail = one === undefined ? null : await admin.conversation(one.id);
        return detail?.fax === true ? detail : null;
      },
      { withinMs: 10_000, everyMs: 200 },
    );
    expect(heard.status).not.toBe('closed');
    await machine.phone.hangUp();
    expect(await on.onlyConversation(machine.begun)).toMatchObject({ fax: true, end: 'abandoned' });
    expect(system.log().match(/media: a fax machine/g)).toHaveLength(1);

    const person = await call(voices.customer.telephone, '0399990002');
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    await person.phone.hangUp();
    expect(await on.onlyConversation(person.begun)).toMatchObject({ fax: false });
  });
});
