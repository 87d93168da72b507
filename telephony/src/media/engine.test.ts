import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sequencesApart, ticksApart, toUlaw, type Transport, type TransportListener } from '../rtp/index.js';
import { OfferError, type WebRtcOpener } from '../webrtc/index.js';
import { MediaEngine } from './engine.js';
import type { MediaEvent, RtpRemote } from './protocol.js';
import { createSounds } from './sounds.js';
import { RtpPeer, type HeardByPeer } from './testing/rtp-peer.js';

// Real sockets on loopback, no process: telephones speak, the engine carries.

/** A browser that only exists as what it is sent. */
interface FakeBrowser extends Transport {
  open: boolean;
  sent: Uint8Array[];
  listener: TransportListener;
  closed: boolean;
}

let engine: MediaEngine;
let folder: string;
let events: MediaEvent[];
let peers: RtpPeer[];
let browsers: Map<string, FakeBrowser>;

const webrtc: WebRtcOpener = {
  async open({ leg, offer, listener }) {
    if (offer !== 'offer') throw new OfferError('bad-sdp', 'no audio');
    const browser: FakeBrowser = {
      kind: 'webrtc',
      codec: 'PCMU',
      dtmfPayloadType: null,
      ptimeMs: 20,
      payloadBytesMax: Infinity,
      sendRtcp: () => undefined,
      open: false,
      sent: [],
      listener,
      closed: false,
      send: (packet) => browser.sent.push(packet.slice()),
      close: () => (browser.closed = true),
    };
    browsers.set(leg, browser);
    return { transport: browser, answer: 'answer' };
  },
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'denwaban-engine-'));
  events = [];
  peers = [];
  browsers = new Map();
  engine = new MediaEngine({
    bindAddress: '127.0.0.1',
    publicAddress: '192.0.2.1',
    rtpPortMin: 25_000,
    rtpPortMax: 25_049,
    sounds: createSounds(folder),
    webrtc,
    emit: (event) => events.push(event),
  });
});
afterEach(async () => {
  for (const peer of peers) peer.close();
  await engine.shutDown();
  rmSync(folder, { recursive: true, force: true });
});

async function until(what: string, holds: () => boolean, withinMs = 3_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function phone(leg: string, more: Partial<RtpRemote> = {}): Promise<RtpPeer> {
  const peer = await RtpPeer.open();
  peers.push(peer);
  const remote = { address: '127.0.0.1', port: peer.port, codec: 'PCMU', dtmfPayloadType: 101, ptimeMs: 20 } as const;
  const { port } = await engine.handle({
    type: 'open-rtp',
    leg,
    remote: { ...remote, direction: 'sendrecv', ...more },
  });
  peer.aim({ address: '127.0.0.1', port });
  return peer;
}

const tone = (level: number): Uint8Array => new Uint8Array(1_600).fill(toUlaw(level));
const says = (peer: RtpPeer, level: number): boolean => peer.heard.some(({ payload }) => payload[0] === toUlaw(level));
const legsOf = async () => (await engine.handle({ type: 'hello', version: 1 })).legs;

function expectOneStream(heard: HeardByPeer[]): void {
  heard.slice(1).forEach(({ header }, i) => {
    const before = heard[i]!.header;
    expect(header.ssrc).toBe(before.ssrc);
    expect(sequencesApart(header.sequence, before.sequence)).toBe(1);
    // By the wall clock: what the timestamps claim to have passed has passed, but for the jitter of this machine.
    const passedMs = heard[i + 1]!.atMs - heard[i]!.atMs;
    expect(Math.abs(ticksApart(header.timestamp, before.timestamp) / 8 - passedMs)).toBeLessThan(120);
  });
}

describe('sounds', () => {
  test('ring-back comes in 20 ms frames of one stream until it is stopped', async () => {
    const peer = await phone('a');
    await engine.handle({ type: 'play', leg: 'a', sound: 'ring-back' });
    await until('ten frames', () => peer.heard.length >= 10);
    await engine.handle({ type: 'play', leg: 'a', sound: null });
    expect(peer.heard.every(({ payload }) => payload.length === 160)).toBe(true);
    expectOneStream(peer.heard);
    expect(
      Buffer.concat(peer.heard.map(({ payload }) => payload)).equals(
        readFileSync(new URL('../../sounds/ring-back.ul', import.meta.url)).subarray(0, 160 * peer.heard.length),
      ),
    ).toBe(true);
  });

  test('an announcement is said once, and then what follows it; in the law the far end wants', async () => {
    writeFileSync(join(folder, 'announcement-short.ul'), tone(8_000).subarray(0, 400));
    writeFileSync(join(folder, 'hold-music.ul'), tone(2_000));
    const peer = await phone('a', { codec: 'PCMA' });
    await engine.handle({ type: 'play', leg: 'a', sound: 'announcement-short', followedBy: 'hold-music' });
    await until('music', () => peer.heard.length >= 8);
    expect(peer.heard.every(({ header }) => header.payloadType === 8)).toBe(true);
    const sound = peer.sound();
    const wanted = (at: number): number => (at < 400 ? 8_000 : 2_000) / 32_768;
    expect(sound.findIndex((sample, at) => Math.abs(sample - wanted(at)) > 0.01)).toBe(-1);
  });

  test('what nothing follows is followed by silence', async () => {
    writeFileSync(join(folder, 'announcement-short.ul'), tone(8_000).subarray(0, 400));
    const peer = await phone('a');
    await engine.handle({ type: 'play', leg: 'a', sound: 'announcement-short' });
    await engine.handle({ type: 'play', leg: 'a', sound: 'announcement-short' });
    await until('the end', () => peer.heard.length >= 4);
    const { length } = peer.heard;
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(peer.heard.length).toBe(length);
  });

  test('a sound that is missing or of the wrong kind is said in words', async () => {
    await phone('a');
    const play = (sound: string) => engine.handle({ type: 'play', leg: 'a', sound });
    await expect(play('nothing-here')).rejects.toMatchObject({ code: 'bad-request' });
    writeFileSync(join(folder, 'wrong.wav'), 'no sound at all, only letters that are long enough for a header');
    await expect(play('wrong')).rejects.toThrow(/8 kHz mono 16-bit PCM/);
    await expect(engine.handle({ type: 'play', leg: 'nobody', sound: 'ring-back' })).rejects.toMatchObject({
      code: 'no-such-leg',
    });
  });
});

describe('bridges', () => {
  test('on hold one hears music and the other nothing; afterwards they hear each other, each as one stream', async () => {
    writeFileSync(join(folder, 'hold-music.ul'), tone(2_000));
    const [a, b] = [await phone('a'), await phone('b')];
    a.talk(tone(9_000));
    b.talk(tone(5_000));
    await engine.handle({ type: 'bridge', a: 'a', b: 'b' });
    await until('both hear', () => says(a, 5_000) && says(b, 9_000));
    await engine.handle({ type: 'hold', leg: 'a', sound: 'hold-music' });
    await until('music', () => says(a, 2_000));
    const heardByB = b.heard.length;
    const held = a.heard.findIndex(({ payload }) => payload[0] === toUlaw(2_000));
    await until('some music', () => a.heard.length >= held + 5);
    expect(b.heard.length).toBeLessThanOrEqual(heardByB + 1);
    expect(a.heard.slice(held).every(({ payload }) => payload[0] === toUlaw(2_000))).toBe(true);
    await engine.handle({ type: 'resume', leg: 'a' });
    await until('both hear again', () => b.heard.length > heardByB + 5 && a.heard.at(-1)!.payload[0] === toUlaw(5_000));
    expectOneStream(a.heard);
    expectOneStream(b.heard);
    expect(b.heard.filter(({ header }) => header.marker)).toHaveLength(2);
  });

  test('whoever is bridged anew leaves the old partner in silence; a leg that ends leaves its partner alone', async () => {
    const [a, b, c] = [await phone('a'), await phone('b'), await phone('c')];
    a.talk(tone(9_000));
    await engine.handle({ type: 'play', leg: 'a', sound: 'ring-back' });
    await engine.handle({ type: 'bridge', a: 'a', b: 'b' });
    await until('b hears', () => says(b, 9_000));
    await engine.handle({ type: 'bridge', a: 'c', b: 'a' });
    await until('c hears', () => says(c, 9_000));
    expect((await legsOf()).map(({ leg, bridgedTo }) => [leg, bridgedTo])).toEqual([
      ['a', 'c'],
      ['b', null],
      ['c', 'a'],
    ]);
    await engine.handle({ type: 'unbridge', a: 'a', b: 'b' });
    expect((await legsOf())[0]!.bridgedTo).toBe('c');
    await engine.handle({ type: 'close', leg: 'c' });
    expect((await legsOf()).map(({ bridgedTo }) => bridgedTo)).toEqual([null, null]);
  });

  test('what was said to nobody looks like no loss when the two are joined again', async () => {
    const [a, b] = [await phone('a'), await phone('b')];
    a.talk(tone(9_000));
    b.talk(tone(5_000));
    for (const heard of [5, 10, 15]) {
      await engine.handle({ type: 'bridge', a: 'a', b: 'b' });
      await until('both hear', () => a.heard.length >= heard && b.heard.length >= heard);
      await engine.handle({ type: 'unbridge', a: 'a', b: 'b' });
      await new Promise((resolve) => setTimeout(resolve, 70));
    }
    expectOneStream(a.heard);
    expectOneStream(b.heard);
  });

  test('a browser without a path cannot be bridged, and is told apart from one that does not exist', async () => {
    await phone('a');
    const opened = await engine.handle({ type: 'open-webrtc', leg: 'line', offer: 'offer', heartbeat: true });
    expect(opened).toEqual({ answer: 'answer' });
    const bridge = (b: string) => engine.handle({ type: 'bridge', a: 'a', b });
    await expect(bridge('line')).rejects.toMatchObject({ code: 'not-connected' });
    await expect(bridge('nobody')).rejects.toMatchObject({ code: 'no-such-leg' });
    await expect(bridge('a')).rejects.toMatchObject({ code: 'bad-request' });
    browsers.get('line')!.open = true;
    await bridge('line');
    await expect(
      engine.handle({ type: 'open-webrtc', leg: 'other', offer: 'nonsense', heartbeat: true }),
    ).rejects.toMatchObject({ code: 'bad-sdp' });
  });

  test('control need not wait: what it asks of one leg is done in the order it asked', async () => {
    const peer = await RtpPeer.open();
    peers.push(peer);
    const remote: RtpRemote = {
      address: '127.0.0.1',
      port: peer.port,
      codec: 'PCMU',
      dtmfPayloadType: null,
      ptimeMs: 20,
      direction: 'sendrecv',
    };
    const path = join(folder, 'r.wav');
    const replies = await Promise.all([
      engine.handle({ type: 'open-rtp', leg: 'a', remote }),
      engine.handle({ type: 'open-rtp', leg: 'b', remote: null }),
      engine.handle({ type: 'record', recording: 'r', leg: 'a', path }),
      engine.handle({ type: 'aim-rtp', leg: 'b', remote }),
      engine.handle({ type: 'play', leg: 'a', sound: 'hold-music' }),
      engine.handle({ type: 'bridge', a: 'a', b: 'b' }),
      engine.handle({ type: 'stop-record', recording: 'r' }),
      engine.handle({ type: 'close', leg: 'a' }),
    ]);
    expect(replies[0]).toMatchObject({ address: '192.0.2.1' });
    expect(replies[6]).toMatchObject({ path });
    expect((await legsOf()).map(({ leg }) => leg)).toEqual(['b']);
  });
});

describe('digits', () => {
  test('a digit of the far end is told once', async () => {
    const peer = await phone('a');
    for (const end of [0, 0, 0x80, 0x80, 0x80]) peer.send(101, Uint8Array.of(11, end | 10, 0, 160));
    await until('the digit', () => events.some(({ type }) => type === 'dtmf'));
    peer.timestamp += 1_600;
    peer.send(101, Uint8Array.of(1, 0x8a, 3, 32));
    await until('the second', () => events.filter(({ type }) => type === 'dtmf').length === 2);
    expect(events.flatMap((event) => (event.type === 'dtmf' ? [event.leg + event.digit] : []))).toEqual(['a#', 'a1']);
  });

  test('while digits go out the far end hears nothing else', async () => {
    const [a, b] = [await phone('a', { dtmfPayloadType: 96 }), await phone('b')];
    b.talk(tone(5_000));
    await engine.handle({ type: 'bridge', a: 'a', b: 'b' });
    await until('audio', () => a.heard.length > 3);
    await engine.handle({ type: 'dtmf', leg: 'a', digits: '4*' });
    await until('audio again', () => a.heard.length > 25 && a.heard.at(-1)!.header.payloadType === 0);
    const kinds = a.heard.map(({ header }) => (header.payloadType === 96 ? 'e' : 'a')).join('');
    expect(kinds).toMatch(/^a+e{14}a+$/);
    const digits = a.heard.filter(({ header }) => header.payloadType === 96);
    expect([...new Set(digits.map(({ payload }) => payload[0]))]).toEqual([4, 10]);
    expect(new Set(digits.map(({ header }) => header.timestamp)).size).toBe(2);
    expect(digits.filter(({ header }) => header.marker)).toHaveLength(2);
    a.heard
      .slice(1)
      .forEach(({ header }, i) => expect(sequencesApart(header.sequence, a.heard[i]!.header.sequence)).toBe(1));
  });
});

describe('strangers', () => {
  test('forged packets from elsewhere are neither relayed nor recorded, and pull no audio away', async () => {
    const [a, b] = [await phone('a'), await phone('b')];
    await engine.handle({ type: 'bridge', a: 'a', b: 'b' });
    a.talk(tone(9_000));
    b.talk(tone(5_000));
    await until('both hear', () => says(a, 5_000) && says(b, 9_000));
    const thief = await RtpPeer.open();
    peers.push(thief);
    thief.aim(a.target!);
    Object.assign(thief, { ssrc: a.ssrc, sequence: a.sequence, timestamp: a.timestamp });
    thief.talk(tone(-20_000));
    const { length } = b.heard;
    await until('more audio', () => b.heard.length > length + 20);
    expect(says(b, -20_000)).toBe(false);
    expect(thief.heard).toEqual([]);
  });

  test('a replayed packet is not relayed twice', async () => {
    const [a, b] = [await phone('a'), await phone('b')];
    await engine.handle({ type: 'bridge', a: 'a', b: 'b' });
    a.send(0, tone(9_000).subarray(0, 160));
    await until('the packet', () => b.heard.length === 1);
    a.sequence -= 1;
    a.send(0, tone(9_000).subarray(0, 160));
    a.send(0, tone(7_000).subarray(0, 160));
    await until('the next one', () => says(b, 7_000));
    expect(b.heard).toHaveLength(2);
  });
});

test('a lost browser is told, with its recording, and its partner stays', async () => {
  await phone('a');
  await engine.handle({ type: 'open-webrtc', leg: 'line', offer: 'offer', heartbeat: true });
  const browser = browsers.get('line')!;
  browser.open = true;
  browser.listener.echoed!(3);
  await engine.handle({ type: 'bridge', a: 'a', b: 'line' });
  await engine.handle({ type: 'record', recording: 'r', leg: 'line', path: join(folder, 'r.wav') });
  browser.listener.lost('closed');
  await until('the recording', () => events.some(({ type }) => type === 'recording-finished'));
  expect(events.map((event) => ('leg' in event ? `${event.type} ${event.leg}` : event.type))).toEqual([
    'line-proven line',
    'leg-lost line',
    'recording-finished line',
  ]);
  expect(browser.closed).toBe(true);
  expect(await legsOf()).toMatchObject([{ leg: 'a', bridgedTo: null, recording: null, proven: false }]);
});

test('a failure of ours over one leg costs that leg only', async () => {
  await phone('a');
  await engine.handle({ type: 'open-webrtc', leg: 'line', offer: 'offer', heartbeat: true });
  const browser = browsers.get('line')!;
  browser.open = true;
  browser.listener.packet(undefined as unknown as Uint8Array, 1);
  expect(events.map(({ type }) => type)).toEqual(['log', 'leg-lost']);
  expect(browser.closed).toBe(true);
  expect((await legsOf()).map(({ leg }) => leg)).toEqual(['a']);
});

test('a recording is begun once, on one leg, and refused where it cannot be written', async () => {
  await phone('a');
  await phone('b');
  const record = (leg: string, recording: string, name: string) =>
    engine.handle({ type: 'record', recording, leg, path: join(folder, name) });
  await record('a', 'r', 'r.wav');
  await record('a', 'r', 'elsewhere.wav');
  expect(readdirSync(folder)).toEqual(['r.wav']);
  await expect(record('b', 'r', 'r.wav')).rejects.toMatchObject({ code: 'bad-request' });
  await expect(record('b', 's', 'r.wav')).rejects.toMatchObject({ code: 'disk' });
  await expect(record('b', 's', 'r.wav/below')).rejects.toMatchObject({ code: 'disk' });
  expect(await engine.handle({ type: 'stop-record', recording: 'unknown' })).toBeNull();
});

test('when every leg is gone nothing is left: no socket, no timer, no file', async () => {
  const inUse = (): string[] =>
    process
      .getActiveResourcesInfo()
      .filter((kind) => /UDP|Timeout|FS/.test(kind))
      .toSorted();
  const files = (): number => readdirSync('/proc/self/fd').length;
  const [before, filesBefore] = [inUse(), files()];
  for (let round = 0; round < 5; round++) {
    const [a, b] = [await phone('a'), await phone('b')];
    await engine.handle({ type: 'open-webrtc', leg: 'line', offer: 'offer', heartbeat: true });
    await engine.handle({ type: 'record', recording: `r${round}`, leg: 'a', path: join(folder, `${round}.wav`) });
    a.talk(tone(9_000));
    b.talk(tone(5_000));
    await engine.handle({ type: 'play', leg: 'a', sound: 'hold-music' });
    await until('music', () => a.heard.length > 2);
    await engine.handle({ type: 'bridge', a: 'a', b: 'b' });
    await engine.handle({ type: 'dtmf', leg: 'b', digits: '123' });
    await until('digits', () => b.heard.some(({ header }) => header.payloadType === 101));
    await engine.handle({ type: 'hold', leg: 'b', sound: 'hold-music' });
    if (round % 2 === 0) await Promise.all(['a', 'b', 'line'].map((leg) => engine.handle({ type: 'close', leg })));
    else engine.abandon();
    for (const peer of peers.splice(0)) peer.close();
    await engine.shutDown();
    expect(engine.legCount).toBe(0);
  }
  await until('all is closed', () => files() <= filesBefore && inUse().length <= before.length);
  expect(events.filter(({ type }) => type === 'recording-finished')).toHaveLength(5);
  expect(events.filter(({ type }) => type === 'leg-lost')).toHaveLength(6);
});

test('when every port is taken the answer says so', async () => {
  for (let n = 0; n < 25; n++) await engine.handle({ type: 'open-rtp', leg: `leg${n}`, remote: null });
  await expect(engine.handle({ type: 'open-rtp', leg: 'more', remote: null })).rejects.toMatchObject({
    code: 'no-port',
  });
  await engine.handle({ type: 'close', leg: 'leg7' });
  await engine.handle({ type: 'open-rtp', leg: 'more', remote: null });
});
