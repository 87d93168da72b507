/**
 * What comes at the port of all browsers (`telephony/src/webrtc/`): STUN from anybody, DTLS records, and a browser's offer. Only who
 * knows the password is a far end; an answer is never much longer than what it answers, and can be read.
 */
import { isRecords, recordEnd } from '../../telephony/src/webrtc/dtls/record.js';
import { HmacSha1 } from '../../telephony/src/rtp/srtp/sha1.js';
import { IceLite } from '../../telephony/src/webrtc/ice/ice-lite.js';
import { integrityHolds, readStun, stunAttributes, StunWriter } from '../../telephony/src/webrtc/ice/stun.js';
import { readOffer } from '../../telephony/src/webrtc/offer.js';
import { readSession, writeAnswer } from '../../telephony/src/webrtc/session.js';
import { offerWith } from '../../telephony/src/webrtc/testing/offer.js';
import { bounded, bytesOf, latin1, mutateList, mutateText, numbers, smallerText } from './mutate.js';
import type { Random } from './random.js';
import { ensure, size, type Report, type Target } from './target.js';

const ours = { ufrag: 'ours', password: 'a password of ours, long' };
const key = new HmacSha1(bytesOf(ours.password));
const transaction = bytesOf('transaction!');
/** MESSAGE-INTEGRITY, XOR-MAPPED-ADDRESS of IPv6, FINGERPRINT, a list of unknown attributes. */
const addedBytesMax = 200;
const datagramBytes = 1_500;

function check(change: (writer: StunWriter) => StunWriter = (writer) => writer): Uint8Array {
  const writer = new StunWriter('request', transaction).add(stunAttributes.username, bytesOf('ours:theirs'));
  return change(writer.add(stunAttributes.controlling, new Uint8Array(8)))
    .sign(key)
    .finish();
}

const records = (...all: [type: number, epoch: number, bytes: number][]): Uint8Array =>
  Uint8Array.from(
    all.flatMap(([type, epoch, bytes]) => [
      ...[type, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 1, bytes >> 8, bytes & 255],
      ...Array<number>(bytes).fill(7),
    ]),
  );

/** A header that fits, and so another try at what lies behind it: without FINGERPRINT, which would never hold. */
function framed(text: string, random: Random): string {
  const whole = text.padEnd(20, '\0');
  const bytes = Buffer.from(whole.slice(0, whole.length - (whole.length % 4)), 'latin1');
  bytes[0]! &= 1;
  if (random.once(2)) bytes[1] = random.pick([1, 1, 1, 0x11, 2]);
  bytes.writeUInt16BE(bytes.length - 20, 2);
  bytes.writeUInt32BE(0x2112a442, 4);
  return latin1(bytes);
}

/** One attribute, under a number that means something, in the place of what was there. */
function withAttribute(text: string, random: Random): string {
  const type = random.pick([...Object.values(stunAttributes), 0x7001, 0xc057]);
  const length = random.pick([0, 3, 4, 8, 20, 600]);
  const value = latin1(random.bytes(Math.ceil(length / 4) * 4));
  const head = latin1(Uint8Array.of(type >> 8, type & 255, length >> 8, length & 255));
  const at = 20 + 4 * random.below(Math.max(1, (text.length - 20) / 4));
  return text.slice(0, at) + head + value + text.slice(random.once(2) ? at : at + 4 + value.length);
}

function bentMessage(input: string, other: string, random: Random): string {
  const bent = random.once(2) ? withAttribute(input, random) : mutateText(input, other, random);
  return (random.once(4) ? bent : framed(bent.slice(0, datagramBytes), random)).slice(0, datagramBytes);
}

function atThePort(text: string, report: Report): void {
  const bytes = bytesOf(text);
  const message = report.timed(() => readStun(bytes));
  if (message !== null) {
    report.saw(
      `${message.kind} ${message.method === 1} ${message.role} ${message.useCandidate} ${size(message.unknown.length)}`,
    );
    const ice = new IceLite(ours, 'theirs');
    const from = { address: '2001:db8::7', port: 40_000 };
    const { reply, valid } = report.timed(() => ice.check(message, from, 1));
    ensure(!valid || integrityHolds(message, key), 'unsigned-taken', 'as a check');
    ensure(valid === (ice.target !== null), 'target-by-no-check', String(valid));
    ensure(
      bytes.every((byte, i) => byte === bytesOf(text)[i]),
      'message-changed',
      'by reading it',
    );
    if (reply !== null) {
      ensure(reply.length <= bytes.length + addedBytesMax, 'amplifies', `${bytes.length} ${reply.length}`);
      const read = readStun(reply);
      ensure(read !== null && read.kind !== 'request', 'answer-unreadable', String(reply.length));
      report.saw(`answer ${read?.kind} ${read?.integrityAt === null} ${reply[27]}`);
    }
  }
  const whole = report.timed(() => isRecords(bytes));
  report.saw(`records ${whole}`);
  if (!whole) return;
  let at = 0;
  while (at < bytes.length) {
    const end = recordEnd(bytes, at);
    ensure(end > at && end <= bytes.length, 'record-beyond-its-datagram', `${at} ${end}`);
    at = end;
  }
}

export const browserPort: Target<string> = {
  name: 'browser-port',
  extension: 'bin',
  seeds: () =>
    [
      check(),
      check((writer) => writer.add(stunAttributes.useCandidate, new Uint8Array())),
      check((writer) => writer.add(0x7001, new Uint8Array(3)).add(0xc057, new Uint8Array(4))),
      check((writer) => writer.add(stunAttributes.controlled, new Uint8Array(8))),
      // Up to its integrity, that others may be bent to.
      check().slice(0, -8),
      new StunWriter('indication', transaction).finish(),
      new StunWriter('success', transaction)
        .addXorAddress(Uint8Array.of(192, 0, 2, 1), 9)
        .sign(key)
        .finish(),
      new StunWriter('error', transaction).addError(401, 'Unauthorized').finish(),
      records([22, 0, 40], [20, 0, 1], [22, 1, 40]),
      records([23, 1, 24]),
      records([21, 1, 2]),
    ].map(latin1),
  mutate: bentMessage,
  encode: bytesOf,
  decode: latin1,
  smaller: smallerText,
  run: atThePort,
};

const fingerprint = Array<string>(32).fill('AB').join(':');
const answering = {
  ...{ ufrag: 'frag', password: 'x'.repeat(24), fingerprint, ssrc: 77, sessionId: 9, port: 20_000 },
  addresses: ['192.0.2.1', '2001:db8::1'],
};
const mediaOf = (sdp: string): string[] => sdp.split(/[\r\n]+/).filter((line) => line.startsWith('m='));

const lines = [
  ...[
    'm=audio 9 UDP/TLS/RTP/SAVPF 111 0 126',
    'm=video 9 UDP/TLS/RTP/SAVPF 96',
    'm=application 9 x y',
    'm=audio 0 x 0',
  ],
  ...['a=mid:0', 'a=mid:1', 'a=mid:x', 'a=group:BUNDLE 0', 'a=group:BUNDLE 0 1 x', 'a=group:LS 0 1'],
  ...['a=setup:active', 'a=setup:passive', 'a=ice-ufrag:abc', 'a=ice-ufrag:abcd', `a=ice-ufrag:${'x'.repeat(300)}`],
  ...['a=fingerprint:sha-1 AB', `a=fingerprint:sha-256 ${fingerprint}`, 'a=fingerprint:sha-256 AB:CD', 'a=sendonly'],
  ...['a=recvonly', 'a=inactive', 'a=rtpmap:126 telephone-event/8000', 'a=rtpmap:110 telephone-event/48000', 'v=0'],
];

function bentOffer(input: string, other: string, random: Random): string {
  if (random.once(4)) return bounded(mutateText(input, other, random));
  const bend = (line: string): string =>
    random.once(2) ? random.pick(lines) : line.replace(/\d+/, random.pick(numbers));
  const bent = mutateList(input.split('\r\n'), [...other.split('\r\n'), ...lines], random, bend, 400);
  return bounded(bent.join(random.once(20) ? '\n' : '\r\n'));
}

function offered(text: string, report: Report): void {
  const offer = report.timed(() => readOffer(text));
  if (offer === null) return report.saw('no offer');
  const session = report.timed(() => readSession(offer));
  if (typeof session === 'string') return report.saw(session.slice(0, 20));
  const answer = report.timed(() => writeAnswer(offer, session, answering));
  const media = mediaOf(answer);
  ensure(media.length === mediaOf(offer.sdp).length, 'media-missing', String(media.length));
  ensure(!/[^\r]\n|\r[^\n]/.test(answer), 'line-broken', answer.slice(0, 100));
  const fingerprints = answer.match(/^a=fingerprint:/gm) ?? [];
  ensure(fingerprints.length === 1, 'not-our-fingerprint', String(fingerprints.length));
  const open = media.filter((line) => line.split(' ')[1] === '20000');
  ensure(
    open.some((line) => line.startsWith('m=audio ')),
    'no-audio',
    media.join().slice(0, 200),
  );
  const ways = answer.match(/^a=(sendrecv|sendonly|recvonly|inactive)$/gm) ?? [];
  report.saw(`ways ${[...new Set(ways)].join()} ${offer.dtmfPayloadType === null}`);
  report.saw(
    `answer ${size(media.length)} ${size(open.length)} ${session.bundle.length > 0} ${size(session.fingerprints.length)}`,
  );
}

export const browserOffer: Target<string> = {
  name: 'browser-offer',
  extension: 'bin',
  seeds: () => [
    offerWith(fingerprint),
    offerWith(fingerprint).replace('BUNDLE 0 1', 'BUNDLE 0'),
    `${offerWith(fingerprint)}m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:2\r\na=inactive\r\n`,
  ],
  mutate: bentOffer,
  encode: bytesOf,
  decode: latin1,
  smaller: smallerText,
  run: offered,
};
