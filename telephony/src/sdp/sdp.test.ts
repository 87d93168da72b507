/** RFC 8866, RFC 3264. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SdpAudio } from './contract.js';
import { answerSdp, offerSdp, parseSdp } from './index.js';

const ours = { address: '198.51.100.1', port: 20_000, sessionId: '42', version: 1 };
const sdp = (...media: string[]) =>
  ['v=0', 'o=- 1 1 IN IP4 192.0.2.1', 's=-', 'c=IN IP4 192.0.2.1', 't=0 0', ...media, ''].join('\r\n');

function read(text: string): SdpAudio {
  const result = parseSdp(text);
  if (!result.ok) throw new Error(result.code);
  return result.audio;
}
const answerTo = (text: string, wish?: Parameters<typeof answerSdp>[2]) =>
  answerSdp(read(text), ours, wish)?.split('\r\n') ?? null;

test('an ordinary offer', () => {
  const text = sdp(
    'm=audio 40000 RTP/AVP 8 0 101',
    'a=rtpmap:8 PCMA/8000',
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-15',
    'a=ptime:30',
  );
  expect(read(text)).toEqual({
    address: '192.0.2.1',
    port: 40_000,
    codecs: ['PCMA', 'PCMU'],
    dtmfPayloadType: 101,
    ptimeMs: 30,
    direction: 'sendrecv',
    secure: false,
    crypto: [],
    rtcp: null,
    fax: false,
    media: 0,
    raw: text,
  });
});

test('what stands at the media line comes before what stands at the session', () => {
  const text = sdp('m=audio 40000 RTP/AVP 0', 'c=IN IP6 2001:db8::1', 'a=recvonly', 'a=ptime:20').replace(
    't=0 0',
    't=0 0\r\na=sendonly\r\na=ptime:40',
  );
  expect(read(text)).toMatchObject({ address: '2001:db8::1', direction: 'recvonly', ptimeMs: 20 });
  expect(read(text.replace('\r\na=recvonly', '').replace('\r\na=ptime:20', ''))).toMatchObject({
    direction: 'sendonly',
    ptimeMs: 40,
  });
});

test('telephone-event at 48 kHz is none of ours', () => {
  const text = sdp(
    'm=audio 9 RTP/AVP 0 110 126',
    'a=rtpmap:110 telephone-event/48000',
    'a=rtpmap:126 telephone-event/8000',
  );
  expect(read(text).dtmfPayloadType).toBe(126);
});

test('a number that is mapped to something else is not G.711', () => {
  expect(read(sdp('m=audio 9 RTP/AVP 0 8', 'a=rtpmap:0 L16/8000')).codecs).toEqual(['PCMA']);
  expect(read(sdp('m=audio 9 RTP/AVP 18 96')).codecs).toEqual([]);
});

test('connection to 0.0.0.0 is hold as it was before RFC 3264', () => {
  const held = sdp('m=audio 9 RTP/AVP 0').replace('c=IN IP4 192.0.2.1', 'c=IN IP4 0.0.0.0');
  expect(read(held).direction).toBe('sendonly');
  expect(answerTo(held)).toContain('a=recvonly');
});

test('without audio, or with audio whose keys are missing, there is nothing to take', () => {
  for (const media of [[], ['m=video 9 RTP/AVP 31'], ['m=audio 9 RTP/SAVP 0'], ['m=audio 0 RTP/AVP 0']]) {
    const audio = read(sdp(...media));
    expect(audio.port).toBe(0);
    expect(answerSdp(audio, ours)).toBeNull();
  }
});

test('the answer: one codec, their DTMF number, their ptime, our address, numbered by us', () => {
  expect(answerTo(sdp('m=audio 40000 RTP/AVP 8 0 96', 'a=rtpmap:96 telephone-event/8000', 'a=ptime:30'))).toEqual([
    'v=0',
    'o=- 42 1 IN IP4 198.51.100.1',
    's=-',
    'c=IN IP4 198.51.100.1',
    't=0 0',
    'm=audio 20000 RTP/AVP 8 96',
    'a=rtpmap:8 PCMA/8000',
    'a=rtpmap:96 telephone-event/8000',
    'a=fmtp:96 0-15',
    'a=ptime:30',
    'a=sendrecv',
    '',
  ]);
});

test('the codec may be ours to choose among those offered', () => {
  const offer = sdp('m=audio 40000 RTP/AVP 8 0');
  expect(answerTo(offer, { codec: 'PCMU' })).toContain('m=audio 20000 RTP/AVP 0');
  expect(answerTo(sdp('m=audio 40000 RTP/AVP 8'), { codec: 'PCMU' })).toContain('m=audio 20000 RTP/AVP 8');
});

test('every media line is answered in its place, all but one refused by port 0 (RFC 3264 §6)', () => {
  const lines = answerTo(
    sdp(
      'm=video 9 RTP/AVP 31 34',
      'm=audio 0 RTP/AVP 0',
      'm=audio 9 RTP/SAVP 0',
      'm=audio 40000 RTP/AVP 0',
      'm=audio 40002 RTP/AVP 0',
      'm=image 9 udptl t38',
    ),
  );
  expect(lines?.filter((line) => line.startsWith('m='))).toEqual([
    'm=video 0 RTP/AVP 31 34',
    'm=audio 0 RTP/AVP 0',
    'm=audio 0 RTP/SAVP 0',
    'm=audio 20000 RTP/AVP 0',
    'm=audio 0 RTP/AVP 0',
    'm=image 0 udptl t38',
  ]);
});

test.each([
  ['sendrecv', undefined, 'sendrecv'],
  ['sendonly', undefined, 'recvonly'],
  ['recvonly', undefined, 'sendonly'],
  ['inactive', undefined, 'inactive'],
  ['sendrecv', 'sendonly', 'sendonly'],
  ['sendonly', 'sendonly', 'inactive'],
  ['recvonly', 'sendonly', 'sendonly'],
  ['sendrecv', 'inactive', 'inactive'],
] as const)('offered %s and wanting %s we answer %s', (offered, wanted, answer) => {
  const wish = wanted === undefined ? {} : { direction: wanted };
  expect(answerTo(sdp('m=audio 9 RTP/AVP 0', `a=${offered}`), wish)).toContain(`a=${answer}`);
});

test('our offer is one that we can read', () => {
  expect(read(offerSdp(ours))).toMatchObject({
    address: '198.51.100.1',
    port: 20_000,
    codecs: ['PCMU', 'PCMA'],
    dtmfPayloadType: 101,
    ptimeMs: 20,
    direction: 'sendrecv',
  });
  expect(
    read(offerSdp({ ...ours, address: '2001:db8::9' }, { codecs: ['PCMA'], direction: 'sendonly' })),
  ).toMatchObject({
    address: '2001:db8::9',
    codecs: ['PCMA'],
    direction: 'sendonly',
  });
});

test.each([
  ['', 'bad-line'],
  ['v=1\r\n', 'bad-line'],
  ['v=0\r\nm =audio 9 RTP/AVP 0\r\n', 'bad-line'],
  [sdp('m=audio x RTP/AVP 0'), 'bad-media'],
  [sdp('m=audio 70000 RTP/AVP 0'), 'bad-media'],
  [sdp('m=audio 9 RTP/AVP'), 'bad-media'],
  [sdp('m=audio 9 RTP/AVP 999'), 'bad-media'],
  [sdp('m=audio 9 RTP/AVP a'), 'bad-media'],
  [sdp('c=IN IP4 evil.example', 'm=audio 9 RTP/AVP 0'), 'bad-address'],
  [sdp('m=audio 9 RTP/AVP 0', 'c=ATM x y'), 'bad-address'],
  [sdp(...Array<string>(40).fill('m=audio 9 RTP/AVP 0')), 'bad-media'],
  [sdp('m=audio 9 RTP/AVP 0', 'a='.repeat(20_000)), 'too-large'],
])('refused: %j', (text, code) => {
  expect(parseSdp(text)).toEqual({ ok: false, code });
});

test('bare line feeds are read: they do harm nowhere in a body', () => {
  expect(read(sdp('m=audio 9 RTP/AVP 0').replaceAll('\r\n', '\n')).codecs).toEqual(['PCMU']);
});

test('any text gives a result, and any accepted offer an answer that we can read', () => {
  const line = fc.oneof(
    fc.constantFrom(
      'm=audio 9 RTP/AVP 0',
      'm=video 1 RTP/AVP 31',
      'a=sendonly',
      'a=ptime:0',
      'a=rtpmap:0 x/1',
      'c=IN IP4 1.2.3.4',
      'c=IN IP6 ::1',
    ),
    fc.string({ maxLength: 30 }),
    fc.stringMatching(/^[a-z]=[ -~]{0,20}$/),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      const result = parseSdp(['v=0', ...lines].join('\r\n'));
      const answer = result.ok ? answerSdp(result.audio, ours) : null;
      if (answer !== null) expect(parseSdp(answer)).toMatchObject({ ok: true, audio: { port: 20_000 } });
    }),
    { numRuns: 500 },
  );
});
