/** Calls between plain RTP and WebRTC, recorded as in the product: our media process between the generator and echoing peers. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { loadCore, program } from '../pinned.js';
import type { PeersEvent, PeersRequest } from '../programs/webrtc-peers.js';
import { toGenerator, type MediaRelay } from './media.js';

export interface RecordedCalls {
  /** Where each stream of the generator sends to; what it sends comes back to itself. */
  targets: number[];
  pid: number;
  /** Ends the calls. @returns the length of each recording, ms */
  close(): Promise<number[]>;
}

export async function openRecordedCalls(media: MediaRelay, count: number): Promise<RecordedCalls> {
  const child = spawn('taskset', ['-c', String(loadCore), process.execPath, program('webrtc-peers')], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const heard = new Map<string, (event: PeersEvent) => void>();
  child.on('message', (event: PeersEvent) => heard.get(`${event.type} ${event.leg}`)?.(event));
  const ask = (request: PeersRequest, answer: PeersEvent['type']) =>
    new Promise<PeersEvent>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ${answer} of ${request.leg}`)), 10_000);
      heard.set(`${answer} ${request.leg}`, (event) => {
        clearTimeout(timer);
        resolve(event);
      });
      child.send(request);
    });
  const targets: number[] = [];
  for (let stream = 0; stream < count; stream++) {
    const [phone, browser] = [`phone-${stream}`, `browser-${stream}`];
    const offered = await ask({ type: 'open', leg: browser }, 'offer');
    if (offered.type !== 'offer') throw new Error('no offer');
    const { client } = media;
    const { answer } = await client.request({
      type: 'open-webrtc',
      leg: browser,
      offer: offered.sdp,
      heartbeat: false,
    });
    await ask({ type: 'answer', leg: browser, sdp: answer }, 'opened');
    const { port } = await client.request({ type: 'open-rtp', leg: phone, remote: toGenerator(stream) });
    targets.push(port);
    const path = join(media.folder, `${stream}.wav`);
    await client.request({ type: 'record', recording: `rc-${stream}`, leg: phone, path });
    await client.request({ type: 'bridge', a: phone, b: browser });
  }
  return {
    targets,
    pid: child.pid ?? -1,
    async close() {
      const lengths: number[] = [];
      for (let stream = 0; stream < count; stream++) {
        const done = await media.client.request({ type: 'stop-record', recording: `rc-${stream}` });
        lengths.push(done?.durationMs ?? 0);
        await media.client.request({ type: 'close', leg: `phone-${stream}` });
        await media.client.request({ type: 'close', leg: `browser-${stream}` });
      }
      child.disconnect();
      return lengths;
    },
  };
}
