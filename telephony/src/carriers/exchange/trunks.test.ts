import type { TrunkId } from '@denwaban/core';
import { expect, test } from 'vitest';
import type { Trunk } from './trunk.js';
import { loopbackAddresses, trunkFinder } from './trunks.js';

const trunk = (id: string, ...addresses: string[]): Trunk => ({
  id: `tk_${id}` as TrunkId,
  name: id,
  inbound: { addresses },
});

test('the demo trunk is this machine in every way a socket may write it, and nothing else', () => {
  const find = trunkFinder([trunk('demo', ...loopbackAddresses)]);
  for (const address of ['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1', '::ffff:7f00:1']) {
    expect(find(address)?.id, address).toBe('tk_demo');
  }
  for (const address of ['128.0.0.1', '10.0.0.1', '::2', '::ffff:10.0.0.1', 'fe80::1%eth0', 'localhost', '']) {
    expect(find(address), address).toBeNull();
  }
});

test('blocks are matched bit by bit, and the trunk named first has what two lists hold', () => {
  const find = trunkFinder([
    trunk('a', '198.51.100.0/25', '2001:db8::/33'),
    trunk('b', '198.51.100.0/24', '203.0.113.7'),
  ]);
  expect(find('198.51.100.127')?.id).toBe('tk_a');
  expect(find('198.51.100.128')?.id).toBe('tk_b');
  expect(find('203.0.113.7')?.id).toBe('tk_b');
  expect(find('203.0.113.8')).toBeNull();
  expect(find('2001:db8:7fff::1')?.id).toBe('tk_a');
  expect(find('2001:db8:8000::1')).toBeNull();
  expect(find('fe80::1%eth0')).toBeNull();
});

test('a list entry that is no address is refused at start, by name', () => {
  for (const entry of ['example.com', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '::1/129', '', '10.0.0.0/-1']) {
    expect(() => trunkFinder([trunk('x', entry)]), entry).toThrow(/tk_x/);
  }
  expect(() => trunkFinder([trunk('x', '10.0.0.1'), trunk('x', '10.0.0.2')])).toThrow(/twice/);
});
