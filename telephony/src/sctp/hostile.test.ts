import { expect, test } from 'vitest';
import { chunkTypes, readData, readSack, writeData } from './chunks.js';
import { writeOpen } from './data-channel.js';
import { packetBytesMax, words, writeChunk, writePacket, writeParameter } from './packet.js';
import { FarEnd, farTag, farTsn } from './testing/far-end.js';

test('a far end that answers by the book is heard', () => {
  const far = FarEnd.talking();
  expect(far.opened).toEqual([{ id: 0, label: 'ctl' }]);
  far.data();
  expect(far.heard).toEqual(['x']);
  expect(readSack(far.got('sack')[0]!.value)).toMatchObject({ cumulative: (farTsn + 1) >>> 0, gaps: [], again: [] });
});

test('a forged verification tag is not heard: not with data, ABORT, SHUTDOWN COMPLETE or a SACK', () => {
  const far = FarEnd.talking();
  const right = far.tag;
  for (const tag of [0, 1, right ^ 1, farTag]) {
    far.say(tag >>> 0, writeChunk(chunkTypes.abort));
    far.say(tag >>> 0, writeChunk(chunkTypes.shutdown, 0, words(far.tsn)));
    far.tag = tag >>> 0;
    far.data({ tsn: farTsn + 1 });
    far.acknowledge(far.tsn + 100);
  }
  // An ABORT of whoever has forgotten us bears its own tag, and says so; ours is then the wrong one.
  far.say(right, writeChunk(chunkTypes.abort, 1));
  expect(far.closed).toEqual([]);
  expect(far.sent).toEqual([]);
  far.say(farTag, writeChunk(chunkTypes.abort, 1));
  expect(far.closed).toEqual(['far-end']);
});

test('a flood of INITs keeps nothing: each is answered by one packet, and no timer runs', () => {
  const far = new FarEnd();
  const tags = new Set<number>();
  for (let n = 0; n < 2_000; n++) {
    far.init({ tag: n + 1 });
    tags.add(far.tag);
  }
  expect(far.sent.length).toBe(2_000);
  expect(far.association.nextTimer()).toBeNull();
  expect(JSON.stringify(far.association).length).toBeLessThan(2_000);
  const cookie = far.init();
  far.cookie(cookie);
  expect(far.got('cookieAck').length).toBe(1);
});

test('a flood of INITs at an association that stands changes nothing', () => {
  const far = FarEnd.talking();
  const { tag } = far;
  for (let n = 0; n < 200; n++) far.init({ tag: n + 1 });
  far.tag = tag;
  far.data();
  expect(far.heard).toEqual(['x']);
});

test('a cookie that was bent, or is of another association, opens nothing', () => {
  const far = new FarEnd();
  const cookie = far.init();
  for (let at = 0; at < cookie.length; at++) {
    const bent = Buffer.from(cookie);
    bent[at]! ^= 1;
    far.cookie(bent);
  }
  far.cookie(cookie.subarray(1));
  far.cookie(cookie, far.tag ^ 1);
  expect(far.got('cookieAck')).toEqual([]);
  far.cookie(cookie);
  expect(far.got('cookieAck').length).toBe(1);
});

test('a cookie that was kept for more than a minute is stale', () => {
  const far = new FarEnd();
  const cookie = far.init();
  far.nowMs += 60_001;
  far.cookie(cookie);
  expect(far.got('cookieAck')).toEqual([]);
  expect(far.got('error')[0]!.value.readUInt16BE(0)).toBe(3);
});

test('a cookie that comes twice is acknowledged twice, and what was said stays said', () => {
  const far = new FarEnd();
  const cookie = far.init();
  far.cookie(cookie);
  far.data({ ppid: 50, bytes: writeOpen('ctl') });
  far.cookie(cookie);
  far.data();
  expect(far.got('cookieAck').length).toBe(2);
  expect(far.opened.length).toBe(1);
  expect(far.heard).toEqual(['x']);
});

test('a cookie from before the association stood opens no second one', () => {
  const far = new FarEnd();
  const older = far.init({ tag: 77 });
  const olderTag = far.tag;
  far.cookie(far.init());
  far.cookie(older, olderTag);
  expect(far.got('cookieAck').length).toBe(1);
  expect(far.closed).toEqual([]);
});

test('a far end that starts anew ends the association, once its cookie proves that it is the same', () => {
  const far = FarEnd.talking();
  const cookie = far.init({ tag: 99 });
  expect(far.closed).toEqual([]);
  far.cookie(cookie);
  expect(far.closed).toEqual(['far-end']);
  expect(far.sent.at(-1)).toMatchObject({ tag: 99, chunks: [{ type: chunkTypes.abort }] });
});

test('a SACK of what was never sent ends the association', () => {
  const far = FarEnd.talking();
  far.acknowledge(far.tsn + 1);
  expect(far.closed).toEqual(['bad']);
  expect(far.got('abort').length).toBe(1);
});

test('gaps beyond what was sent mean nothing, and an old SACK that was overtaken neither', () => {
  const far = FarEnd.talking();
  far.acknowledge(far.tsn, [2, 900], [7, 3]);
  far.acknowledge(far.tsn - 5, [1, 2]);
  far.association.say(0, 'x');
  far.acknowledge(far.tsn + 1);
  expect(far.closed).toEqual([]);
  expect(far.association.nextTimer()).toBeNull();
});

test('a message of more than 16 kB, in however many pieces, ends the association', () => {
  const far = FarEnd.talking();
  for (let n = 0; n < 16; n++) far.data({ begins: n === 0, ends: false, bytes: Buffer.alloc(1_024, 65) });
  expect(far.closed).toEqual([]);
  far.data({ begins: false, ends: true, bytes: Buffer.alloc(1) });
  expect(far.closed).toEqual(['bad']);
  expect(far.heard).toEqual([]);
  const crumbs = FarEnd.talking();
  for (let n = 0; n < 300; n++) crumbs.data({ begins: n === 0, ends: false });
  expect(crumbs.closed).toEqual(['bad']);
});

test('pieces that do not belong together end the association', () => {
  for (const second of [{ begins: true }, { begins: false, stream: 1 }, { begins: false, unordered: true }]) {
    const far = FarEnd.talking();
    far.data({ ends: false });
    far.data(second);
    expect(far.closed).toEqual(['bad']);
  }
  const far = FarEnd.talking();
  far.data({ begins: false });
  expect(far.closed).toEqual(['bad']);
});

test('data without data ends the association', () => {
  const far = FarEnd.talking();
  far.data({ bytes: Buffer.alloc(0) });
  expect(far.got('abort')[0]!.value.readUInt16BE(0)).toBe(9);
  expect(far.closed).toEqual(['bad']);
});

test('what comes ahead of its turn is kept up to 64 kB and 256 chunks; the rest must come again', () => {
  for (const bytes of [1, 1_000]) {
    const far = FarEnd.talking();
    for (let n = 0; n < 1_200; n++) far.data({ tsn: (farTsn + 2 + n) >>> 0, bytes: Buffer.alloc(bytes, 65) });
    const sack = readSack(far.got('sack').at(-1)!.value)!;
    const kept = sack.gaps.reduce((sum, [first, last]) => sum + last - first + 1, 0);
    expect(kept).toBe(Math.min(256, Math.floor(65_536 / bytes)));
    expect(sack.window).toBe(65_536 - kept * bytes);
    far.data({ tsn: (farTsn + 1) >>> 0 });
    expect(far.heard.length).toBe(kept + 1);
  }
  const far = FarEnd.talking();
  far.data({ tsn: (farTsn + 5_000) >>> 0 });
  expect(readSack(far.got('sack').at(-1)!.value)!.gaps).toEqual([]);
});

test('the SACK names gaps, and what came twice, once', () => {
  const far = FarEnd.talking();
  for (const ahead of [3, 4, 6, 4]) far.data({ tsn: (farTsn + ahead) >>> 0 });
  const last = readSack(far.got('sack').at(-1)!.value)!;
  expect(last.gaps).toEqual([
    [3, 4],
    [6, 6],
  ]);
  expect(last.again).toEqual([(farTsn + 4) >>> 0]);
});

test('chunks that nobody knows are passed over or end the packet, told or not, as their highest bits say', () => {
  const heard = (type: number): [string[], number] => {
    const far = FarEnd.talking();
    const bytes = Buffer.from('x');
    const place = { stream: 0, ssn: 0, ppid: 51, unordered: false, begins: true, ends: true };
    far.say(far.tag, writeChunk(type), writeData({ tsn: (farTsn + 1) >>> 0, ...place, bytes }));
    return [far.heard, far.got('error').length];
  };
  expect(heard(0x3f)).toEqual([[], 0]);
  expect(heard(0x7f)).toEqual([[], 1]);
  expect(heard(0xbf)).toEqual([['x'], 0]);
  expect(heard(0xff)).toEqual([['x'], 1]); // so FORWARD-TSN, 0xc0, which we do not offer
});

test('parameters of an INIT that nobody knows are passed over or end it, told or not', () => {
  for (const [type, told] of [
    [0x8001, false],
    [0xc000, true],
    [0x3fff, false],
    [0x7fff, true],
  ] as const) {
    const far = new FarEnd();
    far.init({ rest: writeParameter(type, Buffer.from('secret')) });
    expect(far.sent[0]!.chunks[0]!.value.includes('secret')).toBe(told);
  }
});

test('an INIT full of parameters that nobody knows has an answer that fits into a datagram', () => {
  for (const bytes of [0, 1, 60, 255, 300]) {
    const far = new FarEnd();
    far.init({ rest: Buffer.concat(Array.from({ length: 200 }, () => writeParameter(0xffff, Buffer.alloc(bytes)))) });
    const length = far.sent[0]!.chunks[0]!.value.length;
    expect(length).toBeLessThanOrEqual(packetBytesMax - 16);
    far.cookie(far.init());
    expect(far.got('cookieAck').length).toBe(1);
  }
});

test('an INIT without streams, without room or with a host name is refused; one without a tag is none', () => {
  for (const change of [{ outStreams: 0 }, { inStreams: 0 }, { window: 100 }, { rest: writeParameter(11) }]) {
    const far = new FarEnd();
    far.init(change);
    expect(far.sent).toMatchObject([{ tag: farTag, chunks: [{ type: chunkTypes.abort }] }]);
  }
  const far = new FarEnd();
  far.init({ tag: 0 });
  expect(far.sent).toEqual([]);
});

test('a packet with a wrong checksum, none at all (RFC 9653), or for another port is not heard', () => {
  const far = FarEnd.talking();
  const abort = writePacket({ ours: 5_000, theirs: 5_000 }, far.tag, [writeChunk(chunkTypes.abort)]);
  const zero = Buffer.from(abort);
  zero.fill(0, 8, 12);
  const bent = Buffer.from(abort);
  bent[9]! ^= 1;
  const elsewhere = writePacket({ ours: 5_000, theirs: 5_001 }, far.tag, [writeChunk(chunkTypes.abort)]);
  for (const packet of [zero, bent, elsewhere, abort.subarray(0, 15), Buffer.alloc(0)]) far.association.receive(packet);
  expect(far.closed).toEqual([]);
  far.association.receive(abort);
  expect(far.closed).toEqual(['far-end']);
});

test('a HEARTBEAT comes back as it was; one that is larger than a packet of ours does not', () => {
  const far = FarEnd.talking();
  far.say(far.tag, writeChunk(chunkTypes.heartbeat, 0, writeParameter(1, Buffer.from('info'))));
  expect(far.got('heartbeatAck')[0]!.value).toEqual(writeParameter(1, Buffer.from('info')));
  far.say(far.tag, writeChunk(chunkTypes.heartbeat, 0, Buffer.alloc(5_000)));
  expect(far.got('heartbeatAck').length).toBe(1);
});

test('one packet full of what wants an answer has no more than 64 of them, in packets of ours', () => {
  const far = FarEnd.talking();
  const beats = Array.from({ length: 400 }, () => writeChunk(chunkTypes.heartbeat, 0, Buffer.alloc(1_000)));
  far.say(far.tag, ...beats);
  expect(far.got('heartbeatAck').length).toBe(64);
  for (const { chunks } of far.sent) {
    expect(12 + chunks.reduce((sum, { value }) => sum + value.length + 4, 0)).toBeLessThanOrEqual(packetBytesMax);
  }
});

test('a SHUTDOWN is answered when all is acknowledged, and after it nothing is said', () => {
  const far = FarEnd.talking();
  far.association.say(0, 'x');
  far.say(far.tag, writeChunk(chunkTypes.shutdown, 0, words(far.tsn)));
  expect(far.association.say(0, 'y')).toBe(false);
  expect(far.got('shutdownAck')).toEqual([]);
  far.say(far.tag, writeChunk(chunkTypes.shutdown, 0, words(far.tsn + 1)));
  expect(far.got('shutdownAck').length).toBe(1);
  far.pass(700);
  expect(far.got('shutdownAck').length).toBe(2);
  far.say(far.tag, writeChunk(chunkTypes.shutdownComplete));
  expect(far.closed).toEqual(['far-end']);
  expect(far.association.nextTimer()).toBeNull();
});

test('a SHUTDOWN while a stream is being reset leaves no timer that is due for ever', () => {
  const far = FarEnd.talking();
  far.association.closeChannel(0);
  far.pass(10);
  far.say(far.tag, writeChunk(chunkTypes.shutdown, 0, words(far.tsn)));
  far.pass(20_000);
  expect(far.closed).toEqual(['far-end']);
});

test('a SHUTDOWN that nobody completes ends all the same', () => {
  const far = FarEnd.talking();
  far.say(far.tag, writeChunk(chunkTypes.shutdown, 0, words(far.tsn)));
  far.pass(20_000);
  expect(far.got('shutdownAck').length).toBe(4);
  expect(far.closed).toEqual(['far-end']);
});

test('a lost piece goes out again when three SACKs have left it out', () => {
  const far = FarEnd.talking();
  for (let n = 0; n < 5; n++) far.association.say(0, `${n}`);
  far.sent = [];
  for (let n = 2; n <= 4; n++) far.acknowledge(far.tsn, [2, n]);
  expect(far.got('data').map((chunk) => readData(chunk)!.tsn)).toEqual([(far.tsn + 1) >>> 0]);
});

test('with no room at the far end one chunk asks whether there is some, and no more go out', () => {
  const far = new FarEnd();
  far.cookie(far.init({ window: 1_500 }));
  far.data({ ppid: 50, bytes: writeOpen('ctl') });
  far.acknowledge(far.tsn);
  const full = Buffer.alloc(12);
  full.writeUInt32BE(far.tsn, 0);
  far.say(far.tag, writeChunk(chunkTypes.sack, 0, full));
  far.sent = [];
  for (let n = 0; n < 5; n++) far.association.say(0, `${n}`);
  expect(far.got('data').length).toBe(1);
});
