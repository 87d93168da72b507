/** The media process's control socket (media/server.ts): lines of JSON, whole or in pieces. */
import { LineReader } from '../../telephony/src/media/lines.js';
import { readRequest, touchedBy } from '../../telephony/src/media/requests.js';
import { mutateJson } from './json.js';
import { bytesOf, latin1, smallerText } from './mutate.js';
import { createRandom } from './random.js';
import { ensure, size, type Report, type Target } from './target.js';

const remote = {
  address: '192.0.2.1',
  port: 4_000,
  codec: 'PCMU',
  dtmfPayloadType: 101,
  ptimeMs: 20,
  direction: 'sendrecv',
};
const srtp = { suite: 'AES_CM_128_HMAC_SHA1_80', key: 'WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz' };
const requests = [
  { type: 'hello', version: 1 },
  { type: 'open-rtp', leg: 'a', remote },
  { type: 'open-rtp', leg: 'a', remote: null },
  { type: 'aim-rtp', leg: 'a', remote: { ...remote, address: '2001:db8::1', codec: 'PCMA', dtmfPayloadType: null } },
  { type: 'open-webrtc', leg: 'b', offer: 'v=0\r\nm=audio 9 x 0\r\n', heartbeat: true },
  { type: 'close', leg: 'a' },
  { type: 'play', leg: 'a', sound: 'announcement-x', followedBy: 'music' },
  { type: 'play', leg: 'a', sound: null },
  { type: 'bridge', a: 'a', b: 'b' },
  { type: 'unbridge', a: 'a', b: 'b' },
  { type: 'hold', leg: 'a', sound: 'music' },
  { type: 'resume', leg: 'a' },
  { type: 'record', recording: 'r', leg: 'a', path: '/var/lib/x.wav' },
  { type: 'stop-record', recording: 'r' },
  { type: 'dtmf', leg: 'a', digits: '0123456789*#ABCD' },
  { type: 'open-rtp', leg: 'c', remote: null, port: 20_002, near: 'a', note: 'BYE' },
  { type: 'aim-rtp', leg: 'c', remote: { ...remote, rtcp: 'mux', srtp } },
  { type: 'aim-rtp', leg: 'c', remote: { ...remote, rtcp: { address: '192.0.2.1', port: 4_001 }, srtp: null } },
  { type: 'note', leg: 'c', note: 'x'.repeat(300) },
  { type: 'keys-of', leg: 'c' },
  { type: 'listen', leg: 'c', to: 'a' },
  { type: 'listen', leg: 'c', to: 'a', meanwhile: { sound: 'ring-back', again: true } },
  { type: 'record', recording: 'r', leg: 'a', path: '/var/lib/x.wav', resume: true },
].map((request, at) => JSON.stringify({ ...request, n: at + 1 }));

const lineCharsMax = 65_536;

function linesOf(bytes: Uint8Array, cut: () => number, report: Report): (string | null)[] {
  const reader = new LineReader(lineCharsMax);
  const lines: (string | null)[] = [];
  for (let at = 0; at < bytes.length;) {
    const chunk = bytes.subarray(at, at + cut());
    at += chunk.length;
    lines.push(...report.timed(() => reader.read(Buffer.from(chunk))));
    const rest: unknown = Reflect.get(reader, 'rest');
    ensure(typeof rest !== 'string' || rest.length <= lineCharsMax, 'keeps-too-much', 'of a line');
  }
  return lines;
}

export const mediaControl: Target<string> = {
  name: 'media-control',
  extension: 'json',
  seeds: () => [...requests, `${requests.join('\n')}\n`, '\n\n', 'x'.repeat(70_000)],
  mutate: (input, other, random) => (random.once(6) ? `${input}\n${other}` : mutateJson(input, other, random)),
  encode: bytesOf,
  decode: latin1,
  smaller: smallerText,
  run(input, report) {
    const bytes = bytesOf(`${input}\n`);
    const random = createRandom(bytes.length);
    const whole = linesOf(bytes, () => bytes.length, report);
    const pieces = linesOf(bytes, () => 1 + random.below(3_000), report);
    ensure(JSON.stringify(whole) === JSON.stringify(pieces), 'chunks-matter', () => `${whole.length} ${pieces.length}`);
    report.saw(`lines ${size(whole.length)} ${whole.includes(null)}`);
    for (const line of whole) {
      if (line === null) continue;
      const read = report.timed(() => readRequest(line));
      if ('problem' in read) {
        report.saw(read.problem);
        ensure(read.problem.length <= 120, 'problem-tells-content', read.problem.slice(0, 130));
      } else {
        report.saw(`request ${read.request.type}`);
        ensure(
          touchedBy(read.request).every((name) => name.length <= 140),
          'name-too-long',
          read.request.type,
        );
      }
    }
  },
};
