import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { toUlaw } from '../rtp/index.js';
import { MediaEngine } from './engine.js';
import { createSounds } from './sounds.js';
import { RtpPeer } from './testing/rtp-peer.js';

// What an agent hears of a number that they called, before its answer. Real sockets on loopback.

let engine: MediaEngine;
let peers: RtpPeer[];
/** How far the clock has been moved on. */
let skippedMs: number;
const said: string[] = [];

beforeEach(() => {
  peers = [];
  said.length = 0;
  skippedMs = 0;
  engine = new MediaEngine({
    bindAddress: '127.0.0.1',
    publicAddress: '127.0.0.1',
    rtpPortMin: 20_042,
    rtpPortMax: 20_091,
    sounds: createSounds(tmpdir()),
    webrtc: { open: () => Promise.reject(new Error('no browser here')) },
    emit: ({ type }) => said.push(type),
    now: () => performance.now() + skippedMs,
  });
});
afterEach(async () => {
  for (const peer of peers) peer.close();
  await engine.shutDown();
});

async function phone(leg: string): Promise<RtpPeer> {
  const peer = await RtpPeer.open();
  peers.push(peer);
  const codec = 'PCMU';
  const remote = { address: '127.0.0.1', port: peer.port, codec, dtmfPayloadType: 101, ptimeMs: 20 } as const;
  const { port } = await engine.handle({ type: 'open-rtp', leg, remote: { ...remote, direction: 'sendrecv' } });
  peer.aim({ address: '127.0.0.1', port });
  return peer;
}
async function until(what: string, holds: () => boolean): Promise<void> {
  for (const deadline = performance.now() + 3_000; !holds();) {
    if (performance.now() > deadline) throw new Error(`${what}: not within 3 s`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
const tone = (level: number): Uint8Array => new Uint8Array(1_600).fill(toUlaw(level));
const says = (peer: RtpPeer, level: number): boolean => peer.heard.some(({ payload }) => payload[0] === toUlaw(level));

test('who listens hears ring-back until the first word from there, and is not heard', async () => {
  const [line, far] = [await phone('line'), await phone('far')];
  line.talk(tone(5_000));
  await engine.handle({ type: 'play', leg: 'line', sound: 'ring-back' });
  await engine.handle({ type: 'listen', leg: 'line', to: 'far' });
  await until('ring-back', () => line.heard.length >= 3);
  expect(says(line, 9_000)).toBe(false);
  far.talk(tone(9_000));
  await until('the far end', () => says(line, 9_000));
  const after = line.heard.length;
  await until('more of it', () => line.heard.length > after + 5);
  expect(line.heard.slice(after).every(({ payload }) => payload[0] === toUlaw(9_000))).toBe(true);
  expect(far.heard).toEqual([]);
});

test('a bridge of the two makes it a talk, measured from then on; none was before', async () => {
  const [line, far] = [await phone('line'), await phone('far')];
  far.talk(tone(9_000));
  await engine.handle({ type: 'listen', leg: 'line', to: 'far' });
  await until('the far end', () => says(line, 9_000));
  await engine.handle({ type: 'play', leg: 'line', sound: null });
  expect(said).not.toContain('leg-quality');
  line.talk(tone(5_000));
  await engine.handle({ type: 'bridge', a: 'far', b: 'line' });
  await until('the agent', () => says(far, 5_000));
  await engine.handle({ type: 'unbridge', a: 'far', b: 'line' });
  const before = line.heard.length;
  await new Promise((resolve) => setTimeout(resolve, 80));
  expect(line.heard.length).toBeLessThan(before + 3); // nobody listens any more
});

test('listening ends with the next sound, and with either leg', async () => {
  const [line, far] = [await phone('line'), await phone('far')];
  far.talk(tone(9_000));
  await engine.handle({ type: 'listen', leg: 'line', to: 'far' });
  await until('the far end', () => says(line, 9_000));
  await engine.handle({ type: 'play', leg: 'line', sound: 'hold-music' });
  line.heard.length = 0;
  await until('music', () => line.heard.length > 5);
  expect(says(line, 9_000)).toBe(false);
  await engine.handle({ type: 'listen', leg: 'line', to: 'far' });
  await engine.handle({ type: 'close', leg: 'far' });
  await engine.handle({ type: 'close', leg: 'line' });
  await expect(engine.handle({ type: 'listen', leg: 'line', to: 'far' })).rejects.toMatchObject({
    code: 'no-such-leg',
  });
});

/** What the line hears from now on, once the clock has moved. */
async function heardAfter(line: RtpPeer, ms: number): Promise<RtpPeer['heard']> {
  line.heard.length = 0;
  skippedMs += ms;
  await new Promise((resolve) => setTimeout(resolve, 400)); // the watch looks four times a second
  return line.heard;
}

test('who listens to nobody hears the sound of meanwhile after 2 s, until the first word', async () => {
  const [line, far] = [await phone('line'), await phone('far')];
  const meanwhile = { sound: 'hold-music', again: false };
  await engine.handle({ type: 'listen', leg: 'line', to: 'far', meanwhile });
  expect(await heardAfter(line, 1_000)).toEqual([]);
  expect((await heardAfter(line, 1_000)).length).toBeGreaterThan(3);
  far.talk(tone(9_000));
  await until('the far end', () => says(line, 9_000));
  line.heard.length = 0;
  await until('more of it', () => line.heard.length > 5);
  expect(line.heard.every(({ payload }) => payload[0] === toUlaw(9_000))).toBe(true);
  far.hush();
  await heardAfter(line, 0);
  expect(await heardAfter(line, 5_000)).toEqual([]);
});

test('with `again` the sound comes back whenever they fall silent, also when that is asked for while they speak', async () => {
  const [line, far] = [await phone('line'), await phone('far')];
  far.talk(tone(9_000));
  await engine.handle({ type: 'listen', leg: 'line', to: 'far' });
  await until('the far end', () => says(line, 9_000));
  line.heard.length = 0;
  await engine.handle({
    ...{ type: 'listen', leg: 'line', to: 'far' },
    meanwhile: { sound: 'hold-music', again: true },
  });
  await until('more of it', () => line.heard.length > 5);
  expect(line.heard.every(({ payload }) => payload[0] === toUlaw(9_000))).toBe(true);
  for (let turn = 0; turn < 2; turn++) {
    far.hush();
    await heardAfter(line, 0);
    expect((await heardAfter(line, 2_000)).length).toBeGreaterThan(3);
    far.talk(tone(9_000));
    line.heard.length = 0;
    await until('the far end again', () => says(line, 9_000));
  }
  await engine.handle({ type: 'play', leg: 'line', sound: null });
  far.hush();
  await heardAfter(line, 0);
  expect(await heardAfter(line, 5_000)).toEqual([]);
});
