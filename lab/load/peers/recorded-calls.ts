/** Calls between plain RTP and an encrypted leg, recorded as in the product: our media process between the generator and echoing peers. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { loadCore, program } from '../pinned.js';
import type { PeersEvent, PeersRequest } from '../programs/echo-peers.js';
import { toGenerator, type MediaRelay } from './media.js';

export interface RecordedCalls {
  /** Where each stream of the generator sends to; what it sends comes back to itself. */
  targets: number[];
  pid: number;
  /** Ends the calls. @returns the length of each recording, ms */
  close(): Promise<number[]>;
}

const suite = 'AES_CM_128_HMAC_SHA1_80';

/** @param far how the far end is encrypted: a browser's DTLS-SRTP, or a trunk's SRTP with keys from the SDP */
export async function openRecordedCalls(
  media: MediaRelay,
  count: number,
  far: 'webrtc' | 'srtp' = 'webrtc',
): Promise<RecordedCalls> {
  const child = spawn('taskset', ['-c', String(loadCore), process.execPath, program('echo-peers')], {
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
  const { client } = media;
  async function openWebRtc(leg: string): Promise<void> {
    const offered = await ask({ type: 'open', leg }, 'offer');
    if (offered.type !== 'offer') throw new Error('no offer');
    const { answer } = await client.request({ type: 'open-webrtc', leg, offer: offered.sdp, heartbeat: false });
    await ask({ type: 'answer', leg, sdp: answer }, 'opened');
  }
  async function openSrtp(leg: string): Promise<void> {
    const { port, keys } = await client.request({ type: 'open-rtp', leg, remote: null });
    const bound = await ask({ type: 'srtp', leg, to: port, theirs: { suite, key: keys[suite] } }, 'bound');
    if (bound.type !== 'bound') throw new Error('no port');
    const remote = { ...toGenerator(0), port: bound.port, srtp: bound.key, rtcp: null };
    await client.request({ type: 'aim-rtp', leg, remote });
  }
  const targets: number[] = [];
  for (let stream = 0; stream < count; stream++) {
    const [phone, other] = [`phone-${stream}`, `far-${stream}`];
    await (far === 'webrtc' ? openWebRtc(other) : openSrtp(other));
    const { port } = await client.request({ type: 'open-rtp', leg: phone, remote: toGenerator(stream) });
    targets.push(port);
    const path = join(media.folder, `${stream}.wav`);
    await client.request({ type: 'record', recording: `rc-${stream}`, leg: phone, path });
    await client.request({ type: 'bridge', a: phone, b: other });
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
        await media.client.request({ type: 'close', leg: `far-${stream}` });
      }
      child.disconnect();
      return lengths;
    },
  };
}
