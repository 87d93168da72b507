/** Browsers at our own stack, through a network without sockets: what each may do. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { HmacSha1 } from '../rtp/srtp/sha1.js';
import { consentMs } from './own-transport.js';
import { grownBytes } from './testing/memory.js';
import { at, movedClock, OwnHouse, speak } from './testing/own-house.js';

let house: OwnHouse;
beforeEach(async () => {
  house = await OwnHouse.open();
});
afterEach(async () => {
  expect(await house.close()).toEqual([0, 0, 0]);
});

test('a browser connects, is heard, hears, and its heartbeat is echoed', async () => {
  const { browser, told, transport } = await house.leg(1);
  expect(transport.open).toBe(false);
  browser.connect();
  expect([told.events, transport.open]).toEqual([['connected'], true]);
  browser.say();
  speak(transport, 1);
  house.air.carry();
  expect(told.packets.map(({ length }) => length)).toEqual([172]);
  expect(browser.heard.map((packet) => packet.subarray(12))).toEqual([Buffer.alloc(160, 0x33)]);
  browser.openChannel(() => house.nowMs);
  expect([browser.texts, told.rtts]).toEqual([['{"beat":1}'], [0]]);
  house.pass(1_000);
  house.air.carry();
  expect(told.rtts).toHaveLength(2);
  transport.close();
  house.air.carry();
  expect(browser.ended).toEqual(['closed']);
  expect(told.events).toEqual(['connected']);
});

test('who was told to go is gone at once, by DTLS or by its data channel', async () => {
  const [a, b] = [await house.leg(1), await house.leg(2)];
  for (const { browser } of [a, b]) browser.connect();
  b.browser.openChannel(() => house.nowMs);
  a.browser.dtls.close();
  b.browser.endChannel();
  house.air.carry();
  expect([a.told.events, b.told.events]).toEqual([
    ['connected', 'closed'],
    ['connected', 'closed'],
  ]);
  expect(house.own.port.legCount).toBe(0);
});

test('a leg without the heartbeat has no data channel', async () => {
  const { browser, told, transport } = await house.leg(1, undefined, false);
  browser.connect();
  browser.openChannel(() => house.nowMs);
  house.pass(3_000);
  house.air.carry();
  expect([browser.texts, told.rtts]).toEqual([[], []]);
  transport.close();
});

test('many browsers at one port are told apart', async () => {
  const all = await Promise.all(Array.from({ length: 20 }, (_, n) => house.leg(n + 1)));
  for (const { browser } of all) browser.connect();
  for (const [n, { browser }] of all.entries()) browser.say(n);
  house.air.carry();
  for (const [n, { told }] of all.entries()) expect(told.packets.map((packet) => packet[12])).toEqual([n]);
});

test('two browsers behind one address, and two at one port, are two', async () => {
  const [a, b] = [await house.leg(1), await house.leg(2)];
  await b.browser.move({ address: at(1).address, port: at(1).port + 1 });
  a.browser.connect();
  b.browser.connect();
  await b.browser.move({ address: at(2).address, port: at(1).port });
  b.browser.check();
  house.air.carry();
  a.browser.say(1);
  b.browser.say(2);
  house.air.carry();
  expect([a.told, b.told].map(({ packets }) => packets.map((packet) => packet[12]))).toEqual([[1], [2]]);
});

test('a browser that moves is followed as soon as it nominates its new path, and heard on both', async () => {
  const { browser, told, transport } = await house.leg(1);
  browser.connect();
  await browser.move(at(9));
  browser.say();
  house.air.carry();
  expect(told.packets, 'not checked yet').toHaveLength(0);
  browser.check({ nominates: false });
  browser.say();
  speak(transport, 1);
  expect(house.air.under.at(-1)?.to, 'not nominated yet').toEqual(at(1));
  house.air.carry();
  expect(told.packets).toHaveLength(1);
  browser.check();
  house.air.carry();
  speak(transport, 2);
  expect(house.air.under.at(-1)?.to).toEqual(at(9));
});

test('an address belongs to the newest leg that proved it: a page that was loaded anew', async () => {
  const before = await house.leg(1);
  before.browser.connect();
  const after = await house.leg(1);
  after.browser.connect();
  expect(after.told.events).toEqual(['connected']);
  after.browser.say(5);
  house.air.carry();
  expect([before.told.packets.length, after.told.packets.length]).toEqual([0, 1]);
  before.transport.close();
  after.browser.say(6);
  house.air.carry();
  expect(after.told.packets).toHaveLength(2);
});

test('checks keep a leg for as long as they come; without any for half a minute it is lost, whoever else speaks', async () => {
  const { browser, told } = await house.leg(1);
  browser.connect();
  for (let n = 0; n < 6; n++) {
    house.pass(consentMs - 5_000);
    browser.check();
    house.air.carry();
  }
  expect(told.events).toEqual(['connected']);
  const guess = new HmacSha1(Buffer.from('guessed'));
  for (let n = 0; n < 8; n++) {
    house.pass(5_000);
    browser.check({ password: guess });
    browser.say();
    house.air.carry();
  }
  expect(told.events).toEqual(['connected', 'ice']);
});

test('what is lost of our side of a handshake is said again', async () => {
  // The clock of the handshake is OpenSSL's own.
  vi.useRealTimers();
  const { browser, told } = await house.leg(1);
  browser.check();
  house.air.carry();
  browser.dtls.begin();
  house.air.carry(1);
  expect(house.air.under.splice(0).length).toBeGreaterThan(0);
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  house.air.carry();
  expect(told.events).toEqual(['connected']);
  vi.useFakeTimers(movedClock);
});

test.each([
  ['no audio', (offer: string) => offer.replace('m=audio', 'm=video')],
  ['no fingerprint', (offer: string) => offer.replace(/a=fingerprint.*\r\n/, '')],
  ['a fingerprint of another kind', (offer: string) => offer.replace('sha-256', 'sha-1')],
  ['no ICE', (offer: string) => offer.replaceAll(/a=ice-ufrag.*\r\n/g, '')],
  ['the wish that we begin', (offer: string) => offer.replaceAll('actpass', 'passive')],
])('an offer with %s is refused, and nothing is kept for it', async (_, change) => {
  await expect(house.leg(1, change)).rejects.toMatchObject({ code: 'bad-sdp' });
  expect(house.own.port.legCount).toBe(0);
});

test('a thousand browsers up and down leave no leg, path, timer or memory behind', async () => {
  const round = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) {
      const { browser, transport } = await house.leg(1 + (n % 200));
      if (n % 4 !== 0) browser.connect();
      if (n % 4 === 1) browser.openChannel(() => house.nowMs);
      if (n % 2 === 0) transport.close();
      else browser.dtls.close();
      house.air.carry();
      transport.close();
      browser.dtls.close();
      house.air.under.length = 0;
    }
    house.pass(10_000);
  };
  await round(800);
  const grown = await grownBytes(() => round(1_000));
  expect([house.own.port.legCount, house.own.port.pathCount]).toEqual([0, 0]);
  // One that is not freed costs 60 kB.
  expect(grown).toBeLessThan(12_000_000);
}, 60_000);
