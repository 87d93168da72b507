import { expect, test } from 'vitest';
import { asOurselves, contactTowards, knownAs, placeTowards } from './ourselves.js';

const us = { publicAddress: '203.0.113.5', publicAddress6: '2001:db8::5', port: 5060, tlsPort: 5071 };

test('[TRK15] who reaches us by IPv6 is told our address of IPv6, and on TLS the port of TLS', () => {
  const place = (transport: 'udp' | 'tls', address: string, ours = us) => {
    const { host, port } = placeTowards(ours, { transport, address });
    return `${host}:${port}`;
  };
  expect(place('udp', '192.0.2.1')).toBe('203.0.113.5:5060');
  expect(place('udp', '2001:db8::9')).toBe('[2001:db8::5]:5060');
  expect(place('tls', '2001:db8::9')).toBe('[2001:db8::5]:5071');
  const { publicAddress, port } = us;
  expect(placeTowards({ publicAddress, port }, { transport: 'tls', address: '2001:db8::9' })).toEqual({
    ...{ host: '203.0.113.5', port: 5061 },
  });
  expect(contactTowards(us, { transport: 'udp', address: '2001:db8::9' }, null).value).toBe(
    '<sip:denwaban@[2001:db8::5]:5060;transport=udp>',
  );
});

test('[TRK19] a carrier that knows us by a name reads it in Contact, with the port of its transport, on IPv4 and IPv6', () => {
  const named = knownAs(us, 'sbc.example.com');
  const contact = (address: string) => contactTowards(named, { transport: 'tls', address }, null).value;
  expect(contact('192.0.2.1')).toBe('<sip:denwaban@sbc.example.com:5071;transport=tls>');
  expect(contact('2001:db8::9')).toBe(contact('192.0.2.1'));
  expect(knownAs(us, null)).toBe(us);
});

test('[TRK19] a question that is nobody’s call has a Contact only where we are known by a name', () => {
  const peer = { transport: 'udp', address: '192.0.2.1' } as const;
  expect(asOurselves(us, null, peer)).toEqual({ from: '<sip:denwaban@203.0.113.5:5060>', contact: [] });
  expect(asOurselves(us, 'sbc.example.com', peer)).toEqual({
    from: '<sip:denwaban@sbc.example.com:5060>',
    contact: [{ name: 'contact', value: '<sip:denwaban@sbc.example.com:5060;transport=udp>' }],
  });
});
