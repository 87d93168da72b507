/** RFC 3711 with its own vectors (appendix B), the known answers of libsrtp, and what a stranger may not do. */
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { writeRtpHeader } from '../header.js';
import { Keystream } from './cipher.js';
import { deriveSessionKeys, readMasterKey } from './keys.js';
import { ownKeys, SrtpReceiver, SrtpSender, SrtpSession, srtpSuites, type SrtpSuite } from './index.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
const master = hex('E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6');
const suite = 'AES_CM_128_HMAC_SHA1_80';

function packet(sequence: number, { ssrc = 0x1234, text = 'what the caller says' } = {}): Buffer {
  const made = Buffer.alloc(12 + text.length);
  writeRtpHeader(made, 0, 0, { sequence, timestamp: sequence * 160, marker: false }, ssrc);
  made.write(text, 12);
  return made;
}
const pair = (of: SrtpSuite = suite, key: Buffer = master) => ({
  sender: new SrtpSender(of, key),
  receiver: new SrtpReceiver(of, key),
});
/** A copy, since the receiver decrypts in place. */
const copy = (bytes: Uint8Array | null): Buffer => Buffer.from(bytes ?? []);

test('B.2: the key stream of AES in counter mode, at its beginning and at block 0xFEFF', () => {
  const keys = { cipher: hex('2B7E151628AED2A6ABF7158809CF4F3C'), salt: hex('F0F1F2F3F4F5F6F7F8F9FAFBFCFD') };
  const stream = new Uint8Array(48);
  new Keystream(keys).apply(stream, stream, 0, 48, 0, 0);
  expect(Buffer.from(stream)).toEqual(
    hex('E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB 41E95B3BB0A2E8DD477901E4FCA894C0'),
  );
});

test('key stream made ahead is what each packet would have had alone, in whatever order, length and stream they come', () => {
  const keys = { cipher: randomBytes(16), salt: randomBytes(14) };
  const order = fc.record({
    index: fc.integer({ min: 0xfff8, max: 0x10014 }),
    bytes: fc.integer({ min: 0, max: 400 }),
    ssrc: fc.constantFrom(1, 0xfedcba98),
  });
  fc.assert(
    fc.property(fc.array(order, { maxLength: 40 }), (packets) => {
      const kept = new Keystream(keys);
      for (const { index, bytes, ssrc } of packets) {
        const [one, other] = [Buffer.alloc(bytes), Buffer.alloc(bytes)];
        kept.apply(one, one, 0, bytes, ssrc, index);
        new Keystream(keys, 1).apply(other, other, 0, bytes, ssrc, index);
        expect(one).toEqual(other);
      }
    }),
  );
});

test('B.3: cipher key, salt and 94 bytes of authentication key from the master key', () => {
  const keys = deriveSessionKeys(master, 'rtp', 94);
  expect(keys.cipher).toEqual(hex('C61E7A93744F39EE10734AFE3FF7A087'));
  expect(keys.salt).toEqual(hex('30CBBC08863D8C85D49DB34A9AE1'));
  expect(keys.auth).toEqual(
    hex(`CEBE321F6FF7716B6FD4AB49AF256A15 6D38BAA48F0A0ACF3C34E2359E6CDBCE E049646C43D9327AD175578EF7227098
         6371C10C9A369AC2F94A8C5FBCDDDC25 6D6E919A48B610EF17C2041E47403576 6B68642C59BBFC2F34DB60DBDFB2`),
  );
});

test('the known answers of libsrtp: one RTP and one RTCP packet', () => {
  const plain = hex('800f1234decafbadcafebabe abababababababababababababababab');
  const secret = hex('800f1234decafbadcafebabe 4e55dc4ce79978d88ca4d215949d2402 b78d6acc99ea179b8dbb');
  const { sender, receiver } = pair();
  expect(copy(sender.protect(plain))).toEqual(secret);
  expect(copy(receiver.unprotect(copy(secret)))).toEqual(plain);
  const report = hex('81c8000bcafebabe abababababababababababababababab');
  // libsrtp counts from 1 where RFC 3711 §3.4 counts from 0, so the first one is spent.
  sender.protectRtcp(report);
  const sent = hex('81c8000bcafebabe 7128035be487b9bdbef89041f977a5a8 80000001 993e08cd54d6c1230798');
  expect(copy(sender.protectRtcp(report))).toEqual(sent);
  expect(copy(receiver.unprotectRtcp(copy(sent)))).toEqual(report);
});

test.each(srtpSuites)('%s: what was protected comes out as it went in, of any length and place in the stream', (of) => {
  const parts = fc.record({
    first: fc.integer({ min: 0, max: 0xffff }),
    payload: fc.uint8Array({ maxLength: 400 }),
    csrc: fc.integer({ min: 0, max: 15 }),
  });
  fc.assert(
    fc.property(parts, ({ first, payload, csrc }) => {
      const { sender, receiver } = pair(of);
      for (let n = 0; n < 3; n++) {
        const plain = Buffer.concat([packet((first + n) & 0xffff, { text: '' }), Buffer.alloc(4 * csrc), payload]);
        plain[0]! |= csrc;
        const secret = copy(sender.protect(plain));
        expect(secret.length).toBe(plain.length + (of.endsWith('80') ? 10 : 4));
        expect(copy(receiver.unprotect(secret))).toEqual(plain);
      }
    }),
    { numRuns: 60 },
  );
});

test('the rollover counter goes up with the sequence numbers, over loss and reordering', () => {
  const { sender, receiver } = pair();
  for (let turn = 0; turn < 3; turn++) {
    for (const sequence of [0x0001, 0x4000, 0x7fff, 0xa000, 0xe000, 0xfffe]) {
      expect(copy(receiver.unprotect(copy(sender.protect(packet(sequence)))))).toEqual(packet(sequence));
    }
    const late = copy(sender.protect(packet(0xffff)));
    const early = copy(sender.protect(packet(0x0000)));
    expect(copy(receiver.unprotect(early))).toEqual(packet(0));
    expect(copy(receiver.unprotect(late))).toEqual(packet(0xffff));
  }
});

test('whoever hears a stream in its middle finds out how often it turned over, up to two hours; later turns are followed', () => {
  const sender = new SrtpSender(suite, master);
  const late = new SrtpReceiver(suite, master);
  for (let turn = 0; turn < 5; turn++) for (const at of [0, 0x4000, 0x8000, 0xc000]) sender.protect(packet(at));
  expect(copy(late.unprotect(copy(sender.protect(packet(0xffff)))))).toEqual(packet(0xffff));
  expect(copy(late.unprotect(copy(sender.protect(packet(3)))))).toEqual(packet(3));
  // Another source under the same key begins at its beginning.
  expect(copy(late.unprotect(copy(sender.protect(packet(7, { ssrc: 8 })))))).toEqual(packet(7, { ssrc: 8 }));
});

test('a packet that was there before is refused, in and behind the window, and under an older source too', () => {
  const { sender, receiver } = pair();
  const sent = Array.from({ length: 400 }, (_, n) => copy(sender.protect(packet(n))));
  const other = copy(sender.protect(packet(7, { ssrc: 9 })));
  expect(sent.filter((secret) => receiver.unprotect(copy(secret)) !== null)).toHaveLength(400);
  expect(receiver.unprotect(copy(other))).not.toBeNull();
  expect([...sent, other].filter((secret) => receiver.unprotect(copy(secret)) !== null)).toEqual([]);
});

test('a bit changed anywhere, another key, a stranger’s source: nothing passes, and nothing is remembered of it', () => {
  const { sender, receiver } = pair();
  const secret = copy(sender.protect(packet(1)));
  for (let bit = 0; bit < secret.length * 8; bit++) {
    const forged = copy(secret);
    forged[bit >> 3]! ^= 1 << (bit & 7);
    expect(receiver.unprotect(forged)).toBeNull();
  }
  const { sender: stranger } = pair(suite, randomBytes(30));
  for (let n = 0; n < 200; n++)
    expect(receiver.unprotect(copy(stranger.protect(packet(n, { ssrc: n })))) ?? null).toBeNull();
  expect(copy(receiver.unprotect(secret))).toEqual(packet(1));
});

test('a number is never used twice: the second packet under it is not sent', () => {
  const { sender } = pair();
  expect(sender.protect(packet(5))).not.toBeNull();
  expect(sender.protect(packet(5, { text: 'something else' }))).toBeNull();
});

test('RTCP: replayed, changed and unencrypted packets are refused', () => {
  const { sender, receiver } = pair();
  const report = hex('81c8000bcafebabe abababababababababababababababab');
  const first = copy(sender.protectRtcp(report));
  const second = copy(sender.protectRtcp(report));
  expect(copy(receiver.unprotectRtcp(copy(second)))).toEqual(report);
  expect(copy(receiver.unprotectRtcp(copy(first)))).toEqual(report);
  expect(receiver.unprotectRtcp(copy(first))).toBeNull();
  for (let bit = 0; bit < second.length * 8; bit++) {
    const forged = copy(second);
    forged[bit >> 3]! ^= 1 << (bit & 7);
    expect(receiver.unprotectRtcp(forged)).toBeNull();
  }
});

test('whatever else comes to the port is no exception', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), (bytes, rtpLike) => {
      const { receiver } = pair();
      const data = copy(bytes);
      if (rtpLike && data.length > 0) data[0] = 0x80 | (data[0]! & 0x3f);
      expect(receiver.unprotect(copy(data))).toBeNull();
      expect(receiver.unprotectRtcp(copy(data))).toBeNull();
    }),
  );
  const { receiver } = pair();
  expect(receiver.unprotect(Buffer.alloc(60_000, 0x80))).toBeNull();
});

test('re-negotiation: the same key goes on, a new one begins anew, ours never counts from the beginning again', () => {
  const ours = ownKeys(randomBytes(60));
  const theirs = randomBytes(30);
  const far = new SrtpSender(suite, theirs);
  const session = new SrtpSession(ours);
  session.agree({ suite, key: theirs.toString('base64') });
  const first = copy(far.protect(packet(1)));
  expect(session.receiver?.unprotect(copy(first))).not.toBeNull();
  session.agree({ suite, key: theirs.toString('base64') });
  expect(session.receiver?.unprotect(copy(first))).toBeNull();
  expect(session.sender?.protect(packet(9))).not.toBeNull();

  const next = randomBytes(30);
  session.agree({ suite, key: next.toString('base64') });
  expect(session.receiver?.unprotect(copy(first))).toBeNull();
  expect(session.receiver?.unprotect(copy(new SrtpSender(suite, next).protect(packet(1))))).not.toBeNull();
  session.agree(null);
  expect(session.sender).toBeNull();
  session.agree({ suite, key: next.toString('base64') });
  expect(session.sender?.protect(packet(9))).toBeNull();
});

test('a master key is 30 bytes in base64, and nothing else', () => {
  expect(readMasterKey(master.toString('base64'))).toEqual(master);
  for (const wrong of ['', 'A'.repeat(39), 'A'.repeat(41), `${'A'.repeat(39)}=`, `${'A'.repeat(39)}-`]) {
    expect(readMasterKey(wrong)).toBeNull();
  }
});
