/** Against RFC 2202, and against OpenSSL at every length that pads differently. */
import { createHmac, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { HmacSha1 } from './sha1.js';

const of = (key: Uint8Array, message: Uint8Array, suffix: number | null = null): string => {
  const hmac = new HmacSha1(key);
  hmac.update(message, message.length, suffix);
  return Buffer.from(hmac.digest).toString('hex');
};

test.each([
  [Buffer.alloc(20, 0x0b), Buffer.from('Hi There'), 'b617318655057264e28bc0b6fb378c8ef146be00'],
  [Buffer.from('Jefe'), Buffer.from('what do ya want for nothing?'), 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79'],
  [Buffer.alloc(20, 0xaa), Buffer.alloc(50, 0xdd), '125d7342b9ac11cd91a39af48aa17b4f63f175d3'],
])('HMAC-SHA1 gives what RFC 2202 says (%#)', (key, message, digest) => {
  expect(of(key, message)).toBe(digest);
});

test('it agrees with OpenSSL at every length up to a large packet, with and without a suffix', () => {
  const key = randomBytes(20);
  const hmac = new HmacSha1(key);
  const message = randomBytes(1_500);
  const suffix = Buffer.from('fedcba98', 'hex');
  for (let end = 0; end <= message.length; end += end < 300 ? 1 : 37) {
    hmac.update(message, end, null);
    expect(Buffer.from(hmac.digest)).toEqual(createHmac('sha1', key).update(message.subarray(0, end)).digest());
    hmac.update(message, end, 0xfedcba98);
    const both = createHmac('sha1', key).update(message.subarray(0, end)).update(suffix).digest();
    expect(Buffer.from(hmac.digest)).toEqual(both);
  }
});

test('two keys in turn do not disturb each other', () => {
  const [one, other] = [new HmacSha1(Buffer.alloc(20, 1)), new HmacSha1(Buffer.alloc(20, 2))];
  const message = Buffer.from('what the caller says');
  one.update(message, message.length, 1);
  other.update(message, message.length, 1);
  expect(Buffer.from(one.digest).toString('hex')).toBe(of(Buffer.alloc(20, 1), message, 1));
  expect(one.digest).not.toEqual(other.digest);
});
