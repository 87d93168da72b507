/** Addresses, Vias and the grammar below them. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromWire, toWire } from './message.js';
import { displayText, formatNameAddress, parseNameAddress, tagOf } from './name-address.js';
import { parseNumber, parseParams, quote, splitOutside, unquote } from './syntax.js';
import { formatSipUri, parseSipUri, userOf, type SipUri } from './uri.js';
import { formatVia, parseVia } from './via.js';

const token = fc.stringMatching(/^[a-z0-9\-.!%*_+`'~]{1,10}$/);
const host = fc.constantFrom('a.example', '192.0.2.1', '[2001:db8::1]', 'x-1.b');
const port = fc.option(fc.integer({ min: 1, max: 65_535 }));
const params = fc.array(fc.record({ name: token, value: fc.option(token) }), { maxLength: 4 });
const uri: fc.Arbitrary<SipUri> = fc
  .record({
    scheme: fc.constantFrom('sip' as const, 'sips' as const),
    user: fc.option(fc.stringMatching(/^[A-Za-z0-9\-_.!~*'()&=+$,;?/%]{1,12}$/)),
    password: fc.option(fc.stringMatching(/^[a-z0-9]{0,6}$/)),
    host,
    port,
    params,
    headers: fc.option(fc.stringMatching(/^[a-z]{1,4}=[a-z]{1,4}$/)),
  })
  .map((parts) => ({ ...parts, password: parts.user === null ? null : parts.password }));

test('addresses are read as they were written', () => {
  fc.assert(
    fc.property(uri, (address) => {
      expect(parseSipUri(formatSipUri(address))).toEqual(address);
    }),
  );
});

test('Vias are read as they were written', () => {
  const via = fc.record({ transport: fc.constantFrom('UDP', 'TCP', 'TLS'), host, port, params });
  fc.assert(
    fc.property(via, (written) => {
      expect(parseVia(formatVia(written))).toEqual(written);
    }),
  );
});

test('names and addresses are read as they were written', () => {
  const display = fc.option(
    fc.oneof(
      token,
      fc.string({ maxLength: 10 }).map((text) => quote(toWire(text))),
    ),
  );
  const address = fc.record({ display, uri: uri.map(formatSipUri), params });
  fc.assert(
    fc.property(address, (written) => {
      expect(parseNameAddress(formatNameAddress(written))).toEqual(written);
    }),
  );
});

test('any text is quoted and unquoted to itself, sent and read back to itself', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(unquote(quote(text))).toBe(text);
    }),
  );
  const lines = fc.string({ unit: 'grapheme' }).filter((text) => !/[\r\n\0]/.test(text));
  fc.assert(
    fc.property(lines, (text) => {
      expect(fromWire(toWire(text))).toBe(text);
    }),
  );
  expect(toWire('a\r\nVia: x')).toBe('a Via: x');
});

test('any text gives a result', () => {
  for (const parse of [parseSipUri, parseVia, parseNameAddress, userOf, (text: string) => splitOutside(text, ',')]) {
    fc.assert(fc.property(fc.string({ maxLength: 80 }), (text) => void parse(text)));
  }
});

test.each([
  ['sip:', null],
  ['sip:@host', null],
  ['sip:a@', null],
  ['sip:a@host:0', null],
  ['sip:a@host:65536', null],
  ['sip:a@ho st', null],
  ['sip:a@host;=x', null],
  ['sip:a@host?', null],
  ['sip:a@[::1', null],
  ['tel:+81', null],
  ['sip:a;b?c/d@host', 'a;b?c/d'],
  ['SIP:a:secret@HOST:5070', 'a'],
])('%s has the user %s', (text, user) => {
  expect(parseSipUri(text)?.user ?? null).toBe(user);
});

test.each([
  ['sip:+81312345678@x', '+81312345678'],
  ['sip:%2B81312345678;ext=1@x', '+81312345678'],
  ['tel:+81-3-(1234).5678;phone-context=x', '+81312345678'],
  ['sip:%E9%9B%BB@x', '電'],
  ['sip:a%00b@x', null],
  ['sip:a%0D%0Ab@x', null],
  ['sip:x', null],
  ['urn:service:sos', null],
])('the user of %s for look-ups is %s', (text, user) => {
  expect(userOf(text)).toBe(user);
});

test.each([
  ['"A \\"B\\", C" <sip:a@b>;tag=1', 'A "B", C', 'sip:a@b', '1'],
  ['A B  <sip:a@b;x=y>', 'A B', 'sip:a@b;x=y', null],
  ['sip:a@b;tag=1', null, 'sip:a@b', '1'],
  ['<sip:a@b>;TAG = 1', null, 'sip:a@b', '1'],
  ['""<sip:a@b>', null, 'sip:a@b', null],
  ['Bell, Alexander <sip:a@b>', 'Bell, Alexander', 'sip:a@b', null],
])('%s', (text, name, address, tag) => {
  const read = parseNameAddress(text);
  expect(read && [displayText(read), read.uri, tagOf(read)]).toEqual([name, address, tag]);
});

test.each([
  '',
  '<>',
  'a',
  '<sip:a@b',
  'sip:a@b>',
  '"a <sip:a@b>',
  '"a" x <sip:a@b>',
  '<sip:a@b>x',
  '<sip:a@b>;',
  '<sip:a@b>;;x',
  'x"y" <sip:a@b>',
])('no address: %j', (text) => {
  expect(parseNameAddress(text)).toBeNull();
});

test('numbers are digits only and bounded', () => {
  expect([
    parseNumber('0070', 255),
    parseNumber('256', 255),
    parseNumber('-1', 9),
    parseNumber('1e1', 99),
    parseNumber('', 9),
  ]).toEqual([70, null, null, null, null]);
});

test('parameters: values may be anything between separators, names may not be empty', () => {
  expect(parseParams(';received=2001:db8::1;rport;x="a;b"', 0)).toEqual([
    { name: 'received', value: '2001:db8::1' },
    { name: 'rport', value: null },
    { name: 'x', value: '"a;b"' },
  ]);
  for (const broken of [';', ';=x', ';a=', ';a="b', ';a=b c', 'a=b']) expect(parseParams(broken, 0), broken).toBeNull();
});
