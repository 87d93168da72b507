import { describe, expect, test } from 'vitest';
import { HmacSha1 } from '../../rtp/srtp/sha1.js';
import { addressBytes } from './address-bytes.js';
import { integrityHolds, isStun, readStun, stunAttributes, StunWriter } from './stun.js';

const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex');
/** RFC 5769 §2.1: a request between ICE agents. */
const request = hex(`
  00010058 2112a442 b7e7a701 bc34d686 fa87dfae
  80220010 5354554e 20746573 7420636c 69656e74
  00240004 6e0001ff
  80290008 932ff9b1 51263b36
  00060009 6576746a 3a683676 59202020
  00080014 9aeaa70c bfd8cb56 781ef2b5 b2d3f249 c1b571a2
  80280004 e57a3bcf`);
/** §2.2 and §2.3: its answers. */
const answers = {
  '192.0.2.1': hex(`
    0101003c 2112a442 b7e7a701 bc34d686 fa87dfae
    8022000b 74657374 20766563 746f7220
    00200008 0001a147 e112a643
    00080014 2b91f599 fd9e90c3 8c7489f9 2af9ba53 f06be7d7
    80280004 c07d4c96`),
  '2001:db8:1234:5678:11:2233:4455:6677': hex(`
    01010048 2112a442 b7e7a701 bc34d686 fa87dfae
    8022000b 74657374 20766563 746f7220
    00200014 0002a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9
    00080014 a382954e 4be67bf1 1784c97c 8292c275 bfe3ed41
    80280004 c8fb0b4c`),
} as const;
const password = () => new HmacSha1(Buffer.from('VOkJxbRl1RmTxUk/WvJxBt'));
const transaction = request.subarray(8, 20);

describe('the messages of RFC 5769', () => {
  test('a request is read, and its integrity holds with the password and with no other', () => {
    const read = readStun(request)!;
    expect(read).toMatchObject({ kind: 'request', method: 1, username: 'evtj:h6vY', role: 'controlled', unknown: [] });
    expect(read.useCandidate).toBe(false);
    expect(integrityHolds(read, password())).toBe(true);
    expect(integrityHolds(read, new HmacSha1(Buffer.from('VOkJxbRl1RmTxUk/WvJxBT')))).toBe(false);
    expect(readStun(request), 'asking changed nothing').not.toBeNull();
  });

  test.each(Object.entries(answers))('an answer with %s is as we write the address', (address, answer) => {
    const read = readStun(answer)!;
    expect(read.kind).toBe('success');
    expect(integrityHolds(read, password())).toBe(true);
    const ours = new StunWriter('success', transaction).addXorAddress(addressBytes(address), 32_853).finish();
    const length = 4 + ours[23]!;
    expect(Buffer.from(ours.subarray(20, 20 + length))).toEqual(answer.subarray(36, 36 + length));
  });
});

test('what we write is read by us, signed and whole', () => {
  const bytes = new StunWriter('error', transaction).addError(487, 'Role Conflict').sign(password()).finish();
  const read = readStun(bytes)!;
  expect(read).toMatchObject({ kind: 'error', method: 1 });
  expect(Buffer.from(read.transaction)).toEqual(transaction);
  expect(integrityHolds(read, password())).toBe(true);
  bytes[30]! ^= 1;
  expect(readStun(bytes)).toBeNull();
});

test('a message of which any signed bit was changed is refused or not authentic', () => {
  const fingerprintBytes = 8;
  for (let bit = 0; bit < (request.length - fingerprintBytes) * 8; bit++) {
    const bent = Buffer.from(request);
    bent[bit >> 3]! ^= 1 << (bit & 7);
    const read = readStun(bent);
    expect(read === null || !integrityHolds(read, password()), `bit ${bit}`).toBe(true);
  }
});

test('no beginning of a message is one', () => {
  for (let end = 0; end < request.length; end++) expect(readStun(request.subarray(0, end))).toBeNull();
});

test('what stands behind the integrity is not read, for anybody may have added it', () => {
  const writer = new StunWriter('request', transaction).add(stunAttributes.username, Buffer.from('a:b'));
  const bytes = writer.sign(password()).add(stunAttributes.useCandidate, new Uint8Array()).finish();
  const read = readStun(bytes)!;
  expect(integrityHolds(read, password())).toBe(true);
  expect(read.useCandidate).toBe(false);
});

test('an ICE tie-breaker may be zero', () => {
  const writer = new StunWriter('request', transaction).add(stunAttributes.controlling, new Uint8Array(8));
  expect(readStun(writer.finish())).toMatchObject({ role: 'controlling' });
});

test.each([
  ['a user name longer than any', stunAttributes.username, 514],
  ['an integrity of another length', stunAttributes.integrity, 32],
  ['a tie-breaker of another length', stunAttributes.controlling, 4],
  ['a flag with a value', stunAttributes.useCandidate, 4],
])('%s makes it no message', (_, attribute, bytes) => {
  expect(readStun(new StunWriter('request', transaction).add(attribute, new Uint8Array(bytes)).finish())).toBeNull();
});

test('attributes that must be understood and are not are named; those that need not are passed over', () => {
  const writer = new StunWriter('request', transaction).add(0x7fff, new Uint8Array(3)).add(0xc057, new Uint8Array(4));
  expect(readStun(writer.finish())).toMatchObject({ unknown: [0x7fff] });
});

test('the first byte tells STUN from DTLS and RTP', () => {
  expect([0, 1, 3].every(isStun)).toBe(true);
  expect([4, 20, 63, 64, 128, 191].some(isStun)).toBe(false);
});

test.each([
  ['192.0.2.1', 'c0000201'],
  ['::ffff:192.0.2.1', 'c0000201'],
  ['::', '0'.repeat(32)],
  ['::1', '1'.padStart(32, '0')],
  ['2001:db8::7', '20010db8000000000000000000000007'],
  ['fe80::1%eth0', 'fe800000000000000000000000000001'],
  ['64:ff9b::192.0.2.1', '0064ff9b0000000000000000c0000201'],
])('the address %s has its bytes', (address, bytes) => {
  expect(Buffer.from(addressBytes(address)).toString('hex')).toBe(bytes);
});
