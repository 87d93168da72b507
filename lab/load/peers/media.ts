/** Our media process, as the product starts it, alone on the tested core. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectMedia } from '../../../telephony/src/media/client.js';
import type { MediaClient } from '../../../telephony/src/media/contract.js';
import type { MediaEvent, RtpRemote } from '../../../telephony/src/media/protocol.js';
import { generatorPort } from '../generator.js';
import { pinned, program, testedCore } from '../pinned.js';
import type { Relay } from './rtpengine.js';

export interface MediaRelay extends Relay {
  client: MediaClient;
  folder: string;
}

export const toGenerator = (stream: number): RtpRemote => ({
  address: '127.0.0.1',
  port: generatorPort + 2 * stream,
  codec: 'PCMU',
  dtmfPayloadType: null,
  ptimeMs: 20,
  direction: 'sendrecv',
});

/** @param nodeOptions of the process, for a profile: `--cpu-prof` */
export async function startMediaRelay(nodeOptions: readonly string[] = []): Promise<MediaRelay> {
  const folder = mkdtempSync(join(tmpdir(), 'denwaban-bench-'));
  const settings = {
    socket: join(folder, 'media.sock'),
    bindAddress: '127.0.0.1',
    publicAddress: '127.0.0.1',
    portMin: 14_000,
    portMax: 19_999,
    soundsFolder: null,
    orphanMs: 60_000,
  };
  const running = pinned(testedCore, process.execPath, [...nodeOptions, program('media'), JSON.stringify(settings)]);
  const client = connectMedia(settings.socket, () => undefined);
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`the media process does not come up:\n${running.log()}`)), 10_000);
    client.onReady(() => {
      clearTimeout(late);
      resolve();
    });
  });
  const lost: MediaEvent[] = [];
  client.onEvent((event) => event.type === 'leg-lost' && lost.push(event));
  const targets: number[] = [];
  const open = async (stream: number) =>
    (await client.request({ type: 'open-rtp', leg: `l${stream}`, remote: toGenerator(stream) })).port;
  return {
    name: 'denwaban',
    pid: running.pid,
    client,
    folder,
    trouble: () => `${running.log()}${JSON.stringify(lost.slice(0, 3))} ${lost.length} lost`,
    async calls(count) {
      const missing = Array.from({ length: Math.max(0, count * 2 - targets.length) }, (_, i) => targets.length + i);
      targets.push(...(await Promise.all(missing.map(open))));
      const pairs = missing.filter((stream) => stream % 2 === 0);
      await Promise.all(
        pairs.map((stream) => client.request({ type: 'bridge', a: `l${stream}`, b: `l${stream + 1}` })),
      );
      return targets.slice(0, count * 2);
    },
    async stop() {
      client.close();
      await running.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
