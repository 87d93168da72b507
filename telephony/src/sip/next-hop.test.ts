/** Where requests in a dialog go, by what the far end says and by where it really is. */
import { expect, test } from 'vitest';
import type { SipSource } from './contract.js';
import type { Dialog } from './dialog.js';
import { isPrivate, mayBeSentTo, nextHop } from './next-hop.js';

const dialog: Dialog = {
  callId: 'call-1',
  localUri: 'sip:0312345678@198.51.100.1',
  localTag: 'ours',
  remoteUri: 'sip:+81901112222@carrier.example',
  remoteTag: 'theirs',
  remoteTarget: 'sip:aiko@192.0.2.10',
  routeSet: [],
  localCseq: 1,
  remoteCseq: 1,
};
const source: SipSource = { transport: 'udp', address: '203.0.113.5', port: 5062 };
const hopFor = (remoteTarget: string, from: SipSource = source) => {
  const { transport, address, port, connection } = nextHop({ ...dialog, remoteTarget }, from, 9).hop;
  return `${transport} ${address}:${port} ${connection}`;
};

test.each([
  ['an address that can be reached is used as it is', 'sip:a@203.0.113.77:5080', 'udp 203.0.113.77:5080 null'],
  ['without a port it is 5060', 'sip:a@203.0.113.77', 'udp 203.0.113.77:5060 null'],
  ['the transport that the target names', 'sip:a@203.0.113.77;transport=TCP', 'tcp 203.0.113.77:5060 null'],
  ['a private address behind NAT: back to where it came from', 'sip:a@192.168.1.7:5060', 'udp 203.0.113.5:5062 null'],
  ['a name: back to where it came from', 'sip:a@phone.example', 'udp 203.0.113.5:5062 null'],
  ['… over what it came by', 'sip:a@phone.example;transport=tcp', 'udp 203.0.113.5:5062 null'],
  ['figures that are none: as good as a name', 'sip:a@00.0.2.10', 'udp 203.0.113.5:5062 null'],
  ['0.0.0.0 is nobody', 'sip:a@0.0.0.0', 'udp 203.0.113.5:5062 null'],
  [':: is nobody', 'sip:a@[::]', 'udp 203.0.113.5:5062 null'],
  ['a group is no peer', 'sip:a@224.0.1.75', 'udp 203.0.113.5:5062 null'],
  ['everybody at once is no peer', 'sip:a@255.255.255.255', 'udp 203.0.113.5:5062 null'],
  ['a group of IPv6 is no peer', 'sip:a@[ff02::1]', 'udp 203.0.113.5:5062 null'],
  ['loopback in the clothes of IPv6 is loopback', 'sip:a@[::ffff:127.0.0.1]', 'udp 203.0.113.5:5062 null'],
  ['a target of TLS has its own port', 'sip:a@203.0.113.77;transport=tls', 'tls 203.0.113.77:5061 null'],
  ['sips is TLS', 'sips:a@203.0.113.77', 'tls 203.0.113.77:5061 null'],
  ['IPv6', 'sip:a@[2001:db8::7]:5070', 'udp 2001:db8::7:5070 null'],
])('next hop: %s', (_, target, expected) => {
  expect(hopFor(target)).toBe(expected);
});

test('next hop: over TCP the connection of the dialog is used again, between private addresses the one named', () => {
  const tcp = { transport: 'tcp', address: '10.0.0.9', port: 40_123 } as const;
  expect(hopFor('sip:a@10.0.0.7;transport=tcp', tcp)).toBe('tcp 10.0.0.7:5060 9');
  expect(hopFor('sip:a@10.0.0.7', tcp)).toBe('tcp 10.0.0.7:5060 9');
  expect(hopFor('sip:a@10.0.0.7;transport=udp', tcp)).toBe('udp 10.0.0.7:5060 null');
  expect(hopFor('sip:a@phone.example;transport=udp', tcp)).toBe('tcp 10.0.0.9:40123 9');
});

test('next hop: what began over TLS stays there, whatever the Contact says', () => {
  const tls = { transport: 'tls', address: '203.0.113.5', port: 40_123 } as const;
  expect(hopFor('sip:a@203.0.113.77:5070', tls)).toBe('tls 203.0.113.77:5070 9');
  expect(hopFor('sip:a@203.0.113.77:5070;transport=udp', tls)).toBe('tls 203.0.113.77:5070 9');
  expect(hopFor('sip:a@phone.example', tls)).toBe('tls 203.0.113.5:40123 9');
});

test.each([
  ['a host', 'sip:a@sbc1.carrier.example', { host: 'sbc1.carrier.example', port: null, transport: 'udp' }],
  ['with port and transport', 'sip:a@sbc1:5070;transport=tcp', { host: 'sbc1', port: 5070, transport: 'tcp' }],
  ['sips', 'sips:a@sbc1.example.', { host: 'sbc1.example.', port: null, transport: 'tls' }],
  ['an address is none', 'sip:a@203.0.113.77', null],
  ['an address that may not be sent to is none', 'sip:a@127.0.0.1', null],
  ['figures that are none', 'sip:a@999.1.1.1', null],
  ['what ends in a number', 'sip:a@host.example.7', null],
  ['longer than a name can be', `sip:a@${'a.'.repeat(130)}example`, null],
  ['a part longer than 63', `sip:a@${'a'.repeat(64)}.example`, null],
])('next hop: the name to look up: %s', (_, remoteTarget, expected) => {
  expect(nextHop({ ...dialog, remoteTarget }, source, null).named).toEqual(expected);
});

test.each([
  [
    '203.0.113.5',
    ['203.0.113.9', '2001:db8::7'],
    ['10.0.0.1', '127.0.0.1', '169.254.169.254', '::1', '::ffff:10.0.0.1'],
  ],
  [
    '10.0.0.5',
    ['10.0.0.1', '192.168.1.1', '203.0.113.9', 'fd00::1'],
    ['127.0.0.1', '169.254.169.254', 'fe80::1', '::1'],
  ],
  [
    '127.0.0.1',
    ['127.0.0.2', '::1', '10.0.0.1', '203.0.113.9'],
    ['169.254.169.254', '224.0.0.1', '0.0.0.0', '255.255.255.255'],
  ],
  ['fe80::7%eth0', ['fe80::1', '2001:db8::7'], ['127.0.0.1', '::', 'ff02::1']],
])('next hop: who speaks from %s has us send to %j, and not to %j', (from, open, closed) => {
  for (const address of open) expect(mayBeSentTo(address, from), address).toBe(true);
  for (const address of closed) expect(mayBeSentTo(address, from), address).toBe(false);
});

test('private addresses are known', () => {
  const hidden = [
    '10.1.2.3',
    '172.16.0.1',
    '172.31.9.9',
    '192.168.0.1',
    '127.0.0.1',
    '169.254.1.1',
    '100.64.0.1',
    '::1',
    'fd00::1',
    'fe80::1',
    'fe80::1%eth0',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:10.0.0.1',
  ];
  for (const address of hidden) expect(isPrivate(address), address).toBe(true);
  for (const address of ['172.32.0.1', '100.128.0.1', '8.8.8.8', '192.169.0.1', '2001:db8::1', '::ffff:8.8.8.8'])
    expect(isPrivate(address), address).toBe(false);
});
