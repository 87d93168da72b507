import { expect, test } from 'vitest';
import { mediaPlace } from './media-place.js';

const own = { addresses: ['127.0.0.1', '203.0.113.1'], ports: { min: 20_000, max: 20_999 } };
const place = (address: string, source = '198.51.100.7', port = 40_000) => mediaPlace({ address, port }, source, own);

test('a carrier may have its audio at another of its machines', () => {
  expect(place('198.51.100.7')).toBe('198.51.100.7');
  expect(place('192.0.2.44')).toBe('192.0.2.44');
  expect(place('2001:db8::9', '2001:db8::1')).toBe('2001:db8::9');
});

test.each(['224.2.1.1', '239.255.255.250', '255.255.255.255', '240.0.0.1', '0.1.2.3', 'ff02::1', '::ffff:224.2.1.1'])(
  'nothing is ever sent to %s',
  (address) => {
    expect(place(address)).toBeNull();
    expect(place(address, '127.0.0.1')).toBeNull();
  },
);

test.each([
  '10.0.0.7',
  '192.168.1.1',
  '172.16.0.1',
  '169.254.169.254',
  '100.64.0.1',
  '127.0.0.1',
  '::1',
  'fd00::1',
  'fe80::1',
])('%s, told by somebody on the internet, is not a machine behind us: the audio goes back to them', (address) => {
  expect(place(address)).toBe('198.51.100.7');
});

test('on one network private addresses are what they say', () => {
  expect(place('192.168.1.20', '192.168.1.10')).toBe('192.168.1.20');
  expect(place('10.0.0.7', '127.0.0.1')).toBe('10.0.0.7');
});

test('loopback is for who is on this machine, not for who is on our network', () => {
  expect(place('127.0.0.1', '127.0.0.9')).toBe('127.0.0.1');
  expect(place('127.0.0.1', '::ffff:127.0.0.9')).toBe('127.0.0.1');
  expect(place('127.0.0.1', '192.168.1.10')).toBe('192.168.1.10');
});

test('our own audio ports are nobody’s telephone, however they are written', () => {
  expect(place('203.0.113.1', '198.51.100.7', 20_002)).toBeNull();
  expect(place('127.0.0.1', '127.0.0.9', 20_999)).toBeNull();
  expect(place('::ffff:203.0.113.1', '198.51.100.7', 20_000)).toBeNull();
  // On the same machine, but not us.
  expect(place('127.0.0.1', '127.0.0.9', 21_000)).toBe('127.0.0.1');
});

test('0.0.0.0 is a hold', () => {
  expect(place('0.0.0.0')).toBe('0.0.0.0');
  expect(place('::')).toBe('::');
});
