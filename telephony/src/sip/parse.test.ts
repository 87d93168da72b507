import fc from 'fast-check';
import { expect, test } from 'vitest';
import { header, headerValues, type SipHeader, type SipMessage } from './message.js';
import { limits, parseMessage } from './parse.js';
import { serializeMessage } from './serialize.js';
import { requestText } from './testing/world.js';

const parse = (text: string) => parseMessage(Buffer.from(text, 'latin1'));
const codeOf = (text: string) => {
  const result = parse(text);
  return result.ok ? 'ok' : result.code;
};

const plain = (message: SipMessage) => ({ ...message, body: Buffer.from(message.body, 'latin1').toString('hex') });

const token = fc.stringMatching(/^[A-Za-z0-9\-.!%*_+`'~]{1,12}$/);
const host = fc.constantFrom('192.0.2.1', 'a.example', '[2001:db8::1]', 'a.example:5070');
const word = fc.stringMatching(/^[A-Za-z0-9@.-]{1,16}$/);
/** Any bytes that can stand in a header: nothing that ends a line, nothing that trimming would take away. */
const value = fc.string({
  unit: fc.integer({ min: 33, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 40,
});
const address = fc
  .tuple(fc.constantFrom('', 'Ken ', '"K, \\"n" '), word, host, token)
  .map(([name, user, place, tag]) => `${name}<sip:${user.replace(/@/g, '')}x@${place}>;tag=${tag}`);
const extra = fc
  .tuple(fc.stringMatching(/^x-[a-z]{1,8}$/), value)
  .map(([name, text]): SipHeader => ({ name, value: text }));

const message: fc.Arbitrary<SipMessage> = fc
  .record({
    method: token.filter((name) => !name.startsWith('SIP')),
    status: fc.integer({ min: 100, max: 699 }),
    request: fc.boolean(),
    vias: fc.array(fc.tuple(host, token), { minLength: 1, maxLength: 4 }),
    contacts: fc.array(address, { maxLength: 3 }),
    from: address,
    to: address,
    callId: word,
    cseq: fc.nat({ max: 2 ** 31 - 1 }),
    extras: fc.array(extra, { maxLength: 5 }),
    body: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    reason: value,
  })
  .map((parts) => {
    const headers: SipHeader[] = [
      ...parts.vias.map(([place, branch]) => ({ name: 'via', value: `SIP/2.0/UDP ${place};branch=z9hG4bK${branch}` })),
      { name: 'from', value: parts.from },
      { name: 'to', value: parts.to },
      { name: 'call-id', value: parts.callId },
      { name: 'cseq', value: `${parts.cseq} ${parts.method}` },
      ...parts.contacts.map((contact) => ({ name: 'contact', value: contact })),
      ...parts.extras,
    ];
    return parts.request
      ? { kind: 'request', method: parts.method, uri: 'sip:a@b.example', headers, body: parts.body }
      : { kind: 'response', status: parts.status, reason: parts.reason, headers, body: parts.body };
  });

test('what we write we read back the same', () => {
  fc.assert(
    fc.property(message, (written) => {
      const result = parseMessage(serializeMessage(written));
      expect(result.ok ? plain(result.message) : result).toEqual(plain(written));
    }),
    { numRuns: 500 },
  );
});

test('any bytes give a result, never a throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => void parseMessage(bytes)),
    { numRuns: 500 },
  );
});

test('a good message with bytes changed, cut or doubled gives a result, and an accepted one can be written again', () => {
  const change = fc.record({
    at: fc.nat(),
    byte: fc.nat({ max: 255 }),
    kind: fc.constantFrom('set', 'cut', 'drop', 'double'),
  });
  fc.assert(
    fc.property(message, fc.array(change, { minLength: 1, maxLength: 6 }), (good, changes) => {
      let bytes = Buffer.from(serializeMessage(good), 'latin1');
      for (const { at, byte, kind } of changes) {
        const place = at % Math.max(1, bytes.length);
        if (kind === 'set') bytes[place] = byte;
        else if (kind === 'cut') bytes = bytes.subarray(0, place);
        else if (kind === 'drop') bytes = Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + 1)]);
        else bytes = Buffer.concat([bytes.subarray(0, place), bytes.subarray(place / 2)]);
      }
      const result = parseMessage(bytes);
      if (result.ok) expect(parseMessage(serializeMessage(result.message)).ok).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});

test.each([
  ['one huge header', () => requestText({ extra: [`X: ${'a'.repeat(60_000)}`] })],
  [
    'ten thousand Vias',
    () => requestText({ extra: ['Via: SIP/2.0/UDP a;branch=z9hG4bKa'.repeat(1), 'v: b'.repeat(10_000)] }),
  ],
  ['a list of commas', () => requestText({ extra: [`Route: ${','.repeat(30_000)}`] })],
  ['quotes that never close', () => requestText({ extra: [`Contact: ${'"\\'.repeat(15_000)}`] })],
  ['folding without end', () => requestText({ extra: [`X: a${'\r\n '.repeat(10_000)}`] })],
  ['parameters without end', () => requestText({ extra: [`Contact: <sip:a@b>${';a'.repeat(15_000)}`] })],
  ['brackets without end', () => requestText({ extra: [`Contact: ${'<'.repeat(30_000)}`] })],
  ['spaces without end', () => requestText({ extra: [`Via: SIP${' '.repeat(30_000)}x`] })],
  ['zeros', () => '\0'.repeat(65_000)],
  ['line ends', () => '\r\n'.repeat(32_000)],
])('64 kB of %s cost no more than a moment', (_, make) => {
  const bytes = Buffer.from(make(), 'latin1');
  const costs = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage();
    parseMessage(bytes);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  });
  // The aim is 5 ms (research/performance.md §2.4). Ten times that still tells linear from quadratic on a busy machine.
  expect(Math.min(...costs)).toBeLessThan(50);
});

test('a fault names a header in few characters, however long the name is', () => {
  const result = parse(requestText({ extra: [`${'Long'.repeat(2_000)}: a\nb`] }));
  expect(result).toMatchObject({ ok: false, code: 'bare-line-end', detail: 'long'.repeat(10) });
});

test('more than 256 headers, 32 kB of head or 64 kB in all are refused with 513 and can be answered', () => {
  const many = parse(requestText({ extra: Array.from({ length: 300 }, (_, index) => `X-${index}: y`) }));
  expect(many).toMatchObject({ ok: false, code: 'too-many-headers', status: 513 });
  // Content-Length is kept apart and not counted, wherever it stands: what is read can be written and read again.
  const full = (count: number) => requestText({ extra: Array.from({ length: count }, (_, index) => `X-${index}: y`) });
  const ordinary = requestText().split('\r\n').length - 4;
  expect(parse(full(limits.headers - ordinary)).ok).toBe(true);
  expect(parse(full(limits.headers - ordinary + 1)).ok).toBe(false);
  const route = `Route: ${Array.from({ length: 300 }, () => '<sip:a>').join(',')}`;
  // As the last line, where only the values of this one can be counted.
  const joined = parse(requestText().replace('\r\n\r\n', `\r\n${route}\r\n\r\n`));
  expect(joined).toMatchObject({ ok: false, code: 'too-many-headers', status: 513 });
  const head = parse(requestText({ extra: [`X: ${'a'.repeat(limits.headBytes)}`] }));
  expect(head).toMatchObject({ ok: false, code: 'too-large', status: 513 });
  const body = parse(requestText({ body: 'a'.repeat(limits.bytes) }));
  expect(body).toMatchObject({ ok: false, code: 'too-large', status: 513 });
  for (const result of [many, head, body]) expect(!result.ok && result.answerable?.request.method).toBe('INVITE');
});

test('Via, Route, Record-Route and Contact joined by commas are held one by one, quotes and brackets kept whole', () => {
  const result = parse(
    requestText({
      contact: '"A, B" <sip:a@b;x=1,2>, <sip:c@d>;q=0.5',
      extra: [
        'Via: SIP/2.0/UDP p1.example;branch=z9hG4bKp1, SIP/2.0/TCP p2.example;branch=z9hG4bKp2',
        'Route: <sip:r1;lr>,<sip:r2;lr>',
      ],
    }),
  );
  expect(result.ok).toBe(true);
  if (!result.ok) return;
  expect(headerValues(result.message, 'via')).toHaveLength(3);
  expect(headerValues(result.message, 'route')).toEqual(['<sip:r1;lr>', '<sip:r2;lr>']);
  expect(headerValues(result.message, 'contact')).toEqual(['"A, B" <sip:a@b;x=1,2>', '<sip:c@d>;q=0.5']);
  expect(result.essentials.via.host).toBe('192.0.2.10');
});

test('a datagram may carry more than its Content-Length says, never less', () => {
  const text = requestText({ body: 'v=0\r\n' });
  const longer = parse(`${text}rubbish`);
  expect(longer.ok && longer.message.body).toBe('v=0\r\n');
  expect(codeOf(text.slice(0, -1))).toBe('bad-content-length');
  expect(parse(text.replace(/Content-Length: \d+\r\n/, ''))).toMatchObject({ ok: true });
});

test('nothing but line ends, or four zeros, is a keep-alive', () => {
  for (const text of ['', '\r\n', '\r\n\r\n', '\r\n\r\n\r\n', '\0\0\0\0']) expect(codeOf(text)).toBe('keep-alive');
  expect(codeOf(`\r\n\r\n${requestText()}`)).toBe('ok');
});

test.each([
  ['a bare line feed in a header', requestText({ extra: ['X: a\nVia: SIP/2.0/UDP evil'] }), 'bare-line-end'],
  ['a bare carriage return', requestText({ extra: ['X: a\rb'] }), 'bare-line-end'],
  ['a header without a colon', requestText({ extra: ['Nonsense'] }), 'bad-header'],
  ['a header name with a space', requestText({ extra: ['X Y: z'] }), 'bad-header'],
  ['no Call-ID', requestText().replace(/Call-ID:[^\r]*\r\n/, ''), 'missing-header'],
  ['two Froms', requestText({ extra: ['f: <sip:a@b>;tag=1'] }), 'repeated-header'],
  ['a CSeq beyond 2^31', requestText({ cseq: 2 ** 31 }), 'bad-header'],
  ['a status of 99', 'SIP/2.0 099 x\r\n\r\n', 'bad-status'],
  ['a status of four figures', 'SIP/2.0 2000 OK\r\n\r\n', 'bad-status'],
  ['another version', requestText().replace(' SIP/2.0', ' SIP/3.0'), 'bad-version'],
  ['HTTP', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'bad-start-line'],
  ['Max-Forwards of 256', requestText().replace('Max-Forwards: 70', 'Max-Forwards: 256'), 'bad-header'],
])('refused: %s', (_, text, code) => {
  expect(codeOf(text)).toBe(code);
});

test('a compact header is its long form', () => {
  const result = parse(requestText().replace('Call-ID:', 'i:').replace('From:', 'f :').replace('Contact:', 'M:'));
  expect(result.ok && [header(result.message, 'call-id'), header(result.message, 'contact')]).toEqual([
    'call-1',
    '<sip:aiko@192.0.2.10:5060>',
  ]);
});
