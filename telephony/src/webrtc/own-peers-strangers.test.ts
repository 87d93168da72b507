/** Strangers at the port of all browsers, through a network without sockets: what they may not do. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HmacSha1 } from '../rtp/srtp/sha1.js';
import { at, OwnHouse, speak, us } from './testing/own-house.js';

const stranger = { address: '203.0.113.66', port: 6_666 };
let house: OwnHouse;
beforeEach(async () => {
  house = await OwnHouse.open();
});
afterEach(async () => {
  expect(await house.close()).toEqual([0, 0, 0]);
});

test('strangers hear nothing on what belongs to nobody, and are counted', async () => {
  const { browser, told } = await house.leg(1);
  browser.connect();
  house.air.under.length = 0;
  const before = house.own.port.strangers;
  const empty = Buffer.alloc(0);
  const stun = Buffer.from('000100002112a442000000000000000000000000', 'hex');
  const dtls = Buffer.from('16fefd000000000000000000050100000000', 'hex');
  for (const bytes of [empty, stun, dtls, Buffer.alloc(172, 0x80), Buffer.alloc(1_500, 0xff), Buffer.of(2)]) {
    house.air.send(bytes, stranger, us);
  }
  house.air.carry();
  expect([told.packets.length, told.events]).toEqual([0, ['connected']]);
  expect(house.own.port.strangers - before).toBe(6);
});

test('strangers are not heard by DTLS before a valid check, though all else is right', async () => {
  const { browser, told } = await house.leg(1);
  browser.dtls.begin();
  house.air.carry();
  browser.check({ password: new HmacSha1(Buffer.from('guessed')) });
  house.air.carry();
  browser.dtls.begin();
  browser.dtls.timeout();
  house.air.carry();
  expect([browser.answered.map(({ kind }) => kind), told.events]).toEqual([['error'], []]);
  expect(house.own.port.pathCount).toBe(0);
});

test('strangers who know a fragment get no leg and no path by it, and the call goes on where it is', async () => {
  const { browser, told, transport } = await house.leg(1);
  browser.connect();
  const guess = new HmacSha1(Buffer.from('guessed'));
  for (let n = 0; n < 1_000; n++) browser.check({ password: guess, from: { ...stranger, port: 1_024 + n } });
  house.air.carry();
  speak(transport, 1);
  expect(house.air.under.at(-1)?.to).toEqual(at(1));
  house.air.carry();
  expect([browser.heard.length, told.events, house.own.port.pathCount]).toEqual([1, ['connected'], 1]);
});

test('strangers cannot speak for a browser, with its own packets or with forged ones, from its address or from theirs', async () => {
  const { browser, told } = await house.leg(1);
  browser.connect();
  const captured = Array.from({ length: 50 }, () => browser.say());
  house.air.carry();
  expect(told.packets).toHaveLength(50);
  for (const packet of captured) {
    house.air.send(packet, at(1), us);
    house.air.send(packet, stranger, us);
    const forged = Buffer.from(packet);
    forged.writeUInt16BE(forged.readUInt16BE(2) + 100, 2);
    house.air.send(forged, at(1), us);
    const report = Buffer.concat([Buffer.from('80c90001', 'hex'), Buffer.alloc(40, 3)]);
    house.air.send(report, at(1), us);
  }
  house.air.carry();
  expect(told.packets).toHaveLength(50);
  browser.say();
  house.air.carry();
  expect(told.packets).toHaveLength(51);
});

test('strangers cannot take part with another certificate than the one of the offer', async () => {
  const other = (offer: string): string =>
    offer.replace(/sha-256 (\w\w)/, (_, byte: string) => `sha-256 ${byte === 'AA' ? 'BB' : 'AA'}`);
  const { browser, told, transport } = await house.leg(1, other);
  browser.connect();
  expect([told.events, transport.open]).toEqual([['failed'], false]);
  browser.say();
  house.air.carry();
  expect(told.packets).toEqual([]);
});

test('strangers cannot end a call with garbage from its address', async () => {
  const { browser, told, transport } = await house.leg(1);
  browser.connect();
  browser.openChannel(() => house.nowMs);
  for (let first = 0; first < 256; first++) {
    for (const length of [1, 13, 15, 39, 200]) house.air.send(Buffer.alloc(length, first), at(1), us);
  }
  for (const type of [20, 21, 22, 23]) {
    for (const [epoch, length] of [
      [0, 2],
      [1, 2],
      [1, 24],
      [1, 40],
      [2, 26],
    ] as const) {
      const record = Buffer.alloc(13 + length, 1);
      record.writeUIntBE(type * 0x10000 + 0xfefd, 0, 3);
      record.writeUInt16BE(epoch, 3);
      record.writeUIntBE(1_000, 5, 6);
      record.writeUInt16BE(length, 11);
      house.air.send(record, at(1), us);
    }
  }
  house.air.carry();
  const beats = told.rtts.length;
  house.pass(1_000);
  house.air.carry();
  browser.say();
  house.air.carry();
  expect([told.events, transport.open, told.rtts.length - beats, told.packets.length]).toEqual([
    ['connected'],
    true,
    1,
    1,
  ]);
});
