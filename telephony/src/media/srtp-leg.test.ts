/** Encrypted legs on real sockets: RFC 3711 between a telephone and the engine. */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { expect, test } from 'vitest';
import { SrtpSender, srtpSuites, toUlaw, writeRtpHeader, type SrtpKey, type SrtpSuite } from '../rtp/index.js';
import { says, settle, smallHouse, tone, until } from './testing/small-house.js';

const house = smallHouse({ rtpPortMin: 25_100, rtpPortMax: 25_139 });
const freshKey = (suite: SrtpSuite = 'AES_CM_128_HMAC_SHA1_80'): SrtpKey => ({
  suite,
  key: randomBytes(30).toString('base64'),
});

async function securePhone(leg: string, suite?: SrtpSuite) {
  const key = freshKey(suite);
  const phone = await house().phone(leg, { srtp: key });
  phone.peer.secure(key, { suite: key.suite, key: phone.opened.keys[key.suite] });
  return { ...phone, key };
}

test.each(srtpSuites)('%s: an encrypted and a plain leg hear each other', async (suite) => {
  const a = await securePhone('a', suite);
  const b = await house().phone('b');
  await house().engine.handle({ type: 'bridge', a: 'a', b: 'b' });
  a.peer.talk(tone(8_000));
  b.peer.talk(tone(2_000));
  await until('both hear', () => says(a.peer, 2_000) && says(b.peer, 8_000));
  // What left the encrypted telephone was no sound that anybody else could read.
  expect(a.peer.sent.some((packet) => packet.subarray(12, 172).every((byte) => byte === toUlaw(8_000)))).toBe(false);
});

test('plain RTP, RTP under another key and replayed packets are not heard on an encrypted leg', async () => {
  const a = await securePhone('a');
  const b = await house().phone('b');
  await house().engine.handle({ type: 'bridge', a: 'a', b: 'b' });
  a.peer.talk(tone(8_000));
  await until('heard', () => says(b.peer, 8_000));
  a.peer.hush();
  await settle();
  const before = b.peer.heard.length;
  for (const packet of [...a.peer.sent]) a.peer.sendRaw(packet);
  const forged = new SrtpSender('AES_CM_128_HMAC_SHA1_80', randomBytes(30));
  for (let n = 1; n < 200; n++) {
    const packet = Buffer.alloc(172, toUlaw(4_000));
    const sequence = (a.peer.sequence + n) & 0xffff;
    writeRtpHeader(packet, 0, 0, { sequence, timestamp: a.peer.timestamp + n * 160, marker: false }, a.peer.ssrc);
    a.peer.sendRaw(packet);
    a.peer.sendRaw(forged.protect(packet)!);
  }
  await settle();
  expect(b.peer.heard.length - before).toBe(0);
  a.peer.talk(tone(1_000));
  await until('heard again', () => says(b.peer, 1_000));
});

test('a stranger who is first at the port does not close the lock: only who has the key does, from wherever', async () => {
  const key = freshKey();
  // The SDP told an address behind a NAT: nobody speaks from there.
  const a = await house().phone('a', { srtp: key, address: '192.0.2.77', port: 4_000 });
  a.peer.secure(key, { suite: key.suite, key: a.opened.keys[key.suite] });
  const b = await house().phone('b');
  await house().engine.handle({ type: 'bridge', a: 'a', b: 'b' });
  const stranger = createSocket('udp4');
  for (let n = 0; n < 50; n++) {
    const packet = Buffer.alloc(172, toUlaw(4_000));
    writeRtpHeader(packet, 0, 0, { sequence: n, timestamp: n * 160, marker: false }, 7);
    await new Promise((resolve) => stranger.send(packet, a.opened.port, '127.0.0.1', resolve));
  }
  a.peer.talk(tone(8_000));
  b.peer.talk(tone(2_000));
  await until('both hear', () => says(a.peer, 2_000) && says(b.peer, 8_000));
  expect(says(b.peer, 4_000)).toBe(false);
  stranger.close();
});

test('behind a NAT the very first authentic packet is heard: nobody need prove themselves by a run', async () => {
  const key = freshKey();
  const a = await house().phone('a', { srtp: key, address: '192.0.2.77', port: 4_000 });
  a.peer.secure(key, { suite: key.suite, key: a.opened.keys[key.suite] });
  const b = await house().phone('b');
  await house().engine.handle({ type: 'bridge', a: 'a', b: 'b' });
  for (let n = 0; n < 3; n++) a.peer.send(0, tone(8_000).subarray(0, 160));
  await until('all three', () => b.peer.heard.length === 3);
});

test('a re-INVITE with a new key moves the audio over to it; the old one is not heard any more', async () => {
  const a = await securePhone('a');
  const b = await house().phone('b');
  await house().engine.handle({ type: 'bridge', a: 'a', b: 'b' });
  a.peer.talk(tone(8_000));
  b.peer.talk(tone(2_000));
  await until('heard', () => says(b.peer, 8_000));
  const next = freshKey();
  await house().engine.handle({ type: 'aim-rtp', leg: 'a', remote: { ...a.remote, srtp: next } });
  await settle();
  b.peer.heard.length = 0;
  await settle();
  expect(b.peer.heard).toEqual([]);
  a.peer.secure(next, { suite: next.suite, key: a.opened.keys[next.suite] });
  await until('heard again', () => says(b.peer, 8_000));
  await until('hears again', () => says(a.peer, 2_000));
});

test('control can ask for our keys again and is told that audio is encrypted; no list holds one', async () => {
  const { engine } = house();
  const a = await securePhone('a');
  await house().phone('b');
  expect(await engine.handle({ type: 'keys-of', leg: 'a' })).toEqual({ keys: a.opened.keys, secure: true });
  expect(await engine.handle({ type: 'keys-of', leg: 'b' })).toMatchObject({ secure: false });
  const { legs } = await engine.handle({ type: 'hello', version: 1 });
  expect(JSON.stringify([legs, house().events])).not.toContain(a.opened.keys.AES_CM_128_HMAC_SHA1_80);
});
