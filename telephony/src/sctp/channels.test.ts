import { expect, test } from 'vitest';
import { readData } from './chunks.js';
import { readControl, writeOpen } from './data-channel.js';
import { readParameters, words } from './packet.js';
import { FarEnd, farTsn } from './testing/far-end.js';

/** Results of the RE-CONFIGs that were answered, with the numbers of the requests. */
const answersOf = (far: FarEnd): [number, number][] =>
  far
    .got('reConfig')
    .flatMap(({ value }) => readParameters(value) ?? [])
    .filter(({ type }) => type === 16)
    .map(({ value }) => [(value.readUInt32BE(0) - farTsn) | 0, value.readUInt32BE(4)]);

/** The far end ends its streams: request `n`, after everything up to `last` (counted from its first TSN). */
const end = (far: FarEnd, n: number, last: number, ...streams: number[]): void => {
  const list = Buffer.alloc(streams.length * 2);
  for (const [i, stream] of streams.entries()) list.writeUInt16BE(stream, i * 2);
  far.reConfig(13, Buffer.concat([words(farTsn + n, far.tsn - 1, farTsn + last), list]));
};

test('DATA_CHANNEL_OPEN is acknowledged on its stream', () => {
  const far = new FarEnd();
  far.cookie(far.init());
  far.data({ stream: 5, ppid: 50, bytes: writeOpen('ctl') });
  expect(far.opened).toEqual([{ id: 5, label: 'ctl' }]);
  expect(far.got('data').map((chunk) => readData(chunk))).toMatchObject([{ stream: 5, ppid: 50, bytes: Buffer.of(2) }]);
});

test('texts are UTF-8 under 51, empty under 56; binary messages and what is no UTF-8 are passed over', () => {
  const far = FarEnd.talking();
  far.data({ bytes: Buffer.from('電話') });
  far.data({ ppid: 56, bytes: Buffer.alloc(1) });
  far.data({ ppid: 53 });
  far.data({ ppid: 57 });
  far.data({ ppid: 0 });
  far.data({ bytes: Buffer.of(0xc3, 0x28) });
  far.data({ stream: 9 });
  far.data({ unordered: true, bytes: Buffer.from('at any time') });
  expect(far.heard).toEqual(['電話', '', 'at any time']);
  expect(far.closed).toEqual([]);
});

test('what is no DATA_CHANNEL_OPEN is none, and its stream is reset', () => {
  const open = writeOpen('ctl');
  expect(readControl(open)).toEqual({ type: 'open', label: 'ctl' });
  expect(readControl(Buffer.of(2))).toEqual({ type: 'ack' });
  const long = writeOpen('x'.repeat(257));
  const noText = Buffer.concat([open.subarray(0, 12), Buffer.of(0xff, 0xff, 0xff)]);
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.of(9),
    open.subarray(0, 14),
    Buffer.concat([open, open]),
    long,
    noText,
  ]) {
    expect(readControl(bytes)).toBeNull();
  }
  const far = FarEnd.talking();
  far.data({ stream: 2, ppid: 50, bytes: Buffer.of(9) });
  expect(far.got('reConfig').map(({ value }) => readParameters(value)![0]!)).toMatchObject([{ type: 13 }]);
  expect(far.got('reConfig')[0]!.value.readUInt16BE(16)).toBe(2);
});

test('beyond sixteen channels, what is opened is closed at once', () => {
  const far = FarEnd.talking();
  for (let stream = 1; stream <= 16; stream++) far.data({ stream, ppid: 50, bytes: writeOpen('more') });
  expect(far.opened.length).toBe(16);
  expect(far.got('reConfig').length).toBe(1);
});

test('a stream beyond those agreed is an error, and no reason to end', () => {
  const far = FarEnd.talking();
  far.data({ stream: 2_000 });
  expect(far.got('error')[0]!.value.readUInt16BE(0)).toBe(1);
  expect(far.closed).toEqual([]);
});

test('a channel that the far end closes is gone, its request answered, and our side reset too until that is answered', () => {
  const far = FarEnd.talking();
  end(far, 0, 0, 0);
  expect(far.gone).toEqual([0]);
  expect(answersOf(far)).toEqual([[0, 1]]);
  expect(far.association.say(0, 'x')).toBe(false);
  const ours = far.got('reConfig').flatMap(({ value }) => readParameters(value)!.filter(({ type }) => type === 13));
  expect(ours.map(({ value }) => [value.readUInt32BE(0), value.readUInt32BE(8)])).toEqual([[far.tsn, far.tsn]]);
  far.sent = [];
  far.pass(1_000);
  expect(far.got('reConfig').length).toBe(2);
  far.reConfig(16, words(far.tsn, 1));
  expect(far.association.nextTimer()).toBeNull();
});

test('on a stream that was reset, our messages are numbered from nought again', () => {
  const far = FarEnd.talking();
  far.association.say(0, 'x');
  far.acknowledge(far.tsn + 1);
  end(far, 0, 0, 0);
  far.reConfig(16, words(far.tsn, 1));
  far.data({ ppid: 50, bytes: writeOpen('ctl') });
  const numbers = far.got('data').map((chunk) => readData(chunk)!.ssn);
  expect(numbers).toEqual([1, 0]); // the first was DATA_CHANNEL_ACK
});

test('a request to end streams waits for the data before it, and one that comes twice is answered as it was', () => {
  const far = FarEnd.talking();
  end(far, 0, 1, 0);
  expect(far.gone).toEqual([]);
  far.data();
  end(far, 0, 1, 0);
  end(far, 0, 1, 0);
  end(far, 5, 1, 0);
  expect(far.heard).toEqual(['x']);
  expect(far.gone).toEqual([0]);
  expect(answersOf(far)).toEqual([
    [0, 6],
    [0, 1],
    [0, 1],
    [5, 5],
  ]);
});

test('whatever else a RE-CONFIG may ask for is denied', () => {
  const far = FarEnd.talking();
  for (const [n, type] of [14, 15, 17, 18].entries()) far.reConfig(type, words(farTsn + n, 0));
  far.reConfig(99, words(1));
  far.reConfig(13, Buffer.alloc(2));
  expect(answersOf(far).map(([, result]) => result)).toEqual([2, 2, 2, 2]);
});

test('a reset that is still in progress over there is asked for again under the next number', () => {
  const far = FarEnd.talking();
  far.association.closeChannel(0);
  far.reConfig(16, words(far.tsn, 6));
  far.sent = [];
  far.pass(150);
  expect(far.got('reConfig')[0]!.value.readUInt32BE(4)).toBe((far.tsn + 1) >>> 0);
});

test('a far end that never answers a reset is asked eight times, and the line goes on', () => {
  const far = FarEnd.talking();
  far.association.closeChannel(0);
  far.pass(60_000);
  expect(far.got('reConfig').length).toBe(8);
  expect(far.association.nextTimer()).toBeNull();
  expect(far.closed).toEqual([]);
});
