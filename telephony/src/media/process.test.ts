import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { connectMedia } from './client.js';
import type { RtpRemote } from './protocol.js';
import { repairRecording } from './recorder/index.js';
import { compile, spawnMedia, startMedia, type RunningMedia } from './testing/media-process.js';
import { RtpPeer } from './testing/rtp-peer.js';
import { asUlaw, locate, voice } from './testing/voices.js';

// The real process, told what to do over its socket, with telephones made of dgram.

/** Out of the default range of a house, which may run on this machine, and of the other files that run meanwhile. */
const ports = { portMin: 25_200, portMax: 25_216 };
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const running: { stop(): Promise<void> }[] = [];
const peers: RtpPeer[] = [];

beforeAll(() => compile(), 60_000);
afterEach(async () => {
  for (const peer of peers.splice(0)) peer.close();
  for (const media of running.splice(0)) await media.stop();
});

const remoteOf = (peer: RtpPeer, more: Partial<RtpRemote> = {}): RtpRemote => ({
  address: '127.0.0.1',
  port: peer.port,
  codec: 'PCMU',
  dtmfPayloadType: 101,
  ptimeMs: 20,
  direction: 'sendrecv',
  ...more,
});

async function start(more = {}): Promise<RunningMedia> {
  const media = await startMedia(ports, more);
  running.push(media);
  return media;
}

async function phone(media: RunningMedia, leg: string, more: Partial<RtpRemote> = {}): Promise<RtpPeer> {
  const peer = await RtpPeer.open();
  peers.push(peer);
  peer.aim(await media.client.request({ type: 'open-rtp', leg, remote: remoteOf(peer, more) }));
  return peer;
}

function readStereo(path: string): { left: Float32Array; right: Float32Array } {
  const file = readFileSync(path);
  const frames = (file.length - 44) >> 2;
  const channel = (offset: number) =>
    Float32Array.from({ length: frames }, (_, i) => file.readInt16LE(44 + 4 * i + offset) / 32_768);
  return { left: channel(0), right: channel(2) };
}

test('two telephones hear each other, and the recording has both in step', async () => {
  const media = await start();
  const [customer, agent] = [await phone(media, 'customer'), await phone(media, 'agent', { codec: 'PCMA' })];
  const [customerVoice, agentVoice] = [voice(1, 2), voice(2, 2)];
  const path = join(media.folder, 'rec', 'a.wav');
  await media.client.request({ type: 'record', recording: 'r1', leg: 'customer', path });
  const { at } = await media.client.request({ type: 'bridge', a: 'customer', b: 'agent' });
  expect(Math.abs(at - Date.now())).toBeLessThan(100);
  const startedMs = performance.now();
  customer.talk(asUlaw(customerVoice));
  await wait(500);
  // 500 ms later: the offset that the recording must show.
  const agentStartedMs = performance.now();
  agent.talk(asUlaw(agentVoice));
  await wait(3_000);
  const stopped = await media.client.request({ type: 'stop-record', recording: 'r1' });
  expect(stopped?.bytes).toBe(readFileSync(path).length);
  expect(await media.event('recording-finished')).toMatchObject({ recording: 'r1', leg: 'customer', path });

  // The agent's telephone wanted A-law and got it; what it heard is the customer, at once.
  expect(agent.heard.every(({ header }) => header.payloadType === 8)).toBe(true);
  expect(agent.heard[0]!.atMs - startedMs).toBeLessThan(150);
  expect(locate(agent.sound().subarray(0, 8_000), customerVoice, { from: -40, to: 40 }).coefficient).toBeGreaterThan(
    0.95,
  );
  expect(customer.heard.every(({ header }) => header.payloadType === 0)).toBe(true);
  expect(locate(customer.sound().subarray(0, 8_000), agentVoice, { from: -40, to: 40 }).coefficient).toBeGreaterThan(
    0.95,
  );

  const { left, right } = readStereo(path);
  expect(Math.abs(left.length / 8 - stopped!.durationMs)).toBeLessThan(2);
  const said = locate(customerVoice.subarray(0, 8_000), left, { from: 0, to: 2_000 });
  const answered = locate(agentVoice.subarray(0, 8_000), right, { from: 2_000, to: 7_000 });
  expect(said.coefficient).toBeGreaterThan(0.95);
  expect(answered.coefficient).toBeGreaterThan(0.95);
  const offsetMs = (answered.at - said.at) / 8 - (agentStartedMs - startedMs);
  expect(Math.abs(offsetMs)).toBeLessThanOrEqual(20);
});

test('a killed process leaves a recording that plays to its last second', async () => {
  const media = await start();
  const [customer, agent] = [await phone(media, 'customer'), await phone(media, 'agent')];
  const path = join(media.folder, 'killed.wav');
  await media.client.request({ type: 'record', recording: 'r1', leg: 'customer', path });
  await media.client.request({ type: 'bridge', a: 'customer', b: 'agent' });
  const beganMs = performance.now();
  customer.talk(asUlaw(voice(1, 2)));
  agent.talk(asUlaw(voice(2, 2)));
  await wait(2_700);
  media.child.kill('SIGKILL');
  const spokenMs = performance.now() - beganMs;
  await media.exited;

  const before = readFileSync(path);
  const { left, right } = readStereo(path);
  expect(left.length / 8).toBeGreaterThan(spokenMs - 1_000);
  for (const channel of [left, right]) {
    expect(channel.subarray(-1_600).some((sample) => Math.abs(sample) > 0.005)).toBe(true);
  }
  // The header counts what is there: no repair was needed for any player.
  expect(before.readUInt32LE(40)).toBe(before.length - 44);
  const sox = spawnSync('sox', ['--i', '-D', path], { encoding: 'utf8' });
  if (sox.error === undefined) expect(Math.abs(Number(sox.stdout) * 8_000 - left.length)).toBeLessThan(2);
  expect(await repairRecording(path)).toEqual({ durationMs: Math.round(left.length / 8), bytes: before.length });
  expect(readFileSync(path).equals(before)).toBe(true);
});

test('told to stop it finishes its recordings and is gone within a second', async () => {
  const media = await start();
  const customer = await phone(media, 'customer');
  const path = join(media.folder, 'a.wav');
  await media.client.request({ type: 'record', recording: 'r1', leg: 'customer', path });
  customer.talk(asUlaw(voice(1, 2)));
  await wait(700);
  const toldMs = performance.now();
  media.child.kill('SIGTERM');
  const finished = await media.event('recording-finished');
  expect(await media.exited).toEqual({ code: 0, signal: null });
  expect(performance.now() - toldMs).toBeLessThan(1_000);
  expect(readFileSync(path).readUInt32LE(40)).toBe(finished.bytes - 44);
  expect(finished.durationMs).toBeGreaterThan(600);
  expect(existsSync(media.settings.socket)).toBe(false);
});

test('talks go on while control is away; when nobody comes back all is given up and recorded', async () => {
  const media = await start({ orphanMs: 600 });
  const [customer, agent] = [await phone(media, 'customer'), await phone(media, 'agent')];
  const path = join(media.folder, 'a.wav');
  await media.client.request({ type: 'record', recording: 'r1', leg: 'customer', path });
  await media.client.request({ type: 'bridge', a: 'customer', b: 'agent' });
  customer.talk(asUlaw(voice(1, 2)));
  media.client.close();
  await wait(300);
  expect(agent.heard.length).toBeGreaterThan(8);

  const second = connectMedia(media.settings.socket, () => undefined);
  const legs = await new Promise((resolve) => void second.onReady(resolve));
  expect(legs).toMatchObject([
    { leg: 'customer', bridgedTo: 'agent', recording: 'r1' },
    { leg: 'agent', bridgedTo: 'customer' },
  ]);
  await wait(500);
  const { length } = agent.heard;
  expect(length).toBeGreaterThan(30);
  second.close();
  await wait(1_100);
  expect(readFileSync(path).readUInt32LE(40)).toBe(readFileSync(path).length - 44);
  const third = connectMedia(media.settings.socket, () => undefined);
  expect(await new Promise((resolve) => void third.onReady(resolve))).toEqual([]);
  third.close();
});

test('wrong settings, a port in use and a socket in use end it with their own code and a clear line', async () => {
  const media = await start();
  const end = async (settings: unknown) => {
    const { exited, log } = spawnMedia(settings);
    return { ...(await exited), log: log() };
  };
  expect(await end({ ...media.settings, portMax: 25_201 })).toMatchObject({
    code: 2,
    log: expect.stringContaining('portM'),
  });
  expect(await end('nonsense')).toMatchObject({ code: 2 });
  const other = { ...media.settings, socket: join(media.folder, 'other.sock') };
  expect(await end(other)).toMatchObject({ code: 2, log: expect.stringContaining('UDP port 25200') });
  expect(await end({ ...media.settings, portMin: 25_220, portMax: 25_230 })).toMatchObject({
    code: 3,
    log: expect.stringContaining('another media process'),
  });
  await media.client.request({ type: 'open-rtp', leg: 'still-here', remote: null });
});

test('a process whose parent is gone, and to which no control comes, ends by itself', async () => {
  const media = await start();
  const settings = {
    ...media.settings,
    socket: join(media.folder, 'o.sock'),
    portMin: 25_220,
    portMax: 25_230,
    orphanMs: 300,
  };
  const entry = fileURLToPath(new URL('../../dist/media/process.js', import.meta.url));
  const line = `"${process.execPath}" "${entry}" '${JSON.stringify(settings)}' 2>/dev/null & echo $!; sleep 1.5`;
  const pid = Number(spawnSync('sh', ['-c', line], { encoding: 'utf8' }).stdout);
  expect(pid).toBeGreaterThan(1);
  await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 5_000 }).toBe(false);
  expect(existsSync(settings.socket)).toBe(false);
});

test('a control of another version finds no calls that it cannot take up: their recordings are finished, and room is made', async () => {
  const media = await start();
  const path = join(media.folder, 'old.wav');
  await media.client.request({ type: 'open-rtp', leg: 'a', remote: null });
  await media.client.request({ type: 'record', recording: 'old', leg: 'a', path });
  await wait(300);
  media.client.close();
  const next = connect(media.settings.socket);
  let heard = '';
  next.on('data', (data) => (heard += data.toString())).on('error', () => undefined);
  // Until the process has noticed that the one before is gone.
  const asking = setInterval(() => next.write('{"n":1,"type":"hello","version":99}\n'), 50);
  expect(await media.exited).toEqual({ code: 0, signal: null });
  clearInterval(asking);
  next.destroy();
  expect(heard).toContain('"code":"version"');
  expect(media.log().match(/control speaks another version: ending the calls/g)).toHaveLength(1);
  expect((await repairRecording(path))?.durationMs).toBeGreaterThan(200);
});

test('fifty calls leave no file descriptor behind', async () => {
  const media = await start();
  const open = (): number => readdirSync(`/proc/${media.child.pid}/fd`).length;
  const call = async (n: number): Promise<void> => {
    const [a, b] = [`a${n}`, `b${n}`];
    const { client } = media;
    await Promise.all([
      client.request({ type: 'open-rtp', leg: a, remote: null }),
      client.request({ type: 'open-rtp', leg: b, remote: null }),
    ]);
    await client.request({ type: 'record', recording: `r${n}`, leg: a, path: join(media.folder, `${n}.wav`) });
    await Promise.all([client.request({ type: 'close', leg: a }), client.request({ type: 'close', leg: b })]);
  };
  await call(0);
  await media.event('recording-finished', (event) => event.recording === 'r0');
  const before = open();
  for (let n = 1; n <= 50; n++) await call(n);
  await media.event('recording-finished', (event) => event.recording === 'r50');
  await expect.poll(open).toBeLessThanOrEqual(before);
});
