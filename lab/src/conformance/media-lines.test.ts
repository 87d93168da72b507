/** Many lines come and go at the media process, from libdatachannel clients, by our own stack and by theirs: nothing of them may stay. */
import { readdirSync, readFileSync } from 'node:fs';
import ndc from 'node-datachannel';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compile, startMedia, type RunningMedia } from '../../../telephony/src/media/testing/media-process.js';
import { until } from '../peers/process.js';

let media: RunningMedia;

interface Client {
  close(): void;
  beats: number;
  heard: number;
  send(packet: Buffer): void;
  sdp: string;
}

/** Opens a line as a desk does. */
async function openLine(leg: string): Promise<Client> {
  const pc = new ndc.PeerConnection(leg, { iceServers: [], bindAddress: '127.0.0.1', disableAutoNegotiation: true });
  const audio = new ndc.Audio('0', 'SendRecv');
  audio.addAudioCodec(0, 'PCMU');
  audio.addAudioCodec(126, 'telephone-event');
  audio.addSSRC(4_242, 'lab', 'lab', 'lab');
  const track = pc.addTrack(audio);
  const channel = pc.createDataChannel('ctl');
  const client: Client = {
    beats: 0,
    heard: 0,
    sdp: '',
    send: (packet) => void (track.isOpen() && track.sendMessageBinary(packet)),
    close() {
      track.close();
      channel.close();
      pc.close();
    },
  };
  channel.onMessage((message) => {
    client.beats += 1;
    if (typeof message === 'string') channel.sendMessage(message);
  });
  track.onMessage((packet) => {
    const type = packet[1]! & 0x7f;
    if (type < 64 || type > 95) client.heard += 1;
  });
  pc.setLocalDescription('offer');
  await until('an offer', () => pc.gatheringState() === 'complete');
  const offer = pc.localDescription()!.sdp.replace('telephone-event/48000/2', 'telephone-event/8000');
  const { answer } = await media.client.request({ type: 'open-webrtc', leg, offer, heartbeat: true });
  client.sdp = answer;
  pc.setRemoteDescription(answer, 'answer');
  return client;
}

const inProcess = () => {
  const of = `/proc/${media.child.pid}`;
  const status = readFileSync(`${of}/status`, 'utf8');
  const number = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]);
  return { files: readdirSync(`${of}/fd`).length, threads: number('Threads'), rssKb: number('VmRSS') };
};

describe.each(['own', 'libdatachannel'])('%s', (by) => {
  beforeAll(async () => {
    compile();
    const before = process.env['DENWABAN_WEBRTC'];
    process.env['DENWABAN_WEBRTC'] = by;
    media = await startMedia({ portMin: 20_160, portMax: 20_198 });
    if (before === undefined) delete process.env['DENWABAN_WEBRTC'];
    else process.env['DENWABAN_WEBRTC'] = before;
  });
  afterAll(() => media.stop());

  test('all lines share one port, and each is proven and hears', async () => {
    const lines = await Promise.all(Array.from({ length: 10 }, (_, i) => openLine(`many${i}`)));
    for (let i = 0; i < 10; i++) await media.event('line-proven', (event) => event.leg === `many${i}`);
    for (const { sdp } of lines) expect(sdp).toContain(' 127.0.0.1 20160 typ host');
    await media.client.request({ type: 'play', leg: 'many3', sound: 'ring-back' });
    await media.client.request({ type: 'bridge', a: 'many0', b: 'many1' });
    const packet = Buffer.alloc(172, 0x55);
    packet.writeUInt32BE(0x8000_0001, 0);
    packet.writeUInt32BE(4_242, 8);
    lines[0]!.send(packet);
    // A digit from a browser, RFC 4733 at 8 kHz.
    const digit = Buffer.concat([packet.subarray(0, 12), Buffer.of(9, 0x8a, 3, 32)]);
    digit.writeUInt16BE(0x80fe, 0);
    digit.writeUInt16BE(2, 2);
    lines[0]!.send(digit);
    expect(await media.event('dtmf')).toMatchObject({ leg: 'many0', digit: '9' });
    await until('both hear', () => lines[3]!.heard > 10 && lines[1]!.heard >= 1);
    expect(lines[2]!.heard).toBe(0);
    for (const line of lines) line.close();
    for (let i = 0; i < 10; i++) await media.event('leg-lost', (event) => event.leg === `many${i}`, 20_000);
  });

  test('two hundred lines up and down leave no file, thread or memory behind', async () => {
    const round = async (n: number): Promise<void> => {
      const legs = Array.from({ length: 10 }, (_, i) => `round${n}-${i}`);
      const lines = await Promise.all(legs.map((leg) => openLine(leg)));
      await Promise.all(legs.map((leg) => media.event('line-proven', (event) => event.leg === leg)));
      // Every other one is closed by us, the others by their browsers.
      await Promise.all(legs.filter((_, i) => i % 2 === 0).map((leg) => media.client.request({ type: 'close', leg })));
      for (const line of lines) line.close();
      await until(
        'all are gone',
        async () => (await media.client.request({ type: 'hello', version: 1 })).legs.length === 0,
        {
          withinMs: 20_000,
        },
      );
    };
    for (let n = 0; n < 5; n++) await round(n);
    const before = inProcess();
    for (let n = 5; n < 20; n++) await round(n);
    await until('files are closed', () => inProcess().files <= before.files);
    const after = inProcess();
    process.stdout.write(`    before ${JSON.stringify(before)}, after 150 more lines ${JSON.stringify(after)}\n`);
    expect(after.threads).toBeLessThanOrEqual(before.threads);
    expect(after.rssKb - before.rssKb).toBeLessThan(12_000);
  });
});
