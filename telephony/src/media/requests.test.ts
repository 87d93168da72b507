import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineReader } from './lines.js';
import type { MediaRequest } from './protocol.js';
import { readRequest } from './requests.js';

const remote = {
  address: '192.0.2.1',
  port: 4_000,
  codec: 'PCMA',
  dtmfPayloadType: 101,
  ptimeMs: 20,
  direction: 'sendrecv',
} as const;
const srtp = { suite: 'AES_CM_128_HMAC_SHA1_80', key: 'd0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj' } as const;
const good: MediaRequest[] = [
  { type: 'hello', version: 1 },
  { type: 'open-rtp', leg: 'lg_1', remote: null },
  { type: 'open-rtp', leg: 'lg_1', remote },
  { type: 'aim-rtp', leg: 'lg_1', remote: { ...remote, address: '2001:db8::1', dtmfPayloadType: null } },
  { type: 'aim-rtp', leg: 'lg_1', remote: { ...remote, srtp, rtcp: 'mux' } },
  { type: 'aim-rtp', leg: 'lg_1', remote: { ...remote, srtp: null, rtcp: { address: '::1', port: 4_001 } } },
  {
    type: 'open-rtp',
    leg: 'lg_1',
    remote,
    keys: { AES_CM_128_HMAC_SHA1_80: srtp.key, AES_CM_128_HMAC_SHA1_32: srtp.key },
  },
  { type: 'keys-of', leg: 'lg_1' },
  { type: 'open-webrtc', leg: 'ln_1', offer: 'v=0', heartbeat: false },
  { type: 'close', leg: 'lg_1' },
  { type: 'play', leg: 'lg_1', sound: null },
  { type: 'play', leg: 'lg_1', sound: 'announcement-closing', followedBy: 'hold-music' },
  { type: 'bridge', a: 'a', b: 'b' },
  { type: 'unbridge', a: 'a', b: 'b' },
  { type: 'hold', leg: 'a', sound: 'hold-music' },
  { type: 'resume', leg: 'a' },
  { type: 'record', recording: 'r', leg: 'a', path: '/var/lib/r.wav' },
  { type: 'stop-record', recording: 'r' },
  { type: 'dtmf', leg: 'a', digits: '12*#D' },
];

test('every request of the protocol is read as it was meant', () => {
  good.forEach((request, i) => {
    const frame = { ...request, n: i + 1 };
    expect(readRequest(JSON.stringify(frame))).toEqual({ n: i + 1, request: frame });
  });
});

test('a request with any one field missing or of another kind is refused under its number', () => {
  for (const request of good) {
    for (const field of Object.keys(request)) {
      for (const wrong of [undefined, 42.5, [], { a: 1 }, '']) {
        if (field === 'version' && wrong === 42.5) continue;
        if (field === 'offer' && wrong === '') continue;
        if (['followedBy', 'keys'].includes(field) && wrong === undefined) continue;
        const read = readRequest(JSON.stringify({ ...request, [field]: wrong, n: 7 }));
        expect(read, `${request.type} ${field} ${JSON.stringify(wrong)}`).toMatchObject({
          n: 7,
          problem: expect.any(String),
        });
      }
    }
  }
});

test('what reaches beyond its field is refused', () => {
  const bad = [
    { type: 'play', leg: 'a', sound: '../../etc/passwd' },
    { type: 'record', recording: 'r', leg: 'a', path: 'relative.wav' },
    { type: 'record', recording: 'r', leg: 'a', path: '/tmp/a\0b' },
    { type: 'open-rtp', leg: 'a', remote: { ...remote, address: 'internal.example' } },
    { type: 'open-rtp', leg: 'a', remote: { ...remote, port: 65_536 } },
    { type: 'open-rtp', leg: 'a', remote: { ...remote, dtmfPayloadType: 0 } },
    { type: 'open-rtp', leg: 'a', remote: { ...remote, srtp: { ...srtp, suite: 'NONE' } } },
    { type: 'open-rtp', leg: 'a', remote: { ...remote, srtp: { ...srtp, key: `${srtp.key}A` } } },
    { type: 'open-rtp', leg: 'a', remote: { ...remote, srtp: 'yes' } },
    { type: 'open-rtp', leg: 'a', remote: { ...remote, rtcp: { address: 'evil.example', port: 1 } } },
    { type: 'open-rtp', leg: 'a', remote: { ...remote, rtcp: { address: '::1', port: 0 } } },
    { type: 'dtmf', leg: 'a', digits: '12x' },
    { type: 'toString', leg: 'a' },
    { type: '__proto__', leg: 'a' },
  ];
  for (const request of bad) expect(readRequest(JSON.stringify({ ...request, n: 1 }))).toHaveProperty('problem');
});

test('what is wrong with a key is said without the key', () => {
  const remoteWithKey = { ...remote, srtp: { suite: 'NONE', key: srtp.key } };
  const read = readRequest(JSON.stringify({ type: 'open-rtp', leg: 'a', remote: remoteWithKey, n: 1 }));
  expect(read).toEqual({ n: 1, problem: 'remote srtp must be a suite and a key' });
});

test('no line throws', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
      expect(readRequest(line)).toHaveProperty('problem');
    }),
  );
});

test('lines come out whole however the stream is cut, and none grows past its bound', () => {
  const part = fc.oneof(fc.string({ maxLength: 30 }), fc.string({ unit: 'grapheme', maxLength: 30 }));
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 30 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 17 })),
      (parts, sizes) => {
        const written = parts.map((text) => text.replaceAll('\n', ' ').replace(/\p{Surrogate}/gu, '?'));
        const bytes = Buffer.from(written.map((text) => `${text}\n`).join(''));
        const reader = new LineReader(20);
        const lines: (string | null)[] = [];
        for (let at = 0; at < bytes.length;) {
          const size = sizes.next().value;
          lines.push(...reader.read(bytes.subarray(at, at + size)));
          at += size;
        }
        expect(lines).toEqual(
          written.filter((text) => text.trim() !== '').map((text) => (text.length > 20 ? null : text)),
        );
      },
    ),
  );
});
