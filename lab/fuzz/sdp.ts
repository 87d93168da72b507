/** Session descriptions: any text gives a result; whatever is taken is answered line for line (RFC 3264 §6), readably. */
import { answerSdp, offerSdp, parseSdp } from '../../telephony/src/sdp/index.js';
import { ownKeys } from '../../telephony/src/rtp/srtp/index.js';
import { finishAnswer, readOffer } from '../../telephony/src/webrtc/offer.js';
import { bounded, bytesOf, latin1, mutateList, mutateText, numbers, smallerText } from './mutate.js';
import type { Random } from './random.js';
import { ensure, size, type Report, type Target } from './target.js';

const srtp = ownKeys(Uint8Array.from({ length: 60 }, (_, i) => i));
const ours = { address: '198.51.100.1', port: 20_000, sessionId: '42', version: 1, srtp };
const lines = [
  ...[
    'm=audio 40000 RTP/AVP 0 8 101',
    'm=audio 0 RTP/AVP 8',
    'm=audio 9 RTP/SAVP 0',
    'm=video 9 RTP/AVP 31',
    'm=image 9 udptl t38',
  ],
  ...[
    'm=audio 9/2 RTP/AVP 0',
    'm=audio 9 UDP/TLS/RTP/SAVPF 111 0 8 110 126',
    'm=message 9 TCP/MSRP *',
    'm=application 9 x y z',
  ],
  ...[
    'c=IN IP4 0.0.0.0',
    'c=IN IP6 ::',
    'c=IN IP4 224.2.1.1/127/3',
    'c=IN IP6 2001:db8::1',
    'c=IN IP4 127.0.0.1',
    'c=IN IP4 a',
  ],
  ...[
    'a=rtpmap:101 telephone-event/8000',
    'a=rtpmap:0 PCMU/8000/1',
    'a=rtpmap:0 L16/44100',
    'a=rtpmap:110 telephone-event/48000',
  ],
  ...[
    'a=fmtp:101 0-15',
    'a=ptime:20',
    'a=ptime:0',
    'a=ptime:1e9',
    'a=maxptime:400',
    'a=sendonly',
    'a=recvonly',
    'a=inactive',
    'a=sendrecv',
  ],
  ...[
    'a=mid:0',
    'a=mid:',
    'a=candidate:1 1 udp 1 10.0.0.1 9 typ host',
    'a=ice-ufrag:x',
    'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x',
    'a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd|2^20',
    'a=crypto:1 AES_CM_128_HMAC_SHA1_32 inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd|1:4',
  ],
  ...[
    'a=rtcp-mux',
    'a=group:BUNDLE 0 1',
    'a=setup:actpass',
    'b=AS:64',
    'k=clear:x',
    'z=',
    '=',
    'M=audio 9 RTP/AVP 0',
    'v=0',
    't=0 0',
  ],
];

function mutate(input: string, other: string, random: Random): string {
  if (random.once(3)) return bounded(mutateText(input, other, random));
  const end = input.includes('\r\n') ? '\r\n' : '\n';
  const bend = (line: string): string =>
    random.once(3)
      ? random.pick(lines)
      : random.once(2)
        ? mutateText(line, random.pick(lines), random)
        : line.replace(/\d+/, random.pick(numbers));
  const bent = mutateList(input.split(end), [...other.split(end), ...lines], random, bend, 1_200);
  return bounded(bent.join(random.once(20) ? '\n' : end));
}

const mediaLines = (text: string): string[] => text.split(/\r\n|\n|\r/).filter((line) => line.startsWith('m='));

function answered(input: string, report: Report): void {
  const result = report.timed(() => parseSdp(input));
  if (!result.ok) return report.saw(result.code);
  const { audio } = result;
  report.saw(`${audio.direction} ${audio.codecs.join()} ${audio.dtmfPayloadType === null} ${audio.port === 0}`);
  ensure(
    Number.isInteger(audio.port) && audio.port >= 0 && audio.port <= 65_535,
    'port-out-of-range',
    String(audio.port),
  );
  ensure(audio.ptimeMs >= 1 && audio.ptimeMs <= 200, 'ptime-out-of-range', String(audio.ptimeMs));
  const dtmf = audio.dtmfPayloadType;
  ensure(
    dtmf === null || (Number.isInteger(dtmf) && dtmf >= 0 && dtmf <= 127),
    'payload-type-out-of-range',
    String(dtmf),
  );
  for (const direction of ['sendrecv', 'sendonly', 'inactive'] as const) {
    const answer = report.timed(() => answerSdp(audio, ours, { direction, codec: 'PCMA' }));
    report.saw(`answer ${answer === null ? 'none' : size(mediaLines(answer).length)}`);
    if (answer === null) continue;
    const [asked, given] = [mediaLines(input), mediaLines(answer)];
    ensure(
      given.length === asked.length,
      'media-line-unanswered',
      () => `${asked.length} asked, ${given.length} given`,
    );
    ensure(given.filter((line) => !/^m=\S+ 0 /.test(line)).length === 1, 'not-one-stream', () => given.join(' | '));
    const read = parseSdp(answer);
    ensure(read.ok, 'answer-unreadable', () => (read.ok ? '' : read.code));
    if (!read.ok) return;
    ensure(read.audio.address === ours.address && read.audio.port === ours.port, 'answer-aims-elsewhere', answer);
    const codec = read.audio.codecs[0];
    ensure(codec !== undefined && audio.codecs.includes(codec), 'codec-not-offered', () => String(codec));
    ensure(read.audio.dtmfPayloadType === dtmf, 'digits-answered-wrong', () => `${dtmf} ${read.audio.dtmfPayloadType}`);
  }
}

function fromBrowser(input: string, report: Report): void {
  const offer = report.timed(() => readOffer(input));
  report.saw(`browser ${offer === null ? 'none' : String(offer.dtmfPayloadType === null)}`);
  if (offer === null) return;
  ensure(!/^a=rtpmap:\d+ telephone-event\/48000/m.test(offer.sdp), 'wide-events-kept', 'telephone-event/48000');
  ensure(mediaLines(offer.sdp).length === mediaLines(input).length, 'media-line-lost', 'of a browser');
  report.timed(() => finishAnswer(input, { bind: '0.0.0.0', public: '198.51.100.1', port: 9 }));
}

const session = ['v=0', 'o=- 1 1 IN IP4 192.0.2.1', 's=-', 'c=IN IP4 192.0.2.1', 't=0 0'];
const text = (...media: string[]): string => [...session, ...media, ''].join('\r\n');

export const sdp: Target<string> = {
  name: 'sdp',
  extension: 'bin',
  seeds: () => [
    text('m=audio 40000 RTP/AVP 8 0 101', 'a=rtpmap:101 telephone-event/8000', 'a=fmtp:101 0-15', 'a=ptime:30'),
    text('m=video 9 RTP/AVP 31', 'm=audio 0 RTP/AVP 0', 'm=audio 9 RTP/AVP 0', 'm=image 9 udptl t38'),
    text(
      'm=audio 9 UDP/TLS/RTP/SAVPF 111 0 8 110 126',
      'a=mid:0',
      'a=rtpmap:110 telephone-event/48000',
      'a=rtpmap:126 telephone-event/8000',
    ),
    offerSdp(ours),
    offerSdp(ours, { srtp: 'required' }),
    offerSdp(ours, { srtp: 'optional' }),
    offerSdp({ ...ours, address: '2001:db8::9' }, { codecs: ['PCMA'], direction: 'sendonly' }),
    '',
  ],
  mutate,
  encode: bytesOf,
  decode: latin1,
  smaller: smallerText,
  run(input, report) {
    answered(input, report);
    fromBrowser(input, report);
  },
};
