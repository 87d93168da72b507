/**
 * SCTP of a far end that DTLS has proven to be the browser, and which may still send anything behind a right checksum and tag:
 * nothing throws, what was read is written the same, what we send can be read and fits into a datagram.
 */
import {
  chunkTypes,
  readData,
  readInit,
  readSack,
  writeData,
  writeInit,
  writeSack,
} from '../../telephony/src/sctp/chunks.js';
import { readControl, readText, writeOpen } from '../../telephony/src/sctp/data-channel.js';
import {
  packetBytesMax,
  readPacket,
  readParameters,
  words,
  writeChunk,
  writePacket,
  writeParameter,
} from '../../telephony/src/sctp/packet.js';
import { FarEnd, farTsn } from '../../telephony/src/sctp/testing/far-end.js';
import { bounded, bytesOf, latin1, mutateText, smallerText } from './mutate.js';
import { ensure, size, type Report, type Target } from './target.js';

const ports = { ours: 5_000, theirs: 5_000 };
const place = { stream: 0, ssn: 0, ppid: 51, unordered: false, begins: true, ends: true };
const dataOf = (ahead: number, text: string, change: Partial<typeof place> = {}): Buffer =>
  writeData({ tsn: (farTsn + ahead) >>> 0, ...place, bytes: Buffer.from(text), ...change });
const init = {
  tag: 9,
  window: 65_536,
  outStreams: 9,
  inStreams: 9,
  tsn: 1,
  rest: writeParameter(0x8008, Buffer.of(130)),
};
const list = (...chunks: Buffer[]): string => latin1(Buffer.concat(chunks));

/** What an association that stands has sent: each packet can be read, and goes where it should. */
export function looked(far: FarEnd, from: number, report: Report): number {
  let bytes = 0;
  for (const { tag, chunks } of far.sent.slice(from)) {
    ensure(chunks.length > 0, 'own-packet-unreadable', String(tag));
    const length = 12 + chunks.reduce((sum, { value }) => sum + ((value.length + 7) & ~3), 0);
    ensure(length <= packetBytesMax, 'packet-too-long', String(length));
    bytes += length;
    for (const { type, value } of chunks) {
      const about = type === chunkTypes.abort || type === chunkTypes.error ? value.readUInt16BE(0) : '';
      const reset = type === chunkTypes.reConfig ? `${value.readUInt16BE(0)} ${value.readUInt32BE(8) & 7}` : '';
      const sack = type === chunkTypes.sack ? readSack(value) : null;
      report.saw(
        `sent ${type} ${about}${reset}${sack === null ? '' : `${size(sack.gaps.length)} ${sack.again.length > 0}`}`,
      );
      ensure(sack === null || sack.window <= 65_536, 'holds-too-much', () => String(sack?.window));
    }
  }
  return bytes;
}

function overChunks(input: string, report: Report): void {
  const bytes = bytesOf(input);
  report.timed(() => readPacket(bytes, ports));
  const packet = writePacket(ports, 0, [bytes]);
  const read = report.timed(() => readPacket(packet, ports));
  report.saw(`chunks ${read === null ? 'none' : size(read.chunks.length)}`);
  for (const chunk of read?.chunks ?? []) {
    const { type, value } = chunk;
    const [data, sack, first] = [readData(chunk), readSack(value), readInit(value)];
    readControl(value);
    readText(value);
    readParameters(value);
    const same = (written: Buffer): boolean => written.subarray(4, 4 + value.length).equals(value);
    ensure(type !== chunkTypes.data || data === null || same(writeData(data)), 'not-the-same', 'data');
    ensure(type !== chunkTypes.init || first === null || same(writeInit('init', first)), 'not-the-same', 'init');
    const exact = sack !== null && value.length === 12 + 4 * (sack.gaps.length + sack.again.length);
    ensure(type !== chunkTypes.sack || !exact || same(writeSack(sack)), 'not-the-same', 'sack');
  }
  const far = FarEnd.talking();
  for (const tag of [0, far.tag]) {
    report.timed(() => far.say(tag, bytes));
    report.saw(`${tag === 0} ${far.closed.join()} ${far.heard.length > 0} ${far.gone.length} ${far.opened.length}`);
  }
  const sent = looked(far, 0, report);
  ensure(sent <= 3 * bytes.length + 700, 'amplifies', () => `${bytes.length} in, ${sent} out`);
}

export const sctpChunks: Target<string> = {
  name: 'sctp-chunks',
  extension: 'bin',
  seeds: () => [
    list(dataOf(1, 'a'), dataOf(2, 'b')),
    list(dataOf(1, 'a', { ends: false }), dataOf(2, 'b', { begins: false })),
    list(dataOf(3, 'a'), dataOf(5, '電'), dataOf(1, '', { ppid: 56 })),
    latin1(writeData({ tsn: (farTsn + 1) >>> 0, ...place, stream: 4, ppid: 50, bytes: writeOpen('more') })),
    list(
      writeInit('init', {
        ...init,
        rest: Buffer.concat([init.rest, writeParameter(0xc000), writeParameter(0x8001, words(1))]),
      }),
    ),
    list(writeSack({ cumulative: 1, window: 2, gaps: [[2, 3]], again: [4] })),
    list(
      writeChunk(chunkTypes.heartbeat, 0, writeParameter(1, Buffer.from('x'))),
      writeChunk(0xff),
      writeChunk(0xc0, 0, words(farTsn + 3)),
    ),
    list(
      writeChunk(
        chunkTypes.reConfig,
        0,
        writeParameter(13, Buffer.concat([words(farTsn, 0, farTsn), Buffer.of(0, 0)])),
      ),
    ),
    list(
      writeChunk(
        chunkTypes.reConfig,
        0,
        Buffer.concat([writeParameter(14, words(farTsn)), writeParameter(16, words(1, 1))]),
      ),
    ),
    list(
      writeChunk(chunkTypes.shutdown, 0, words(1)),
      writeChunk(chunkTypes.shutdownAck),
      writeChunk(chunkTypes.abort),
    ),
    list(
      writeChunk(chunkTypes.cookieEcho, 0, Buffer.alloc(72)),
      writeChunk(chunkTypes.error, 0, writeParameter(3, words(1))),
    ),
  ],
  mutate: (input, other, random) => bounded(mutateText(input, other, random)).slice(0, 16_000),
  encode: bytesOf,
  decode: latin1,
  smaller: smallerText,
  run: overChunks,
};
