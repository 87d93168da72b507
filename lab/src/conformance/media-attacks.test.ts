/** Whoever guesses an RTP port: forged and replayed packets, floods, and far ends that move. Against the real media process. */
import { type AgentId, type LegId, type LineId, mintId, type PhoneEvent, type RecordingId } from '@denwaban/core';
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { DeskLine } from '../../../telephony/src/carriers/testing/desk-line.js';
import { now, realExchange } from '../../../telephony/src/carriers/testing/real-exchange.js';
import type { RtpRemote } from '../../../telephony/src/media/protocol.js';
import { compile, startMedia, type RunningMedia } from '../../../telephony/src/media/testing/media-process.js';
import { RtpPeer } from '../../../telephony/src/media/testing/rtp-peer.js';
import { toUlaw, writeRtpHeader, type SrtpKey } from '../../../telephony/src/rtp/index.js';
import { Baresip } from '../peers/baresip.js';
import { longestGapMs } from '../peers/gaps.js';
import { cut } from '../peers/correlate.js';
import { missing, run, sleep, until } from '../peers/process.js';
import { voice } from '../peers/speech.js';
import { encodeUlaw, readWav } from '../peers/wav.js';

let media: RunningMedia;
let peers: RtpPeer[] = [];
let sockets: Socket[] = [];

beforeAll(async () => {
  compile();
  media = await startMedia({ portMin: 20_440, portMax: 20_489 });
}, 90_000);
afterAll(() => media.stop());
afterEach(async () => {
  for (const peer of peers) peer.close();
  for (const socket of sockets) socket.close();
  [peers, sockets] = [[], []];
  const { legs } = await media.client.request({ type: 'hello', version: 1 });
  for (const { leg } of legs) await media.client.request({ type: 'close', leg }).catch(() => undefined);
});

async function phone(leg: string, more: Partial<RtpRemote> = {}) {
  const peer = await RtpPeer.open();
  peers.push(peer);
  const remote: RtpRemote = {
    address: '127.0.0.1',
    port: peer.port,
    codec: 'PCMU',
    dtmfPayloadType: null,
    ptimeMs: 20,
    direction: 'sendrecv',
    ...more,
  };
  const opened = await media.client.request({ type: 'open-rtp', leg, remote });
  peer.aim(opened);
  return { peer, opened, remote };
}
async function stranger(address: string): Promise<Socket> {
  const socket = createSocket('udp4');
  sockets.push(socket);
  await new Promise<void>((resolve) => socket.bind(0, address, resolve));
  return socket;
}
const tone = (level: number): Uint8Array => new Uint8Array(1_600).fill(toUlaw(level));
const levels = (peer: RtpPeer): Set<number> => new Set(peer.heard.map(({ payload }) => payload[0] ?? -1));

test('of 100,000 forged packets from other sources none is heard, whatever they claim to be', async () => {
  const [a, b] = [await phone('a'), await phone('b')];
  await media.client.request({ type: 'bridge', a: 'a', b: 'b' });
  a.peer.talk(tone(8_000));
  b.peer.talk(tone(2_000));
  await until('both hear', () => a.peer.heard.length > 10 && b.peer.heard.length > 10);
  const strangers = await Promise.all(['127.0.0.1', '127.0.0.1', '127.0.0.2', '127.0.0.3'].map(stranger));
  const forged = Buffer.alloc(172, toUlaw(-4_000));
  for (let n = 0; n < 100_000; n++) {
    // The stream's own SSRC and next number, or a stream of its own that goes on plausibly.
    const ours = n % 2 === 0;
    const sequence = ours ? (a.peer.sequence + 1) & 0xffff : n & 0xffff;
    const timestamp = ours ? (a.peer.timestamp + 160) >>> 0 : (n * 160) >>> 0;
    writeRtpHeader(forged, 0, 0, { sequence, timestamp, marker: n % 7 === 0 }, ours ? a.peer.ssrc : 7);
    strangers[n % strangers.length]!.send(Buffer.from(forged), a.opened.port, '127.0.0.1');
    if (n % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await sleep(500);
  expect(levels(b.peer)).toEqual(new Set([toUlaw(8_000)]));
  expect(b.peer.span().numbered).toBe(b.peer.span().packets);
  // … and the strangers were sent nothing of the call.
  expect(levels(a.peer)).toEqual(new Set([toUlaw(2_000)]));
}, 60_000);

test('replayed SRTP is dropped, from the right source and from others', async () => {
  const key: SrtpKey = { suite: 'AES_CM_128_HMAC_SHA1_80', key: randomBytes(30).toString('base64') };
  const a = await phone('a', { srtp: key });
  a.peer.secure(key, { suite: key.suite, key: a.opened.keys[key.suite] });
  const b = await phone('b');
  await media.client.request({ type: 'bridge', a: 'a', b: 'b' });
  a.peer.talk(tone(8_000));
  await until('heard', () => b.peer.heard.length > 100);
  a.peer.hush();
  await sleep(100);
  const heard = b.peer.heard.length;
  const captured = [...a.peer.sent];
  const other = await stranger('127.0.0.1');
  for (const packet of captured) {
    a.peer.sendRaw(packet);
    other.send(packet, a.opened.port, '127.0.0.1');
  }
  await sleep(200);
  expect(b.peer.heard.length - heard).toBe(0);
});

test('the right source may begin a new stream (a transfer at its side): it is followed, as one stream to the other', async () => {
  const [a, b] = [await phone('a'), await phone('b')];
  await media.client.request({ type: 'bridge', a: 'a', b: 'b' });
  a.peer.talk(tone(8_000));
  await until('heard', () => b.peer.heard.length > 20);
  a.peer.ssrc = 0x7777;
  a.peer.sequence = 40_000;
  a.peer.timestamp = 99;
  a.peer.talk(tone(1_000));
  await until('followed', () => levels(b.peer).has(toUlaw(1_000)));
  await sleep(200);
  expect(new Set(b.peer.heard.map(({ header }) => header.ssrc)).size).toBe(1);
  expect(b.peer.span().numbered).toBe(b.peer.span().packets);
});

test('a far end that moves is followed by a re-INVITE, and by nothing else', async () => {
  const [a, b] = [await phone('a'), await phone('b')];
  await media.client.request({ type: 'bridge', a: 'a', b: 'b' });
  a.peer.talk(tone(8_000));
  b.peer.talk(tone(2_000));
  await until('heard', () => b.peer.heard.length > 10 && a.peer.heard.length > 10);
  a.peer.hush();
  const moved = await RtpPeer.open();
  peers.push(moved);
  moved.aim(a.opened);
  moved.talk(tone(1_000));
  await sleep(600);
  expect(levels(b.peer).has(toUlaw(1_000))).toBe(false);
  expect(moved.heard).toEqual([]);
  await media.client.request({ type: 'aim-rtp', leg: 'a', remote: { ...a.remote, port: moved.port } });
  await until('heard from there', () => levels(b.peer).has(toUlaw(1_000)) && moved.heard.length > 5);
});

const absent = missing('baresip', 'espeak-ng', 'sox');
describe.skipIf(absent)(`a flood while a telephone talks${absent ? ` (${absent})` : ''}`, () => {
  test('20,000 packets a second at one leg: neither side misses more than 60 ms', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'denwaban-flood-'));
    const house = await realExchange(media, 6_220);
    const closing: (() => unknown)[] = [];
    const event = <Type extends PhoneEvent['type']>(type: Type) =>
      until(type, () => house.events.find((one): one is Extract<PhoneEvent, { type: Type }> => one.type === type));
    try {
      const [customer, agent] = [voice('customer', folder), voice('agent', folder)];
      const desk = await DeskLine.make('line', encodeUlaw(agent.samples));
      closing.push(() => desk.close());
      const anna = 'ag_anna' as AgentId;
      const line = 'ln_flood' as LineId;
      desk.answered((await house.exchange.openLine({ agent: anna, line, offer: desk.offer })).answer);
      desk.prove();
      await event('line.proven');
      const telephone = await Baresip.start({ folder: join(folder, 'phone'), number: '03', says: customer.telephone });
      closing.push(() => telephone.stop());
      await telephone.dial({ number: '0120', host: '127.0.0.1', port: 6_220 });
      const { leg } = await event('leg.arrived');
      const recording: RecordingId = mintId('rc', now(), randomBytes(10));
      const agentLeg = 'lg_agent' as LegId;
      house.exchange.carryOut({ type: 'join', customer: leg, agentLeg, agent: anna, recording });
      await event('leg.joined');
      await sleep(1_500);
      const { legs } = await media.client.request({ type: 'hello', version: 1 });
      const port = legs.find((one) => one.leg === leg)?.rtp?.port ?? 0;
      const flood = run(process.execPath, ['-e', flooder, String(port), '5000']);
      closing.push(() => flood.stop());
      await flood.exited;
      expect(Number(/sent (\d+)/.exec(flood.log())?.[1])).toBeGreaterThan(50_000);
      await sleep(500);
      await telephone.hangUp();
      const { path } = await event('recording.finished');
      await telephone.event('CALL_CLOSED');
      const heard = readWav(telephone.heard()[0] ?? '').channels[0]!;
      const sent = readWav(telephone.sent()[0] ?? '').channels[0]!;
      const [left] = readWav(path).channels;
      // The desk of this test lives in the same process as the test: it says nothing while that stands still, and a flood on two
      // cores makes it stand. What the customer said comes from a process of its own.
      expect(longestGapMs(cut(left!, 8_000, 1, 6.5), sent)).toBeLessThanOrEqual(60);
      expect(longestGapMs(cut(heard, 8_000, 1, 6.5), agent.samples)).toBeLessThanOrEqual(60);
    } finally {
      await house.dispose();
      for (const close of closing) await close();
      rmSync(folder, { recursive: true, force: true });
    }
  }, 60_000);
});

/** A process of its own: RTP and garbage from four sockets, 100 packets every 5 ms. */
const flooder = `
  const { createSocket } = require('node:dgram');
  const [port, ms] = process.argv.slice(1).map(Number);
  const sockets = ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.4'].map((address) => {
    const socket = createSocket('udp4');
    socket.on('error', () => {});
    socket.bind(0, address);
    return socket;
  });
  const packet = Buffer.alloc(172, 0x55);
  let sent = 0;
  const beat = setInterval(() => {
    for (let n = 0; n < 100; n++) {
      packet[0] = n % 3 === 0 ? 0x80 : n;
      packet[1] = 0;
      packet.writeUInt16BE(sent & 0xffff, 2);
      sockets[n % 4].send(Buffer.from(packet), port, '127.0.0.1');
      sent += 1;
    }
  }, 5);
  setTimeout(() => {
    clearInterval(beat);
    console.log('sent ' + sent);
    process.exit(0);
  }, ms);
`;
