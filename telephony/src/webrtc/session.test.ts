import { describe, expect, test } from 'vitest';
import { readOffer } from './offer.js';
import { readSession, writeAnswer, type OfferedSession } from './session.js';
import { offerWith } from './testing/offer.js';

const fingerprint = Array.from({ length: 32 }, (_, n) => (n + 160).toString(16).toUpperCase()).join(':');
const plain = offerWith(fingerprint);
const ours = {
  ...{ ufrag: 'frag', password: 'a password of ours', fingerprint: 'AB:CD', ssrc: 77, sessionId: 9, port: 20_000 },
  addresses: ['192.0.2.1', '2001:db8::1'],
};

function read(sdp: string): OfferedSession {
  const session = readSession(readOffer(sdp)!);
  if (typeof session === 'string') throw new Error(session);
  return session;
}
const answerTo = (sdp: string): string[] => writeAnswer(readOffer(sdp)!, read(sdp), ours).split('\r\n');
const mediaOf = (answer: string[]): string[] => answer.filter((line) => line.startsWith('m='));

describe("of a browser's offer", () => {
  test('its fragment, fingerprint and media are read', () => {
    expect(read(plain)).toMatchObject({ ufrag: 'theirs', fingerprints: [fingerprint], bundle: ['0', '1'] });
  });

  test("what is said of the audio goes before what is said of the whole session, and a fingerprint's case is nothing", () => {
    const other = fingerprint.replace('A0', 'FF');
    const sdp = plain.replace('a=mid:0', `a=mid:0\r\na=fingerprint:sha-256 ${other.toLowerCase()}`);
    expect(read(sdp).fingerprints).toEqual([other]);
  });

  test.each([
    ['no fragment', plain.replaceAll(/a=ice-ufrag.*\r\n/g, ''), 'no ice-ufrag'],
    ['a fragment too short to be one', plain.replaceAll('ufrag:theirs', 'ufrag:abc'), 'no ice-ufrag'],
    ['no fingerprint by SHA-256', plain.replace('sha-256', 'sha-512'), 'no fingerprint by SHA-256'],
    ['a fingerprint cut short', plain.replace(/(sha-256 .*):..\r/, '$1\r'), 'no fingerprint by SHA-256'],
    ['a far end that will not begin', plain.replaceAll('actpass', 'passive'), 'we cannot begin'],
    ['media without end', plain + 'm=video 0 x 1\r\n'.repeat(20), 'too many media'],
  ])('%s is said', (_, sdp, why) => {
    expect(readSession(readOffer(sdp)!)).toContain(why);
  });
});

describe('our answer', () => {
  test('is that of an ICE-lite agent that lets the other begin, with audio and its data channels on one path', () => {
    const answer = answerTo(plain);
    expect(mediaOf(answer)).toEqual([
      'm=audio 20000 UDP/TLS/RTP/SAVPF 0 126',
      'm=application 20000 UDP/DTLS/SCTP webrtc-datachannel',
    ]);
    for (const line of [
      ...['a=ice-lite', 'a=group:BUNDLE 0 1', 'a=setup:passive', 'a=ice-ufrag:frag', 'a=fingerprint:sha-256 AB:CD'],
      ...['a=rtcp-mux', 'a=rtpmap:126 telephone-event/8000', 'a=ssrc:77 cname:denwaban', 'a=sctp-port:5000'],
    ])
      expect(answer).toContain(line);
  });

  test('has each of our addresses, the first the most wanted', () => {
    const candidates = answerTo(plain).filter((line) => line.startsWith('a=candidate:'));
    expect(candidates.map((line) => line.split(' ').slice(4, 8).join(' '))).toEqual([
      '192.0.2.1 20000 typ host',
      '2001:db8::1 20000 typ host',
    ]);
    const [first, second] = candidates.map((line) => Number(line.split(' ')[3]));
    expect(first).toBeGreaterThan(second!);
  });

  test('has as many media as the offer, those that we do not carry shut', () => {
    const sdp = `${plain}m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:2\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:3\r\n`;
    expect(mediaOf(answerTo(sdp)).map((line) => line.split(' ')[1])).toEqual(['20000', '20000', '0', '0']);
    const apart = plain.replace('BUNDLE 0 1', 'BUNDLE 0');
    expect(mediaOf(answerTo(apart)).map((line) => line.split(' ')[1])).toEqual(['20000', '0']);
  });

  test.each([
    ['sendrecv', 'sendrecv'],
    ['sendonly', 'recvonly'],
    ['recvonly', 'sendonly'],
    ['inactive', 'inactive'],
  ])('to %s says %s', (offered, answered) => {
    expect(answerTo(plain.replace('a=sendrecv', `a=${offered}`))).toContain(`a=${answered}`);
  });
});
