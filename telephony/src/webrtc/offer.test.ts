import { describe, expect, test } from 'vitest';
import { finishAnswer, readOffer } from './offer.js';

const offer = (...audio: string[]): string =>
  [
    'v=0',
    'o=- 1 2 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    'a=group:BUNDLE 0 1',
    ...audio,
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
    'a=candidate:1 1 udp 1 192.0.2.1 9 typ host',
    'a=mid:1',
    '',
  ].join('\r\n');
const audioWith = (types: string, ...lines: string[]): string[] => [
  `m=audio 9 UDP/TLS/RTP/SAVPF ${types}`,
  'a=mid:0',
  'a=rtpmap:0 PCMU/8000',
  ...lines,
];

describe("a browser's offer", () => {
  test('gives its mid and loses its candidates', () => {
    const read = readOffer(
      offer(...audioWith('0', 'a=candidate:1 1 udp 1 192.0.2.1 9 typ host', 'a=end-of-candidates')),
    );
    expect(read).toMatchObject({ mid: '0', dtmfPayloadType: null });
    expect(read?.sdp).not.toContain('candidate');
    expect(read?.sdp).toContain('m=application');
    expect(read?.sdp.endsWith('\r\n')).toBe(true);
  });

  test('loses telephone-event at 48 kHz and keeps that at 8', () => {
    const read = readOffer(
      offer(
        ...audioWith(
          '0 110 126',
          'a=rtpmap:110 telephone-event/48000',
          'a=rtpmap:126 telephone-event/8000',
          'a=fmtp:110 0-15',
        ),
      ),
    );
    expect(read?.dtmfPayloadType).toBe(126);
    expect(read?.sdp).toContain('m=audio 9 UDP/TLS/RTP/SAVPF 0 126\r\n');
    expect(read?.sdp).not.toMatch(/110|48000/);
  });

  test('hides nothing behind a lone carriage return', () => {
    const hidden = offer(...audioWith('0 110')).replace(
      'a=mid:0',
      'a=mid:0\ra=rtpmap:110 telephone-event/48000\ra=candidate:1',
    );
    expect(readOffer(hidden)?.sdp).not.toMatch(/48000|candidate/);
  });

  test.each([
    ['no SDP', 'hello'],
    ['nothing', ''],
    ['no audio', offer()],
    ['no PCMU', offer('m=audio 9 UDP/TLS/RTP/SAVPF 111', 'a=mid:0', 'a=rtpmap:111 opus/48000/2')],
    ['no mid', offer('m=audio 9 UDP/TLS/RTP/SAVPF 0')],
  ])('with %s in it is refused', (_, sdp) => {
    expect(readOffer(sdp)).toBeNull();
  });
});

describe('our answer', () => {
  const answer = [
    'm=audio 20000 UDP/TLS/RTP/SAVPF 0 126',
    'a=rtpmap:126 telephone-event/48000/2',
    'a=candidate:1 1 UDP 2122317823 10.0.0.5 20000 typ host',
    '',
  ].join('\r\n');

  test('names events at 8 kHz', () => {
    const same = { bind: '10.0.0.5', public: '10.0.0.5', port: 20_000 };
    expect(finishAnswer(answer, same)).toBe(answer.replace('/48000/2', '/8000'));
  });

  test('behind NAT has the public address first', () => {
    const lines = finishAnswer(answer, { bind: '10.0.0.5', public: '203.0.113.7', port: 20_000 }).split('\r\n');
    const candidates = lines.filter((line) => line.startsWith('a=candidate:'));
    expect(candidates.map((line) => line.split(' ')[4])).toEqual(['203.0.113.7', '10.0.0.5']);
    expect(Number(candidates[0]!.split(' ')[3])).toBeGreaterThan(Number(candidates[1]!.split(' ')[3]));
  });
});
