/** The trunks of an installation: `trunks.json` in the data folder, or the demo's own when there is none. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { TrunkId } from '@denwaban/core';
import { loopbackAddresses, type Trunk } from '@denwaban/telephony';
import { z } from 'zod';
import { StartError } from './store/start-error.js';

const trunkFile = z.array(
  z.strictObject({
    id: z.string().regex(/^tk_[0-9a-z_-]{1,36}$/, 'an id begins with tk_, then small letters, digits, - and _'),
    name: z.string().min(1).max(100),
    inbound: z.strictObject({ addresses: z.array(z.string().max(64)).min(1) }),
  }),
);

const demoTrunk: Trunk = {
  id: 'tk_demo' as TrunkId,
  name: 'Demo: any telephone on this machine',
  inbound: { addresses: loopbackAddresses },
};

/** @throws StartError `bad-trunks` when the file is there and cannot be used */
export async function readTrunks(dataDir: string, demo: boolean): Promise<Trunk[]> {
  const file = path.join(dataDir, 'trunks.json');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return demo ? [demoTrunk] : [];
    throw new StartError('bad-trunks', `${file} cannot be read. Mend its permissions or remove it.`, { cause: error });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new StartError('bad-trunks', `${file} is no JSON. Correct it or remove it.`, { cause: error });
  }
  const parsed = trunkFile.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new StartError(
      'bad-trunks',
      `${file}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}. Correct it.`,
    );
  }
  return [...parsed.data.map((one) => ({ ...one, id: one.id as TrunkId })), ...(demo ? [demoTrunk] : [])];
}
