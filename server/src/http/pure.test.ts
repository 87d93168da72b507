/** The small pure parts: ranges, cookies, sources, buckets, lanes, WAV headers. */
import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { Bucket, Buckets } from './bucket.js';
import { readSessionCookie, sessionCookie } from './cookie.js';
import { Lanes } from './lanes.js';
import { ifRangeHolds, noneMatch, readRange } from './range.js';
import { isFromElsewhere, isPlainHost } from './security.js';
import { sourceOf } from './source.js';
import { headerFor, readWavShape } from './wav.js';

describe('ranges (RFC 9110 §14)', () => {
  const part = (first: number, last: number) => ({ type: 'part', first, last });
  const whole = { type: 'whole' };
  const none = { type: 'unsatisfiable' };
  test.each([
    [undefined, 100, whole],
    ['bytes=0-0', 100, part(0, 0)],
    ['bytes=0-99', 100, part(0, 99)],
    ['bytes=0-100', 100, part(0, 99)],
    ['bytes=99-', 100, part(99, 99)],
    ['bytes=0-', 100, part(0, 99)],
    ['bytes=100-', 100, none],
    ['bytes=100-200', 100, none],
    ['bytes=-1', 100, part(99, 99)],
    ['bytes=-100', 100, part(0, 99)],
    ['bytes=-1000', 100, part(0, 99)],
    ['bytes=-0', 100, none],
    ['bytes=5-2', 100, whole], // last before first is malformed, and ignored
    ['bytes=-', 100, whole],
    ['bytes=a-b', 100, whole],
    ['bytes=0-1,5-6', 100, whole], // several ranges: we may ignore them
    ['items=0-1', 100, whole],
    ['BYTES=1-2', 100, part(1, 2)],
    [' bytes=1-2 ', 100, part(1, 2)],
    ['bytes=0-', 0, none],
    ['bytes=-5', 0, none],
    [`bytes=${'9'.repeat(400)}-`, 100, none],
    [`bytes=0-${'9'.repeat(400)}`, 100, part(0, 99)],
  ])('%s of %i bytes', (header, size, expected) => {
    expect(readRange(header, size)).toEqual(expected);
  });

  test('whatever the header, a part lies inside the file', () => {
    const header = fc.oneof(
      fc.string(),
      fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => `bytes=${a}-${b}`),
    );
    fc.assert(
      fc.property(header, fc.nat(), (text, size) => {
        const range = readRange(text, size);
        if (range.type !== 'part') return;
        expect(range.first).toBeGreaterThanOrEqual(0);
        expect(range.first).toBeLessThanOrEqual(range.last);
        expect(range.last).toBeLessThan(size);
      }),
    );
  });

  test('If-Range holds for the strong tag only; If-None-Match compares weakly', () => {
    expect(ifRangeHolds(undefined, null)).toBe(true);
    expect(ifRangeHolds('"a"', '"a"')).toBe(true);
    expect(ifRangeHolds('W/"a"', '"a"')).toBe(false);
    expect(ifRangeHolds('"a"', null)).toBe(false);
    expect(ifRangeHolds('Wed, 21 Oct 2015 07:28:00 GMT', '"a"')).toBe(false);
    expect(noneMatch(undefined, '"a"')).toBe(true);
    expect(noneMatch('"b", W/"a"', '"a"')).toBe(false);
    expect(noneMatch('*', '"a"')).toBe(false);
    expect(noneMatch('*', null)).toBe(true);
  });
});

describe('cookies', () => {
  test.each([
    ['denwaban_session=abc', 'abc'],
    ['a=b; denwaban_session=abc; c=d', 'abc'],
    ['xdenwaban_session=abc', null],
    ['denwaban_session=', null],
    ['denwaban_session=a b', null],
    ['denwaban_session="abc"', null],
    [`denwaban_session=${'a'.repeat(201)}`, null],
    ['', null],
    [undefined, null],
  ])('%s', (header, secret) => expect(readSessionCookie(header)).toBe(secret));

  test('Secure only over https', () => {
    expect(sessionCookie('s', false)).toBe('denwaban_session=s; Path=/; HttpOnly; SameSite=Lax');
    expect(sessionCookie('s', true)).toMatch(/; Secure$/);
  });
});

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['::1', '0:0:0:0::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:0db8:0000:0000:1:2:3:4', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('the source of %s is %s', (address, source) => expect(sourceOf(address)).toBe(source));

describe('origins', () => {
  test.each([
    [{}, 'a.jp', false],
    [{ origin: 'http://a.jp' }, 'a.jp', false],
    [{ origin: 'https://a.jp' }, 'a.jp', false],
    [{ origin: 'http://a.jp:80' }, 'a.jp', false],
    [{ origin: 'http://a.jp:8080' }, 'a.jp:8080', false],
    [{ origin: 'http://A.jp' }, 'a.JP', false],
    [{ origin: 'http://a.jp:8081' }, 'a.jp:8080', true],
    [{ origin: 'http://b.jp' }, 'a.jp', true],
    [{ origin: 'http://a.jp.b.jp' }, 'a.jp', true],
    [{ origin: 'null' }, 'a.jp', true],
    [{ origin: '' }, 'a.jp', true],
    [{ origin: 'http://a.jp' }, undefined, true],
    [{ 'sec-fetch-site': 'cross-site' }, 'a.jp', true],
    [{ 'sec-fetch-site': 'same-site', origin: 'http://a.jp' }, 'a.jp', true],
    [{ 'sec-fetch-site': 'same-origin', origin: 'http://a.jp' }, 'a.jp', false],
  ])('%o at %s: from elsewhere %s', (headers, host, expected) => expect(isFromElsewhere(headers, host)).toBe(expected));

  test('a Host that is put into a policy is a plain one', () => {
    expect(['a.jp', 'a.jp:80', '[::1]:8080', '127.0.0.1:1'].every(isPlainHost)).toBe(true);
    expect([undefined, '', "a.jp; script-src 'unsafe-inline'", 'a b', 'a/b', '*'].some(isPlainHost)).toBe(false);
  });
});

describe('buckets', () => {
  test('never more than the burst at once, nor than the rate over time', () => {
    const step = fc.nat({ max: 500 });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const bucket = new Bucket({ burst: 5, perSecond: 2 }, 0);
        let now = 0;
        let taken = 0;
        for (const ms of steps) {
          now += ms;
          if (bucket.take(now)) taken += 1;
        }
        expect(taken).toBeLessThanOrEqual(5 + (now / 1000) * 2);
      }),
    );
  });

  test('a clock that goes back gives nothing', () => {
    const bucket = new Bucket({ burst: 1, perSecond: 1 }, 1000);
    expect(bucket.take(1000)).toBe(true);
    expect(bucket.take(0)).toBe(false);
    expect(bucket.waitMs(0)).toBe(1000);
  });

  test('only so many keys are remembered, the ones used last', () => {
    const buckets = new Buckets({ burst: 1, perSecond: 0.001 }, 2);
    expect(buckets.of('a', 0).take(0)).toBe(true);
    buckets.of('b', 0);
    buckets.of('a', 0);
    buckets.of('c', 0); // b goes
    expect(buckets.of('a', 0).take(0)).toBe(false);
  });
});

test('lanes: so many at a time, so many waiting, the rest refused; a failure frees its lane', async () => {
  const lanes = new Lanes(1, 1);
  let open = (_value: number): void => undefined;
  const first = lanes.run(() => new Promise<number>((resolve) => (open = resolve)));
  const second = lanes.run(() => Promise.reject(new Error('no')));
  expect(await lanes.run(async () => 3)).toBeNull();
  open(1);
  expect(await first).toEqual({ value: 1 });
  await expect(second).rejects.toThrow('no');
  expect(await lanes.run(async () => 4)).toEqual({ value: 4 });
});

describe('WAV headers', () => {
  test('random bytes are no WAV and never throw; nor does a header cut anywhere', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, dressed) => {
        const head = Buffer.from(bytes);
        const text = dressed ? Buffer.concat([Buffer.from('RIFF\0\0\0\0WAVE'), head]) : head;
        const shape = readWavShape(text);
        if (shape !== null) expect(shape.dataAt).toBeLessThanOrEqual(text.length);
      }),
    );
  });

  test('chunks before fmt and data are stepped over, and a growing header states what is there', () => {
    const fmt = Buffer.alloc(24);
    fmt.write('fmt ', 'latin1');
    fmt.writeUInt32LE(16, 4);
    fmt.writeUInt16LE(1, 8);
    fmt.writeUInt16LE(2, 10);
    fmt.writeUInt32LE(8000, 12);
    fmt.writeUInt16LE(16, 22);
    const odd = Buffer.from('LIST\x03\0\0\0abc\0', 'latin1');
    const data = Buffer.from('data\xff\xff\xff\xff', 'latin1');
    const head = Buffer.concat([Buffer.from('RIFF\0\0\0\0WAVE'), odd, fmt, data]);
    const shape = readWavShape(head);
    expect(shape).toMatchObject({ channels: 2, sampleRate: 8000, dataAt: head.length });
    const fixed = headerFor(head, shape!, head.length + 400);
    expect(readWavShape(fixed)?.dataBytes).toBe(400);
    expect(fixed.readUInt32LE(4)).toBe(head.length + 400 - 8);
  });
});
