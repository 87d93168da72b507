/** The TCP framer: however a stream is cut into chunks, the same messages come out, and never more is kept than a message may be. */
import { StreamFramer, type Frame } from '../../telephony/src/sip/framer.js';
import { limits, parseMessage } from '../../telephony/src/sip/parse.js';
import { offerText, requestText } from '../../telephony/src/sip/testing/world.js';
import { bytesOf, latin1, mutateText, bounded, smallerText } from './mutate.js';
import { mutateSip } from './mutate-sip.js';
import { createRandom } from './random.js';
import { tortures } from './sip-message.js';
import { ensure, size, type Report, type Target } from './target.js';

const told = (frame: Frame): string =>
  frame.type === 'message' ? latin1(frame.bytes) : frame.type === 'broken' ? `broken ${frame.code}` : 'ping';

function frames(bytes: Uint8Array, cut: (left: number) => number, report: Report): string[] {
  const framer = new StreamFramer();
  const out: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const chunk = bytes.subarray(at, at + Math.max(1, cut(bytes.length - at)));
    at += chunk.length;
    for (const frame of report.timed(() => framer.push(chunk))) out.push(told(frame));
    ensure(framer.pending <= limits.bytes + 4, 'keeps-too-much', () => `${framer.pending} bytes`);
  }
  return out;
}

export const sipStream: Target<string> = {
  name: 'sip-stream',
  extension: 'bin',
  seeds: () => {
    const invite = requestText({ body: offerText, transport: 'TCP' });
    const options = requestText({ method: 'OPTIONS', transport: 'TCP' });
    return [
      invite + options,
      `\r\n\r\n${options}\r\n${invite}\r\n\r\n`,
      '\r\n\r\n'.repeat(500),
      options.replace('Content-Length', 'l'),
      ...tortures().filter((text) => text.length < 3_000),
    ];
  },
  mutate: (input, other, random) =>
    random.once(3)
      ? bounded(mutateText(input, other, random))
      : random.once(3)
        ? bounded(input + mutateSip(other, input, random))
        : mutateSip(input, other, random),
  encode: bytesOf,
  decode: latin1,
  smaller: smallerText,
  run(input, report) {
    const bytes = bytesOf(input);
    const random = createRandom(bytes.length);
    const whole = frames(bytes, (left) => left, report);
    const pieces = frames(bytes, () => 1 + random.below(random.once(3) ? 3 : 1_500), report);
    ensure(JSON.stringify(pieces) === JSON.stringify(whole), 'chunks-matter', () => `${whole.length} ${pieces.length}`);
    for (const frame of whole) {
      if (frame === 'ping' || frame.startsWith('broken ')) report.saw(frame);
      else {
        const read = parseMessage(bytesOf(frame));
        report.saw(`message ${read.ok ? size(frame.length) : read.code}`);
      }
    }
    report.saw(`frames ${size(whole.length)}`);
  },
};
