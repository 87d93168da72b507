/** RTCP on real sockets, and what the engine makes of it: beside RTP, on its port, and encrypted. */
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { afterEach, expect, test } from 'vitest';
import { isRtcp, LineMeter, SrtpReceiver, SrtpSender, type SrtpKey } from '../rtp/index.js';
import { readRtcp, writeRtcp } from '../rtp/rtcp.js';
import type { MediaEvent } from './protocol.js';
import { says, settle, smallHouse, tone, until } from './testing/small-house.js';

const house = smallHouse({ rtpPortMin: 25_140, rtpPortMax: 25_179 }, '127.0.0.1', { reportMs: 200, measureMs: 400 });
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

/** A port for RTCP next to nothing: where it is, is said by `a=rtcp`. */
async function controlPort(): Promise<{ socket: Socket; port: number; heard: Buffer[] }> {
  const socket = createSocket('udp4');
  sockets.push(socket);
  const heard: Buffer[] = [];
  socket.on('message', (packet) => heard.push(packet));
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return { socket, port: socket.address().port, heard };
}
const qualities = () =>
  house().events.filter((event): event is Extract<MediaEvent, { type: 'leg-quality' }> => event.type === 'leg-quality');

test('a far end that speaks is told how it is heard, on the port that it asked for', async () => {
  const control = await controlPort();
  const a = await house().phone('a', { rtcp: { address: '127.0.0.1', port: control.port } });
  const b = await house().phone('b');
  await house().engine.handle({ type: 'bridge', a: 'a', b: 'b' });
  a.peer.talk(tone(8_000));
  b.peer.talk(tone(2_000));
  await until('two reports', () => control.heard.length >= 2);
  const [report] = readRtcp(control.heard.at(-1)!);
  expect(report?.ssrc).toBe(a.peer.heard[0]?.header.ssrc);
  expect(report?.sentAt).not.toBeNull();
  expect(report?.blocks).toEqual([expect.objectContaining({ ssrc: a.peer.ssrc, lost: 0, fractionLost: 0 })]);
  expect((report!.blocks[0]!.highest - a.peer.sequence) & 0xffff).toBeGreaterThan(0xff00 - 0x10000);
});

test('what the far end reports is in the measure of its line: loss, jitter and the way there and back', async () => {
  const control = await controlPort();
  const a = await house().phone('a', { rtcp: { address: '127.0.0.1', port: control.port } });
  const b = await house().phone('b');
  const meter = new LineMeter(a.peer.ssrc, 'far', () => Date.now());
  await house().engine.handle({ type: 'bridge', a: 'a', b: 'b' });
  a.peer.talk(tone(8_000));
  b.peer.talk(tone(2_000));
  control.socket.on('message', (packet) => {
    meter.read(packet, performance.now());
    const [told] = readRtcp(packet);
    if (told === undefined || told.sentAt === null) return;
    const block = {
      ssrc: told.ssrc,
      fractionLost: 0.1,
      lost: Math.ceil(a.peer.heard.length / 4),
      highest: a.peer.heard.at(-1)?.header.sequence ?? 0,
      jitter: 80,
      lastReport: told.sentAt,
      sinceLastReport: 0,
    };
    control.socket.send(writeRtcp(a.peer.ssrc, 'far', null, block), a.opened.port + 1, '127.0.0.1');
  });
  await until('a measure with a report', () => qualities().some(({ leg, mean }) => leg === 'a' && mean.to !== null));
  const quality = qualities().findLast(({ leg }) => leg === 'a')!;
  expect(quality.mean.to).toMatchObject({ jitterMs: 10 });
  expect(quality.mean.to?.lostPercent).toBeGreaterThan(5);
  expect(quality.mean.rttMs).toBeLessThan(2_000);
  expect(quality.mean.from).toMatchObject({ lostPercent: 0 });
  expect(quality.mean.to!.mos).toBeLessThan(quality.mean.from!.mos);
});

test('both lines of a bridge are told of at its end, once and last, and not without one', async () => {
  const [a, b] = [await house().phone('a'), await house().phone('b')];
  a.peer.talk(tone(8_000));
  b.peer.talk(tone(2_000));
  await settle(500);
  expect(qualities()).toEqual([]);
  const { at } = await house().engine.handle({ type: 'bridge', a: 'a', b: 'b' });
  await until('a measure', () => qualities().length >= 2);
  await house().engine.handle({ type: 'close', leg: 'a' });
  const last = qualities().filter(({ final }) => final);
  expect(last.map(({ leg, since }) => [leg, since])).toEqual([
    ['a', at],
    ['b', at],
  ]);
  for (const { mean, spanMs } of last) {
    expect(mean.mos).toBeGreaterThan(4);
    expect(spanMs).toBeGreaterThan(350);
  }
  const told = qualities().length;
  await settle(500);
  expect(qualities()).toHaveLength(told);
});

test('RTCP on the port of RTP, where that was agreed, and never in the audio', async () => {
  const a = await house().phone('a', { rtcp: 'mux' });
  const b = await house().phone('b');
  const reports: Buffer[] = [];
  a.peer.onRtcp = (packet) => reports.push(packet);
  await house().engine.handle({ type: 'bridge', a: 'a', b: 'b' });
  a.peer.talk(tone(8_000));
  b.peer.talk(tone(2_000));
  await until('reports', () => reports.length >= 2 && says(b.peer, 8_000));
  a.peer.sendRaw(writeRtcp(a.peer.ssrc, 'far', null, null));
  await settle();
  expect(b.peer.heard.every(({ header }) => header.payloadType === 0)).toBe(true);
});

test('an encrypted leg reports encrypted, and believes only what is', async () => {
  const key: SrtpKey = { suite: 'AES_CM_128_HMAC_SHA1_80', key: randomBytes(30).toString('base64') };
  const control = await controlPort();
  const a = await house().phone('a', { srtp: key, rtcp: { address: '127.0.0.1', port: control.port } });
  const ours = a.opened.keys[key.suite];
  a.peer.secure(key, { suite: key.suite, key: ours });
  const b = await house().phone('b');
  await house().engine.handle({ type: 'bridge', a: 'a', b: 'b' });
  a.peer.talk(tone(8_000));
  b.peer.talk(tone(2_000));
  await until('a report', () => control.heard.length >= 1);
  const receiver = new SrtpReceiver(key.suite, Buffer.from(ours, 'base64'));
  const secret = control.heard[0]!;
  expect(isRtcp(secret)).toBe(true);
  const plain = receiver.unprotectRtcp(Buffer.from(secret));
  const [told] = readRtcp(plain!);
  expect(told?.blocks).toHaveLength(1);
  const block = { ...told!.blocks[0]!, ssrc: told!.ssrc, lost: 1_000, highest: 60_000, jitter: 8_000, lastReport: 0 };
  const forged = writeRtcp(a.peer.ssrc, 'far', null, block);
  control.socket.send(forged, a.opened.port + 1, '127.0.0.1');
  await settle(600);
  expect(qualities().filter(({ leg, mean }) => leg === 'a' && mean.to !== null)).toEqual([]);
  const sender = new SrtpSender(key.suite, Buffer.from(key.key, 'base64'));
  control.socket.send(sender.protectRtcp(forged), a.opened.port + 1, '127.0.0.1');
  await until('believed', () => qualities().some(({ leg, mean }) => leg === 'a' && mean.to !== null));
});

test('a stranger’s reports on the RTCP port are not read', async () => {
  const a = await house().phone('a', {}, '127.0.0.1');
  const b = await house().phone('b');
  await house().engine.handle({ type: 'bridge', a: 'a', b: 'b' });
  a.peer.talk(tone(8_000));
  b.peer.talk(tone(2_000));
  await until('heard', () => a.peer.heard.length > 5);
  const stranger = createSocket('udp4');
  sockets.push(stranger);
  await new Promise<void>((resolve) => stranger.bind(0, '127.0.0.9', resolve));
  const block = { ssrc: a.peer.heard[0]!.header.ssrc, fractionLost: 1, lost: 1_000, highest: 2_000, jitter: 9_000 };
  const report = writeRtcp(1, 'x', null, { ...block, lastReport: 0, sinceLastReport: 0 });
  for (let n = 0; n < 20; n++) stranger.send(report, a.opened.port + 1, '127.0.0.1');
  await settle(700);
  expect(qualities().filter(({ mean }) => mean.to !== null)).toEqual([]);
});
